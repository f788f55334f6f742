"""Lookups to users, record types and campaigns: found by a field, or what the mapping says else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from crm_sync.errors import MappingError
from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import lookup
from tests.integration.sync.practice import Practice

RECORD_TYPES = {"Lead": ["Workshop", "Retainer"], "Opportunity": ["Fixed Price", "Retainer"]}


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    """An org with record types, two of which have one name."""
    with LocalOrg(data=None, options=Options(record_types=RECORD_TYPES)) as running:
        yield running


def campaign(practice: Practice, name: str) -> str:
    """The Id of a new campaign that people made."""
    answer = requests.post(
        f"{practice.org.instance_url}/services/data/v60.0/sobjects/Campaign",
        json={"Name": name},
        headers={"Authorization": f"Bearer {practice.org.admin_token}"},
        verify=str(practice.org.ca_bundle),
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def add_lookups(practice: Practice, name: str, *lines: str) -> None:
    """Lookups more in a shipped mapping."""
    file = practice.mappings / f"{name}.yaml"
    text = file.read_text("utf-8")
    more = "".join(f"  {line}\n" for line in lines)
    if "\nlookups:\n" in text:
        file.write_text(text.replace("\nlookups:\n", f"\nlookups:\n{more}"), "utf-8")
    else:
        file.write_text(f"{text}lookups:\n{more}", "utf-8")


def owner(otherwise: str = "", column: str = "owner_email") -> str:
    said = f", otherwise: {otherwise}" if otherwise else ""
    return f"OwnerId: {{object: User, by: Email, column: {column}{said}}}"


def user(practice: Practice, number: int = 0) -> dict[str, Any]:
    """An active user of the org."""
    found: dict[str, Any] = [u for u in practice.org.store.records("User") if u["IsActive"]][number]
    return found


def questions(practice: Practice) -> list[list[str]]:
    """The queries for records that are not ours, by call."""
    calls = [
        [
            parse_qs(urlsplit(part["url"]).query)["q"][0]
            for part in (call.body or {}).get("compositeRequest", ())
            if "/query?" in part["url"]
        ]
        for call in practice.org.calls
    ]
    asked = [[query for query in queries if " IN (" in query] for queries in calls]
    return [queries for queries in asked if queries]


def record_type(practice: Practice, name: str, developer_name: str) -> str:
    (found,) = (
        r["Id"]
        for r in practice.org.store.records("RecordType")
        if (r["SobjectType"], r["DeveloperName"]) == (name, developer_name)
    )
    return str(found)


def test_all_of_a_plan_is_asked_in_one_call_with_one_query_each(practice: Practice) -> None:
    fair = campaign(practice, "Frühjahrsmesse ÄÖ")
    for name in ("account", "lead", "opportunity"):
        add_lookups(practice, name, owner())
    add_lookups(
        practice, "lead", "RecordTypeId: {object: RecordType, by: DeveloperName, sql: title}"
    )
    add_lookups(
        practice,
        "opportunity",
        "RecordTypeId: {object: RecordType, by: DeveloperName, constant: Retainer}",
        "CampaignId: {object: Campaign, by: Name, column: description}",
    )
    one, two = user(practice)["Email"], user(practice, 1)["Email"]
    account = practice.add("accounts", owner_email=one.upper())
    lead = practice.add("leads", last_name="Ng", owner_email=two, title="retainer")
    project = practice.add(
        "projects", account_id=account, owner_email=two, description="FRÜHJAHRSMESSE äö"
    )
    assert practice.sync().status == "finished"
    practice.assert_same()
    assert practice.record("Account", account)["OwnerId"] == user(practice)["Id"]
    assert practice.record("Lead", lead)["OwnerId"] == user(practice, 1)["Id"]
    assert practice.record("Lead", lead)["RecordTypeId"] == record_type(
        practice, "Lead", "Retainer"
    )
    made = practice.record("Opportunity", project)
    assert made["RecordTypeId"] == record_type(practice, "Opportunity", "Retainer")
    assert made["CampaignId"] == fair
    (asked,) = questions(practice)
    assert sorted(query.split(" FROM ")[1].split()[0] for query in asked) == [
        "Campaign",
        "RecordType",
        "User",
    ]


def test_what_was_asked_is_remembered_and_only_the_new_is_asked(practice: Practice) -> None:
    for name in ("account", "lead"):
        add_lookups(practice, name, owner())
    account = practice.add("accounts", owner_email=user(practice)["Email"])
    practice.sync()
    practice.org.calls.clear()
    practice.sync()
    assert questions(practice) == []
    practice.change("accounts", account, phone="1")
    practice.add("leads", last_name="Ng", owner_email=user(practice)["Email"])
    practice.add("leads", last_name="Öz", owner_email=user(practice, 1)["Email"])
    practice.sync()
    ((query,),) = questions(practice)
    assert user(practice, 1)["Email"] in query
    assert user(practice)["Email"] not in query
    practice.assert_same()


def test_more_values_than_a_query_takes_are_asked_in_portions(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "LONGEST_QUERY", 120)
    monkeypatch.setattr(lookup, "LONGEST_LITERAL", 100)
    add_lookups(practice, "account", owner("default"))
    emails = [f"nobody-{n:02}@example.com" for n in range(30)] + [user(practice)["Email"]]
    for email in [*emails, f"{'x' * 200}@example.com"]:
        practice.add("accounts", owner_email=email)
    assert practice.sync().status == "finished"
    queries = [query for call in questions(practice) for query in call]
    assert len(queries) > 5
    assert all(len(query.split(" IN (")[1]) <= 120 for query in queries)
    for email in emails:
        assert sum(email in query for query in queries) == 1
    assert not any("xxx" in query for query in queries), "no record holds so long a value"
    owners = [record["OwnerId"] for record in practice.org.store.records("Account")]
    assert owners.count(user(practice)["Id"]) == 1
    assert owners.count(practice.org.integration_user_id) == len(emails)


def test_a_record_that_people_add_is_found_by_the_next_run(practice: Practice) -> None:
    add_lookups(practice, "account", owner())
    add_lookups(practice, "lead", owner("default"))
    email = "new@example.com"
    account = practice.add("accounts", owner_email=email)
    lead = practice.add("leads", last_name="Ng", owner_email=email)
    practice.sync()
    assert practice.open_rows() == {f"account:{account}": "invalid"}
    assert practice.record("Lead", lead)["OwnerId"] == practice.org.integration_user_id
    found = user(practice)
    practice.org.edit(found["Id"], {"Email": email})
    practice.sync()
    assert practice.record("Account", account)["OwnerId"] == found["Id"]
    practice.sync()
    assert practice.record("Lead", lead)["OwnerId"] == found["Id"], "nobody had looked at it"
    practice.org.calls.clear()
    practice.sync()
    assert questions(practice) == []
    practice.assert_same()


@pytest.mark.parametrize("who", ["nobody", "inactive", "two"])
def test_a_row_whose_record_is_not_found_is_invalid_unless_told_otherwise(
    practice: Practice, who: str
) -> None:
    add_lookups(practice, "account", owner())
    email = "nobody@example.com"
    if who != "nobody":
        inactive = next(u for u in practice.org.store.records("User") if not u["IsActive"])
        email = inactive["Email"]
    if who == "two":
        for number in (0, 1):
            practice.org.edit(user(practice, number)["Id"], {"Email": email})
    key = practice.add("accounts", owner_email=email)
    practice.sync()
    assert practice.open_rows() == {f"account:{key}": "invalid"}
    problem = practice.problem(key)
    assert (problem["code"], problem["field"], problem["column"]) == (
        "REFERENCE_NOT_FOUND",
        "OwnerId",
        "accounts.owner_email",
    )
    assert problem["sentence"] == "No single active User has the Email in accounts.owner_email."
    assert problem["mend"] == "Correct accounts.owner_email, or add the User in Salesforce."
    assert practice.writes() == []


def test_the_sentence_about_a_record_type_names_its_object(practice: Practice) -> None:
    add_lookups(
        practice,
        "lead",
        "RecordTypeId: {object: RecordType, by: DeveloperName, constant: Fixed_Price}",
    )
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    problem = practice.problem(key)
    assert problem["sentence"] == (
        "No single active RecordType of Lead has the DeveloperName 'Fixed_Price'."
    )
    assert problem["mend"] == "Correct it, or add the RecordType in Salesforce."


def test_blank_leaves_the_field_empty_and_clears_it(practice: Practice) -> None:
    fair = campaign(practice, "Fair")
    add_lookups(
        practice,
        "opportunity",
        "CampaignId: {object: Campaign, by: Name, column: description, otherwise: blank}",
    )
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, description="Fair")
    practice.sync()
    assert practice.record("Opportunity", project)["CampaignId"] == fair
    practice.change("projects", project, description="Unfair")
    (row,) = practice.plan()
    assert [p.code for p in row.problems] == ["REFERENCE_NOT_FOUND"]
    assert row.state == "planned"
    practice.sync()
    assert practice.record("Opportunity", project)["CampaignId"] is None
    practice.assert_same()


def test_default_leaves_the_field_to_salesforce_and_never_clears_it(practice: Practice) -> None:
    add_lookups(practice, "account", owner("default"))
    unknown = practice.add("accounts", owner_email="nobody@example.com")
    nobody = practice.add("accounts")
    known = practice.add("accounts", owner_email=user(practice)["Email"])
    practice.sync()
    own = practice.org.integration_user_id
    assert practice.record("Account", unknown)["OwnerId"] == own
    assert practice.record("Account", nobody)["OwnerId"] == own
    assert practice.record("Account", known)["OwnerId"] == user(practice)["Id"]
    practice.change("accounts", known, owner_email=None, phone="1")
    practice.change("accounts", unknown, owner_email=user(practice)["Email"])
    practice.sync()
    assert practice.record("Account", known)["OwnerId"] == user(practice)["Id"]
    assert practice.record("Account", known)["Phone"] == "1"
    assert practice.record("Account", unknown)["OwnerId"] == user(practice)["Id"]
    assert practice.plan(full=True) == []
    practice.assert_same()


def test_default_is_the_targets_default_owner_where_it_names_one(practice: Practice) -> None:
    stand_in = user(practice, 1)
    practice.more["default_owner"] = stand_in["Username"]
    add_lookups(practice, "account", owner("default"))
    unknown = practice.add("accounts", owner_email="nobody@example.com")
    known = practice.add("accounts", owner_email=user(practice)["Email"])
    practice.sync()
    assert practice.record("Account", unknown)["OwnerId"] == stand_in["Id"]
    assert practice.record("Account", known)["OwnerId"] == user(practice)["Id"]
    practice.change("accounts", known, owner_email=None)
    practice.sync()
    assert practice.record("Account", known)["OwnerId"] == stand_in["Id"]
    practice.assert_same()


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("account", "{object: User, by: Emial, column: phone}", "User has no field Emial .* "
         "Did you mean 'Email'"),
        ("account", "{object: User, by: IsActive, column: phone}", "cannot be found by IsActive"),
        ("account", "{object: User, by: Email, column: phone, otherwise: blank}",
         "Account.OwnerId cannot be empty"),
        ("account", "{object: Campaign, by: Name, column: phone}", "holds a reference to User"),
    ],
)  # fmt: skip
def test_a_lookup_that_cannot_work_is_told_with_its_place_before_anything_is_sent(
    practice: Practice, name: str, said: str, sentence: str
) -> None:
    add_lookups(practice, name, f"OwnerId: {said}")
    practice.add("accounts", phone="1")
    with pytest.raises(MappingError, match=sentence) as caught:
        practice.sync()
    assert caught.value.where is not None
    assert f"{name}.yaml:" in caught.value.where
    assert practice.writes() == []
    assert questions(practice) == []


def test_sql_that_names_a_record_and_cannot_is_told_with_its_place_and_row(
    practice: Practice,
) -> None:
    add_lookups(
        practice, "account", "OwnerId: {object: User, by: Email, sql: (1 / length(phone))::text}"
    )
    practice.add("accounts", phone="")
    with pytest.raises(MappingError, match="division by zero, at accounts row") as caught:
        practice.sync()
    assert "account.yaml:" in str(caught.value.where)
