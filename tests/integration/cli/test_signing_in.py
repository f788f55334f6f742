"""Ways to sign in, as commands use them: all of a run in one session's name."""

from __future__ import annotations

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.unit.localorg.client import Client
from tests.unit.localorg.permitting import hide_object


def use_password(desk: Desk, org: LocalOrg) -> None:
    del desk.target["client_id"]
    desk.target |= {"auth": "password", "username": org.username}
    desk.secrets = {k: v for k, v in desk.secrets.items() if "CLIENT_SECRET" not in k}
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__PASSWORD"] = org.password
    desk.settle()


def test_a_sync_by_password_says_once_that_this_ends(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    use_password(desk, org)
    ran = desk.run("sync")
    assert ran.code == 0
    [line] = ran.err.splitlines()
    assert line.startswith(
        "crm-sync: warning: Target local signs in by user name and password, which ends:"
    )
    assert org.password not in ran.out + ran.err
    assert org.store.count("Account") == 2
    quiet = desk.run("sync", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_a_sync_by_private_key_renews_its_session(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    desk.target |= {
        "auth": "jwt_bearer",
        "username": org.username,
        "private_key_file": str(org.private_key_file),
    }
    del desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"]
    desk.settle()
    org.faults = [{"when": {"path": "/composite", "nth": 2}, "then": {"expire_sessions": True}}]
    ran = desk.run("sync")
    assert ran.code == 0, ran
    assert org.store.count("Account") == 2
    assert len([call for call in org.calls if call.path.endswith("/token")]) == 2


def test_a_user_without_a_licence_for_an_object(desk: Desk, org: LocalOrg) -> None:
    admin = Client(org)
    admin.session.headers["Authorization"] = f"Bearer {org.admin_token}"
    hide_object(admin, "Opportunity")
    line = desk.refused("sync")
    assert line.startswith("Salesforce does not describe Opportunity to our user: NOT_FOUND.")
    assert "Permission Set License Assignments: Salesforce API Integration" in line
    assert "Object Settings → Opportunity: Read, Create, Edit" in line
    assert org.store.count("Account") == 0


def test_an_expired_password_stops_a_sync_in_one_line(desk: Desk, org: LocalOrg) -> None:
    use_password(desk, org)
    org.set_user(org.username, password_expired=True)
    ran = desk.run("sync")
    assert ran.code == 2
    warning, line = ran.err.splitlines()
    assert "which ends" in warning
    assert "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" in line
    assert "set a new password" in line
