"""The dry run's HTML report in Chromium: as a person reads it, with and without a mouse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from crm_sync.report.html import html
from crm_sync.report.model import PlanReport
from tests.support import clients
from tests.unit.report.plans import INVALID, SCRIPT, everything, many, plan

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.browser

WAIT_SECONDS = 20
NARROW, WIDE = 400, 1280


@dataclass
class Page:
    """A report that is open in the browser."""

    browser: Chrome
    folder: Path

    def open(self, report: PlanReport) -> None:
        file = self.folder / "report.html"
        file.write_text("".join(html(report)), "utf-8")
        self.browser.get(file.as_uri())

    def is_shown_as(self, width: int = WIDE, scheme: str = "light") -> None:
        """From now on the window is so wide, and its reader prefers light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def script(self, text: str, *values: Any) -> Any:
        return self.browser.execute_script(text, *values)

    def choose(self, name: str, value: str) -> None:
        Select(self.browser.find_element(By.NAME, name)).select_by_value(value)

    def search(self, text: str) -> None:
        self.browser.find_element(By.NAME, "search").send_keys(text)

    def reset(self) -> None:
        self.browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()

    @property
    def labels(self) -> list[str]:
        """The rows that are shown, by their labels."""
        found = self.browser.find_elements(By.CSS_SELECTOR, ".row:not([hidden]) .label")
        return [element.text for element in found]

    @property
    def found(self) -> str:
        """How many rows there are, as a screen reader hears it."""
        return self.browser.find_element(By.CSS_SELECTOR, "[role=status]").text

    def finds(self, text: str) -> None:
        WebDriverWait(self.browser, WAIT_SECONDS).until(lambda _: self.found == text)

    @property
    def focus(self) -> Any:
        return self.browser.switch_to.active_element


