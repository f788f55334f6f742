"""What a report must hold beside what schemas and Microsoft's checker see: sentences on what does
not. Each rule is a function from report and model to sentences; `problems` applies them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from tools.powerbi.model import Model
from tools.powerbi.report import Field, Page, Report, Visual, field_of, fields_in

SYNCED_PAGES = (
    "Executive Overview",
    "Pipeline Analysis",
    "Revenue Overview",
    "Active Projects",
)
KINDS: dict[str, dict[str, bool | None]] = {
    "cardVisual": {"Data": True},
    "clusteredBarChart": {"Category": False, "Series": False, "Y": True},
    "clusteredColumnChart": {"Category": False, "Series": False, "Y": True},
    "columnChart": {"Category": False, "Series": False, "Y": True},
    "funnel": {"Category": False, "Y": True},
    "lineChart": {"Category": False, "Series": False, "Y": True},
    "lineClusteredColumnComboChart": {"Category": False, "Y": True, "Y2": True},
    "slicer": {"Values": False},
    "tableEx": {"Values": None},
}
"""The roles of each kind of visual that has fields; whether a role takes measures (None: both)."""
WITHOUT_FIELDS = ("textbox", "actionButton")
ROW = 20
"""Pixels within which upper edges count as one row for reading."""

Rule = Callable[[Report, Model], Iterator[str]]


def problems(report: Report, model: Model) -> list[str]:
    """All that is wrong, in the order of the rules below."""
    return [sentence for rule in RULES for sentence in rule(report, model)]


def fields_are_in_the_model(report: Report, model: Model) -> Iterator[str]:
    """Every field anywhere, filters and conditional colours included, exists and is of its kind."""
    for place, part in parts(report):
        for field in fields_in(part):
            if not exists(field, model):
                kind = "measure" if field.is_measure else "column"
                yield f"{place}: the model has no {kind} {field}"


def roles_take_the_right_kind(report: Report, model: Model) -> Iterator[str]:
    """A measure stands where numbers are shown, a column where they are split."""
    for place, visual in visuals(report):
        if visual.kind in WITHOUT_FIELDS:
            continue
        roles = KINDS.get(visual.kind)
        if roles is None:
            yield f"{place}: nobody said which roles a {visual.kind} has"
            continue
        if not visual.projections:
            yield f"{place}: it shows no field"
        for one in visual.projections:
            if one.role not in roles:
                yield f"{place}: a {visual.kind} has no role {one.role}"
            elif roles[one.role] not in (None, one.field.is_measure):
                yield f"{place}: {one.field} is of the wrong kind for the role {one.role}"
        # Else each row of an imported table stands in the picture once for each row of another.
        if visual.kind == "tableEx" and not any(one.field.is_measure for one in visual.projections):
            tables = {one.field.table for one in visual.projections}
            if not joined(tables, model):
                yield f"{place}: its columns are of tables that no relation joins: {sorted(tables)}"


def names_in_queries_agree(report: Report, model: Model) -> Iterator[str]:
    """queryRef is Table.Field and nativeQueryRef is Field, each once in a visual."""
    for place, visual in visuals(report):
        for one in visual.projections:
            if one.query_ref != f"{one.field.table}.{one.field.name}":
                yield f"{place}: {one.field} is called {one.query_ref} in its query"
            if one.native_query_ref != one.field.name:
                yield f"{place}: {one.field} is called {one.native_query_ref} natively"
        for name, count in Counter(one.query_ref for one in visual.projections).items():
            if count > 1:
                yield f"{place}: {name} stands in it twice"
        shown = {one.field for one in visual.projections}
        for field, _ in visual.sorted_by:
            if field not in shown:
                yield f"{place}: it is sorted by {field}, which it does not show"
        for target in selectors(visual):
            if target not in {one.query_ref for one in visual.projections}:
                yield f"{place}: it formats {target}, which it does not show"


def pages_are_in_order(report: Report, model: Model) -> Iterator[str]:
    """pages.json lists every page once."""
    found = Counter(page.name for page in report.pages)
    listed = Counter(report.page_order)
    for name in sorted(found.keys() | listed.keys()):
        if (found[name], listed[name]) != (1, 1):
            yield f"page {name}: {found[name]} folders, {listed[name]} entries in pages.json"


def ids_are_unique(report: Report, model: Model) -> Iterator[str]:
    """Names of pages, filters and bindings in the report, of visuals on their page."""
    names: list[str] = []
    for page in report.pages:
        names.append(page.name)
        names += [one["name"] for one in page.filters]
        binding = page.raw.get("pageBinding", {})
        names += [binding["name"]] if binding else []
        names += [one["name"] for one in binding.get("parameters", ())]
        for visual in page.visuals:
            names += [one["name"] for one in visual.filters]
        for name, count in Counter(visual.name for visual in page.visuals).items():
            if count > 1:
                yield f"{page.title}: {count} visuals are called {name}"
    yield from (
        f"{count} things are called {name}" for name, count in Counter(names).items() if count > 1
    )


def drill_through_resolves(report: Report, model: Model) -> Iterator[str]:
    """Each parameter is bound to a filter of the page on the same field, and the page is hidden."""
    found = [page for page in report.pages if page.raw.get("type") == "Drillthrough"]
    if [page.title for page in found] != ["Client Detail"]:
        yield f"drill-through pages are {[page.title for page in found]}"
    for page in found:
        filters = {one["name"]: one for one in page.filters}
        parameters = page.raw.get("pageBinding", {}).get("parameters", ())
        if page.raw.get("pageBinding", {}).get("type") != "Drillthrough" or not parameters:
            yield f"{page.title}: it binds nothing"
        for one in parameters:
            bound = filters.get(one.get("boundFilter", ""))
            if bound is None:
                yield f"{page.title}: parameter {one['name']} is bound to no filter of the page"
            elif field_of(bound["field"]) != field_of(one["fieldExpr"]):
                yield f"{page.title}: parameter {one['name']} and its filter are of two fields"
            elif bound.get("howCreated") != "Drillthrough":
                yield f"{page.title}: filter {bound['name']} is none of a drill-through"
        if page.raw.get("visibility") != "HiddenInViewMode":
            yield f"{page.title}: it can be opened without a client"
        if not any(visual.container("visualLink", "type") == "Back" for visual in page.visuals):
            yield f"{page.title}: no button leads back"


def client_slicers_are_one(report: Report, model: Model) -> Iterator[str]:
    """Pages 1 to 4 each have one slicer of the client, all of one group; no other page has one."""
    for page in report.pages:
        slicers = [visual for visual in page.visuals if visual.kind == "slicer"]
        expected = int(page.title in SYNCED_PAGES)
        if len(slicers) != expected:
            yield f"{page.title}: {len(slicers)} slicers instead of {expected}"
        for slicer in slicers:
            group = slicer.raw["visual"].get("syncGroup")
            if group != {"groupName": "client", "fieldChanges": True, "filterChanges": True}:
                yield f"{page.title}: the slicer is not in the group client: {group}"
            if [one.field for one in slicer.projections] != [Field("Account", "Account", False)]:
                yield f"{page.title}: the slicer is not of the client"


def a_reader_of_screens_gets_everything(report: Report, model: Model) -> Iterator[str]:
    """Alt text for every visual, a title for all that show data, one tab order without gaps."""
    for page in report.pages:
        for place, visual in visuals_of(page):
            if not visual.alt_text.strip():
                yield f"{place}: it has no alt text"
            if visual.kind not in WITHOUT_FIELDS and not visual.title:
                yield f"{place}: it has no title"
            if visual.raw.get("isHidden"):
                yield f"{place}: it is hidden"
        orders = Counter(visual.tab_order for visual in page.visuals)
        if min(orders, default=0) < 0 or max(orders.values(), default=1) > 1:
            yield f"{page.title}: tab order is not given to each visual once: {dict(orders)}"
        # From above to below and from left to right, as one reads.
        reading = sorted(page.visuals, key=lambda visual: (row(visual), visual.x))
        if list(page.visuals) != reading:
            yield f"{page.title}: tab order does not go as one reads"


def visuals_are_on_the_page(report: Report, model: Model) -> Iterator[str]:
    """Each inside its page, none over another."""
    for page in report.pages:
        for place, one in visuals_of(page):
            inside = (
                one.x >= 0
                and one.x + one.width <= page.width
                and one.y >= 0
                and one.y + one.height <= page.height
            )
            if not inside or one.width <= 0 or one.height <= 0:
                yield f"{place}: it stands outside of the page"
        for (place, one), (_, other) in combinations(visuals_of(page), 2):
            if (
                one.x < other.x + other.width
                and other.x < one.x + one.width
                and one.y < other.y + other.height
                and other.y < one.y + one.height
            ):
                yield f"{place}: it overlaps {other.title or other.kind} {other.name}"


def the_theme_is_registered(report: Report, model: Model) -> Iterator[str]:
    """One theme, named alike in the collection, among the resources, as a file and inside it."""
    named = report.raw["themeCollection"].get("customTheme", {})
    items = [
        (package["type"], item["name"], item["path"])
        for package in report.raw.get("resourcePackages", ())
        for item in package["items"]
        if item["type"] == "CustomTheme"
    ]
    name = named.get("name", "")
    if items != [("RegisteredResources", name, name)] or named.get("type") != "RegisteredResources":
        yield f"the theme {name or '(none)'} is not the one that is registered: {items}"
    folder = report.folder / "StaticResources" / "RegisteredResources"
    files = sorted(path.name for path in folder.iterdir())
    if files != [name]:
        yield f"the theme's folder holds {files}"
    elif report.theme.get("name") != name:
        yield f"the theme calls itself {report.theme.get('name')} and not {name}"


RULES: tuple[Rule, ...] = (
    fields_are_in_the_model,
    roles_take_the_right_kind,
    names_in_queries_agree,
    pages_are_in_order,
    ids_are_unique,
    drill_through_resolves,
    client_slicers_are_one,
    a_reader_of_screens_gets_everything,
    visuals_are_on_the_page,
    the_theme_is_registered,
)


def parts(report: Report) -> Iterator[tuple[str, Any]]:
    """All that may name a field, with its place."""
    for page in report.pages:
        yield page.title, page.raw
        yield from ((place, visual.raw) for place, visual in visuals_of(page))


def visuals(report: Report) -> Iterator[tuple[str, Visual]]:
    """Every visual with its place."""
    for page in report.pages:
        yield from visuals_of(page)


def visuals_of(page: Page) -> list[tuple[str, Visual]]:
    """The visuals of a page, each with its place."""
    return [(f"{page.title}, {one.title or one.kind} {one.name}", one) for one in page.visuals]


def exists(field: Field, model: Model) -> bool:
    """Whether the model has it, as what the report says that it is."""
    table = model.tables.get(field.table)
    if table is None:
        return False
    return field.name in (table.measures if field.is_measure else table.columns)


def joined(tables: set[str], model: Model) -> bool:
    """Whether one of the tables leads to all others by relations, from many to one."""
    leads = {
        table: {relation.one[0] for relation in model.relations if relation.many[0] == table}
        for table in tables
    }
    return any(tables <= {table, *ends} for table, ends in leads.items())


def selectors(visual: Visual) -> Iterator[str]:
    """The fields that formatting aims at, by their name in the query."""
    for cards in visual.raw["visual"].get("objects", {}).values():
        for card in cards:
            if metadata := card.get("selector", {}).get("metadata"):
                yield metadata


def row(visual: Visual) -> int:
    """The row of a page that a visual begins in: those whose upper edges are near stand in one."""
    return int(visual.y // ROW)
