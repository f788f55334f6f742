"""`check` and `describe`: what they find, in every form, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.features import FEATURES
from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping.load import load_mappings
from tests.support.command_line import Desk
from tests.support.output import assert_documented
from tests.support.postgres import ROOT
from tests.unit.localorg.client import Client
from tests.unit.localorg.permitting import hide_field, hide_object, read_only, sync_set

MAPPINGS = ROOT / "mappings"
OBJECTS = {mapping.object for mapping in load_mappings(MAPPINGS)}
ACCOUNT = (MAPPINGS / "account.yaml").read_text(encoding="utf-8")
ON_DELETE = ACCOUNT[: ACCOUNT.index("on_delete:")].count("\n") + 1
"""Its line, below the fields of the shipped mapping."""

Connection = psycopg.Connection[Any]


@pytest.fixture
def rich_org(desk: Desk) -> Iterator[LocalOrg]:
    """An org with every feature, in which the desk's target ends."""
    with LocalOrg(options=Options(features=FEATURES)) as org:
        desk.leads_to(org)
        yield org


def admin_of(org: LocalOrg) -> Client:
    client = Client(org)
    client.session.headers["Authorization"] = f"Bearer {org.admin_token}"
    return client


def named(org: LocalOrg) -> str:
    """The line that names the org."""
    return f"Local org ({org.org_id}, local), target local, user {org.username}\n"


