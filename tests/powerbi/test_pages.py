"""What each page shows, as declared_pages says, compared with the files.

A report may keep every rule and still show something else: the largest last, or all projects on the
card of the active ones. Who changes a page on purpose changes it there as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.powerbi import project
from tests.powerbi.declared_pages import PAGES, Shows
from tests.powerbi.report_rules import WITHOUT_FIELDS
from tools.powerbi.preview import OPERATORS, filter_of
from tools.powerbi.report import Page, Report, Visual, field_of, literal


def shown(visual: Visual) -> Shows:
    """A visual of the files, as it would be declared; fields in the order of roles."""
    order = ("Category", "Y", "Y2", "Series", "Data", "Values")
    return Shows(
        visual.kind,
        visual.title,
        tuple(
            f"{role}: {one.field.table}.{one.field.name}"
            for role in order
            for one in visual.role(role)
        ),
        ", ".join(
            f"{field.table}.{field.name} {'down' if down else 'up'}"
            for field, down in visual.sorted_by
        ),
        filters(visual),
    )


def filters(of: Visual | Page) -> tuple[str, ...]:
    """Its filters as text; one that chooses nothing yet by its field alone."""
    found = []
    for one in of.filters:
        field = field_of(one["field"])
        assert field is not None
        name = f"{field.table}.{field.name}"
        if "filter" not in one:
            found.append(name)
        elif field.is_measure:
            compared = one["filter"]["Where"][0]["Condition"]["Comparison"]
            sign = OPERATORS[compared["ComparisonKind"]].__name__
            found.append(f"{name} {sign} {literal(compared['Right']):g}")
        else:
            asked = filter_of(field, one)
            found.append(f"{name} {asked.operator} {asked.values}")
    return tuple(found)


def pages(folder: Path) -> dict[str, tuple[Shows, ...]]:
    """Every page's visuals that have fields, in tab order."""
    return {
        page.title: tuple(shown(one) for one in page.visuals if one.kind not in WITHOUT_FIELDS)
        for page in Report.read(folder).pages
    }


@pytest.mark.parametrize("title", PAGES)
def test_a_page_shows_what_is_declared(title: str) -> None:
    assert pages(project.REPORT)[title] == PAGES[title]


def test_no_page_is_undeclared_and_only_client_detail_is_filtered() -> None:
    assert list(pages(project.REPORT)) == list(PAGES)
    report = Report.read(project.REPORT)
    assert {page.title: filters(page) for page in report.pages if page.filters} == {
        "Client Detail": ("Account.Account",)
    }
    assert report.raw.get("filterConfig", {}).get("filters", []) == []


def turn(visual: Any) -> None:
    (sort,) = visual["visual"]["query"]["sortDefinition"]["sort"]
    sort["direction"] = "Descending" if sort["direction"] == "Ascending" else "Ascending"


def rename(old: str, new: str) -> Callable[[Any], None]:
    def change(visual: Any) -> None:
        text = json.dumps(visual["visual"]["query"])
        assert old in text
        visual["visual"]["query"] = json.loads(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("page", "title", "spoil"),
    [
        ("Executive Overview", "Contracted revenue by client", turn),
        ("Executive Overview", "Active Projects", rename("Active Projects", "Projects")),
        ("Executive Overview", "Active Projects", lambda it: it["visual"].update(visualType="x")),
        (
            "Revenue Overview",
            "Contracted revenue by project",
            rename('"Project"', '"Description"'),
        ),
        ("Active Projects", "Active projects and those on hold", lambda it: it.pop("filterConfig")),
        (
            "Delivery & Activity",
            "Touchpoints per month by type",
            rename("Touchpoints in Month", "Touchpoints"),
        ),
        (
            "Delivery & Activity",
            "Active clients without contact for 30 days",
            lambda it: it.pop("filterConfig"),
        ),
    ],
)
def test_a_visual_that_shows_something_else_is_noticed(
    page: str, title: str, spoil: Callable[[Any], None], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project.REPORT, folder)
    there = next(one for one in Report.read(folder).pages if one.title == page)
    name = next(visual.name for visual in there.visuals if visual.title == title)
    (file,) = folder.glob(f"definition/pages/{there.name}/visuals/{name}/visual.json")
    document = project.read(file)
    spoil(document)
    file.write_text(json.dumps(document), "utf-8")
    assert pages(folder)[page] != PAGES[page]
