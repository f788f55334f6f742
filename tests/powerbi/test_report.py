"""The report as it is, and each rule on a report that breaks it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.powerbi import project
from tests.powerbi.report_rules import RULES, problems
from tools.powerbi.model import Model
from tools.powerbi.preview import filter_of
from tools.powerbi.report import Report, ReportError, field_of
from tools.powerbi.star import rows

PAGES = [
    "Executive Overview", "Pipeline Analysis", "Revenue Overview", "Active Projects",
    "Client Detail", "Delivery & Activity",
]  # fmt: skip


@pytest.fixture(scope="module")
def report() -> Report:
    return Report.read(project.REPORT)


def test_the_report_breaks_no_rule(report: Report, model: Model) -> None:
    assert problems(report, model) == []


def test_the_report_has_the_six_pages_in_their_order(report: Report) -> None:
    assert [page.title for page in report.pages] == PAGES


def test_the_project_leads_to_the_report_and_the_report_to_the_model() -> None:
    pbip = project.read(project.PROJECT)
    assert pbip["artifacts"] == [{"report": {"path": project.REPORT.name}}]
    reference = project.read(project.REPORT / "definition.pbir")["datasetReference"]
    assert (project.REPORT / reference["byPath"]["path"]).resolve() == project.MODEL


def test_the_project_has_an_id_for_each_part_and_no_cache_of_desktop() -> None:
    ids = [
        project.read(part / ".platform")["config"]["logicalId"]
        for part in (project.REPORT, project.MODEL)
    ]
    assert len(set(ids)) == 2
    assert not [path for path in project.POWERBI.rglob("*") if path.name in ("cache.abf", ".pbi")]


def test_names_of_pages_and_visuals_are_their_folders(report: Report) -> None:
    for file in project.REPORT.rglob("definition/pages/**/*.json"):
        if file.name in ("page.json", "visual.json"):
            assert re.fullmatch("[0-9a-f]{20}", file.parent.name)
            assert project.read(file)["name"] == file.parent.name


def test_pages_with_leads_say_what_the_client_slicer_does_to_them(report: Report) -> None:
    for page in report.pages[:2]:
        said = " ".join(visual.text for visual in page.visuals if visual.kind == "textbox")
        assert re.search("shows? the leads that became that client", said)
        assert re.search("do(es)? not follow the client", said)


def test_notes_say_what_a_chosen_client_leaves_alone_or_fixes(report: Report) -> None:
    notes = {
        page.title: " ".join(visual.text for visual in page.visuals if visual.kind == "textbox")
        for page in report.pages
    }
    assert "rates are 100% by construction" in notes["Pipeline Analysis"]
    assert "do not follow the client" in notes["Revenue Overview"]
    assert "without a start date, was entered" in notes["Revenue Overview"]


def test_overdue_projects_are_marked_by_words_and_not_by_colour_alone(report: Report) -> None:
    tables = [
        visual
        for page in report.pages
        for visual in page.visuals
        if visual.setting("values", "backColor") is not None
    ]
    assert {visual.title for visual in tables} == {"Active projects and those on hold", "Projects"}
    for visual in tables:
        assert "Project.Deadline" in [one.query_ref for one in visual.projections]


def test_what_filters_choose_is_there_to_be_chosen(
    report: Report, model: Model, reader: psycopg.Connection[Any]
) -> None:
    """A label that a view writes otherwise one day would leave a visual empty, without an error."""
    chosen = {
        (field, value)
        for page in report.pages
        for visual in page.visuals
        for one in visual.filters
        if (field := field_of(one["field"])) is not None and not field.is_measure
        for value in filter_of(field, one).values
        if value is not None
    }
    assert len(chosen) == 2
    for field, value in chosen:
        there = rows(reader, model, [(field.table, field.name)], [])
        assert value in [row[f"{field.table}.{field.name}"] for row in there]


Spoil = Callable[[Path], None]


def edit(kind: str | None, change: Callable[[Any], None], file: str = "visual.json") -> Spoil:
    """A change of the first file of that name in the report; of visuals, the first of a kind."""

    def spoil(folder: Path) -> None:
        for path in sorted(folder.rglob(file)):
            document = project.read(path)
            if kind in (None, document.get("visual", {}).get("visualType"), document.get("type")):
                change(document)
                path.write_text(json.dumps(document), "utf-8")
                return
        raise AssertionError(f"no {kind} to spoil")

    return spoil


def first(document: Any) -> Any:
    """The first projection of a visual."""
    return next(iter(document["visual"]["query"]["queryState"].values()))["projections"][0]


def second_page(folder: Path) -> None:
    pages = project.read(folder / "definition/pages/pages.json")
    shutil.copytree(
        folder / "definition/pages" / pages["pageOrder"][0], folder / "definition/pages/0123456789"
    )
    page = folder / "definition/pages/0123456789/page.json"
    page.write_text(page.read_text("utf-8").replace(pages["pageOrder"][0], "0123456789"), "utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            edit("tableEx", lambda it: first(it)["field"]["Column"].update(Property="Nobody")),
            "the model has no column 'Account'[Nobody]",
        ),
        (
            edit(
                "cardVisual",
                lambda it: first(it).update(field={"Column": first(it)["field"]["Measure"]}),
            ),
            "the model has no column",
        ),
        (
            edit("lineChart", lambda it: it["visual"].update(visualType="donutChart")),
            "nobody said which roles a donutChart has",
        ),
        (
            edit(
                "lineChart",
                lambda it: it["visual"]["query"]["queryState"].update(
                    Y=it["visual"]["query"]["queryState"]["Category"]
                ),
            ),
            "is of the wrong kind for the role Y",
        ),
        (
            edit("tableEx", lambda it: first(it).update(queryRef="A.B")),
            "is called A.B in its query",
        ),
        (edit("tableEx", lambda it: first(it).update(nativeQueryRef="B")), "is called B natively"),
        (
            edit("clusteredBarChart", lambda it: it["visual"]["query"]["queryState"].pop("Y")),
            "which it does not show",
        ),
        (second_page, "page 0123456789: 1 folders, 0 entries in pages.json"),
        (
            edit(
                "Drillthrough",
                lambda it: it["pageBinding"].update(name=it["name"]),
                file="page.json",
            ),
            "2 things are called",
        ),
        (
            edit(
                "Drillthrough",
                lambda it: it["pageBinding"]["parameters"][0].update(boundFilter="gone"),
                file="page.json",
            ),
            "is bound to no filter of the page",
        ),
        (
            edit("Drillthrough", lambda it: it.pop("visibility"), file="page.json"),
            "it can be opened without a client",
        ),
        (
            edit("slicer", lambda it: it["visual"]["syncGroup"].update(groupName="mine")),
            "the slicer is not in the group client",
        ),
        (
            edit("funnel", lambda it: it["visual"]["visualContainerObjects"].pop("general")),
            "it has no alt text",
        ),
        (
            edit("funnel", lambda it: it["visual"]["visualContainerObjects"].pop("title")),
            "it has no title",
        ),
        (
            edit("funnel", lambda it: it["position"].update(tabOrder=1000)),
            "tab order is not given to each visual once",
        ),
        (
            edit("funnel", lambda it: it["position"].update(tabOrder=1)),
            "tab order does not go as one reads",
        ),
        (edit("funnel", lambda it: it["position"].update(x=1279)), "outside of the page"),
        (edit("funnel", lambda it: it["position"].update(width=500)), "it overlaps"),
        (
            edit(
                None,
                lambda it: it["themeCollection"]["customTheme"].update(name="Other.json"),
                file="report.json",
            ),
            "the theme Other.json is not the one that is registered",
        ),
        (
            edit(None, lambda it: it.update(name="Other"), file="ConsultingCRM.json"),
            "the theme calls itself Other",
        ),
    ],
)
def test_a_spoiled_report_breaks_a_rule(
    spoil: Spoil, says: str, model: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project.REPORT, folder)
    spoil(folder)
    found = problems(Report.read(folder), model)
    assert any(says in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("visual.json", "{", "visual.json: cannot be read: Expecting property name"),
        ("visual.json", "{}", "visual.json: not understood, at 'position'"),
        ("page.json", "{}", "page.json: 'name' is missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    file: str, content: str, says: str, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project.REPORT, folder)
    next(folder.rglob(file)).write_text(content, "utf-8")
    with pytest.raises(ReportError, match=re.escape(says)):
        Report.read(folder)


def test_every_rule_is_applied() -> None:
    from tests.powerbi import report_rules

    public = {
        name
        for name, value in vars(report_rules).items()
        if getattr(value, "__doc__", None)
        and getattr(value, "__annotations__", {}).keys() == {"report", "model", "return"}
    }
    assert {rule.__name__ for rule in RULES} == public - {"problems"}
