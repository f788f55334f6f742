"""The local org's page in Chromium: what a person does there is what a client then finds."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .conftest import Reader

pytestmark = pytest.mark.browser


def test_a_lead_is_searched_opened_and_edited_and_a_client_sees_the_change(
    reader: Reader,
) -> None:
    for n in range(3):
        reader.create("Lead", LastName=f"Muster {n}", Company="Blau GmbH")
    reader.open("/")
    assert "Local org" in reader.browser.title
    reader.press("3 Leads")
    reader.send("q", "muster 1")
    reader.press("Muster 1")
    assert reader.title == "Muster 1"
    reader.press("Someone edits it")
    reader.type("Title", "Chair")
    reader.choose("Rating", "Hot")
    reader.tick("IsUnreadByOwner", "true")
    reader.press("Save")
    assert "Saved" in reader.said()
    lead_id = reader.browser.current_url.rsplit("/", 1)[1].partition("?")[0]
    row = reader.row("Lead", lead_id)
    assert (row["Title"], row["Rating"], row["IsUnreadByOwner"]) == ("Chair", "Hot", False)


def test_dates_times_and_texts_of_several_lines_survive_a_real_form(reader: Reader) -> None:
    event = reader.create(
        "Event",
        Subject="Meeting",
        StartDateTime="2026-11-26T09:00:00Z",
        DurationInMinutes=30,
        Description="\n\nOne\nTwo",
    )
    before = reader.row("Event", event)
    reader.open(f"/page/records/{event}/edit")
    reader.press("Save")
    assert "Nothing was changed" in reader.said()
    assert reader.row("Event", event) == before
    reader.open(f"/page/records/{event}/edit")
    reader.type("Subject", "Workshop")
    reader.press("Save")
    after = reader.row("Event", event)
    same = ("StartDateTime", "EndDateTime", "Description", "ActivityDate")
    assert after["Subject"] == "Workshop"
    assert [after[name] for name in same] == [before[name] for name in same]


def test_a_lead_is_converted(reader: Reader) -> None:
    lead = reader.create("Lead", LastName="L", Company="Neu AG")
    reader.open(f"/page/records/{lead}")
    reader.press("Convert this lead")
    reader.press("Convert")
    assert "Converted into the account Neu AG" in reader.text
    row = reader.row("Lead", lead)
    assert row["IsConverted"] is True
    assert reader.row("Account", row["ConvertedAccountId"])["Name"] == "Neu AG"


def test_two_accounts_are_merged_into_the_other_one(reader: Reader) -> None:
    one = reader.create("Account", Name="Nord Energie")
    two = reader.create("Account", Name="Nord Energie AG")
    task = reader.create("Task", Subject="T", WhatId=one)
    reader.open(f"/page/records/{one}")
    reader.press("Merge with others")
    reader.tick("merged", two)
    reader.tick("master", two)
    reader.press("Merge")
    assert reader.title == "Nord Energie AG"
    assert reader.row("Task", task)["WhatId"] == two
    assert reader.api("GET", f"/sobjects/Account/{one}").status_code == 404


def test_an_account_is_deleted_and_comes_back(reader: Reader) -> None:
    account = reader.create("Account", Name="A")
    reader.open(f"/page/records/{account}")
    reader.press("Someone deletes it")
    assert reader.api("GET", f"/sobjects/Account/{account}").status_code == 404
    assert "in the recycle bin" in reader.text
    reader.press("Undelete")
    assert reader.row("Account", account)["Name"] == "A"


def test_sessions_limits_and_faults_meet_the_next_call(reader: Reader) -> None:
    reader.open("/")
    reader.press("Use up the daily limit")
    assert reader.api("GET", "/limits").status_code == 403
    reader.press("Reset it")
    reader.choose("preset", "unavailable")
    reader.press("Switch on")
    assert [reader.api("GET", "/limits").status_code for _ in range(2)] == [503, 200]
    reader.press("Expire all sessions")
    assert "0 open" in reader.text
    assert reader.api("GET", "/limits").status_code == 401


def test_a_composite_call_is_looked_at(reader: Reader) -> None:
    parts = [
        {"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "first"},
        {"method": "GET", "url": "/services/data/v60.0/sobjects/X", "referenceId": "second"},
    ]
    reader.api("POST", "/composite", json={"compositeRequest": parts})
    reader.open("/page/calls")
    reader.press("POST /services/data/v60.0/composite")
    assert "2 subrequests" in reader.text
    assert "The requested resource does not exist" in reader.text
    assert reader.org.access_token.partition("!")[2] not in reader.browser.page_source


def test_a_script_in_a_record_is_shown_and_does_not_run(reader: Reader) -> None:
    script = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    lead = reader.create("Lead", LastName=script[:80], Company=script)
    reader.api("GET", "/query", params={"q": script})
    number = reader.org.calls[-1].number
    for path in (
        "/",
        "/page/objects/Lead",
        f"/page/records/{lead}",
        f"/page/records/{lead}/edit",
        f"/page/records/{lead}/convert",
        f"/page/records/{lead}/merge",
        "/page/calls",
        f"/page/calls/{number}",
    ):
        reader.open(path)
        assert reader.browser.title.endswith("Local org")
        assert reader.browser.find_elements(By.CSS_SELECTOR, "main script, main img") == []
    reader.open(f"/page/records/{lead}")
    assert script in reader.text


def test_recent_calls_come_by_themselves_when_asked_for(reader: Reader) -> None:
    reader.open("/")
    assert "No client has called yet." in reader.text
    # By the keyboard: a click may meet the page while it still moves.
    reader.browser.find_element(By.CSS_SELECTOR, ".live input").send_keys(Keys.SPACE)
    reader.api("GET", "/limits")
    reader.until("document.querySelector('#calls').innerText.includes('v60.0/limits')")


def test_the_keyboard_reaches_the_search_and_everything_that_can_be_done(reader: Reader) -> None:
    account = reader.create("Account", Name="A")
    reader.open("/page/objects/Account")
    reader.browser.find_element(By.TAG_NAME, "body").send_keys("/")
    assert reader.browser.switch_to.active_element.get_attribute("name") == "q"
    reader.open(f"/page/records/{account}")
    reached: list[str] = []
    for _ in range(25):
        reader.browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(reader.browser.switch_to.active_element.text)
    assert reached[0] == "Skip to the content"
    assert {"Someone edits it", "Merge with others", "Someone deletes it"} <= set(reached)


@pytest.fixture
def filled(reader: Reader) -> dict[str, str]:
    """An org with something on every page; name → path of the main pages."""
    account = reader.create("Account", Name="Nordlicht Energie", Phone="+49 30 1", CRM_Id__c="1")
    lead = reader.create(
        "Lead", LastName="Muster", Company="Nordlicht Energie", Email="a@b.example"
    )
    for n in range(7):
        reader.create(
            "Opportunity", Name=f"Project with a rather long name, number {n}", AccountId=account,
            StageName="Prospecting", CloseDate="2026-12-01", Amount=12345.6 * n,
        )  # fmt: skip
    limits = {"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "first"}
    reader.api("POST", "/composite", json={"compositeRequest": [limits]})
    return {
        "home": "/",
        "list": "/page/objects/Opportunity?sort=Name",
        "record": f"/page/records/{account}",
        "edit": f"/page/records/{lead}/edit",
        "convert": f"/page/records/{lead}/convert",
        "merge": f"/page/records/{account}/merge",
        "calls": "/page/calls",
        "call": f"/page/calls/{reader.org.calls[-1].number}",
        "jobs": "/page/jobs",
    }


@pytest.mark.parametrize("width", [1280, 500, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_window_and_every_word_can_be_read(
    reader: Reader, filled: dict[str, str], scheme: str, width: int, tmp_path: Path
) -> None:
    chrome = reader.browser
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for name, path in filled.items():
            reader.open(path)
            picture = chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
            (tmp_path / f"{name}-{width}-{scheme}.png").write_bytes(
                base64.b64decode(picture["data"])
            )
            wide = "return document.documentElement.scrollWidth"
            assert chrome.execute_script(wide) <= width, name
            assert chrome.execute_script(_TOO_PALE) == [], name
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


_TOO_PALE = """
const parsed = (color) => color.match(/[\\d.]+/g).map(Number);
const light = (color) => parsed(color).slice(0, 3).map((part) => {
  const c = part / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (parsed(color)[3] !== 0) return color;
  }
  return "rgb(255, 255, 255)";
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const pale = new Set();
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
  const [a, b] = [getComputedStyle(element).color, ground(element)].map(light);
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) pale.add(`${texts.currentNode.data.trim().slice(0, 40)} ${contrast}`);
}
return [...pale];
"""
"""Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("width", [500, 800, 1200])
def test_every_table_fits_its_window(reader: Reader, width: int) -> None:
    for n in range(3):
        reader.create("Account", Name=f"Nordlicht Energie {n}", Phone="+49 30 123456", Site="Nord")
    reader.api("GET", "/query?q=SELECT+Id,Name,Phone,Industry,BillingCity+FROM+Account+LIMIT+10")
    reader.api(
        "POST",
        "/jobs/ingest",
        json={"object": "Account", "operation": "upsert", "externalIdFieldName": "CRM_Id__c"},
    )
    before = reader.browser.get_window_size()
    try:
        reader.browser.set_window_size(width, 900)
        for path in ("/", "/page/calls", "/page/jobs", "/page/objects/Account"):
            reader.open(path)
            cut = reader.browser.execute_script(
                "return [...document.querySelectorAll('.scroll, html')]"
                ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.ariaLabel || e.tagName)"
            )
            assert cut == [], path
    finally:
        reader.browser.set_window_size(before["width"], before["height"])


def test_the_navigation_marks_the_page_that_is_open(reader: Reader) -> None:
    for path, name in (
        ("/", "Overview"),
        ("/page/objects/Lead", "Leads"),
        ("/page/jobs", "Bulk jobs"),
    ):
        reader.open(path)
        marked = reader.browser.find_elements(By.CSS_SELECTOR, "nav [aria-current=page]")
        assert [element.text for element in marked] == [name]
