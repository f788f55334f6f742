"""What a preview makes of values and of a report; that the pictures are current is checked by
tools.regenerate.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.powerbi import project
from tools.powerbi import preview
from tools.powerbi.preview_charts import CHARTS, Shown, specification
from tools.powerbi.preview_page import page_svg
from tools.powerbi.preview_text import fitted, formatted, short, width, wrapped
from tools.powerbi.report import Page, Report, ReportError, Visual, field_of
from tools.powerbi.star import Filter

REPORT = Report.read(project.REPORT)


@pytest.mark.parametrize(
    ("value", "format_string", "expected"),
    [
        (Decimal("3445388.40"), "#,##0", "3,445,388"),
        (Decimal("54.68"), "#,##0.0", "54.7"),
        (0.5371, "0.0%", "53.7%"),
        (2026, "0", "2026"),
        (date(2026, 6, 7), "yyyy-mm-dd", "2026-06-07"),
        ("On hold", None, "On hold"),
        (None, "#,##0", ""),
        (0, "#,##0", "0"),
    ],
)
def test_a_value_is_written_by_its_format(
    value: Any, format_string: str | None, expected: str
) -> None:
    assert formatted(value, format_string) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(84, "84"), (83_500, "83.5K"), (1_139_500, "1.14M"), (0, "0")]
)
def test_a_data_label_is_short(value: int, expected: str) -> None:
    assert short(value, "#,##0") == expected


def test_a_text_is_cut_or_broken_where_its_room_ends() -> None:
    words = "Interim operations lead, retainer"
    assert fitted(words, 12, 500) == words
    assert fitted(words, 12, 80).endswith("…")
    assert width(fitted(words, 12, 80), 12) <= 80
    assert " ".join(wrapped(words, 12, 80)) == words
    assert all(width(line, 12) <= 80 for line in wrapped(words, 12, 80))


def shown_by_hand(visual: Visual) -> Shown:
    """Two rows for any visual."""
    names = [one.query_ref for one in visual.projections]
    names += ["Project.Overdue Projects"]
    measures = {one.query_ref for one in visual.projections if one.field.is_measure}
    rows = [
        {name: n if name in measures or name in names[-1:] else f"{name} {n}" for name in names}
        for n in (2, 1)
    ]
    series = tuple(row[one.query_ref] for one in visual.role("Series") for row in rows)
    formats = {name: "#,##0" if name in measures else None for name in names}
    return Shown(rows, dict.fromkeys(names, 3), formats, series)


@pytest.mark.parametrize("page", REPORT.pages, ids=lambda page: page.title)
def test_a_page_is_drawn_with_all_that_it_shows_and_called_a_preview(page: Page) -> None:
    charts: list[dict[str, Any]] = []

    def draw(chart: dict[str, Any]) -> str:
        charts.append(chart)
        return '<svg width="1" height="1"></svg>'

    shown = {visual.name: shown_by_hand(visual) for visual in page.visuals if visual.projections}
    svg = page_svg(page, shown, REPORT.theme, "Preview made without Power BI", draw)
    assert "Preview made without Power BI" in svg
    assert len(charts) == sum(visual.kind in CHARTS for visual in page.visuals)
    for visual in page.visuals:
        if visual.container("title", "show"):
            assert str(visual.title).replace("&", "&amp;") in svg
        if visual.kind == "tableEx":
            for one in visual.projections:
                # What is too long for its column is cut.
                assert one.label[:6] in svg
                assert one.field.is_measure or f"{one.query_ref} 2"[:6] in svg


def test_an_overdue_project_is_tinted_and_another_is_not() -> None:
    (page,) = [page for page in REPORT.pages if page.title == "Active Projects"]
    (table,) = [visual for visual in page.visuals if visual.kind == "tableEx"]
    (ink,) = {
        case["Value"]["Literal"]["Value"].strip("'")
        for card in table.raw["visual"]["objects"]["values"]
        for case in card["properties"]["fontColor"]["solid"]["color"]["expr"]["Conditional"][
            "Cases"
        ]
    }
    only = Page(page.name, page.title, page.width, page.height, (table,), page.raw)
    shown = shown_by_hand(table)
    for row, overdue in zip(shown.rows, (1, None), strict=True):
        row["Project.Overdue Projects"] = overdue
    svg = page_svg(only, {table.name: shown}, REPORT.theme, "", lambda chart: "")
    assert svg.count(f'fill="{ink}"') == 2  # the deadline and the project of one row


def test_a_kind_of_visual_that_nobody_draws_is_named() -> None:
    page = REPORT.pages[0]
    (visual, *_) = [visual for visual in page.visuals if visual.kind in CHARTS]
    other = replace(visual, kind="donutChart")
    only = replace(page, visuals=(other,))
    with pytest.raises(ReportError, match=f"visual {visual.name}: nobody said how a donutChart"):
        page_svg(only, {visual.name: shown_by_hand(visual)}, REPORT.theme, "", lambda _: "")


def test_bars_are_as_many_as_there_is_room_for() -> None:
    (visual,) = [visual for visual in REPORT.pages[0].visuals if visual.kind == "clusteredBarChart"]
    one = shown_by_hand(visual)
    many = Shown(one.rows * 40, one.total, one.formats)
    chart = specification(visual, many, REPORT.theme, (400, 210))
    assert len(chart["data"]["values"]) == 10


def test_a_chart_keeps_the_order_of_its_rows_where_values_are_missing() -> None:
    (visual,) = [
        visual for visual in REPORT.pages[2].visuals if visual.title and "month" in visual.title
    ]
    shown = shown_by_hand(visual)
    shown.rows[0][visual.role("Y")[0].query_ref] = None
    chart = specification(visual, shown, REPORT.theme, (400, 210))
    domains = [layer["encoding"]["x"]["scale"]["domain"] for layer in chart["layer"]]
    assert domains == [["Date.Month 2", "Date.Month 1"]] * 2


def test_filters_are_read_as_they_stand() -> None:
    found = {
        one["name"]: preview.filter_of(field, one)
        for page in REPORT.pages
        for visual in page.visuals
        for one in visual.filters
        if (field := field_of(one["field"])) is not None and not field.is_measure
    }
    assert Filter("Project Status", "Project Status", "in", ("Active", "On hold")) in found.values()
    assert Filter("Account", "Account", "not in", (None,)) in found.values()


def test_a_picture_is_drawn_anew_when_it_would_show_something_else() -> None:
    page = REPORT.pages[0]
    shown = {visual.name: shown_by_hand(visual) for visual in page.visuals if visual.projections}
    before = preview.Drawing(page, shown, "notice").source(REPORT.theme)
    assert before == preview.Drawing(page, shown, "notice").source(REPORT.theme)
    assert before != preview.Drawing(page, shown, "other notice").source(REPORT.theme)
    (chart, *_) = [visual for visual in page.visuals if visual.kind in CHARTS]
    measure = chart.role("Y")[0].query_ref
    shown[chart.name].rows[0][measure] = 77
    changed = preview.Drawing(page, shown, "notice").source(REPORT.theme)
    assert changed != before
    repainted = {**REPORT.theme, "dataColors": ["#000000", *REPORT.theme["dataColors"][1:]]}
    assert preview.Drawing(page, shown, "notice").source(repainted) != changed


def test_the_clock_of_the_views_can_be_stopped() -> None:
    stopped = preview.CLOCKS.sub("'…'", "select now(), CURRENT_DATE, current_timestamp, knows(1)")
    assert stopped == "select '…', '…', '…', knows(1)"
