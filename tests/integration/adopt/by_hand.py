"""Records that people made in an org before anything was synced, and rows that may be the same."""

from __future__ import annotations

from typing import Any

import requests

from crm_sync.adopt.saying import tell_end
from crm_sync.adopt.story import Adopted, Choice, Look, adopt
from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice

Fields = dict[str, Any]


def by_hand(org: LocalOrg, name: str, records: list[Fields]) -> list[str]:
    """Makes records as the administrator; gives their Ids in order."""
    ids: list[str] = []
    for start in range(0, len(records), 200):
        some = [{"attributes": {"type": name}, **one} for one in records[start : start + 200]]
        answer = requests.post(
            f"{org.instance_url}/services/data/v60.0/composite/sobjects",
            json={"allOrNone": True, "records": some},
            headers={"Authorization": f"Bearer {org.admin_token}"},
            verify=str(org.ca_bundle),
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        assert all(one["success"] for one in answer.json()), answer.text
        ids += [one["id"] for one in answer.json()]
    return ids


def looked(practice: Practice, **choice: Any) -> Look:
    """What a dry run of adopt finds."""
    looks: list[Look] = []
    choice.setdefault("select", ("account",))

    def agree(look: Look) -> bool:
        looks.append(look)
        return False

    chosen = Choice(dry_run=True, **choice)
    assert adopt(practice.settings(), "local", chosen, lambda _: None, agree) is None
    return looks[-1]


def adopted(practice: Practice, **choice: Any) -> Adopted:
    """Adopts what is certain, unasked."""
    choice.setdefault("select", ("account",))
    ended = adopt(practice.settings(), "local", Choice(**choice), lambda _: None, lambda _: True)
    assert ended is not None
    tell_end(ended)  # every end can be told
    return ended


def keys(practice: Practice, *ids: str) -> list[str | None]:
    """The external IDs of these records."""
    there = [practice.org.store.record(given) for given in ids]
    return [one["CRM_Id__c"] if one else None for one in there]


CERTAIN = 20
SUFFIXED = 5
DOUBLED = 3
OTHERS = 7


def forty(practice: Practice) -> dict[str, list[tuple[str, list[str]]]]:
    """40 hand-made accounts: 20 that are rows of ours in another spelling, 5 with another suffix, 3
    twice, 2 between which one row stands, 7 that nobody knows here; and 2 rows without any. Gives
    the rows by kind, each with the Ids of the records that may be its own.
    """
    rows: dict[str, list[tuple[str, list[str]]]] = {"certain": [], "ambiguous": [], "unmatched": []}

    def row(name: str, website: str | None, kind: str, *records: Fields) -> None:
        key = practice.add("accounts", company_name=name, website=website)
        rows[kind].append((key, by_hand(practice.org, "Account", list(records)) if records else []))

    for n in range(CERTAIN):
        name, site = f"Nordwind {n} Straße", f"https://www.nordwind{n}.example"
        spelt = [
            {"Name": f"  NORDWIND {n}   STRASSE ", "Website": f"nordwind{n}.example/"},
            {"Name": f"nordwind {n} straße", "Website": f"HTTP://WWW.Nordwind{n}.example"},
        ][n % 2]
        row(name, site, "certain", spelt)
    for n in range(SUFFIXED):
        site = f"suedhang{n}.example"
        row(f"Südhang {n} GmbH", site, "ambiguous", {"Name": f"Südhang {n}", "Website": site})
    for n in range(DOUBLED):
        twin = {"Name": f"Twin {n}", "Website": f"twin{n}.example"}
        row(f"Twin {n}", f"twin{n}.example", "ambiguous", twin, twin)
    row(
        "Torn", "torn.example", "ambiguous",
        {"Name": "Torn", "Website": "elsewhere.example"},
        {"Name": "Another", "Website": "torn.example"},
    )  # fmt: skip
    for n in range(2):
        row(f"Only here {n}", None, "unmatched")
    by_hand(practice.org, "Account", [{"Name": f"Other {n}"} for n in range(OTHERS)])
    return rows
