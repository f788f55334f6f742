"""One browser for all tests here; each test has an org of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from crm_sync.localorg.serve import LocalOrg
from tests.support import chromium

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

WAIT_SECONDS = 20
API = "/services/data/v60.0"


@dataclass(frozen=True)
class Reader:
    """A person in front of the page, and a client of the same org."""

    org: LocalOrg
    browser: Chrome

    def open(self, path: str) -> None:
        self.browser.get(self.org.page_url.rstrip("/") + path)

    def press(self, label: str) -> None:
        """Press the button or follow the link with these words."""
        words = f"normalize-space()='{label}'"
        self._leave(
            self.browser.find_element(By.XPATH, f"//main//*[self::button or self::a][{words}]")
        )

    def send(self, field: str, text: str) -> None:
        """Type into the field of this name and press Enter."""
        box = self.browser.find_element(By.NAME, field)
        box.clear()
        box.send_keys(text)
        self._leave(box, "\n")

    def type(self, field: str, text: str) -> None:
        box = self.browser.find_element(By.NAME, field)
        box.clear()
        box.send_keys(text)

    def choose(self, field: str, value: str) -> None:
        Select(self.browser.find_element(By.NAME, field)).select_by_value(value)

    def tick(self, field: str, value: str) -> None:
        self.browser.find_element(
            By.CSS_SELECTOR, f"input[name='{field}'][value='{value}']"
        ).click()

    @property
    def text(self) -> str:
        """What stands in the page's main part."""
        return self.browser.find_element(By.TAG_NAME, "main").text

    @property
    def title(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "h1").text

    def said(self) -> str:
        """The sentence that tells what was done."""
        return self.browser.find_element(By.CSS_SELECTOR, "[role=status]").text

    def until(self, script: str) -> None:
        """Wait until a JavaScript expression is true."""
        WebDriverWait(self.browser, WAIT_SECONDS).until(
            lambda browser: browser.execute_script(f"return {script}")
        )

    def complaints(self) -> list[str]:
        """What the browser complained about since it was last asked: errors, blocked requests."""
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call] # selenium leaves it untyped

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        session = requests.Session()
        session.trust_env = False  # no proxy, and our own certificate
        headers = {
            "Authorization": f"Bearer {self.org.access_token}",
            "Sforce-Auto-Assign": "FALSE",
            "Sforce-Call-Options": "client=crm-sync",
        }
        return session.request(
            method,
            self.org.instance_url + API + path,
            headers=headers,
            verify=str(self.org.ca_bundle),
            timeout=10,
            **options,
        )

    def create(self, object_name: str, **fields: Any) -> str:
        answer = self.api("POST", f"/sobjects/{object_name}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def row(self, object_name: str, record_id: str) -> dict[str, Any]:
        """A record as the API shows it."""
        answer = self.api("GET", f"/sobjects/{object_name}/{record_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def _leave(self, element: Any, keys: str | None = None) -> None:
        """Click or press keys, and wait until the next page is there."""
        before = self.browser.find_element(By.TAG_NAME, "html").id
        if keys is None:
            element.click()
        else:
            element.send_keys(keys)
        WebDriverWait(self.browser, WAIT_SECONDS).until(
            lambda browser: (
                browser.find_element(By.TAG_NAME, "html").id != before
                and browser.execute_script("return document.readyState") == "complete"
            )
        )


@pytest.fixture(scope="session")
def chrome(pytestconfig: pytest.Config) -> Iterator[Chrome]:
    found = chromium.installed(pytestconfig.getoption("--browser"))
    assert found is not None, "a test in a browser needs the marker `browser`"
    with chromium.browser(*found) as opened:
        yield opened


@pytest.fixture
def reader(chrome: Chrome) -> Iterator[Reader]:
    with LocalOrg(page_port=0) as org:
        here = Reader(org, chrome)
        yield here
        # Nothing was blocked by the page's policy, and no script failed.
        assert here.complaints() == []
        chrome.get("about:blank")
