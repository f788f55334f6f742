"""What was found, as one HTML file that can be sent to whoever knows the records.

In: `Look`. Out: the page's text in pieces. The file is complete in itself: its policy
(Content-Security-Policy) forbids every request and every script, and every value is escaped by
Jinja. Its look is that of the dry run's report, its frame `adopt.html.j2`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crm_sync.adopt.shown import KINDS, Section, ShownRow, headline, sections
from crm_sync.adopt.story import Look
from crm_sync.report.headline import counted
from crm_sync.report.links import record_link
from crm_sync.report.model import FieldChange, Masked
from crm_sync.report.values import fold, visible, written

__all__ = ["page"]

MOST_ROWS = 2_000
"""Rows of each mapping and kind: a browser stays quick, and nobody reads more."""
MOST_RECORDS = 100
"""Records of one row."""
MOST_OPEN = 60
"""Ambiguous rows that stand open at first."""
LONGEST = 320
BADGES = {
    "ambiguous": ("Ambiguous", "not-sent"),
    "certain": ("Certain", "update"),
    "unmatched": ("Unmatched", "create"),
    "decided as new": ("New", "create"),
}
"""What a row is called, and the class by which the report's style colours it."""


@dataclass(frozen=True)
class _View:
    """A value on the page."""

    text: str
    link: str | None
    is_nothing: bool
    is_masked: bool


def page(look: Look) -> Iterator[str]:
    """The page in pieces, with at most 2,000 rows of each mapping and kind."""
    style = (files("crm_sync.report") / "page" / "report.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()

    def view(change: FieldChange, side: str) -> _View:
        held = change.before if side == "before" else change.after
        return _View(
            text=fold(written(held, change.type), LONGEST),
            link=record_link(look.org, held) if change.type == "reference" else None,
            is_nothing=held is None or held == "",
            is_masked=isinstance(held, Masked),
        )

    context: dict[str, object] = {
        "look": look,
        "headline": headline(look).removesuffix("."),
        "sections": sections(look),
        "kinds": KINDS,
        "badges": BADGES,
        "view": view,
        "first": _first,
        "limit": MOST_ROWS,
        "most_records": MOST_RECORDS,
        "most_open": MOST_OPEN,
        "made_at": written(datetime.now(UTC).isoformat(timespec="minutes"), "datetime"),
        "style": Markup(style),  # noqa: S704  # our own file
        "style_hash": f"sha256-{digest}",
    }
    yield from _environment().get_template("adopt.html.j2").generate(context)


def _first(section: Section) -> Iterator[ShownRow]:
    return islice(section.rows(), MOST_ROWS)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crm_sync.adopt", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": "{:,}".format, "visible": visible}
    environment.globals["counted"] = counted
    return environment