def test_of_the_shipped_mappings_nothing_is_wrong(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    ran = desk.run("check")
    assert (ran.code, ran.out, ran.err) == (0, f"{named(org)}Nothing is wrong.\n", "")


def test_a_warning_is_no_error_unless_strict(desk: Desk) -> None:
    desk.edit_mapping("opportunity", "time_zone: UTC\n", "")
    [line] = desk.findings()
    assert line.startswith("mappings/opportunity.yaml:23:3: warning: The SQL of CloseDate turns ")
    assert desk.findings("--strict", code=1) == [line]
    assert desk.run("check", "--quiet").out == ""


def test_json_holds_every_finding_and_its_place(desk: Desk) -> None:
    desk.edit_mapping("account", "  Phone: phone", "  Phone: phoen")
    ran = desk.run("check", "--json")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert told["counts"] == {"error": 1, "warning": 0, "information": 1}
    assert (told["version"], told["kind"]) == (1, "check")
    assert_documented(ran.out)
    [error] = [one for one in told["findings"] if one["severity"] == "error"]
    assert error == {
        "severity": "error",
        "kind": "unknown-column",
        "file": "mappings/account.yaml",
        "line": 11,
        "column": 3,
        "about": None,
        "key": "fields.Phone",
        "sentence": "accounts has no column phoen.",
        "mend": "Did you mean 'phone'?",
    }


def test_github_gets_annotations_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.edit_mapping("account", "  Phone: phone", "  Phone: 'phoen'")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    expected = (
        "::error file=mappings/account.yaml,line=11,col=3,title=crm-sync unknown-column"
        "::accounts has no column phoen: Did you mean 'phone'?"
    )
    assert expected in desk.findings(code=1)
    assert expected not in desk.findings("--format", "text", code=1)
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert expected in desk.findings("--format", "github", code=1)


def test_a_hidden_field_is_told_from_a_missing_one(desk: Desk, org: LocalOrg) -> None:
    hide_field(admin_of(org), "Account.Phone")
    desk.edit_mapping("account", "  Website: website", "  Webpage: website")
    found = desk.findings(code=1)
    assert found == [
        "mappings/account.yaml:10:3: error: Account has no field Webpage in this org: "
        "Correct the name, or create the field.",
        "mappings/account.yaml:11:3: error: Account.Phone is there, and our user may not see it: "
        "Let a permission set grant read and edit access to the field: crm-sync org setup.",
    ]
    # A sync stops for the first of them, without asking which it is.
    assert "Account has no field Webpage in this org, or our user may not see it." in desk.refused(
        "sync"
    )


def test_a_hidden_object_is_told_from_a_missing_one(desk: Desk, org: LocalOrg) -> None:
    hide_object(admin_of(org), "Lead")
    found = desk.findings(code=1)
    assert any("lead.yaml:3:1: error: Lead is there, and our user may not see" in f for f in found)


def test_an_object_that_may_only_be_read_is_one_finding(desk: Desk, org: LocalOrg) -> None:
    read_only(admin_of(org), "Account")
    assert desk.findings(code=1) == [
        "mappings/account.yaml:3:1: error: our user may not create or update Account records: "
        "Let a permission set grant it: crm-sync org setup.",
        f"mappings/account.yaml:{ON_DELETE}:1: error: our user may not delete Account records: "
        "Let a permission set grant it (crm-sync org setup), or say on_delete: ignore.",
    ]


def test_an_active_duplicate_rule_is_a_warning(desk: Desk, org: LocalOrg) -> None:
    org.rules = [{"rule": "duplicate", "object": "Lead", "fields": ["Company"]}]
    [line] = desk.findings()
    assert line.startswith(
        "mappings/lead.yaml:3:1: warning: Duplicate rule is active on Lead (Lead Duplicate Rule 1)"
    )


def test_what_our_user_may_not_ask_is_said(desk: Desk, org: LocalOrg) -> None:
    admin = admin_of(org)
    off = {"PermissionsViewSetup": False}
    admin.call("PATCH", f"/sobjects/PermissionSet/{sync_set(admin)}", off)
    assert desk.findings() == [
        f"local: information: Not checked: {what} (our user lacks View Setup and Configuration): "
        "Let an administrator grant it to see them, or look in Setup."
        for what in ("duplicate rules", "the data storage that is left")
    ]


def test_settings_of_an_org_that_a_mapping_must_mind(desk: Desk, rich_org: LocalOrg) -> None:
    found = desk.findings()
    assert [(line.split(": ")[0], line.split(": ")[2][:44]) for line in found] == [
        ("mappings/account.yaml:14:3", "State and country picklists are on"),
        ("mappings/account.yaml:16:3", "State and country picklists are on"),
        ("mappings/opportunity.yaml:23:3", "The org has several currencies (EUR, USD), a"),
    ]


def test_a_person_account_takes_no_name(desk: Desk) -> None:
    options = Options(features=["person-accounts"], record_types={"Account": ["Person Account"]})
    with LocalOrg(options=options) as org:
        desk.leads_to(org)
        [line] = desk.findings(code=1)
        assert line.startswith(
            "mappings/account.yaml:8:3: error: The record type PersonAccount of person accounts is "
            "our user's default, and of such an account Name cannot be written"
        )
        rows = Client(org).upsert("Account", {"CRM_Id__c": "1", "Name": "A"})
        assert rows[0]["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_required_field_that_nobody_writes_is_an_error(desk: Desk) -> None:
    desk.edit_mapping("lead", '  LastName: {column: last_name, if_null: "[not provided]"}\n', "")
    found = desk.findings(code=1)
    assert any("Lead.LastName is required, and the mapping does not write it" in f for f in found)


def test_rows_that_find_no_room_are_counted(desk: Desk, accounts: list[str]) -> None:
    with LocalOrg(options=Options(data_storage=0)) as org:
        desk.leads_to(org)
        [line] = desk.findings()
    assert line.startswith(
        "mappings/account.yaml:3:1: warning: 2 records to create take about 0.0 MB of data storage,"
        " and 0 MB is left"
    )


def test_owners_who_are_inactive_or_unknown_are_counted(
    desk: Desk, org: LocalOrg, connection: Connection, accounts: list[str]
) -> None:
    emails = ("fred.former@example.com", "nobody@example.com")
    for key, email in zip(accounts, emails, strict=True):
        connection.execute("update accounts set owner_email = %s where id = %s", [email, key])
    desk.edit_mapping("account", "  owner_email: Owners belong to the people in Salesforce;", "  #")
    desk.edit_mapping(
        "account", "on_delete:",
        "lookups:\n  OwnerId: {object: User, by: Email, column: owner_email}\non_delete:",
    )  # fmt: skip
    desk.target["default_owner"] = "former@local-org.example.com"
    desk.settle()
    whole, *found = desk.findings(code=1)
    assert "error: Every row of accounts (2) is invalid (REFERENCE_NOT_FOUND)" in whole
    assert len(found) == 3
    assert "1 value of accounts.owner_email names an inactive User (Fred Former, 005" in found[0]
    assert found[0].split("): ")[1].startswith(f"in 1 row, it is {accounts[0]}: Activate it")
    assert "1 value of accounts.owner_email names no User by Email: in 1 row, it is" in found[1]
    assert found[2].startswith("local: error: The default_owner of target local is no active user")
    lines = [whole, *found]
    assert not any(email in line for line in lines for email in emails), "a row's values stay there"


def test_what_salesforce_does_not_answer_of_owners_is_no_silence(
    desk: Desk, org: LocalOrg, connection: Connection, accounts: list[str]
) -> None:
    connection.execute("update accounts set owner_email = 'fred.former@example.com'")
    give_owner(desk)
    assert any("names an inactive User" in line for line in desk.findings())
    answer = {"status": 400, "body": [{"errorCode": "MALFORMED_QUERY", "message": "no"}]}
    org.faults.append({"when": {"path": "Id(%2C|,).{1,3}Name.{1,3}FROM.{1,3}User"}, "then": answer})
    assert "MALFORMED_QUERY" in desk.refused("check")


OWNER = "lookups:\n  OwnerId: {object: User, by: Email, column: owner_email, otherwise: default}\n"


def give_owner(desk: Desk, lookup: str = OWNER) -> None:
    """Accounts name their owner."""
    desk.edit_mapping("account", "  owner_email: Owners belong to the people in Salesforce;", "  #")
    desk.edit_mapping("account", "on_delete:", f"{lookup}on_delete:")


def test_a_record_that_is_not_found_is_no_warning_where_the_mapping_says_what_then(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    emails = ["fred.former@example.com", f"{'x' * 4000}@example.com"]
    for key, email in zip(accounts, emails, strict=True):
        connection.execute("update accounts set owner_email = %s where id = %s", [email, key])
    give_owner(desk)
    found = desk.findings("--strict")
    assert [line.split(": ")[1] for line in found] == ["information", "information"]
    assert "names an inactive User" in found[0]
    assert "1 value of accounts.owner_email names no User by Email" in found[1]


def test_every_lookup_that_cannot_work_is_told(desk: Desk) -> None:
    give_owner(
        desk,
        "lookups:\n"
        "  OwnerId: {object: User, by: IsActive, column: owner_email, otherwise: blank}\n"
        "  ParentId: {object: Account, by: Namme, column: owner_email}\n"
        "  MasterRecordId: {object: Nothing__c, by: Name, column: owner_email}\n",
    )
    said = " ".join(desk.findings(code=1))
    for sentence in (
        "Account.OwnerId cannot be empty, so it cannot be left blank",
        "User records cannot be found by IsActive",
        "Account has no field Namme in this org",
        f"account.yaml:{ON_DELETE + 3}:3: error: There is no object Nothing__c in this org",
    ):
        assert sentence in said, said


def test_what_the_api_version_does_not_know_is_told(desk: Desk) -> None:
    desk.edit_mapping("account", "on_delete:", "duplicate_rule: allow\non_delete:")
    desk.target["api_version"] = "51.0"
    desk.settle()
    [line] = desk.findings(code=1)
    begin = f"mappings/account.yaml:{ON_DELETE}:1: error: duplicate_rule: allow needs API ver"
    assert line.startswith(begin)


def test_mistakes_of_the_defaults_and_of_mappings_are_told_in_one_run(desk: Desk) -> None:
    (desk.mappings / "defaults.yaml").write_text("on_mising: hold\n", encoding="utf-8")
    desk.edit_mapping("account", "  Phone: phone", "  Phone: {colum: phone}")
    assert [line.split(": error")[0] for line in desk.findings(code=1)] == [
        "mappings/account.yaml:11:11",
        "mappings/defaults.yaml:1:1",
    ]


def test_a_mistake_of_form_hides_nothing_else_of_its_file(desk: Desk, accounts: list[str]) -> None:
    desk.edit_mapping("lead", "label: company_name", "labell: company_name")
    desk.edit_mapping("lead", "  FirstName: first_name", "  FirstName: firstnam")
    desk.edit_mapping("lead", "  Title: title", "  Titel: title")
    found = desk.findings(code=1)
    assert [line.split(": error: ")[1][:44] for line in found] == [
        "labell is not a key of a mapping: Did you me",
        "leads has no column firstnam: Did you mean '",
        "Lead has no field Titel in this org: Did you",
    ]


def test_a_mistake_of_the_defaults_hides_nothing_else(desk: Desk, accounts: list[str]) -> None:
    (desk.mappings / "defaults.yaml").write_text(
        "foo: 1\ntime_zone: Europe/Berln\n", encoding="utf-8"
    )
    desk.edit_mapping("account", "  Phone: phone", "  Phone: phoen")
    found = desk.findings(code=1)
    assert [line.split(": error: ")[1][:34] for line in found] == [
        "accounts has no column phoen: Did ",
        "foo is not a key of the defaults: ",
        "PostgreSQL knows no time zone 'Eur",
    ]


def test_a_wrong_line_of_the_defaults_is_told_once(desk: Desk, accounts: list[str]) -> None:
    (desk.mappings / "defaults.yaml").write_text(
        "time_zone: Europe/Berln\nfields: {Ratting: description}\n", encoding="utf-8"
    )
    found = [line for line in desk.findings(code=1) if "defaults.yaml" in line]
    unknown = [line for line in found if "has no field Ratting" in line]
    assert len(unknown) == 1
    assert "(so it is for account, event, lead, opportunity, task)" in unknown[0]
    assert len([line for line in found if "has no column description" in line]) == 1
    assert len([line for line in found if "knows no time zone 'Europe/Berln'" in line]) == 1


def test_sql_that_fails_for_a_row_is_a_finding(desk: Desk, accounts: list[str]) -> None:
    desk.edit_mapping("account", "table: accounts", "table: accounts, where: 1 / length(phone) > 0")
    found = desk.findings()
    assert found == []
    desk.edit_mapping("account", "1 / length(phone)", "1 / (length(company_name) - 8)")
    [line] = desk.findings(code=1)
    assert "account.yaml:5:" in line
    assert "PostgreSQL says: division by zero, at accounts row" in line


def test_offline_checks_against_saved_describes(desk: Desk, org: LocalOrg) -> None:
    assert desk.refused("check", "--offline").startswith("There is no directory describes with")
    saved = desk.run("describe", "--save")
    assert saved.code == 0
    assert saved.out.startswith(f"{named(org)}describes/Account.json written.\n")
    calls = len(org.calls)
    desk.edit_mapping("account", "  Website: website", "  Webiste: website")
    found = desk.findings("--offline", code=1)
    assert [line.split(": ")[1] for line in found] == ["error", "information"]
    assert "Account has no field Webiste in this org, or our user may not see it" in found[0]
    assert found[1].startswith("describes: information: Not checked without an org: hidden fields")
    assert len(org.calls) == calls, "nobody asked the org"
    del desk.secrets["CRM_SYNC_DATABASE_URL"]
    desk.settle()
    without = desk.findings("--offline", code=1)
    assert without[0] == found[0]
    assert "Not checked without a database: tables, columns, types, SQL" in without[1]


def test_an_object_whose_describe_was_not_saved_is_named(desk: Desk) -> None:
    assert desk.run("describe", "--save", *sorted(OBJECTS - {"Opportunity"})).code == 0
    [line, _] = desk.findings("--offline", code=1)
    assert line.startswith("mappings/opportunity.yaml:3:1: error: describes holds no describe of O")
    (desk.folder / "describes" / "Lead.json").write_text("{}", encoding="utf-8")
    found = desk.findings("--offline", code=1)
    assert found[-1] == (
        "describes/Lead.json: error: describes/Lead.json is not the describe of Lead: "
        "Save it anew: crm-sync describe --save"
    ), "and what else is wrong is told, too"
    assert found[0] == line


def test_a_saved_describe_serves_a_local_org(desk: Desk) -> None:
    from crm_sync.localorg import saveddescribes

    assert desk.run("describe", "--save").code == 0
    read = saveddescribes.read(desk.folder / "describes")
    assert {facts["name"] for facts in read} == OBJECTS


def test_describes_are_saved_of_objects_that_lookups_search_and_checked_against(desk: Desk) -> None:
    give_owner(desk, OWNER.replace("Email", "Emial"))
    assert desk.run("describe", "--save").out.splitlines()[-1] == "describes/User.json written."
    assert "User has no field Emial in this org" in desk.findings("--offline", code=1)[0]
    (desk.folder / "describes" / "User.json").unlink()
    assert "describes holds no describe of User" in desk.findings("--offline", code=1)[0]


def test_describe_shows_fields_as_they_may_be_written(desk: Desk) -> None:
    ran = desk.run("describe", "Account")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["Name", "string(255)", "always,", "required", "Account", "Name"] in rows
    assert ["CreatedDate", "datetime", "never", "Created", "Date"] in rows
    assert desk.refused("describe", "Acount").startswith("Salesforce does not describe Acount")


def test_what_was_found_before_the_check_had_to_end_is_shown(desk: Desk) -> None:
    desk.edit_mapping("lead", "label: company_name", "lable: company_name")
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"] = "wrong"
    desk.settle()
    ran = desk.run("check")
    assert ran.code == 2
    assert ran.out.startswith(
        "mappings/lead.yaml:10:1: error: lable is not a key of a mapping: Did"
    )
    assert ran.err.startswith("crm-sync: Target local: Salesforce refused the sign-in")


def test_an_org_that_refuses_us_does_not_hide_what_the_database_says(desk: Desk) -> None:
    desk.edit_mapping("account", "Phone: phone", "Phone: fone")
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"] = "wrong"
    desk.settle()
    for form in ([], ["--json"]):
        ran = desk.run("check", *form)
        assert ran.code == 2
        assert "accounts has no column fone" in ran.out
        assert ran.err.startswith("crm-sync: Target local: Salesforce refused the sign-in")
