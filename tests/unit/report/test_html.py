from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from crm_sync.report.html import html
from crm_sync.report.model import FieldChange, PlanReport
from tests.unit.report.plans import ACME, INVALID, RENAMED, SCRIPT, everything, many, ordinary, plan

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """The tags of a page with their attributes, its text, and what stands in raw elements."""

    def __init__(self, report: PlanReport, limit: int = 2000) -> None:
        super().__init__()
        self.source = "".join(html(report, limit=limit))
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[str] = []
        self.feed(self.source)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes something else"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.raw:
            self.raw[self._open[-1]].append(data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_says_headline_counts_and_every_row() -> None:
    page = Page(ordinary())
    assert (
        "1 record will be created and 1 changed in Acme production; nothing will be deleted"
        in page.text
    )
    assert "1 row is not sent: 1 invalid." in page.text
    assert "Müller & Söhne Maschinenbau GmbH" in page.text
    assert "48,000.00" in page.text
    assert "62,500.50" in page.text
    assert "“jo(at)fjord” is not an e-mail address that Salesforce takes." in page.text
    assert "Correct leads.email." in page.text
    assert "INVALID_EMAIL_ADDRESS" in page.text
    assert "Left empty: Title" in page.text
    assert "--expect b7f3c1d0" in page.text
    rows = [d for d in page.all("details") if "data-object" in d]
    assert [(d["data-object"], d["data-action"]) for d in rows] == [
        ("Lead", "not sent"),
        ("Account", "update"),
        ("Lead", "create"),
    ]


def test_the_changed_part_is_marked_on_both_sides() -> None:
    change = FieldChange("Street", "textarea", "Hauptstraße 12\nGraz", "Hauptstraße 14\nGraz")
    source = Page(plan(replace(RENAMED, changes=(change,)))).source
    assert "Hauptstraße <del>12</del>" in source
    assert "Hauptstraße <ins>14</ins>" in source


def test_a_value_is_shown_and_never_run() -> None:
    evil = "</script></style><svg onload=alert(1)>\"'>{{ 7*7 }}"
    row = replace(
        SCRIPT,
        label=evil,
        key=evil,
        problems=(replace(INVALID.problems[0], sentence=evil, mend=evil, column=evil, code=evil),),
        changes=(FieldChange(evil, "string", None, evil),),
    )
    page = Page(plan(row, SCRIPT, org=replace(ACME, name=evil), notes=(evil,)))
    assert len(page.all("script")) == 1
    assert not page.all("svg")
    assert not page.all("img")
    assert page.text.count(evil) > 8
    assert "<script>alert('lead')</script>" in page.text


def test_no_request_leaves_the_page() -> None:
    page = Page(ordinary())
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} has a handler"
            assert name not in {"src", "srcset", "style", "action", "poster", "background"}
            if name == "href" and tag != "a":
                assert value == "data:,"
    style, script = page.raw["style"], page.raw["script"]
    assert not re.search(r"url\(|@import|@font-face|https?:", "".join(style))
    assert not re.search(r"fetch|XMLHttp|import\s*\(|https?:|WebSocket|eval", "".join(script))
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for text in ("".join(style), "".join(script)):
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_links_lead_to_the_record_in_salesforce_and_nowhere_else() -> None:
    page = Page(ordinary())
    outside = [a for a in page.all("a") if not str(a["href"]).startswith("#")]
    assert [a["href"] for a in outside] == [
        "https://acme.my.salesforce.com/0015g00000AbCdEQAV",
    ]
    assert all(a["rel"] == "noopener noreferrer" for a in outside)


@pytest.mark.parametrize("url", ["javascript:alert(1)//", "data:text/html,x", ""])
def test_an_address_that_is_not_the_web_gives_no_link(url: str) -> None:
    page = Page(plan(RENAMED, org=replace(ACME, instance_url=url)))
    assert all(str(a["href"]).startswith("#") for a in page.all("a"))


def test_links_within_the_page_lead_somewhere_and_ids_are_unique() -> None:
    page = Page(ordinary())
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        target = str(link["href"])
        if target.startswith("#"):
            assert target[1:] in ids


def test_at_most_so_many_rows_per_object_and_action_and_the_page_says_so() -> None:
    page = Page(many(25), limit=20)
    assert len([d for d in page.all("details") if "data-object" in d]) == 20
    assert "The first 20 of 25 rows." in page.text
    assert "This page shows at most 20 rows per object and action: 20 of 25." in page.text
    assert "25 records will be created" in page.text


def test_a_page_that_shows_all_does_not_speak_of_a_limit() -> None:
    assert "at most" not in Page(ordinary()).text


def test_few_changes_stand_open_and_many_stand_closed() -> None:
    few = [d for d in Page(ordinary()).all("details") if "data-object" in d]
    assert all("open" in d for d in few)
    rows = [replace(RENAMED, key=str(n)) for n in range(61)]
    many_rows = [d for d in Page(plan(*rows)).all("details") if "data-object" in d]
    assert not any("open" in d for d in many_rows)


