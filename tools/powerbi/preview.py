"""Draws a preview of each page of the Power BI report, without Power BI.

    uv run --group previews python -m tools.powerbi.preview

From the report's pages and theme, the model's measures and the real views, over the sample data in
an embedded PostgreSQL whose views see a stopped clock. Written to docs/images/powerbi. A picture is
drawn only where what it shows has changed: each carries a digest of that. So `tools.regenerate
--check` holds them current without vl-convert, and no two machines must draw alike.
"""

from __future__ import annotations

import io
import json
import operator
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.demo.servers import demo_servers
from crm_sync.sample.load import load
from tools.drawn import is_drawn_from, with_source
from tools.powerbi import model as semantic
from tools.powerbi.model import Model, ModelError
from tools.powerbi.preview_charts import Shown
from tools.powerbi.preview_page import page_svg
from tools.powerbi.report import (
    Field,
    Page,
    Report,
    ReportError,
    Visual,
    field_of,
    fields_in,
    literal,
)
from tools.powerbi.star import Filter, rows

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "images" / "powerbi"
POWERBI = ROOT / "docs" / "powerbi"
NOW = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
"""The moment that the views take for the present."""
OPERATORS = {1: operator.gt, 2: operator.ge, 3: operator.lt, 4: operator.le}
"""ComparisonKind in a filter."""
CLOCKS = re.compile(r"\b(?:now\s*\(\s*\)|current_date|current_timestamp|localtimestamp)", re.I)


@dataclass(frozen=True)
class Drawing:
    """A page and what its visuals show, by their names."""

    page: Page
    shown: dict[str, Shown]
    notice: str

    def source(self, theme: Json) -> bytes:
        """What its picture is drawn from: the page with each chart's specification in its place."""
        return page_svg(self.page, self.shown, theme, self.notice, json.dumps).encode()


def main() -> int:
    """Draws the pages whose picture shows something else."""
    report = Report.read(POWERBI / "ConsultingCRM.Report")
    model = semantic.read(POWERBI / "ConsultingCRM.SemanticModel")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        demo_servers(org=False) as servers,
        psycopg.connect(servers.owner_url, autocommit=True) as connection,
    ):
        fill(connection)
        drawings = [
            drawing(connection, model, page, f"page {n} of {len(report.pages)}")
            for n, page in enumerate(report.pages, 1)
        ]
    pictures = {
        PICTURES / f"{n}-{_slug(one.page.title)}.png": one for n, one in enumerate(drawings, 1)
    }
    for picture, one in pictures.items():
        source = one.source(report.theme)
        if not is_drawn_from(picture, source):
            picture.write_bytes(with_source(_png(one, report.theme), source))
            print(picture.relative_to(ROOT))
    for stray in set(PICTURES.iterdir()) - pictures.keys():
        stray.unlink()
    return 0


def fill(connection: psycopg.Connection[Any]) -> None:
    """The schema, the sample data as of the stopped clock, and the views with that clock."""
    connection.execute("set time zone 'UTC'")  # not this machine's
    connection.execute((ROOT / "schema.sql").read_bytes())
    load(connection, NOW.date())
    stopped = CLOCKS.sub(
        f"timestamptz '{NOW.isoformat()}'", (ROOT / "views.sql").read_text("utf-8")
    )
    connection.execute(stopped.encode())


def drawing(connection: psycopg.Connection[Any], model: Model, page: Page, number: str) -> Drawing:
    """What a page shows; a drill-through page of the client with most that is overdue."""
    chosen: tuple[Filter, ...] = ()
    about = ""
    if page.raw.get("type") == "Drillthrough":
        (client,) = rows(
            connection,
            model,
            [("Account", "Account")],
            ["Overdue Projects", "Total Contracted Revenue"],
            order=[("Project.Overdue Projects", True), ("Project.Total Contracted Revenue", True)],
            limit=1,
        )
        name = client["Account.Account"]
        chosen = (Filter("Account", "Account", "in", (name,)),)
        about = f", of {name}"
    shown = {
        visual.name: _shown(connection, model, visual, chosen)
        for visual in page.visuals
        if visual.projections
    }
    notice = f"Preview made without Power BI: “{page.title}”{about}, over sample data ({number})"
    return Drawing(page, shown, notice)


