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

from crm_sync.report.cost import about, calls_to_send, costs, former_run
from crm_sync.report.difference import Part, difference, folded_parts
from crm_sync.report.edits import edit_sentences, edits_found
from crm_sync.report.groups import NOT_SENT, Group, groups, total
from crm_sync.report.headline import (
    counted,
    headline,
    if_allowed,
    not_sent,
    sending_command,
    state_sentence,
)
from crm_sync.report.links import record_link
from crm_sync.report.model import FieldChange, Masked, Org, PlanReport, PlanRow, Value, type_note
from crm_sync.report.values import fold, is_parent_without_id, is_prose, visible, written

__all__ = ["MOST_ROWS", "html"]

MOST_ROWS = 2_000
"""Rows per object and action: a browser stays quick, and nobody reads more."""
MOST_OPEN = 60
"""Rows that stand open at first; of more, a reader opens what is of interest."""
MANY = 200
"""Rows from which on a browser lays out only what it shows."""
LONGEST = 320
"""Characters of a text that stand open; the rest unfolds."""
HEADING = 80
"""Characters of a label, which stands in a heading and in links."""
GLANCE = 200
"""Characters of a reason in the line of a closed row."""
ACTIONS = {"create": "Create", "update": "Update", "delete": "Delete", NOT_SENT: "Not sent"}


def html(report: PlanReport, *, limit: int = MOST_ROWS, csv: bool = False) -> Iterator[str]:
    """The page in pieces, with at most `limit` rows per object and action. `csv`: whether files
    that hold them all were written. Where they lie says nothing to whoever gets the page.
    """
    style = _page_file("report.css")
    script = _page_file("report.js")
    shown = groups(report, limit)
    attention = tuple(group for group in shown if group.kind == NOT_SENT)
    planned = tuple(group for group in shown if group.kind != NOT_SENT)
    context: dict[str, object] = {
        "report": report,
        "headline": headline(report).removesuffix("."),
        "if_allowed": if_allowed(report),
        "command": sending_command(report, report.org.target),
        "not_sent": not_sent(report.summaries),
        "unanswered": total(report.summaries, "unknown"),
        "calls": calls_to_send(report),
        "costs": costs(report),
        "former": former_run(report),
        "edits": edits_found(report.edits, report.summaries),
        "csv": csv,
        "compared": " ".join(report.compared),
        "made_at": written(report.made_at.isoformat(timespec="minutes"), "datetime"),
        "totals": {name: total(report.summaries, name) for name in _COUNTS},
        "counted_states": [name for name in _STATES if total(report.summaries, name)],
        "attention": attention,
        "planned": planned,
        "objects": _unique(group.object for group in shown),
        "actions": [(kind, title) for kind, title in ACTIONS.items() if _has(shown, kind)],
        "reasons": _reasons(shown),
        "fields": _fields(shown),
        "limit": limit,
        "many": MANY,
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
    is_masked: bool = False


@dataclass(frozen=True)
class FieldView:
    """One field of a row on the page."""

    name: str
    api_name: str
    before: Text
    after: Text
    current: Text | None  # what someone made of it in Salesforce


def _field_view(change: FieldChange, org: Org) -> FieldView:
    names = change.name, "" if change.name == change.field else change.field
    current = _text(change.current, change.type, org) if change.is_edited else None
    before, after = written(change.before, change.type), written(change.after, change.type)
    if is_prose(change.before, change.type) and is_prose(change.after, change.type):
        old, new = difference(before, after)
        return FieldView(*names, _compared(old, before), _compared(new, after), current)
    return FieldView(
        *names,
        _text(change.before, change.type, org),
        _text(change.after, change.type, org),
        current,
    )


def _text(value: Value, type_: str, org: Org) -> Text:
    text = written(value, type_)
    shown = fold(text, LONGEST)
    return Text(
        parts=(Part(shown, False),),
        whole=text if shown != text else None,
        link=record_link(org, value) if type_ == "reference" else None,
        is_nothing=value is None or value == "",
        is_masked=isinstance(value, Masked),
    )


def _said(text: str, limit: int = LONGEST) -> Text:
    """A label or sentence, folded where it is long."""
    text = visible(text)
    shown = fold(text, limit)
    return Text((Part(shown, False),), whole=text if shown != text else None)


def _heading(row: PlanRow) -> Text:
    return _said(row.label or row.key, HEADING)


def _compared(parts: tuple[Part, ...], whole: str) -> Text:
    folded = folded_parts(parts, around=70, most=LONGEST)
    is_folded = "".join(part.text for part in folded) != whole
    return Text(folded, whole if is_folded else None)


def _left_empty(row: PlanRow) -> str:
    """The fields that a create leaves to Salesforce's defaults."""
    return ", ".join(c.name for c in row.changes if c.after is None or c.after == "")


def _filled(row: PlanRow) -> list[FieldChange]:
    if row.action != "create":
        return list(row.changes)
    return [change for change in row.changes if change.after is not None and change.after != ""]


def _glance(row: PlanRow) -> str:
    """What a closed row says of its contents: the reason of one that is not sent."""
    for problem in row.problems:
        if problem.severity != type_note:
            return fold(problem.sentence, GLANCE)
    if row.action == "delete":
        return f"moves to {row.pair}" if row.pair else "will be deleted in Salesforce"
    if row.action == "update":
        names = [change.name for change in row.changes]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        return ", ".join(names[:4]) + more
    return counted(len(_filled(row)), "field")


EDITED = "edited-in-salesforce"
"""The reason of rows whose record people edited; of no problem."""


def _codes(row: PlanRow) -> list[str]:
    codes = _unique(problem.code for problem in row.problems)
    return [*codes, EDITED] if edit_sentences(row) else codes


def _reasons(shown: tuple[Group, ...]) -> list[tuple[str, str, int]]:
    """Codes for the filter, what people read for each, and how many rows have it."""
    counts = Counter(code for group in shown for row in group.rows for code in _codes(row))
    return [
        (code, code.replace("_", " ").replace("-", " ").capitalize().replace("salesf", "Salesf"), n)
        for code, n in counts.most_common()
    ]


def _fields(shown: tuple[Group, ...]) -> list[tuple[str, str]]:
    """Fields for the filter, by what people call them; the API name where one name has two."""
    names = {
        change.field: change.name for group in shown for row in group.rows for change in row.changes
    }
    twice = Counter(names.values())
    said = {
        field: name if twice[name] == 1 else f"{name} ({field})" for field, name in names.items()
    }
    return sorted(said.items(), key=lambda pair: pair[1].lower())


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
        "about": about,
        "actions_by_kind": ACTIONS,
        "codes": _codes,
        "edit_sentences": edit_sentences,
        "counted": counted,
        "field_view": _field_view,
        "filled": _filled,
        "glance": _glance,
        "heading": _heading,
        "is_parent_without_id": is_parent_without_id,
        "left_empty": _left_empty,
        "note": type_note,
        "record_link": record_link,
        "said": _said,
        "state_sentence": state_sentence,
    }
    return environment
