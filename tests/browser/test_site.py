"""The documentation site in a browser: opened from the disk, in a built copy of this checkout."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import clients
from tests.support.chromium import sized

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.browser, pytest.mark.site]

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for page in (ROOT / "docs").rglob("*.md")
)
IN_THE_DARK = {
    "index.html",
    "tutorial.html",
    "errors.html",
    "database.html",
    "salesforce-mapping.html",
}
"""Pages with all that the dark colours concern: tables, code, notes, pictures, diagrams."""
WAIT_SECONDS = 20
SIZES = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
ASKED = "return performance.getEntriesByType('resource').map((entry) => entry.name)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from a copy: other tests may be looking at this checkout."""
    from tools.site.__main__ import build

    copy = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs", copy / "docs")
    shutil.copytree(ROOT / "tools", copy / "tools")
    shutil.copy(ROOT / "zensical.toml", copy)
    assert build(copy) == []
    return copy / "site"


@pytest.fixture
def reader(chrome: Chrome, made: Path) -> Iterator[Chrome]:
    """A browser in which no page of the site complains."""
    chrome.get("about:blank")
    chrome.get_log("browser")  # type: ignore[no-untyped-call] # selenium leaves it untyped
    yield chrome
    complaints = [entry["message"] for entry in chrome.get_log("browser")]  # type: ignore[no-untyped-call] # selenium leaves it untyped
    assert complaints == [], "something is missing, or a script failed"
    sized(chrome, 1200, "light")
    chrome.get("about:blank")


def _visible_diagrams(browser: Chrome) -> list[Any]:
    found: list[Any] = browser.execute_script(
        "return [...document.querySelectorAll('.diagram img')].filter((one) => one.offsetParent)"
        ".map((one) => [one.className, one.naturalWidth, one.alt])"
    )
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_whole_and_asks_nobody(reader: Chrome, made: Path, page: str) -> None:
    reader.get((made / page).as_uri())
    assert reader.find_element(By.TAG_NAME, "h1").text
    broken = reader.execute_script(
        "return [...document.images].filter((one) => one.offsetParent && !one.naturalWidth)"
        ".map((one) => one.src)"
    )
    assert broken == []
    outside = [name for name in reader.execute_script(ASKED) if not name.startswith("file:")]
    assert outside == []
    for width in (1200, 400):
        sized(reader, width, "light")
        wide, window = reader.execute_script(SIZES)
        assert wide <= window, f"{width} pixels: one must scroll sideways"


@pytest.mark.parametrize("page", ["salesforce-mapping.html", "how-it-works.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_diagram_is_drawn_in_the_colours_of_the_page(
    reader: Chrome, made: Path, page: str, scheme: str
) -> None:
    sized(reader, 1200, scheme)
    reader.get((made / page).as_uri())
    ((name, width, words),) = _visible_diagrams(reader)
    assert name == f"diagram-{scheme}"
    assert width > 300
    assert words.startswith("Diagram. ")
    assert " to " in words


@pytest.mark.clients
@pytest.mark.parametrize("page", PAGES)
def test_axe_core_finds_nothing_serious(
    reader: Chrome, made: Path, page: str, pytestconfig: pytest.Config
) -> None:
    directory = clients.directory(pytestconfig)
    assert directory is not None
    axe = (directory / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    for scheme in ("light", "dark") if page in IN_THE_DARK else ("light",):
        sized(reader, 1200, scheme)
        reader.get((made / page).as_uri())
        reader.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
        result = json.loads(
            reader.execute_async_script(
                # Style sheets on a disk cannot be asked for by a script.
                "const done = arguments[0];"
                "axe.run({preload: false}).then((all) => done(JSON.stringify(all)))"
            )
        )
        assert len(result["passes"]) > 20, "axe looked at nothing"
        told = [
            (scheme, one["id"], node["target"], node["failureSummary"])
            for one in result["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert told == []


def _finds(browser: Chrome, words: str, there: str) -> None:
    """Type into the search, which lives in a shadow tree of its own, and wait for a result."""
    sized(browser, 1200, "light")
    browser.find_element(By.CSS_SELECTOR, "button.md-search__button").click()
    inside = "return arguments[0].shadowRoot?.textContent ?? ''"
    wait = WebDriverWait(browser, WAIT_SECONDS)
    box = wait.until(
        lambda one: (
            one.execute_script("return document.activeElement.shadowRoot !== null")
            and one.switch_to.active_element
        )
    )
    box.send_keys(words)
    wait.until(lambda one: there in one.execute_script(inside, box))


def test_the_search_works_from_a_disk(reader: Chrome, made: Path) -> None:
    reader.get((made / "how-to" / "first-load.html").as_uri())
    _finds(reader, "recycle bin", "Recover from a bad push")


def test_the_search_finds_a_code_by_its_beginning(reader: Chrome, made: Path) -> None:
    reader.get((made / "index.html").as_uri())
    _finds(reader, "REQUIRED_FIELD_MISS", "What Salesforce answers")


def test_the_search_works_from_a_server(reader: Chrome, made: Path) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(made)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        reader.get(f"http://127.0.0.1:{server.server_port}/how-to/first-load.html")
        _finds(reader, "recycle bin", "Recover from a bad push")
        reader.get("about:blank")
    finally:
        server.shutdown()
        server.server_close()
