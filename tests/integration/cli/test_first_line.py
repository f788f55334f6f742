"""The first line of whatever talks to an org: which org, of what kind, by which target, as whom."""

from __future__ import annotations

import json

import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk

COMMANDS = (("dry-run",), ("sync",), ("check",), ("describe", "Account"), ("org", "setup"))


def first(desk: Desk, *command: str) -> str:
    return desk.run(*command).out.splitlines()[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_talks_to_an_org_names_it_first(
    desk: Desk, org: LocalOrg, accounts: list[str], command: tuple[str, ...]
) -> None:
    said = f"Local org ({org.org_id}, local), target local, user {org.username}"
    assert first(desk, *command) == said
    assert first(desk, *command) == said, "and once more, when it is known"


def test_status_and_what_it_knows_name_the_org_alike(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    said = f"Local org ({org.org_id}, local), target local, user {org.username}"
    assert desk.run("sync").code == 0
    for command in (("status",), ("problems",), ("history", accounts[0])):
        assert first(desk, *command) == said


@pytest.mark.parametrize(
    ("facts", "called"),
    [
        ({"OrganizationType": "Enterprise Edition"}, "production"),
        ({"OrganizationType": "Developer Edition"}, "Developer Edition"),
        ({"OrganizationType": "Developer Edition", "IsSandbox": True}, "sandbox"),
        ({"OrganizationType": "Enterprise Edition", "IsSandbox": True}, "sandbox"),
    ],
)
def test_the_kind_of_an_org_is_what_the_org_says(
    desk: Desk, far_org: LocalOrg, facts: dict[str, object], called: str
) -> None:
    far_org.edit(far_org.org_id, facts)
    said = f"Local org ({far_org.org_id}, {called}), target local, user {far_org.username}"
    assert first(desk, "dry-run") == said
    told = json.loads(desk.run("dry-run", "--json").out)["org"]
    assert told["kind"] == ("sandbox" if facts.get("IsSandbox") else "production")
    assert told["edition"] == facts["OrganizationType"]


def test_another_user_than_before_is_named(desk: Desk, org: LocalOrg, accounts: list[str]) -> None:
    assert desk.run("sync").code == 0
    desk.target = {
        "instance_url": org.instance_url,
        "auth": "access_token",
        "ca_bundle": str(org.ca_bundle),
    }
    del desk.secrets["CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"]
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN"] = org.admin_token
    desk.settle()
    said = f"Local org ({org.org_id}, local), target local, user {org.admin_username}"
    assert first(desk, "dry-run") == said
    assert first(desk, "sync") == said
    assert first(desk, "status") == said


def test_quiet_and_json_print_no_such_line(desk: Desk, accounts: list[str]) -> None:
    for command in ("dry-run", "sync", "check"):
        assert desk.run(command, "--quiet").out == ""
        json.loads(desk.run(command, "--json").out)


def test_of_several_targets_one_must_be_named(desk: Desk, accounts: list[str]) -> None:
    file = desk.folder / "crm-sync.toml"
    text = file.read_text(encoding="utf-8")
    other = text.replace("[targets.local]", "[targets.other]")
    file.write_text(text + other, encoding="utf-8")
    for command in (*COMMANDS, ("problems",)):
        line = desk.refused(*command)
        assert line == "There are 2 targets: local, other. Say which one with --target."
    assert desk.run("dry-run", "--target", "local").code == 0
    file.write_text('target = "local"\n' + text + other, encoding="utf-8")
    assert "target local, user " in first(desk, "dry-run"), "the one that the settings name"
