"""`org setup --undo` takes back what it made, and nothing else."""

from __future__ import annotations

from crm_sync.localorg.serve import LocalOrg
from crm_sync.org_setup.wanted import SET
from tests.integration.cli.setting_up import (
    KEYS,
    grant,
    made,
    parts,
    permission_set,
    post,
    signs_in,
    writes,
)
from tests.support.command_line import Desk


def test_undo_removes_what_was_made_and_keeps_the_fields(admin: Desk, bare_org: LocalOrg) -> None:
    user = ("--assign-to", bare_org.username)
    assert admin.run("org", "setup", "--list-views", "--yes", *user).code == 0
    ran = admin.run("org", "setup", "--undo", "--yes", *user)
    assert (ran.code, ran.err) == (0, "")
    assert "Account.CRM_Id__c is kept, with what it holds" in ran.out
    assert "6 steps done." in ran.out
    assert permission_set(bare_org) is None
    assert made(bare_org, "ListView") == []
    assert len(made(bare_org, "CustomField")) == len(KEYS)
    again = admin.run("org", "setup", "--undo", "--yes", *user)
    assert again.out.splitlines()[-1] == "Nothing to do."


def test_undo_with_fields_says_how_many_records_hold_a_value(
    admin: Desk, bare_org: LocalOrg
) -> None:
    assert admin.run("org", "setup", "--yes").code == 0
    post(bare_org, "Account", {"Name": "A", "CRM_Id__c": "1"})
    post(bare_org, "Task", {"Subject": "S", "CRM_Id__c": "task:1"})
    ran = admin.run("org", "setup", "--undo", "--with-fields", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ("  Account.CRM_Id__c: remove the field; 1 record holds a value, the recycle bin "
            "included; with the field they lose the link to their rows") in ran.out  # fmt: skip
    assert "  Activity.CRM_Id__c: remove the field; 1 record holds a value" in ran.out
    assert "  Lead.CRM_Id__c: remove the field; no record holds a value" in ran.out
    assert made(bare_org, "CustomField") == []


def test_undo_deletes_no_field_whose_values_nobody_can_count(
    admin: Desk, bare_org: LocalOrg
) -> None:
    """The administrator made the field and does not see it: nobody does without the set."""
    user = ("--assign-to", bare_org.username)
    assert admin.run("org", "setup", "--yes", *user).code == 0
    ran = admin.run("org", "setup", "--undo", "--with-fields", "--yes", *user)
    assert ran.code == 1
    assert "Account.CRM_Id__c is kept: our user may not see it" in ran.out
    assert len(made(bare_org, "CustomField")) == len(KEYS)


def test_undo_keeps_what_others_added(admin: Desk, bare_org: LocalOrg) -> None:
    assert admin.run("org", "setup", "--yes").code == 0
    grant(bare_org, "Account.Fax")
    ran = admin.run("org", "setup", "--undo", "--yes")
    assert ran.code == 0
    assert f"{SET} is kept with what the mappings do not use" in ran.out
    assert [r["Field"] for r in parts(bare_org, "FieldPermissions")] == ["Account.Fax"]
    assert parts(bare_org, "ObjectPermissions") == []


def test_undo_keeps_a_permission_set_that_others_have(admin: Desk, bare_org: LocalOrg) -> None:
    assert admin.run("org", "setup", "--yes", "--assign-to", bare_org.username).code == 0
    assert admin.run("org", "setup", "--yes").code == 0
    ran = admin.run("org", "setup", "--undo", "--yes")
    assert f"{SET} is kept: it is assigned to {bare_org.username}, too." in ran.out
    assert permission_set(bare_org) is not None


def test_undo_leaves_fields_that_it_did_not_make(admin: Desk) -> None:
    with LocalOrg(data=None) as org:
        signs_in(admin, org, org.admin_token)
        assert admin.run("org", "setup", "--yes").code == 0
        ran = admin.run("org", "setup", "--undo", "--with-fields", "--yes")
        assert "Account.CRM_Id__c is kept: it was not made by this command." in ran.out
        assert "deleteMetadata" not in writes(org)
