"""Orgs that cannot be used as they are: one clear line, nothing sent, no secret shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.postgres import Database


@contextmanager
def org_with(fields: dict[str, Any]) -> Iterator[LocalOrg]:
    with LocalOrg(data=None, fields=fields) as running:
        yield running


def test_an_org_that_is_not_reachable(desk: Desk) -> None:
    desk.target["instance_url"] = "https://127.0.0.1:1"
    desk.settle()
    line = desk.refused("sync")
    assert line.startswith("Target local: no answer from 127.0.0.1:1")
    assert "instance_url" in line


def test_a_host_that_does_not_exist(desk: Desk) -> None:
    desk.target["instance_url"] = "https://nowhere.invalid"
    desk.settle()
    assert desk.refused("dry-run").startswith("Target local: no answer from nowhere.invalid")


def test_a_certificate_that_nobody_trusts(desk: Desk) -> None:
    del desk.target["ca_bundle"]
    desk.settle()
    line = desk.refused("sync")
    assert "is not trusted" in line
    assert "ca_bundle" in line


def test_a_ca_bundle_that_is_not_there(desk: Desk) -> None:
    desk.target["ca_bundle"] = "nowhere.pem"
    desk.settle()
    line = desk.refused("sync")
    assert line.startswith("The ca_bundle of target local is not there: nowhere.pem.")


def test_a_ca_bundle_without_a_certificate(desk: Desk) -> None:
    (desk.folder / "empty.pem").write_text("nothing of that kind", encoding="utf-8")
    desk.target["ca_bundle"] = "empty.pem"
    desk.settle()
    assert desk.refused("sync") == (
        "The ca_bundle of target local holds no certificate: empty.pem. Name a file of PEM "
        "certificates, or leave ca_bundle out: Salesforce's need none."
    )


def test_an_address_that_answers_with_a_page(desk: Desk, org: LocalOrg) -> None:
    org.faults = [{"when": {"path": "services/oauth2/token"},
                   "then": {"status": 200, "body": "<html>Log in</html>"}}]  # fmt: skip
    line = desk.refused("sync")
    assert line.endswith("holds no session. Check that instance_url is the My Domain of a "
                         "Salesforce org.")  # fmt: skip


def test_a_wrong_client_secret(desk: Desk, org: LocalOrg) -> None:
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"] = "Wr0ng&=% #ü+secret"
    desk.settle()
    assert desk.refused("sync") == (
        "Target local: Salesforce refused the sign-in: invalid_client (invalid client "
        "credentials). Check client_secret (the app's consumer secret)."
    )
    assert "Wr0ng" not in desk.run("sync", "--debug").err


def test_no_client_secret(desk: Desk) -> None:
    del desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"]
    desk.settle()
    assert desk.refused("sync") == (
        "Target local has no client_secret. Set CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET, "
        "client_secret_file, or the keyring (docs/how-to/sign-in.md)."
    )


def test_a_token_that_is_over(desk: Desk, org: LocalOrg) -> None:
    desk.target["auth"] = "access_token"
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN"] = org.access_token
    desk.settle()
    org.expire_sessions()
    line = desk.refused("sync")
    assert line.startswith("Target local: Salesforce refused the sign-in:")
    assert line.endswith("Set a fresh access_token: a session ends after a time, and with a "
                         "sign-out.")  # fmt: skip
    assert "client_secret" not in line


@pytest.mark.parametrize("token", ["two words", "gr\u00fcn"])
def test_a_token_that_no_header_can_hold(desk: Desk, token: str) -> None:
    desk.target["auth"] = "access_token"
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN"] = token
    desk.settle()
    assert desk.refused("sync") == (
        "The access_token of target local is not one word of ASCII characters. "
        "Correct CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN."
    )


def test_a_token_without_the_permission_for_an_object(desk: Desk, org: LocalOrg) -> None:
    desk.target["auth"] = "access_token"
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN"] = org.access_token
    desk.settle()
    # What Salesforce answers a user without access to an object: it is not there.
    body = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    org.faults = [{"when": {"path": "sobjects/Opportunity/describe", "object": "Opportunity"},
                   "then": {"status": 404, "body": body}}]  # fmt: skip
    line = desk.refused("sync")
    assert line.startswith("Salesforce does not describe Opportunity to our user: NOT_FOUND.")
    assert "Permission Set License Assignments: Salesforce API Integration" in line
    assert org.store.count("Account") == 0


def test_an_external_id_that_the_org_lacks(desk: Desk) -> None:
    with org_with({"Account.CRM_Id__c": None}) as org:
        desk.leads_to(org)
        line = desk.refused("sync")
    assert "mappings/account.yaml:4:" in line
    assert "Account has no field CRM_Id__c in this org" in line
    assert "Text(64), External ID, Unique" in line


def test_an_external_id_that_is_not_unique(desk: Desk) -> None:
    with org_with({"Lead.CRM_Id__c": {"unique": False}}) as org:
        desk.leads_to(org)
        line = desk.refused("sync")
    assert "Lead.CRM_Id__c is not unique" in line
    assert "Tick Unique" in line


def test_a_field_that_our_user_may_not_see(desk: Desk) -> None:
    with org_with({"Account.Industry": None}) as org:
        desk.leads_to(org)
        line = desk.refused("dry-run")
    assert "mappings/account.yaml:9:3: Account has no field Industry in this org" in line


def test_a_target_that_leads_to_another_org(desk: Desk, org: LocalOrg, accounts: list[str]) -> None:
    assert desk.run("sync").code == 0
    with LocalOrg(data=None) as other:
        desk.leads_to(other)
        line = desk.refused("sync")
        assert line == (
            f"Target local was bound to the org {org.org_id} (Local org), and now leads to "
            f"{other.org_id}. Nothing was sent. If that is meant (a refreshed sandbox): "
            "crm-sync target accept local"
        )
        assert desk.refused("dry-run") == line
        assert other.store.count("Account") == 0

        accepted = desk.run("target", "accept", "local")
        assert accepted.code == 0
        assert accepted.out.startswith(f"Local org ({other.org_id}, local), target local")
        assert desk.run("sync").code == 0
        assert other.store.count("Account") == 2


def test_a_copied_database(
    desk: Desk, database: Database, org: LocalOrg, accounts: list[str],
    connection: psycopg.Connection[Any],
) -> None:  # fmt: skip
    assert desk.run("sync").code == 0
    copy = f"{database.name}_copy"
    connection.close()
    with psycopg.connect(database.admin_url.replace(database.name, "postgres"),
                         autocommit=True) as admin:  # fmt: skip
        admin.execute(f"create database {copy} template {database.name}")
        try:
            desk.database_is(database.sync_url.replace(database.name, copy))
            line = desk.refused("sync")
            assert line.startswith("This database is a copy: the state for org")
            assert line.endswith("crm-sync target accept --database local")
            assert desk.refused("target", "accept", "local") == line
            said = desk.run("target", "accept", "--database", "local")
            assert said.code == 0
            assert f"The state of this org belongs to this database now ({copy})." in said.out
            assert desk.run("target", "accept", "--database", "local", "--quiet").out == ""
            assert desk.run("sync").code == 0
            assert org.store.count("Account") == 2
        finally:
            admin.execute(f"drop database {copy} with (force)")


@pytest.mark.parametrize("command", ["sync", "dry-run", "status", "problems"])
def test_a_target_that_is_none(desk: Desk, command: str) -> None:
    assert desk.refused(command, "--target", "locla") == (
        "There is no target 'locla'. Did you mean 'local'? Known: local."
    )