def _shown(
    connection: psycopg.Connection[Any], model: Model, visual: Visual, chosen: tuple[Filter, ...]
) -> Shown:
    """The rows of a visual."""
    filters, limits = list(chosen), []
    for one in visual.filters:
        found = field_of(one["field"])
        if found is None:
            raise ReportError(f"visual {visual.name}: a filter of no column and no measure")
        if found.is_measure:
            limits.append((f"{found.table}.{found.name}", one))
        else:
            filters.append(filter_of(found, one))
    # Conditions for colours and filters ask for measures that are not shown.
    named = dict.fromkeys(one.field for one in visual.projections)
    named |= dict.fromkeys(field for field in fields_in(visual.raw) if field.is_measure)
    columns = [(field.table, field.name) for field in named if not field.is_measure]
    measures = [field.name for field in named if field.is_measure]
    order = [(f"{field.table}.{field.name}", down) for field, down in visual.sorted_by]
    order += [
        (f"{table}.{name}", False)
        for table, name in columns
        if f"{table}.{name}" not in dict(order)
    ]
    found_rows = rows(connection, model, columns, measures, filters, order)
    for name, limit in limits:
        found_rows = [row for row in found_rows if _is_within(row[name], limit)]
    series = [one.field for one in visual.role("Series")]
    return Shown(
        rows=found_rows,
        total=rows(connection, model, [], measures, filters)[0] if measures else {},
        formats={f"{field.table}.{field.name}": _format(model, field) for field in named},
        series=tuple(
            row[f"{field.table}.{field.name}"]
            for field in series
            for row in rows(connection, model, [(field.table, field.name)], measures, filters)
        ),
    )


def filter_of(field: Field, one: Json) -> Filter:
    """A filter of a column, of the two kinds that this report has."""
    (where,) = one["filter"]["Where"]
    condition = where["Condition"]
    is_inverted = "Not" in condition
    if is_inverted:
        condition = condition["Not"]["Expression"]
    if "In" in condition:
        values = tuple(literal(value) for (value,) in condition["In"]["Values"])
        return Filter(field.table, field.name, "not in" if is_inverted else "in", values)
    raise ReportError(f"filter {one['name']}: a preview knows those by values only (preview.py)")


def _is_within(value: Any, one: Json) -> bool:
    """Whether a measure is as a filter demands; a blank counts as 0, as in DAX."""
    (where,) = one["filter"]["Where"]
    compared = where["Condition"]["Comparison"]
    is_so = OPERATORS[compared["ComparisonKind"]]
    return bool(is_so(float(value or 0), float(literal(compared["Right"]))))


def _format(model: Model, field: Field) -> str | None:
    table = model.tables[field.table]
    return (table.measures if field.is_measure else table.columns)[field.name].format


def _png(one: Drawing, theme: Json) -> bytes:
    try:
        # Only where something is to be drawn are they needed, and they are large.
        import vl_convert
        from PIL import Image
    except ImportError as error:
        raise SystemExit(
            f"A picture is to be drawn anew, and {error.name} is missing: uv run --group previews …"
        ) from None

    svg = page_svg(one.page, one.shown, theme, one.notice, vl_convert.vegalite_to_svg)
    drawn = Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1.25))).convert("RGB")
    written = io.BytesIO()
    # A page has few colours; with a palette of them a picture takes a fifth.
    drawn.quantize(colors=96, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _slug(title: str) -> str:
    return re.sub("[^a-z]+", "-", title.lower()).strip("-")


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except (ModelError, ReportError) as error:
        raise SystemExit(f"No preview: {error}") from None
