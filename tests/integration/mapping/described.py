"""Field facts for tests: those of the local org, and those of an object made up here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests

from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping.load import load_mapping, load_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts
from tests.support.postgres import ROOT


def local_facts() -> dict[str, ObjectFacts]:
    """What the local org describes of the objects that the shipped mappings write."""
    objects = {mapping.object for mapping in load_mappings(ROOT / "mappings")}
    with LocalOrg(data=None, https=False) as org:
        return {name: describe(org, name) for name in sorted(objects)}


def describe(org: LocalOrg, name: str) -> ObjectFacts:
    """What this org describes of one object."""
    answer = requests.get(
        f"{org.instance_url}/services/data/v60.0/sobjects/{name}/describe",
        headers={"Authorization": f"Bearer {org.access_token}"},
        timeout=10,
    )
    return ObjectFacts.from_describe(answer.json())


def field(name: str, type_: str = "string", **facts: Any) -> FieldFacts:
    """A field that may be written; `facts` as in FieldFacts."""
    return FieldFacts(name=name, type=type_, **{"createable": True, "updateable": True, **facts})


EXTERNAL_ID = field("CRM_Id__c", length=64, external_id=True, unique=True)


def thing(fields: Iterable[FieldFacts], **facts: Any) -> ObjectFacts:
    """The object Thing__c with its external ID and these fields."""
    return ObjectFacts(name="Thing__c", fields={f.name: f for f in (EXTERNAL_ID, *fields)}, **facts)


def from_file(folder: Path, text: str) -> Mapping:
    """The mapping of a file thing.yaml with this text, so that messages name its lines."""
    file = folder / "thing.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)
