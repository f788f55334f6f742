"""A dry run as one HTML file that can be sent to a client.

In: `PlanReport`. Out: the page's text in pieces. The file is complete in itself: its policy
(Content-Security-Policy) forbids every request, and every value is escaped by Jinja.
Its look is `page/report.css`, its search and filters `page/report.js`, its frame
`page/report.html.j2`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crm_sync.report.difference import Part, difference, folded_parts
from crm_sync.report.groups import NOT_SENT, Group, groups, total
from crm_sync.report.headline import calls_to_send, counted, headline, not_sent, state_sentence
from crm_sync.report.model import FieldChange, Org, PlanReport, PlanRow, Value, type_note
from crm_sync.report.values import fold, is_parent_without_id, is_prose, visible, written

__all__ = ["MOST_ROWS", "html"]

MOST_ROWS = 2_000
"""Rows per object and action: a browser stays quick, and nobody reads more."""
MOST_OPEN = 60
"""Rows that stand open at first; of more, a reader opens what is of interest."""
LONGEST = 320
"""Characters of a text that stand open; the rest unfolds."""
ACTIONS = {"create": "Create", "update": "Update", "delete": "Delete", NOT_SENT: "Not sent"}


def html(report: PlanReport, *, limit: int = MOST_ROWS) -> Iterator[str]:
    """The page in pieces, with at most `limit` rows per object and action."""
    style = _page_file("report.css")
    script = _page_file("report.js")
    shown = groups(report, limit)
    attention = tuple(group for group in shown if group.kind == NOT_SENT)
    planned = tuple(group for group in shown if group.kind != NOT_SENT)
    context: dict[str, object] = {
        "report": report,
        "headline": headline(report).removesuffix("."),
        "not_sent": not_sent(report.summaries),
        "unanswered": total(report.summaries, "unknown"),
        "calls": calls_to_send(report),
        "compared": " ".join(report.compared),
        "made_at": written(report.made_at.isoformat(timespec="minutes"), "datetime"),
        "totals": {name: total(report.summaries, name) for name in _COUNTS},
        "counted_states": [name for name in _STATES if total(report.summaries, name)],
        "attention": attention,
        "planned": planned,
        "objects": _unique(group.object for group in shown),
        "actions": [(kind, title) for kind, title in ACTIONS.items() if _has(shown, kind)],
        "problems": Counter(
            code for group in shown for row in group.rows for code in _codes(row)
        ).most_common(),
        "fields": sorted({c.field for group in shown for row in group.rows for c in row.changes}),
        "limit": limit,
        "is_cut": any(group.left_out for group in shown),
        "rows_shown": sum(len(group.rows) for group in shown),
        "rows_total": sum(group.total for group in shown),
        "opens": _opens(shown),
        "style": Markup(style),  # noqa: S704  # our own file
        "script": Markup(script),  # noqa: S704  # our own file
        "style_hash": _policy_hash(style),
        "script_hash": _policy_hash(script),
    }
    yield from _environment().get_template("report.html.j2").generate(context)


_STATES = ("invalid", "blocked", "refused", "held")
_COUNTS = ("create", "update", "delete", "unchanged", "problems", *_STATES)


@dataclass(frozen=True)
class Text:
    """A value on the page: what stands there, and the whole of it where that is folded."""

    parts: tuple[Part, ...]
    whole: str | None = None
    link: str | None = None
    is_nothing: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class FieldView:
    """One field of a row on the page."""

    name: str
    before: Text
    after: Text


def _field_view(change: FieldChange, org: Org) -> FieldView:
    before, after = written(change.before, change.type), written(change.after, change.type)
    if is_prose(change.before, change.type) and is_prose(change.after, change.type):
        old, new = difference(before, after)
        return FieldView(change.field, _compared(old, before), _compared(new, after))
    return FieldView(
        change.field,
        _text(change.before, change.type, org),
        _text(change.after, change.type, org),
    )


def _text(value: Value, type_: str, org: Org) -> Text:
    text = written(value, type_)
    shown = fold(text, LONGEST)
    return Text(
        parts=(Part(shown, False),),
        whole=text if shown != text else None,
        link=_record_link(org, value) if type_ == "reference" else None,
        is_nothing=value is None or value == "",
        is_number=not isinstance(value, str | bool | dict) and value is not None,
    )


def _compared(parts: tuple[Part, ...], whole: str) -> Text:
    folded = folded_parts(parts, around=70, most=LONGEST)
    is_folded = "".join(part.text for part in folded) != whole
    return Text(folded, whole if is_folded else None)


def _left_empty(row: PlanRow) -> str:
    """The fields that a create leaves to Salesforce's defaults."""
    return ", ".join(c.field for c in row.changes if c.after is None or c.after == "")


def _filled(row: PlanRow) -> list[FieldChange]:
    if row.action != "create":
        return list(row.changes)
    return [change for change in row.changes if change.after is not None and change.after != ""]


def _glance(row: PlanRow) -> str:
    """What a closed row says of its contents."""
    if row.problems and row.problems[0].severity != type_note:
        return row.problems[0].sentence
    if row.action == "delete":
        return f"moves to {row.pair}" if row.pair else "will be deleted in Salesforce"
    if row.action == "update":
        names = [change.field for change in row.changes]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        return ", ".join(names[:4]) + more
    return counted(len(_filled(row)), "field")


def _record_link(org: Org, value: Value) -> str | None:
    """Where Salesforce shows a record: the org's address and the Id."""
    if not isinstance(value, str) or not value.isalnum() or len(value) not in (15, 18):
        return None
    if not org.instance_url.startswith(("https://", "http://")):
        return None
    return f"{org.instance_url.rstrip('/')}/{value}"


def _codes(row: PlanRow) -> list[str]:
    return _unique(problem.code for problem in row.problems)


def _opens(shown: tuple[Group, ...]) -> frozenset[str]:
    """The kinds of rows that stand open at first: the few that changed, and what needs a person."""
    changed = sum(len(group.rows) for group in shown if group.kind != "create")
    created = sum(len(group.rows) for group in shown if group.kind == "create")
    kinds = {"update", "delete", NOT_SENT} if changed <= MOST_OPEN else set[str]()
    return frozenset(kinds | ({"create"} if created <= 5 else set()))


def _has(shown: tuple[Group, ...], kind: str) -> bool:
    return any(group.kind == kind for group in shown)


def _unique(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _page_file(name: str) -> str:
    return (files("crm_sync.report") / "page" / name).read_text(encoding="utf-8")


def _policy_hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crm_sync.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": "{:,}".format, "visible": visible}
    environment.globals |= {
        "actions_by_kind": ACTIONS,
        "codes": _codes,
        "counted": counted,
        "field_view": _field_view,
        "filled": _filled,
        "glance": _glance,
        "is_parent_without_id": is_parent_without_id,
        "left_empty": _left_empty,
        "note": type_note,
        "record_link": _record_link,
        "state_sentence": state_sentence,
    }
    return environment
