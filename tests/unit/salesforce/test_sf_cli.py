"""The session of the Salesforce CLI: a stand-in for `sf` on the path answers what sf 2.150 does.

What the real sf answers is tested in tests/clients.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crm_sync.errors import CrmSyncError, OrgUnreachable, SignInError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.salesforce import sf_cli
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.salesforce.connect import sign_in
from crm_sync.targets import Target
from tests.support.fake_sf import put_sf

HIDDEN = "[REDACTED] Use 'sf org auth show-access-token' to view"
FakeSf = Callable[[dict[str, Any]], None]


@pytest.fixture
def fake_sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSf:
    """Puts an `sf` on the path that answers each command as told."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return partial(put_sf, tmp_path / "bin")


def shown(org: LocalOrg, **changed: Any) -> dict[str, Any]:
    result = {
        "id": org.org_id,
        "accessToken": HIDDEN,
        "instanceUrl": org.instance_url + "/",
        "username": org.username,
        "connectedStatus": "Connected",
        "alias": "work",
    }
    return {"status": 0, "result": {**result, **changed}, "warnings": []}


def token(org: LocalOrg) -> dict[str, Any]:
    return {"status": 0, "result": {"accessToken": org.access_token}}


def target(org: LocalOrg, **keys: Any) -> Target:
    base = {"instance_url": org.instance_url, "ca_bundle": org.ca_bundle, "attempts": 1}
    return Target.model_validate({**base, "auth": "sf_cli", "sf_org": "work", **keys})


def enter(wanted: Target) -> Any:
    return sign_in(BoundedSession(wanted), "local", wanted)


def refusal(wanted: Target, org: LocalOrg) -> str:
    with pytest.raises(CrmSyncError) as caught:
        enter(wanted)
    assert org.access_token not in "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_token_comes_by_the_command_that_shows_it(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org), "show-access-token": token(org)})
    session = enter(target(org))
    assert (session.org_id, session.access_token) == (org.org_id, org.access_token)
    assert org.access_token not in repr(sf_cli.session("work"))


def test_an_older_sf_tells_the_token_at_once(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org, accessToken=org.access_token)})
    assert enter(target(org)).access_token == org.access_token


def test_sf_is_told_which_org_is_meant(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display --target-org work --json": shown(org, accessToken=org.access_token)})
    assert enter(target(org)).org_id == org.org_id
    fake_sf({"org display --json": shown(org, accessToken=org.access_token)})
    assert enter(target(org, sf_org=None)).org_id == org.org_id


def test_a_sf_that_is_not_installed(
    org: LocalOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not sf_cli.is_installed()
    assert refusal(target(org), org) == (
        "The Salesforce CLI (sf) is not installed, or not on the PATH. Install it (npm install "
        "--global @salesforce/cli), or sign in another way."
    )


def test_an_org_that_sf_is_not_signed_in_to(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": {"status": 2, "name": "NamedOrgNotFoundError", "message": "Parsing"}})
    assert refusal(target(org), org) == (
        "sf is not signed in to an org called work. Sign in: sf org login web --alias work; "
        "sf org list shows those that it knows."
    )


def test_a_sf_without_a_default_org(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": {"status": 1, "name": "NoDefaultEnvError"}})
    assert refusal(target(org, sf_org=None), org).startswith("sf has no default org.")


def test_a_session_that_sf_cannot_renew(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org, connectedStatus="Session expired or invalid")})
    assert refusal(target(org), org) == (
        "The session that sf has for work is over, and sf cannot renew it. Sign in again: "
        "sf org login web --alias work"
    )


def test_a_sf_that_reaches_nothing_may_do_so_later(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org, connectedStatus="fetch failed")})
    with pytest.raises(OrgUnreachable, match="sf cannot reach the org work"):
        enter(target(org))


def test_a_token_that_is_over_all_the_same(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org), "show-access-token": token(org)})
    org.expire_sessions()
    said = refusal(target(org), org)
    assert said.startswith("Target local: Salesforce refused the sign-in:")
    assert f"sf org login web --instance-url {org.instance_url}" in said


def test_an_org_at_another_address_than_the_target_names(org: LocalOrg, fake_sf: FakeSf) -> None:
    fake_sf({"org display": shown(org, instanceUrl="https://other.my.salesforce.com"),
             "show-access-token": token(org)})  # fmt: skip
    said = refusal(target(org), org)
    assert "sf is signed in to other.my.salesforce.com as work" in said
    assert not [call for call in org.calls if "userinfo" in call.path]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Warning: hunter2", "What sf answers is not JSON. Look at what it says: sf org display"),
        ([], "What sf answers is not JSON."),
        ({"status": 1, "name": "TypeError", "message": "hunter2"}, "sf ended with TypeError."),
        ({"status": 1, "message": "hunter2"}, "sf ended with an error."),
        ({"status": 1, "name": "hunter2 words"}, "sf ended with an error."),
        ({"status": 0, "result": {}}, "sf ended with an error."),
    ],
)
def test_a_sf_that_answers_something_else(
    org: LocalOrg, fake_sf: FakeSf, answer: Any, said: str
) -> None:
    fake_sf({"org display": answer, "show-access-token": {"status": 1}})
    told = refusal(target(org), org)
    assert told.startswith(said)
    assert "hunter2" not in told


def test_the_orgs_that_sf_knows(org: LocalOrg, fake_sf: FakeSf) -> None:
    one = {"instanceUrl": "https://a.my.salesforce.com/", "username": "a@b.c", "alias": "a",
           "orgId": "00D", "isSandbox": True, "accessToken": HIDDEN}  # fmt: skip
    broken = {"username": "x@y.z", "error": "decryption failed"}
    fake_sf({"org list auth": {"status": 0, "result": [one, broken]}})
    [found] = sf_cli.signed_in_orgs()
    assert (found.name, found.instance_url) == ("a", "https://a.my.salesforce.com")
    fake_sf({"org list auth": {"status": 0, "result": []}})
    assert sf_cli.signed_in_orgs() == []
    fake_sf({"org list auth": {"status": 1, "name": "Broken"}})
    with pytest.raises(SignInError):
        sf_cli.signed_in_orgs()


@pytest.mark.parametrize("name", ["--help", "a b", "a&calc", "a|b", "%PATH%", "$(x)"])
def test_what_could_be_more_than_a_name_is_no_org_of_sf(name: str) -> None:
    with pytest.raises(ValueError, match="should be an alias or user name"):
        Target(instance_url="https://x.my.salesforce.com", sf_org=name)
