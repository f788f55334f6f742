"""Reads the report of a Power BI project (PBIR): pages, visuals, fields, filters, theme.

In: a folder `X.Report`. Out: frozen dataclasses, in the order in which the report shows them; what
is not understood stays in `raw`. Nothing is judged here: tests/powerbi does that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = [
    "Field", "Page", "Projection", "Report", "ReportError", "Visual", "field_of", "fields_in",
    "literal",
]  # fmt: skip

Json = dict[str, Any]


class ReportError(Exception):
    """A part of the report that cannot be read or drawn: which, and what is wrong with it."""


@dataclass(frozen=True)
class Field:
    """A column or a measure, as a report names it."""

    table: str
    name: str
    is_measure: bool

    def __str__(self) -> str:
        return f"'{self.table}'[{self.name}]"


@dataclass(frozen=True)
class Projection:
    """A field in a role of a visual, under the name that the visual shows."""

    role: str
    field: Field
    label: str
    query_ref: str
    native_query_ref: str


@dataclass(frozen=True)
class Visual:
    """A visual on its page; lengths in the page's pixels."""

    name: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    tab_order: int
    projections: tuple[Projection, ...]
    sorted_by: tuple[tuple[Field, bool], ...]
    """Fields, and whether the largest stands first."""
    raw: Json

    def role(self, name: str) -> tuple[Projection, ...]:
        """The projections of one role."""
        return tuple(one for one in self.projections if one.role == name)

    def container(self, card: str, key: str) -> Any:
        """A value that the container sets, such as the title's text; None if it sets none."""
        return _setting(self.raw["visual"].get("visualContainerObjects", {}), card, key)

    def setting(self, card: str, key: str) -> Any:
        """A value that the visual itself sets, such as whether it has a legend."""
        return _setting(self.raw["visual"].get("objects", {}), card, key)

    @property
    def title(self) -> str | None:
        """Its title, shown or not."""
        text = self.container("title", "text")
        return None if text is None else str(text)

    @property
    def alt_text(self) -> str:
        """What a screen reader says of it."""
        return str(self.container("general", "altText") or "")

    @property
    def filters(self) -> tuple[Json, ...]:
        """The filters of this visual alone."""
        return tuple(self.raw.get("filterConfig", {}).get("filters", ()))

    @property
    def paragraphs(self) -> tuple[tuple[Json, ...], ...]:
        """Of a text box: the runs of text of each paragraph."""
        general = self.raw["visual"].get("objects", {}).get("general", ())
        found = [part["properties"].get("paragraphs", ()) for part in general]
        return tuple(tuple(one["textRuns"]) for some in found for one in some)

    @property
    def text(self) -> str:
        """Of a text box: all that it says."""
        return "\n".join("".join(run["value"] for run in runs) for runs in self.paragraphs)


@dataclass(frozen=True)
class Page:
    """A page with its visuals in tab order."""

    name: str
    title: str
    width: float
    height: float
    visuals: tuple[Visual, ...]
    raw: Json

    @property
    def filters(self) -> tuple[Json, ...]:
        """The filters of the page, that of a drill-through among them."""
        return tuple(self.raw.get("filterConfig", {}).get("filters", ()))


@dataclass(frozen=True)
class Report:
    """A whole report."""

    folder: Path
    pages: tuple[Page, ...]
    raw: Json
    page_order: tuple[str, ...]

    @cached_property
    def theme(self) -> Json:
        """The theme's file."""
        name = self.raw["themeCollection"]["customTheme"]["name"]
        return _read(self.folder / "StaticResources" / "RegisteredResources" / name)

    @classmethod
    def read(cls, folder: Path) -> Report:
        """Read a folder. Raises ReportError where it is no report."""
        definition = folder / "definition"
        order = tuple(_read(definition / "pages" / "pages.json").get("pageOrder", ()))
        found = {path.parent.name: path for path in definition.glob("pages/*/page.json")}
        known = [name for name in order if name in found]
        pages = [_page(found[name]) for name in [*known, *sorted(found.keys() - set(order))]]
        return cls(folder, tuple(pages), _read(definition / "report.json"), order)


def field_of(expression: Json) -> Field | None:
    """The field of an expression such as `{"Column": …}`; None for any other expression."""
    for kind in ("Column", "Measure"):
        if kind in expression:
            inner = expression[kind]
            table = inner.get("Expression", {}).get("SourceRef", {}).get("Entity")
            return Field(str(table), inner["Property"], kind == "Measure")
    return None


def fields_in(part: Any, sources: dict[str, str] | None = None) -> Iterator[Field]:
    """Every field anywhere in a part of a file; a filter's short names are resolved by its `From`.

    `sources` holds the short names that are known already.
    """
    if isinstance(part, list):
        for item in part:
            yield from fields_in(item, sources)
    elif isinstance(part, dict):
        known = dict(sources or {})
        known |= {one["Name"]: one["Entity"] for one in part.get("From", ()) if "Entity" in one}
        for kind in ("Column", "Measure"):
            inner = part.get(kind)
            if isinstance(inner, dict) and "Property" in inner:
                source = inner.get("Expression", {}).get("SourceRef", {})
                table = source.get("Entity") or known.get(source.get("Source", ""), "?")
                yield Field(table, inner["Property"], kind == "Measure")
        for value in part.values():
            yield from fields_in(value, known)


def literal(value: Any) -> Any:
    """What a literal of PBIR means: text, number, truth value; other values as they are."""
    if not isinstance(value, dict):
        return value
    if "solid" in value:
        return literal(value["solid"]["color"])
    text = value.get("expr", value).get("Literal", {}).get("Value")
    if not isinstance(text, str):
        return value
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text == "null":
        return None
    if text in ("true", "false"):
        return text == "true"
    return float(text[:-1]) if text[-1:] in "DLM" else text


def _setting(objects: Json, card: str, key: str) -> Any:
    for part in objects.get(card, ()):
        if key in part["properties"]:
            return literal(part["properties"][key])
    return None


def _page(path: Path) -> Page:
    raw = _read(path)
    visuals = []
    for file in path.parent.glob("visuals/*/visual.json"):
        try:
            visuals.append(_visual(_read(file)))
        except (KeyError, TypeError) as error:
            raise ReportError(f"{file}: not understood, at {error}") from error
    visuals.sort(key=lambda visual: (visual.tab_order, visual.name))
    try:
        name, title, width, height = (raw[k] for k in ("name", "displayName", "width", "height"))
    except KeyError as error:
        raise ReportError(f"{path}: {error} is missing") from error
    return Page(name, title, width, height, tuple(visuals), raw)


def _visual(raw: Json) -> Visual:
    place, visual = raw["position"], raw["visual"]
    query = visual.get("query", {})
    sort = query.get("sortDefinition", {}).get("sort", ())
    return Visual(
        name=raw["name"],
        kind=visual["visualType"],
        x=place["x"],
        y=place["y"],
        width=place["width"],
        height=place["height"],
        tab_order=place.get("tabOrder", -1),
        projections=tuple(
            Projection(
                role,
                field,
                one.get("displayName", one.get("nativeQueryRef", "")),
                one["queryRef"],
                one.get("nativeQueryRef", ""),
            )
            for role, bound in query.get("queryState", {}).items()
            for one in bound["projections"]
            if (field := field_of(one["field"])) is not None
        ),
        sorted_by=tuple(
            (field, one["direction"] == "Descending")
            for one in sort
            if (field := field_of(one["field"])) is not None
        ),
        raw=raw,
    )


def _read(path: Path) -> Json:
    try:
        data: Json = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path}: cannot be read: {error}") from error
    return data
