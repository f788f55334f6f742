"""What a check finds in the rows: each of them is computed, and no value of one is shown."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk

Connection = psycopg.Connection[Any]


def add_projects(connection: Connection, account: str, *names: str) -> None:
    for name in names:
        connection.execute(
            "insert into projects (account_id, project_name, start_date, contract_value)"
            " values (%s, %s, '2026-01-01', 100)",
            [account, name],
        )


def test_sql_of_a_field_that_fails_for_a_row_is_a_finding(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    add_projects(connection, accounts[0], "Tide tables", "Buoys")
    desk.edit_mapping(
        "opportunity", "  Amount: contract_value",
        '  Amount: {sql: "contract_value / (contract_value - contract_value)"}\n'
        '  NextStep: {sql: "left(project_name, -1 * 1 / (length(project_name) - 5))"}',
    )  # fmt: skip
    found = desk.findings(code=1)
    assert len(found) == 2, "each of them is told"
    assert "error: fields.Amount: PostgreSQL says: division by zero, at projects row" in found[0]
    assert "error: fields.NextStep: PostgreSQL says: division by zero, at projects row" in found[1]


def test_rows_fail_without_an_org_too(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    add_projects(connection, accounts[0], "Tide tables")
    desk.edit_mapping(
        "opportunity", "  Amount: contract_value", '  Amount: {sql: "1 / 0 * contract_value"}'
    )
    assert desk.run("describe", "--save").code == 0
    assert "division by zero" in desk.findings("--offline", code=1)[0]


def test_rows_that_are_invalid_are_counted(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    long = "A title that is far too long " * 6
    for title in (long, long[:-9], "Owner"):
        connection.execute(
            "insert into leads (company_name, title) values ('Lighthouse Books', %s)", [title]
        )
    [line] = desk.findings()
    assert "warning: 2 of 3 rows of leads are invalid (STRING_TOO_LONG): leads.title " in line
    assert "174" in line or "173" in line, "the longest of them"
    assert "A title" not in line, "a row's values stay there"


def test_a_rule_that_every_row_breaks_is_an_error(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    add_projects(connection, accounts[0], "Tide tables", "Buoys")
    desk.edit_mapping("opportunity", "coalesce(end_date", "coalesce(date '4001-01-01', end_date")
    [line] = desk.findings(code=1)
    assert "error: Every row of projects (2) is invalid (" in line


def test_a_lookup_by_a_column_that_is_no_key_is_found_by_type_and_by_rows(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    add_projects(connection, accounts[0], "Tide tables", "Buoys")
    desk.edit_mapping("opportunity", "column: account_id", "column: project_name")
    found = desk.findings(code=1)
    assert any(
        "warning: projects.project_name is of type text, and the key of account (accounts.id) of "
        "type uuid" in line
        for line in found
    )
    assert any(
        "error: Every row of projects (2) is blocked (PARENT_NOT_READY): AccountId names the "
        "account by project_name" in line
        for line in found
    )


def test_a_lookup_of_a_type_that_never_fits_is_an_error_and_stops_a_sync(desk: Desk) -> None:
    desk.edit_mapping("opportunity", "column: account_id", "column: start_date")
    said = " ".join(desk.findings(code=1))
    assert "error: projects.start_date is of type date, and the key of account" in said
    assert "projects.start_date is of type date" in desk.refused("sync")


def test_a_parent_that_is_not_enabled_is_told(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    desk.edit_mapping("account", "on_delete: delete", "on_delete: delete\nenabled: false")
    found = desk.findings()
    assert any("AccountId names the mapping account, which is not enabled" in f for f in found)
    add_projects(connection, accounts[0], "Tide tables")
    found = desk.findings(code=1)
    assert any("error: Every row of projects (1) is blocked" in f for f in found)


def test_a_constant_that_the_value_map_lacks_is_an_error(desk: Desk) -> None:
    desk.edit_mapping(
        "task",
        "  Status:\n"
        "    sql: \"case when completed then 'Completed' else 'Not Started' end\"\n"
        "    about: Completed, or Not Started.\n",
        "  Status: {constant: x, values: {a: Completed}}\n",
    )
    [line] = desk.findings(code=1)
    assert "task.yaml:" in line
    assert "error: fields.Status: the constant 'x' is none of the values beside it" in line
    assert "the constant 'x' is none of the values" in desk.refused("dry-run")


def test_an_event_without_times_is_an_error(desk: Desk) -> None:
    desk.edit_mapping("event", "  ActivityDateTime: occurred_at\n", "")
    desk.edit_mapping("event", "  DurationInMinutes: {column: duration_minutes, if_null: 60}\n", "")
    said = " ".join(desk.findings(code=1))
    assert "error: An event needs a start, and the mapping writes none" in said
    assert "error: An event needs a duration or an end, and the mapping writes none" in said


def test_an_assignment_rule_for_an_object_that_has_none_is_a_warning(desk: Desk) -> None:
    desk.edit_mapping("task", "on_delete: delete", "on_delete: delete\nassignment_rule: active")
    [line] = desk.findings()
    assert "warning: Task has no assignment rules" in line
    # What is said for all of them is meant for those that have.
    desk.edit_mapping("task", "assignment_rule: active", "")
    (desk.mappings / "defaults.yaml").write_text("assignment_rule: active\n", encoding="utf-8")
    assert desk.findings() == []


def test_a_prefix_that_changed_while_records_exist_is_an_error(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    connection.execute("insert into leads (company_name) values ('Lighthouse Books')")
    assert desk.run("sync").code == 0
    desk.edit_mapping(
        "lead", "external_id: {field: CRM_Id__c}", 'external_id: {field: CRM_Id__c, prefix: "x:"}'
    )
    [line] = desk.findings(code=1)
    assert "lead.yaml:4:" in line
    assert "error: The prefix of lead changed, and records exist under the old one ('')" in line


def test_a_name_that_has_two_histories_is_an_error(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    assert desk.run("sync").code == 0
    (desk.mappings / "lead.yaml").rename(desk.mappings / "prospect.yaml")
    for name in ("event", "task"):
        desk.edit_mapping(name, "- mapping: lead\n", "- mapping: prospect\n")
    assert desk.run("sync").code == 0
    text = (desk.mappings / "prospect.yaml").read_text(encoding="utf-8")
    (desk.mappings / "prospect.yaml").write_text(f"formerly: lead\n{text}", encoding="utf-8")
    [line] = desk.findings(code=1)
    assert "prospect.yaml:1:1: error: prospect was known as lead, and both have records" in line


RECORD_TYPE = (
    "lookups:\n  RecordTypeId: {object: RecordType, by: DeveloperName, constant: Retainerr}\n"
)


def test_a_constant_that_names_no_record_is_an_error_with_the_nearest_name(
    desk: Desk, accounts: list[str]
) -> None:
    desk.edit_mapping("account", "on_delete:", f"{RECORD_TYPE}on_delete:")
    with LocalOrg(options=Options(record_types={"Account": ["Retainer", "Project"]})) as org:
        desk.leads_to(org)
        [line] = desk.findings(code=1)
    assert (
        "error: The constant 'Retainerr' of RecordTypeId names no RecordType of Account by "
        "DeveloperName: Did you mean 'Retainer'?" in line
    )


def test_a_record_type_where_the_org_has_none_is_one_finding(
    desk: Desk, accounts: list[str]
) -> None:
    desk.edit_mapping("account", "on_delete:", f"{RECORD_TYPE}on_delete:")
    [line] = desk.findings(code=1)
    assert "error: Account has no field RecordTypeId in this org" in line


def test_a_constant_owner_who_is_inactive_is_an_error(desk: Desk, accounts: list[str]) -> None:
    owner = "lookups:\n  OwnerId: {object: User, by: Email, constant: fred.former@example.com}\n"
    desk.edit_mapping("account", "on_delete:", f"{owner}on_delete:")
    [line] = desk.findings(code=1)
    assert "error: The constant 'fred.former@example.com' of OwnerId names an inactive User" in line


def test_two_mappings_that_make_two_records_of_one_row_are_a_warning(
    desk: Desk, connection: Connection
) -> None:
    connection.execute("insert into leads (company_name) values ('Lighthouse Books')")
    text = (desk.mappings / "lead.yaml").read_text(encoding="utf-8")
    other = text.replace("field: CRM_Id__c", 'field: CRM_Id__c, prefix: "x:"')
    (desk.mappings / "lead2.yaml").write_text(other, encoding="utf-8")
    found = desk.findings()
    assert any(
        "warning: lead and lead2 both make a Lead of every row of leads that" in f for f in found
    )
    # Another `where` may leave the others' rows out, or not: the rows tell.
    changed = other.replace("converted_account_id is null", "company_name <> ''")
    (desk.mappings / "lead2.yaml").write_text(changed, encoding="utf-8")
    found = desk.findings()
    assert any(
        "warning: 1 row of leads would become two Lead records each: lead and lead2 both" in f
        for f in found
    )
    changed = other.replace("converted_account_id is null", "converted_account_id is not null")
    (desk.mappings / "lead2.yaml").write_text(changed, encoding="utf-8")
    assert desk.findings() == []


def test_an_owner_whom_no_row_names_rightly_is_an_error(
    desk: Desk, connection: Connection, accounts: list[str]
) -> None:
    owner = "  OwnerId: {object: User, by: Email, column: owner_email}\n"
    desk.edit_mapping("account", "fields:\n", f"lookups:\n{owner}fields:\n")
    name_nobody = "update accounts set owner_email = 'nobody@example.com'"
    connection.execute(f"{name_nobody} where id = %s", [accounts[0]])
    warned = " ".join(desk.findings())
    assert "warning: 1 value of accounts.owner_email names no User by Email: in 1 row" in warned
    connection.execute(name_nobody)
    found = desk.findings(code=1)
    assert any("error: Every row of accounts (2) is invalid" in line for line in found), found


def test_a_rename_that_nobody_declared_is_a_warning(desk: Desk, connection: Connection) -> None:
    connection.execute("insert into leads (company_name, last_name) values ('Kontor', 'Ng')")
    assert desk.run("sync").code == 0
    (desk.mappings / "lead.yaml").rename(desk.mappings / "prospect.yaml")
    for name in ("event", "task"):
        desk.edit_mapping(name, "- mapping: lead\n", "- mapping: prospect\n")
    [line] = desk.findings()
    assert line.startswith(
        "mappings/prospect.yaml:3:1: warning: 1 record of the mapping lead is kept"
    )
    assert line.endswith("let prospect.yaml say `formerly: lead`.")
    desk.edit_mapping("prospect", "object: Lead\n", "object: Lead\nformerly: lead\n")
    assert desk.findings() == []


@pytest.mark.parametrize("zone", ["Europe/Berlin2", "Foo5Bar", "UTC+2", "+02:00", "Europe/Berln"])
def test_a_time_zone_that_has_no_name_is_an_error(desk: Desk, zone: str) -> None:
    desk.edit_mapping("task", "time_zone: UTC", f'time_zone: "{zone}"')
    [line] = desk.findings(code=1)
    assert f"error: PostgreSQL knows no time zone '{zone}'" in line
    assert f"PostgreSQL knows no time zone '{zone}'" in desk.refused("dry-run")


@pytest.mark.parametrize("zone", ["Etc/GMT-2", "EST5EDT", "europe/berlin"])
def test_a_time_zone_whose_name_looks_like_an_offset_is_taken(desk: Desk, zone: str) -> None:
    desk.edit_mapping("task", "time_zone: UTC", f"time_zone: {zone}")
    assert desk.findings() == []


def test_a_column_that_is_sent_and_explained_as_not_sent_is_a_warning(desk: Desk) -> None:
    desk.edit_mapping("account", "fields:\n", "fields:\n  Rating: account_status\n")
    found = desk.findings()
    [line] = [line for line in found if "not_mapped" in line]
    assert "warning: not_mapped says why account_status is not sent, and the mapping" in line
