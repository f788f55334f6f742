"""`org setup` against an org that lacks everything: as an administrator, as a restricted user."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from crm_sync.cli import setting_up
from crm_sync.localorg.serve import LocalOrg
from crm_sync.org_setup.wanted import MARK, SET
from crm_sync.report.model import Org
from crm_sync.sync.state import ask_org
from tests.integration.cli.setting_up import (
    OBJECTS,
    grant,
    parts,
    permission_set,
    signs_in,
    writes,
)
from tests.support.command_line import Desk


def test_an_administrator_sets_up_all_that_the_mappings_need(
    admin: Desk, bare_org: LocalOrg
) -> None:
    user = bare_org.username
    ran = admin.run("org", "setup", "--list-views", "--assign-to", user, "--yes")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == (
        f"Local org ({bare_org.org_id}, local), target local, user {bare_org.admin_username}"
    )
    for heading in ("External ID fields: 4", "Permission set: 1", "User permissions: 4",
                    "Object permissions: 3", "Field permissions: 25", "Assignment: 1",
                    "List views: 4", "42 steps in all.", "42 steps done."):  # fmt: skip
        assert heading in lines
    assert f"  {user}: gets {SET}; this user reads and writes for the sync" in lines
    assert {r["SobjectType"] for r in parts(bare_org, "ObjectPermissions")} == {
        "Account", "Lead", "Opportunity"}  # fmt: skip
    fields = {r["Field"]: r["PermissionsEdit"] for r in parts(bare_org, "FieldPermissions")}
    assert {f"{name}.CRM_Id__c" for name in OBJECTS} <= fields.keys()
    assert all(fields.values())


def test_a_second_run_finds_nothing_to_do_and_writes_nothing(
    admin: Desk, bare_org: LocalOrg
) -> None:
    assert admin.run("org", "setup", "--list-views", "--yes").code == 0
    bare_org.calls.clear()
    again = admin.run("org", "setup", "--list-views", "--yes")
    assert again.code == 0
    assert again.out.splitlines()[-1] == "Nothing to do."
    assert writes(bare_org) == []


def test_a_dry_run_changes_nothing(admin: Desk, bare_org: LocalOrg) -> None:
    ran = admin.run("org", "setup", "--dry-run")
    assert ran.code == 0
    assert "Account.CRM_Id__c: Text(64), External ID, Unique (case-sensitive)" in ran.out
    assert ran.out.splitlines()[-1] == "This was a dry run: nothing was changed."
    assert writes(bare_org) == []
    assert permission_set(bare_org) is None


def test_the_permission_set_is_enough_for_a_sync(
    desk: Desk, bare_org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    """The sync's user has a profile that lets him sign in, and this permission set alone."""
    connection.execute("insert into leads (company_name, last_name) values ('Anfang', 'Neu')")
    given = bare_org.store.records("PermissionSetAssignment")
    shipped = [r for r in bare_org.store.records("PermissionSet") if r["Name"] == "CRM_Sync"]
    [only] = [r for r in given if r["PermissionSetId"] == shipped[0]["Id"]]
    signs_in(desk, bare_org, bare_org.admin_token)
    bare_org.delete(only["Id"])
    assert desk.run("org", "setup", "--yes", "--assign-to", bare_org.username).code == 0
    desk.leads_to(bare_org)
    checked = desk.run("check")
    assert " error: " not in checked.out, checked.out
    ran = desk.run("sync")
    assert (ran.code, ran.err) == (0, ""), ran
    assert (bare_org.store.count("Account"), bare_org.store.count("Lead")) == (2, 1)


def test_a_restricted_user_gets_an_instruction_and_changes_nothing(
    bare_desk: Desk, bare_org: LocalOrg
) -> None:
    signs_in(bare_desk, bare_org, bare_org.access_token)
    ran = bare_desk.run("org", "setup", "--yes", "--page", "p.html", "--source", "org source")
    assert (ran.code, ran.err) == (1, "")
    assert "External ID fields: 4" in ran.out
    assert "Nothing was changed: our user may not change the org's set-up." in ran.out
    assert f"--assign-to {bare_org.username}" in ran.out
    assert writes(bare_org) == []
    assert (bare_desk.folder / "p.html").is_file()
    assert (bare_desk.folder / "org source" / "manifest" / "package.xml").is_file()


