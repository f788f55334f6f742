"""The source folder of `crm-sync org setup --source`, read by sf itself.

The local org has no `deploy` (see docs/local-org.md), so sf converts the folder as it does before a
deployment, and the org takes the same documents one by one through its Metadata API.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping.load import load_mappings
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.source import documents, source_files, write_source
from crm_sync.org_setup.wanted import SET, wanted
from crm_sync.salesforce.metadata import NAMESPACE, MetadataClient
from crm_sync.targets import Target
from tests.support.clients import Clients
from tests.support.postgres import ROOT

pytestmark = pytest.mark.clients

WANT = wanted(load_mappings(ROOT / "mappings"), FieldNames(), views=True)
OBJECTS = ("Account", "Lead", "Opportunity", "Task", "Event")


def texts(root: ElementTree.Element, path: str) -> list[str]:
    named = "/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/"))
    return [element.text or "" for element in root.findall(named)]


def parsed(file: Path) -> ElementTree.Element:
    return ElementTree.parse(file).getroot()  # noqa: S314 - made by sf from our own files


def test_sf_converts_the_folder_into_the_package_that_it_would_deploy(
    tools: Clients, tmp_path: Path
) -> None:
    folder = write_source(tmp_path / "org-setup", source_files(WANT, "60.0", None))
    done: Any = tools.sf(
        "project", "convert", "source", "--source-dir", "force-app", "--output-dir", "out",
        cwd=folder,
    )  # fmt: skip
    out = Path(done["location"])
    package = parsed(out / "package.xml")
    members = set(texts(package, "types/members"))
    assert {one.full_name for one in documents(WANT)} <= members
    activity = parsed(out / "objects" / "Activity.object")
    assert texts(activity, "fields/fullName") == ["CRM_Id__c"]
    assert texts(activity, "fields/externalId") == ["true"]
    task = parsed(out / "objects" / "Task.object")
    assert texts(task, "listViews/fullName") == ["CRM_Sync_Pushed"]
    granted = parsed(out / "permissionsets" / f"{SET}.permissionset")
    fields = set(texts(granted, "fieldPermissions/field"))
    assert fields == {one.name for one in WANT.grants}


def test_the_org_takes_every_document_of_the_folder() -> None:
    missing = {f"{name}.CRM_Id__c": None for name in OBJECTS}
    with LocalOrg(data=None, fields=missing) as org:
        target = Target.model_validate(
            {
                "instance_url": org.instance_url,
                "auth": "access_token",
                "access_token": org.admin_token,
                "ca_bundle": org.ca_bundle,
            }
        )
        client = MetadataClient("local", target)
        saved = [client.upsert_metadata([one])[0] for one in documents(WANT)]
        assert [one for one in saved if not one.ok] == []
        found = client.read_metadata("PermissionSet", [SET])[SET]
        granted = found["fieldPermissions"]
        assert isinstance(granted, list)
        assert len(granted) == len(WANT.grants)
