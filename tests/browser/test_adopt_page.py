"""The page of `crm-sync adopt` in Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sync.adopt.match import match
from crm_sync.adopt.model import Found, Record, Row
from crm_sync.adopt.page import page
from crm_sync.adopt.story import Look
from crm_sync.mapping.sensitive import Sensitive
from crm_sync.report.model import Org
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts
from crm_sync.sync.mask import Mask
from tests.support import clients
from tests.support.chromium import sized

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

TYPES = {"Name": "string", "Website": "url"}
LONG = "W" * 200


def look() -> Look:
    rows = [
        Row("account", "1", "Nordwind", {"Name": "Nordwind", "Website": "nordwind.example"}),
        Row("account", "2", LONG, {"Name": LONG, "Website": f"{LONG}.example"}),
        Row("account", "3", "<b>Alone</b>", {"Name": "<b>Alone</b>", "Website": None}),
    ]
    records = [
        Record("001000000000001AAA", {"Name": "NORDWIND", "Website": "www.nordwind.example"}),
        Record("001000000000002AAA", {"Name": LONG, "Website": None}),
        Record("001000000000003AAA", {"Name": LONG, "Website": "x.example"}),
    ]
    fields = {name: FieldFacts(name=name, label=name, type=kind) for name, kind in TYPES.items()}
    found = Found("account", "Account", tuple(TYPES), 3, 3, match(rows, records, TYPES))
    return Look(
        org=Org("00D000000000001AAA", "Practice", "sandbox", "https://x.example", "box"),
        found=(found,),
        facts={"Account": ObjectFacts(name="Account", fields=fields)},
        mask=Mask(Sensitive({}, frozenset(), False, {})),
        tables={"account": "accounts"},
        left_out=(),
        calls=4,
    )


def opened(chrome: Chrome, folder: Path, width: int, scheme: str) -> None:
    file = folder / "adopt.html"
    file.write_text("".join(page(look())), "utf-8")
    sized(chrome, width, scheme)
    chrome.get(file.as_uri())


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_its_policy_blocks_nothing(chrome: Chrome, tmp_path: Path, width: int) -> None:
    opened(chrome, tmp_path, width, "light")
    wide = chrome.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    assert chrome.get_log("browser") == []  # type: ignore[no-untyped-call] # selenium leaves it untyped


@pytest.mark.browser
def test_what_is_ambiguous_stands_open_with_links_to_its_records(
    chrome: Chrome, tmp_path: Path
) -> None:
    opened(chrome, tmp_path, 1280, "light")
    shown = chrome.execute_script(
        "return [...document.querySelectorAll('details.row[open] a')].map(a => a.href)"
    )
    assert shown == [f"https://x.example/00100000000000{n}AAA" for n in (2, 3)]


@pytest.mark.browser
@pytest.mark.clients
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_on_it(
    chrome: Chrome, tmp_path: Path, pytestconfig: pytest.Config, scheme: str
) -> None:
    directory = clients.directory(pytestconfig)
    assert directory is not None
    opened(chrome, tmp_path, 1280, scheme)
    axe = (directory / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    chrome.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = chrome.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(JSON.stringify(result)))"
    )
    told = [(one["id"], node["target"]) for one in json.loads(found)["violations"]
            for node in one["nodes"]]  # fmt: skip
    assert told == []
