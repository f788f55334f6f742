"""The source folder and the administrator's page: the same content, in XML and in HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import simple_salesforce

from crm_sync.errors import OutputError
from crm_sync.mapping.load import load_mappings
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.page import Known, page
from crm_sync.org_setup.source import PACKAGE, documents, source_files, write_source
from crm_sync.org_setup.steps import FIELD, KEY, Plan, Step
from crm_sync.org_setup.wanted import wanted
from crm_sync.report.model import Org
from crm_sync.salesforce.metadata import NAMESPACE, Document
from tests.support.postgres import ROOT

WANT = wanted(load_mappings(ROOT / "mappings"), FieldNames(), views=True)
FILES = source_files(WANT, "60.0", "sync@example.com")
WSDL = ElementTree.parse(Path(simple_salesforce.__file__).with_name("metadata.wsdl"))  # noqa: S314
XSD = "{http://www.w3.org/2001/XMLSchema}"


def sequence(type_name: str) -> list[tuple[str, str]]:
    """The elements of a type in the WSDL, in its order, with their types."""
    [found] = WSDL.iterfind(f".//{XSD}complexType[@name='{type_name}']")
    return [(e.get("name", ""), e.get("type", "")) for e in found.iter(f"{XSD}element")]


def check(body: dict[str, Any], type_name: str) -> None:
    """Names and order are those of the WSDL, at every depth."""
    known = sequence(type_name)
    names = [name for name, _ in known]
    assert [n for n in names if n in body] == list(body), f"{type_name}: names or order"
    for name, value in body.items():
        inner = dict(known)[name].removeprefix("tns:")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                check(one, inner)


@pytest.mark.parametrize("document", documents(WANT), ids=lambda d: f"{d.type} {d.full_name}")
def test_every_document_fits_the_metadata_wsdl(document: Document) -> None:
    check(document.body, document.type)


def test_the_folder_holds_what_package_xml_lists() -> None:
    root = ElementTree.fromstring(FILES["manifest/package.xml"])  # noqa: S314 - our own
    listed = {
        f"{types.findtext(f'{{{NAMESPACE}}}name')} {member.text}"
        for types in root.iter(f"{{{NAMESPACE}}}types")
        for member in types.iter(f"{{{NAMESPACE}}}members")
    }
    assert listed == {f"{one.type} {one.full_name}" for one in documents(WANT)}
    assert root.findtext(f"{{{NAMESPACE}}}version") == "60.0"
    assert {path for path in FILES if path.startswith(PACKAGE)} >= {
        f"{PACKAGE}/objects/Activity/fields/CRM_Id__c.field-meta.xml",
        f"{PACKAGE}/objects/Task/listViews/CRM_Sync_Pushed.listView-meta.xml",
        f"{PACKAGE}/permissionsets/CRM_Sync_Mappings.permissionset-meta.xml",
    }
    assert json.loads(FILES["sfdx-project.json"])["sourceApiVersion"] == "60.0"
    assert "--on-behalf-of sync@example.com" in FILES["README.md"]


def test_a_folder_is_written_again_and_one_that_holds_something_else_is_not(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "org-setup"
    assert write_source(folder, FILES) == folder.resolve()
    write_source(folder, FILES)
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds other files \(mine\.txt\)"):
        write_source(folder, FILES)


def test_a_list_view_of_an_earlier_folder_is_not_deployed_unseen(tmp_path: Path) -> None:
    write_source(tmp_path / "s", FILES)
    fewer = {path: text for path, text in FILES.items() if "listViews" not in path}
    with pytest.raises(OutputError, match="listViews"):
        write_source(tmp_path / "s", fewer)


class Seen(HTMLParser):
    """Texts, and attributes that would load something."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [v or "" for n, v in attrs if n in ("src", "href", "srcset")]


def test_the_page_names_everything_and_loads_nothing() -> None:
    text = page(WANT, None)
    seen = Seen()
    seen.feed(text)
    assert set(seen.loads) == {"data:,"}
    assert "default-src 'none'" in text
    assert "<script" not in text
    for grant in WANT.grants:
        assert grant.name in text
        assert grant.words in text
    for granted in WANT.objects:
        assert granted.name in text
        assert granted.words in text
    for user in WANT.users:
        assert user.label in text
    for key in WANT.fields:
        assert f'<th scope="row">{key.owner}</th>' in text


def test_the_page_of_an_org_says_what_is_left() -> None:
    org = Org("00D000000000001AAA", "Ac<me>", "sandbox", "https://x.example", "box")
    steps = (Step(KEY, "Lead.CRM_Id__c", "", ""), Step(FIELD, "Lead.CRM_Id__c", "", ""))
    text = page(WANT, Known(org, "sync@example.com", Plan(steps, ("Something is odd.",))))
    assert "Ac&lt;me&gt; (00D000000000001AAA, sandbox)" in text
    assert "2 steps of this are left to do" in text
    assert "Something is odd." in text
    rows = re.findall(r"<tr>.*?</tr>", text)
    lead = [row for row in rows if "Lead" in row and "key of mapping lead" in row]
    assert len(lead) == 2
    assert all("to do" in row for row in lead)
    assert 'class="state there"' in next(row for row in rows if "Account.Phone" in row)