@pytest.fixture
def page(chrome: Chrome, tmp_path: Path) -> Iterator[Page]:
    opened = Page(chrome, tmp_path)
    opened.is_shown_as()
    yield opened
    complaints = [entry["message"] for entry in chrome.get_log("browser")]  # type: ignore[no-untyped-call] # selenium leaves it untyped
    assert complaints == [], "the page's policy blocked something, or a script failed"
    chrome.get("about:blank")


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The source of axe-core."""
    directory = clients.directory(pytestconfig)
    assert directory is not None, "a test with axe-core needs the marker `clients`"
    return (directory / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.clients
@pytest.mark.parametrize("report", [everything, plan], ids=["every kind of row", "no row"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_axe_core_finds_nothing(
    page: Page, axe: str, report: Callable[[], PlanReport], scheme: str, width: int
) -> None:
    page.is_shown_as(width, scheme)
    page.open(report())
    # As a tester's console would: the page's own policy lets nothing else in.
    page.browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = page.browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(JSON.stringify(result)))"
    )
    result = json.loads(found)
    assert len(result["passes"]) > 20, "axe looked at nothing"
    told = [
        (one["impact"], one["id"], node["target"], node["failureSummary"])
        for one in result["violations"]
        for node in one["nodes"]
    ]
    assert told == []


def test_a_value_is_shown_and_never_run(page: Page) -> None:
    page.open(everything())
    assert "<script>alert('lead')</script>" in page.labels
    cells = page.browser.find_elements(By.CSS_SELECTOR, ".fields td")
    assert 'Bobby & "Tables" <img src=x onerror=alert(1)>' in [cell.text for cell in cells]
    assert page.browser.find_elements(By.CSS_SELECTOR, "main script, main img") == []


def test_no_request_leaves_the_page(page: Page) -> None:
    page.open(everything())
    page.search("nordwind")
    assert page.script("return performance.getEntriesByType('resource').length") == 0


def test_rows_are_found_by_object_action_reason_field_and_any_word_of_them(page: Page) -> None:
    page.open(everything())
    page.choose("object", "Opportunity")
    page.finds("2 of 9 rows")
    page.choose("action", "update")
    page.finds("1 of 9 rows")
    assert page.labels == ["Harbour study"]
    page.reset()
    page.finds("9 rows")
    page.choose("reason", "PARENT_NOT_READY")
    page.finds("1 of 9 rows")
    assert page.labels == ["Study"]
    page.choose("reason", "edited-in-salesforce")
    page.finds("2 of 9 rows")
    assert set(page.labels) == {"Harbour study", "Gone & Sons"}
    page.reset()
    page.choose("field", "CloseDate")
    page.finds("1 of 9 rows")
    page.reset()
    page.search("SÖHNE 62,500")
    page.finds("2 of 9 rows")
    page.search(" gone")
    page.finds("1 of 9 rows")
    page.search(" nobody")
    page.finds("0 of 9 rows")
    assert "No row fits these filters." in page.browser.find_element(By.TAG_NAME, "main").text


def test_a_number_in_the_table_leads_to_its_rows(page: Page) -> None:
    page.open(everything())
    page.browser.find_element(By.CSS_SELECTOR, "a[data-pick-object=Lead]").click()
    page.finds("2 of 9 rows")
    assert page.browser.current_url.endswith("#lead-create")


def test_everything_works_with_the_keyboard_alone(page: Page) -> None:
    page.open(many(30))
    body = page.browser.find_element(By.TAG_NAME, "body")
    body.send_keys("/")
    assert page.focus.get_attribute("name") == "search"
    page.focus.send_keys("number 29")
    page.finds("1 of 30 rows")
    page.focus.send_keys(Keys.ESCAPE)
    page.finds("30 rows")
    for _ in range(12):
        if page.focus.tag_name == "summary":
            break
        page.focus.send_keys(Keys.TAB)
    assert "Lead number 0" in page.focus.text
    page.focus.send_keys(Keys.ARROW_DOWN)
    page.focus.send_keys(Keys.ARROW_DOWN)
    assert "Lead number 2" in page.focus.text
    page.focus.send_keys(Keys.ENTER)
    row = page.focus.find_element(By.XPATH, "..")
    assert row.get_attribute("open") is not None
    page.focus.send_keys(Keys.ARROW_UP)
    assert "Lead number 1" in page.focus.text
    assert page.browser.find_element(By.NAME, "search").get_attribute("value") == ""


def test_the_arrow_leads_from_the_page_and_from_the_search_to_the_first_row(page: Page) -> None:
    page.open(many(600))
    body = page.browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.ARROW_DOWN)
    assert "Lead number 0" in page.focus.text
    page.focus.send_keys("/")
    page.focus.send_keys("number 599" + Keys.ARROW_DOWN)
    assert "Lead number 599" in page.focus.text
    page.finds("1 of 600 rows")


def test_the_arrow_leads_a_reader_who_has_scrolled_to_a_row_in_sight(page: Page) -> None:
    page.open(many(150))
    page.script("window.scrollTo(0, 3000)")
    page.browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_DOWN)
    assert page.script("return Math.abs(window.scrollY - 3000)") < 300
    assert page.focus.tag_name == "summary"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_long_label_is_folded_and_can_be_unfolded(page: Page, width: int) -> None:
    page.is_shown_as(width)
    label = "Nordwind und Partner " * 5_000
    waits = replace(INVALID.problems[0], sentence=f"Waits for {label}.")
    page.open(plan(replace(INVALID, label=label, problems=(waits,))))
    heading = page.browser.find_element(By.CSS_SELECTOR, ".row > summary")
    assert heading.size["height"] < 200
    assert "(105,000 characters)" in heading.text
    row = page.browser.find_element(By.CSS_SELECTOR, ".row")
    assert row.size["height"] < 1_000
    whole = row.find_element(By.CSS_SELECTOR, ".whole")
    whole.find_element(By.TAG_NAME, "summary").click()
    assert label.strip() in whole.text


def test_a_narrow_window_shows_all_without_scrolling_sideways(page: Page) -> None:
    page.is_shown_as(NARROW)
    page.open(everything())
    assert page.script("return document.documentElement.scrollWidth") <= NARROW


def test_the_page_is_dark_for_those_who_like_it_dark(page: Page) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page.is_shown_as(scheme=scheme)
        page.open(everything())
        grounds.append(page.script("return getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(244, 246, 248)", "rgb(14, 19, 24)"]


def test_print_opens_every_row_and_closes_it_again(page: Page) -> None:
    page.open(many(30))
    count = "return document.querySelectorAll('.row[open]').length"
    assert page.script(count) == 0
    page.script("dispatchEvent(new Event('beforeprint'))")
    assert page.script(count) == 30
    page.script("dispatchEvent(new Event('afterprint'))")
    assert page.script(count) == 0


def test_ten_thousand_rows_are_searched_and_filtered(page: Page) -> None:
    report = plan(
        *(
            replace(
                SCRIPT,
                mapping=name.lower(),
                object=name,
                key=f"{name} {number}",
                label=f"{name} number {number}",
            )
            for name in ("Lead", "Account", "Task", "Event", "Contact")
            for number in range(2_001)
        )
    )
    page.open(report)
    page.finds("10,000 rows")
    text = page.browser.find_element(By.CSS_SELECTOR, "#rows > .cut").text
    assert "This page shows at most 2,000 rows per object and action: 10,000 of 10,005." in text
    page.search("number 1999")
    page.finds("5 of 10,000 rows")
    page.choose("object", "Task")
    page.finds("1 of 10,000 rows")
    assert page.labels == ["Task number 1999"]