def test_a_long_text_is_folded_and_can_be_unfolded() -> None:
    text = "A sentence of the notes. " * 100
    change = FieldChange("Description", "textarea", None, text)
    page = Page(plan(replace(SCRIPT, changes=(change,))))
    assert "(2,500 characters)" in page.text
    assert "Whole text" in page.text
    assert text.strip() in page.text


def test_a_plan_without_rows_says_that_all_is_well() -> None:
    page = Page(plan())
    assert "Nothing will change in Acme production" in page.text
    assert "Every record already holds what it should." in page.text
    assert not page.all("form")


def test_the_page_can_be_used_without_eyes_and_without_a_mouse() -> None:
    page = Page(ordinary())
    tags = [tag for tag, _ in page.tags]
    assert page.all("html")[0]["lang"] == "en"
    assert {"header", "main", "footer", "title"} <= set(tags)
    assert tags.count("h1") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for heading in page.all("th"):
        assert heading.get("scope") in {"col", "row"}
    controls = [index for index, tag in enumerate(tags) if tag in {"input", "select"}]
    for index in controls:
        assert "label" in tags[:index][-3:], "a control stands in its label"
    assert not any("tabindex" in a and int(a["tabindex"] or 0) > 0 for _, a in page.tags)


def palettes() -> list[dict[str, str]]:
    css = (files("crm_sync.report") / "page" / "report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    return [light, light | dark]


def contrast(a: str, b: str) -> float:
    """The ratio of WCAG 2.1, 1 to 21."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_every_text_has_enough_contrast(palette: dict[str, str]) -> None:
    grounds = ("ground", "surface", "raised")
    pairs = [
        *((ink, ground) for ink in ("ink", "muted", "link") for ground in grounds),
        *((tone, "surface") for tone in ("create", "update", "delete", "attention")),
        *((tone, f"{tone}-wash") for tone in ("create", "update", "delete", "attention")),
        ("ink", "attention-wash"),
        ("muted", "attention-wash"),
        ("removed-ink", "removed"),
        ("added-ink", "added"),
    ]
    poor = {pair: contrast(palette[pair[0]], palette[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in poor.items() if ratio < 4.5} == {}


def test_where_the_page_has_fewer_rows_than_there_are_it_says_where_all_stand() -> None:
    assert "crm-sync dry-run --csv DIR writes them all." in Page(many(25), limit=20).text
    source = "".join(html(many(25), limit=20, csv=True))
    assert "in the file <code>Lead.csv</code> that was written with this report." in source


def test_a_closed_row_says_why_it_is_not_sent_also_behind_a_note() -> None:
    note = replace(INVALID.problems[0], sentence="It is cut.", severity="note")
    row = replace(INVALID, state="blocked", problems=(note, *INVALID.problems))
    source = Page(plan(row)).source
    glance = source.partition('<span class="glance">')[2].partition("</span>")[0]
    assert glance == "“jo(at)fjord” is not an e-mail address that Salesforce takes."


def test_calls_time_api_and_the_run_before_stand_by_object() -> None:
    text = Page(everything()).text
    for cell in ("Bulk API 2.0 (create), Composite (update)", "21", "about 2 min",
                 "3 created and 1 changed", "1 refused"):  # fmt: skip
        assert cell in text
    assert "The run before (40, on 23 Nov 2026, 09:12 UTC, finished with problems)" in text
    assert "No run has ended in this org yet." in Page(ordinary()).text


def test_what_people_edited_in_salesforce_stands_at_the_row_and_above() -> None:
    text = Page(everything()).text
    assert "Would overwrite: Stage, changed in Salesforce to Prospecting" in text
    assert "Stays as it is in Salesforce: Website, changed in Salesforce to theirs" in text
    assert "In Salesforce now Prospecting" in text
    assert "Its record is not in Salesforce any more" in text
    assert "1 record would lose what someone edited there since the last push" in text
    assert "edited" not in Page(ordinary()).text


def test_a_field_is_called_as_people_call_it_beside_its_name_in_the_api() -> None:
    page = Page(everything())
    assert "Stage StageName" in page.text
    options = [a["value"] for a in page.all("option")]
    assert {"StageName", "edited-in-salesforce", "PARENT_NOT_READY"} <= set(options)


def test_a_masked_value_is_told_by_kind_and_length() -> None:
    assert "[e-mail, 20 characters]" in Page(everything()).text


def test_a_deletion_shows_what_the_record_holds() -> None:
    row = replace(RENAMED, action="delete", changes=(FieldChange("Name", "string", "A b", None),))
    assert re.search(r"Holds ?Name ?A b", Page(plan(row)).text)


def test_a_page_of_many_rows_lays_out_those_alone_that_are_seen() -> None:
    assert Page(many(201)).all("body") == [{"class": "many"}]
    assert Page(many(20)).all("body") == [{}]
