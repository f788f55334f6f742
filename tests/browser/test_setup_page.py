"""The administrator's page of `crm-sync org setup` in Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sync.mapping.load import load_mappings
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.page import Known, page
from crm_sync.org_setup.steps import KEY, Plan, Step
from crm_sync.org_setup.wanted import wanted
from crm_sync.report.model import Org
from tests.support import clients
from tests.support.chromium import sized
from tests.support.postgres import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

WANT = wanted(load_mappings(ROOT / "mappings"), FieldNames(), views=True)
ORG = Org("00D000000000001AAA", "Practice", "sandbox", "https://x.example", "box")
KNOWN = Known(ORG, "sync@example.com", Plan((Step(KEY, "Lead.CRM_Id__c", "", ""),), ("Odd.",)))


def opened(chrome: Chrome, folder: Path, known: Known | None, width: int, scheme: str) -> None:
    file = folder / "setup.html"
    file.write_text(page(WANT, known), "utf-8")
    sized(chrome, width, scheme)
    chrome.get(file.as_uri())


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_its_policy_blocks_nothing(chrome: Chrome, tmp_path: Path, width: int) -> None:
    opened(chrome, tmp_path, KNOWN, width, "light")
    wide = chrome.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    assert chrome.get_log("browser") == []  # type: ignore[no-untyped-call] # selenium leaves it untyped


@pytest.mark.browser
@pytest.mark.clients
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("known", [None, KNOWN], ids=["any org", "one org"])
def test_axe_core_finds_nothing_on_it(
    chrome: Chrome,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    known: Known | None,
    scheme: str,
) -> None:
    directory = clients.directory(pytestconfig)
    assert directory is not None
    opened(chrome, tmp_path, known, 1280, scheme)
    axe = (directory / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    chrome.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = chrome.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(JSON.stringify(result)))"
    )
    told = [(one["id"], node["target"]) for one in json.loads(found)["violations"]
            for node in one["nodes"]]  # fmt: skip
    assert told == []