def test_a_restricted_user_sees_what_an_administrator_has_done(
    admin: Desk, bare_org: LocalOrg
) -> None:
    assert admin.run("org", "setup", "--yes", "--assign-to", bare_org.username).code == 0
    signs_in(admin, bare_org, bare_org.access_token)
    ran = admin.run("org", "setup")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing to do.")


def test_a_user_who_sees_no_permission_sets_tries_nothing(
    bare_desk: Desk, bare_org: LocalOrg
) -> None:
    [shipped] = [r for r in bare_org.store.records("PermissionSet") if r["Name"] == "CRM_Sync"]
    bare_org.edit(shipped["Id"], {"PermissionsViewSetup": False})
    signs_in(bare_desk, bare_org, bare_org.access_token)
    ran = bare_desk.run("org", "setup", "--yes")
    assert (ran.code, ran.err) == (1, "")
    assert "Permission sets were not compared" in ran.out
    assert "An administrator does it" in ran.out
    assert writes(bare_org) == []


def test_a_user_who_may_not_manage_permission_sets_is_told_what_he_lacks(
    bare_desk: Desk,
) -> None:
    with LocalOrg(data=None) as org:
        signs_in(bare_desk, org, org.access_token)
        ran = bare_desk.run("org", "setup", "--yes")
        assert (ran.code, ran.err) == (1, "")
        assert f"Refused: {SET}: label" in ran.out
        assert "It needs the user permissions Manage Profiles and Permission Sets" in ran.out
        assert "34 steps remain:" in ran.out
        assert permission_set(org) is None


def test_without_a_terminal_it_goes_on_with_yes_only(admin: Desk, bare_org: LocalOrg) -> None:
    line = admin.refused("org", "setup")
    assert line == (
        "Nothing was changed: there is no terminal to ask on. Add --yes to go on unasked."
    )
    assert writes(bare_org) == []


def test_without_a_terminal_page_and_source_are_written_and_nothing_else(
    admin: Desk, bare_org: LocalOrg
) -> None:
    ran = admin.run("org", "setup", "--page", "setup.html", "--source", "force-app")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == (
        "Nothing was changed in the org: nobody could be asked, and --yes was not given."
    )
    assert (admin.folder / "setup.html").is_file()
    assert writes(bare_org) == []


class Terminal(io.StringIO):
    """Standard input of somebody who sits there and types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_on_a_terminal_it_asks(
    admin: Desk, bare_org: LocalOrg, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = admin.run("org", "setup")
    assert ran.code == code
    assert f"Make 38 steps in Local org ({bare_org.org_id}, local)? [y/N]" in ran.out
    assert bool(writes(bare_org)) is (code == 0)
    assert ("Nothing was changed." in ran.out) is (code == 2)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local org says that it is production; its address alone says that it is not."""

    def as_production(client: Any) -> Org:
        return replace(ask_org(client), kind="production", edition="Enterprise Edition")

    monkeypatch.setattr(setting_up, "ask_org", as_production)


