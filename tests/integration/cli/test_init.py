"""`crm-sync init` with answers as options: what it tests, writes and leaves."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import keyring
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.fake_sf import put_sf
from tests.support.keyring import Memory
from tests.support.postgres import Database

SECRET = "CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET"


def flags(database: Database, org: LocalOrg, **changed: str | None) -> list[str]:
    given: dict[str, str | None] = {
        "database-url": database.sync_url,
        "target": "local",
        "instance-url": org.instance_url,
        "client-id": org.client_id,
        "ca-bundle": str(org.ca_bundle),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return [part for name, value in given.items() if value for part in (f"--{name}", value)]


@pytest.fixture
def secret_file(tmp_path: Path, org: LocalOrg) -> str:
    file = tmp_path / "secret"
    file.write_text(org.client_secret, encoding="utf-8")
    return str(file)


def test_it_writes_settings_with_which_a_sync_runs(
    bare_desk: Desk, database: Database, org: LocalOrg, accounts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv(SECRET, org.client_secret)
    ran = bare_desk.run("init", *flags(database, org), "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert f"Signed in to Local org ({org.org_id}, local), as {org.username}." in ran.out
    assert ran.out.endswith("Next: crm-sync check\n")
    toml = (bare_desk.folder / "crm-sync.toml").read_text(encoding="utf-8")
    env = bare_desk.folder / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    for secret in (org.client_secret, database.sync_url):
        assert secret not in ran.out + toml
    # What the environment gives stays there, and that is said.
    assert "CLIENT_SECRET" not in env.read_text(encoding="utf-8")
    assert f"Not written, since the environment holds it: {SECRET}." in ran.out
    assert bare_desk.run("sync").code == 0
    assert org.store.count("Account") == 2


def test_the_secret_may_be_a_file(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    assert bare_desk.run("init", *flags(database, org, secret_file=secret_file), "--yes").code == 0
    toml = (bare_desk.folder / "crm-sync.toml").read_text(encoding="utf-8")
    assert f'client_secret_file = "{secret_file}"' in toml
    assert bare_desk.run("sync", "--quiet").code == 0


def test_a_private_key_and_a_user(bare_desk: Desk, database: Database, org: LocalOrg) -> None:
    given = flags(
        database, org, auth="jwt_bearer", username=org.username,
        secret_file=str(org.private_key_file),
    )  # fmt: skip
    assert bare_desk.run("init", *given, "--yes").code == 0
    assert bare_desk.run("describe", "Account", "--quiet").code == 0


def test_an_org_of_the_salesforce_cli_by_its_alias(
    bare_desk: Desk, database: Database, org: LocalOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = bare_desk.folder.parent / "bin"
    monkeypatch.setenv("PATH", str(programs))
    shown = {"username": org.username, "alias": "work", "instanceUrl": f"{org.instance_url}/",
             "accessToken": org.access_token, "connectedStatus": "Connected"}  # fmt: skip
    put_sf(programs, {"--target-org work": {"status": 0, "result": shown}})
    given = flags(database, org, client_id=None, instance_url=None, sf_org="work")
    ran = bare_desk.run("init", *given, "--yes")
    assert ran.code == 0, ran
    toml = (bare_desk.folder / "crm-sync.toml").read_text(encoding="utf-8")
    assert f'instance_url = "{org.instance_url}"' in toml
    assert org.access_token not in ran.out + toml

    put_sf(programs, {"org": {"status": 2, "name": "NamedOrgNotFoundError"}})
    given = flags(database, org, client_id=None, instance_url=None, sf_org="play", target="play")
    assert bare_desk.refused("init", *given, "--yes").startswith(
        "sf is not signed in to an org called play."
    )


def test_again_it_changes_only_what_is_answered_anew(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    given = flags(database, org, secret_file=secret_file)
    assert bare_desk.run("init", *given, "--yes").code == 0
    file = bare_desk.folder / "crm-sync.toml"
    text = file.read_text(encoding="utf-8").replace("[targets.local]", "# ours\n[targets.local]")
    text += '\n[targets.production]  # later\ninstance_url = "https://p.my.salesforce.com"\n'
    file.write_text(text, encoding="utf-8")
    env = (bare_desk.folder / ".env").read_text(encoding="utf-8")

    same = bare_desk.run("init", *given, "--yes")
    assert (same.code, same.err) == (0, "")
    assert "There is the target local: " in same.out
    assert "Nothing changes." in same.out
    assert file.read_text(encoding="utf-8") == text

    with LocalOrg(data=None) as other:
        Path(secret_file).write_text(other.client_secret, encoding="utf-8")
        moved = bare_desk.run("init", *flags(database, other), "--yes")
    assert moved.code == 0, moved
    changed = file.read_text(encoding="utf-8")
    assert changed == text.replace(org.instance_url, other.instance_url).replace(
        org.client_id, other.client_id
    ).replace(str(org.ca_bundle), str(other.ca_bundle))
    assert (bare_desk.folder / ".env").read_text(encoding="utf-8") == env


def test_without_a_terminal_nothing_is_written_unless_told(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    line = bare_desk.refused("init", *flags(database, org, secret_file=secret_file))
    assert line == "Nothing was written: nobody can be asked. Say --yes to write it."
    assert not (bare_desk.folder / "crm-sync.toml").exists()
    assert not (bare_desk.folder / ".env").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"database_url": "postgresql://u:hunter2@127.0.0.1:1/x"},
         "PostgreSQL cannot be reached at 127.0.0.1:1: nothing listens there."),
        ({"database_url": None}, "There is no answer to: Database URL"),
        ({"client_id": "another"}, "Target local: Salesforce refused the sign-in: "
         "invalid_client_id"),
        ({"client_id": None}, "There is no answer to: Consumer key of the External Client App. "
         "Give --client-id; nobody can be asked."),
        ({"secret_file": None}, "There is no answer to: Consumer secret"),
        ({"secret_file": "nowhere"}, "targets.local.client_secret_file: nowhere cannot be read"),
        ({"instance_url": "https://127.0.0.1:1"}, "Target local: no answer from 127.0.0.1:1"),
        ({"instance_url": "two words"}, "instance_url should be https://host, without a path."),
        ({"auth": "jwt"}, "'jwt' is none of these."),
        ({"auth": "sf_cli", "sf_org": "--help"}, "sf_org should be an alias or user name"),
        ({"target": "My Org"}, "'My Org' cannot be the name of a target."),
        ({"select": "acount"}, "There is no mapping 'acount'. Did you mean 'account'?"),
    ],
)  # fmt: skip
def test_a_wrong_or_missing_answer_is_one_line_and_nothing_is_written(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str,
    changed: dict[str, str | None], said: str,
) -> None:  # fmt: skip
    given = flags(database, org, **{"secret_file": secret_file, **changed})
    line = bare_desk.refused("init", *given, "--yes")
    assert line.startswith(said)
    assert "hunter2" not in line
    assert {file.name for file in bare_desk.folder.iterdir()} == {"mappings"}


def test_a_database_without_the_schema_leads_to_db_apply(
    bare_desk: Desk, empty_database: Database, org: LocalOrg, secret_file: str
) -> None:
    given = flags(empty_database, org, secret_file=secret_file,
                  database_url=empty_database.owner_url,
                  owner_database_url=empty_database.owner_url)  # fmt: skip
    ran = bare_desk.run("init", *given, "--yes")
    assert ran.code == 0
    assert ran.out.endswith("Next: crm-sync db apply\n")
    assert bare_desk.run("db", "apply", "--quiet").code == 0
    again = bare_desk.run("init", "--yes")
    assert "crm_owner may do more than a sync needs: the role crm_sync is enough." in again.out
    assert again.out.endswith("Next: crm-sync check\n")


def test_dotenv_is_kept_out_of_a_git_work_tree(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=bare_desk.folder, check=True)
    assert bare_desk.run("init", *flags(database, org, secret_file=secret_file), "--yes").code == 0
    told = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=bare_desk.folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert ".gitignore" in told
    assert ".env" not in told


def test_mappings_are_copied_and_those_not_chosen_are_off(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    for file in bare_desk.mappings.iterdir():
        file.unlink()
    bare_desk.mappings.rmdir()
    given = flags(database, org, secret_file=secret_file, select="opportunity")
    ran = bare_desk.run("init", *given, "--yes")
    assert "With account, whose records those refer to." in ran.out
    off = [f.stem for f in sorted(bare_desk.mappings.glob("*.yaml")) if "enabled: false" in
           f.read_text("utf-8")]  # fmt: skip
    assert off == ["event", "lead", "task"]
    assert bare_desk.run("dry-run", "--quiet").code == 0

    assert bare_desk.run("init", "--yes", "--select", "lead").code == 0
    off = [f.stem for f in sorted(bare_desk.mappings.glob("*.yaml")) if "enabled: false" in
           f.read_text("utf-8")]  # fmt: skip
    assert "lead" not in off
    assert {"event", "task", "opportunity"} <= set(off)


def test_mappings_may_stay_where_they_are(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str
) -> None:
    for file in bare_desk.mappings.iterdir():
        file.unlink()
    bare_desk.mappings.rmdir()
    given = flags(database, org, secret_file=secret_file)
    ran = bare_desk.run("init", *given, "--yes", "--no-copy-mappings")
    assert ran.code == 0
    assert not bare_desk.mappings.exists()
    assert "A sync wants mappings of its own" in ran.out


def test_secrets_may_go_into_the_keyring(
    bare_desk: Desk, database: Database, org: LocalOrg, secret_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    kept = Memory()
    before: Any = keyring.get_keyring()
    keyring.set_keyring(kept)
    try:
        given = flags(database, org, secret_file=secret_file)
        ran = bare_desk.run("init", *given, "--yes", "--keyring")
        assert ran.code == 0, ran
        assert kept.kept == {("crm-sync", "database_url"): database.sync_url}
        assert not (bare_desk.folder / ".env").exists()
        assert "keyring = true" in (bare_desk.folder / "crm-sync.toml").read_text("utf-8")
        assert bare_desk.run("sync", "--quiet").code == 0
    finally:
        keyring.set_keyring(before)