@pytest.mark.parametrize(("typed", "code"), [("Local org\n", 0), ("y\n", 2)])
@pytest.mark.usefixtures("production")
def test_production_is_asked_by_name_even_with_yes(
    admin: Desk, bare_org: LocalOrg, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == code
    assert f"Local org ({bare_org.org_id}) is PRODUCTION." in ran.out
    assert bool(writes(bare_org)) is (code == 0)


@pytest.mark.usefixtures("production")
def test_production_is_never_changed_without_a_terminal(admin: Desk, bare_org: LocalOrg) -> None:
    assert "is production, and there is no terminal to ask on" in admin.refused(
        "org", "setup", "--yes"
    )
    assert writes(bare_org) == []


def test_an_address_of_a_sandbox_that_leads_to_production_is_refused(
    admin: Desk, bare_org: LocalOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(client: Any) -> Org:
        url = "https://acme--dev.sandbox.my.salesforce.com"
        return replace(ask_org(client), kind="production", instance_url=url)

    monkeypatch.setattr(setting_up, "ask_org", elsewhere)
    line = admin.refused("org", "setup", "--yes")
    assert line.startswith("The address of target local is a sandbox's")
    assert writes(bare_org) == []


# What others made -------------------------------------------------------------------------------


def test_permissions_that_others_added_are_kept_and_named(admin: Desk, bare_org: LocalOrg) -> None:
    assert admin.run("org", "setup", "--yes").code == 0
    grant(bare_org, "Account.Fax")
    admin.edit_mapping("account", "  Phone: phone\n", "  Phone: phone\n  Description: email\n")
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == 0
    assert "1 step done." in ran.out
    assert "grants what the mappings do not use; that is kept: Account.Fax." in ran.out
    held = {r["Field"] for r in parts(bare_org, "FieldPermissions")}
    assert {"Account.Fax", "Account.Description"} <= held


def test_a_field_of_others_that_does_not_fit_is_left_alone(admin: Desk) -> None:
    with LocalOrg(data=None, fields={"Lead.CRM_Id__c": {"unique": False}}) as org:
        signs_in(admin, org, org.admin_token)
        ran = admin.run("org", "setup", "--yes")
        assert ran.code == 1
        assert "Not in order: Lead.CRM_Id__c is not unique. It was not made by this" in ran.out
        assert "upsertMetadata" not in writes(org)
        assert permission_set(org) is not None, "the rest is done all the same"


def test_a_permission_set_of_that_name_that_is_not_ours_is_left_alone(
    admin: Desk, bare_org: LocalOrg
) -> None:
    assert admin.run("org", "setup", "--yes").code == 0
    found = permission_set(bare_org)
    assert found is not None
    bare_org.edit(found["Id"], {"Description": "Mine"})
    assert admin.run("org", "setup").out.splitlines()[-1] == "Nothing to do."
    admin.edit_mapping("account", "  Phone: phone\n", "  Phone: phone\n  Description: email\n")
    bare_org.calls.clear()
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == 1
    assert f"The permission set {SET} was not made by this command" in ran.out
    assert writes(bare_org) == []
    kept = admin.run("org", "setup", "--undo", "--yes")
    assert "is kept: its description does not begin with" in kept.out
    assert permission_set(bare_org) is not None


def test_a_field_of_a_mapping_that_the_org_lacks_is_told(admin: Desk, bare_org: LocalOrg) -> None:
    admin.edit_mapping("account", "  Phone: phone\n", "  Phone: phone\n  Foo__c: email\n")
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == 1
    assert "Not in order: The org has no field Account.Foo__c, which a mapping uses" in ran.out
    assert "38 steps done." in ran.out


def test_a_user_that_the_org_does_not_have(admin: Desk, bare_org: LocalOrg) -> None:
    line = admin.refused("org", "setup", "--yes", "--assign-to", f"x{bare_org.username}")
    assert line == (
        f"The org has no user 'x{bare_org.username}'. Did you mean '{bare_org.username}'? "
        "Name his user name."
    )


# Trouble on the way -----------------------------------------------------------------------------


def refusal(path: str, *, nth: int = 1) -> dict[str, Any]:
    body = [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no access"}]
    return {"when": {"path": path, "object": path.rpartition("/")[2], "method": "POST", "nth": nth},
            "then": {"status": 403, "body": body}}  # fmt: skip


def test_a_permission_that_is_missing_half_way_is_told_and_a_rerun_goes_on(
    admin: Desk, bare_org: LocalOrg
) -> None:
    bare_org.faults = [refusal("sobjects/FieldPermissions", nth=20)]
    ran = admin.run("org", "setup", "--yes", "--assign-to", bare_org.username)
    assert (ran.code, ran.err) == (1, "")
    assert "Refused: " in ran.out
    assert "INSUFFICIENT_ACCESS_OR_READONLY (no access)." in ran.out
    assert "It needs the user permissions Manage Profiles and Permission Sets" in ran.out
    assert f"  {bare_org.username}: gets {SET}" in ran.out
    assert "it goes on from here" in ran.out
    bare_org.faults = []
    again = admin.run("org", "setup", "--yes", "--assign-to", bare_org.username)
    assert again.code == 0
    assert "Permission set: 1" not in again.out, "it is there already"
    assert len(parts(bare_org, "FieldPermissions")) == 25


def test_a_metadata_call_that_is_refused_stops_before_the_permissions(
    admin: Desk, bare_org: LocalOrg
) -> None:
    edge = ("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault>"
            "<faultcode>sf:LICENSING_EXCEPTION</faultcode><faultstring>x</faultstring>"
            "</e:Fault></e:Body></e:Envelope>")  # fmt: skip
    bare_org.faults = [{"when": {"path": "/Soap/m/", "nth": 3},
                        "then": {"status": 500, "body": edge}}]  # fmt: skip
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == 2
    assert ran.err.startswith("crm-sync: Salesforce refused a call of its Metadata API: LICENSING")
    assert "0 steps done." in ran.out
    assert "38 steps remain:" in ran.out
    assert permission_set(bare_org) is None


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_answer_leaves_nothing_half_known(
    admin: Desk, bare_org: LocalOrg, drop: str
) -> None:
    bare_org.faults = [{"when": {"path": "sobjects/FieldPermissions", "method": "POST"},
                        "then": {"drop": drop}, "times": 1}]  # fmt: skip
    ran = admin.run("org", "setup", "--yes")
    assert ran.code == 2
    assert "it is not known whether the last step was done. Run again" in ran.err
    bare_org.faults = []
    assert admin.run("org", "setup", "--yes").code == 0
    assert len(parts(bare_org, "FieldPermissions")) == 25


def test_a_session_that_ends_is_renewed_within_a_metadata_call(
    bare_desk: Desk, bare_org: LocalOrg
) -> None:
    """Only a target that signs in by itself can renew it; here its user lacks the right."""
    bare_desk.leads_to(bare_org)
    bare_org.faults = [{"when": {"path": "/Soap/m/", "nth": 1}, "then": {"expire_sessions": True}}]
    ran = bare_desk.run("org", "setup", "--dry-run")
    assert (ran.code, ran.err) == (1, "")
    assert "External ID fields: 4" in ran.out


# Without an org ---------------------------------------------------------------------------------


def test_page_and_source_are_written_without_an_org(bare_desk: Desk) -> None:
    (bare_desk.folder / "crm-sync.toml").write_text("", encoding="utf-8")
    ran = bare_desk.run("org", "setup", "--offline", "--page", "p.html", "--source", "s")
    assert (ran.code, ran.err) == (0, "")
    text = (bare_desk.folder / "p.html").read_text(encoding="utf-8")
    assert "For the administrator of a Salesforce org" in text
    assert MARK in text
    assert (bare_desk.folder / "s" / "sfdx-project.json").is_file()


def test_offline_with_describes_grants_what_they_allow(bare_desk: Desk, bare_org: LocalOrg) -> None:
    bare_desk.leads_to(bare_org)
    assert bare_desk.run("describe", "--save").code == 0
    options = ("--offline", "--describes", "describes", "--source", "s")
    assert bare_desk.run("org", "setup", *options).code == 0
    file = bare_desk.folder / "s/force-app/main/default/permissionsets"
    text = (file / f"{SET}.permissionset-meta.xml").read_text(encoding="utf-8")
    assert "<field>Account.BillingAddress</field>" in text
    assert "Account.Name" not in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--with-fields"], "--with-fields goes with --undo"),
        (["--undo", "--page", "p.html"], "--undo goes without --page, --source and --offline"),
        (["--offline"], "--offline writes --page or --source; give one of them"),
        (["--describes", "d"], "--describes goes with --offline"),
    ],
)
def test_options_that_do_not_go_together(bare_desk: Desk, options: list[str], said: str) -> None:
    assert said in bare_desk.refused("org", "setup", *options)
