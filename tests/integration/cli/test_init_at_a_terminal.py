"""`crm-sync init` as a person meets it: questions, wrong answers, Ctrl-C."""

from __future__ import annotations

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.fake_sf import put_sf
from tests.support.postgres import Database
from tests.support.terminal import Terminal


def begin(desk: Desk, *arguments: str) -> Terminal:
    """Without sf, whatever this machine has."""
    return Terminal(desk.folder, "init", *arguments, PATH="/usr/bin:/bin")


def files(desk: Desk) -> set[str]:
    return {file.name for file in desk.folder.iterdir()}


def test_questions_wrong_answers_and_the_next_command(
    bare_desk: Desk, database: Database, org: LocalOrg
) -> None:
    person = begin(bare_desk)
    person.answer("Database URL", "postgresql://u:hunter2@127.0.0.1:1/x")
    person.expect("PostgreSQL cannot be reached at 127.0.0.1:1")
    person.answer("Database URL", database.sync_url)
    person.expect("Connected to ")
    person.answer("How to sign in", "magic")
    person.expect("'magic' is none of these.")
    person.answer("How to sign in")
    person.answer("Address of the org", "nowhere.invalid")
    person.expect("Taken for https://nowhere.invalid.")
    person.expect("There is no host 'nowhere.invalid'.")
    person.answer("Address of the org", org.instance_url)
    person.answer("Consumer key", org.client_id)
    person.answer("Consumer secret", "wr0ng")
    person.answer("File of certificates", str(org.ca_bundle))
    person.answer("Name of this target [local]", "My Org!")
    person.expect("'My Org!' cannot be the name of a target.")
    person.answer("Name of this target [local]")
    person.expect("refused the sign-in: invalid_client")
    # What was right is kept by Enter.
    person.answer("How to sign in")
    person.answer("Address of the org")
    person.answer("Consumer key")
    person.answer("Consumer secret", org.client_secret)
    person.answer("File of certificates")
    person.expect("Signed in to Local org")
    person.answer("Which mappings", "opportunity, lead")
    person.answer("Write this", "perhaps")
    person.expect("'perhaps' is neither: y or n.")
    person.answer("Write this")
    person.expect("Next: crm-sync check")
    assert person.end() == 0
    for secret in (database.sync_url, org.client_secret, "hunter2", "wr0ng"):
        assert secret not in person.seen
    assert bare_desk.run("dry-run", "--quiet").code == 0

    person = begin(bare_desk)
    person.expect("There is the target local")
    person.answer("Database URL")
    person.answer("Target: local, or a new name")
    for question in ("How to sign in", "Address", "Consumer key", "Consumer secret", "File of"):
        person.answer(question)
    person.answer("Which mappings")
    person.expect("Nothing changes.")
    assert person.end() == 0


def test_of_a_database_without_the_schema_the_owner_is_asked(
    bare_desk: Desk, empty_database: Database, org: LocalOrg
) -> None:
    options = (
        "--instance-url", org.instance_url, "--client-id", org.client_id, "--ca-bundle",
        str(org.ca_bundle), "--auth", "client_credentials", "--target", "local",
        "--select", "account",
    )  # fmt: skip
    person = begin(bare_desk, *options)
    person.answer("Database URL", empty_database.sync_url)
    person.answer("URL of its owner", "postgresql://u:hunter2@127.0.0.1:1/x")
    person.expect("PostgreSQL cannot be reached at 127.0.0.1:1")
    person.answer("URL of its owner", empty_database.owner_url)
    person.expect(" as ")
    person.answer("Consumer secret", org.client_secret)
    person.answer("Write this")
    person.expect("Next: crm-sync db apply")
    assert person.end() == 0
    assert empty_database.owner_url not in person.seen
    assert bare_desk.run("db", "apply", "--quiet").code == 0
    assert bare_desk.run("sync", "--quiet").code == 0


def test_ctrl_c_and_a_no_leave_nothing(bare_desk: Desk, database: Database, org: LocalOrg) -> None:
    options = (
        "--database-url", database.sync_url, "--instance-url", org.instance_url, "--client-id",
        org.client_id, "--ca-bundle", str(org.ca_bundle), "--auth", "client_credentials",
        "--target", "local", "--select", "account",
    )  # fmt: skip
    person = begin(bare_desk, *options)
    person.expect("Consumer secret")
    person.press(b"\x03")
    person.expect("interrupted. Nothing was written.")
    assert person.end() == 130
    assert files(bare_desk) == {"mappings"}

    person = begin(bare_desk, *options)
    person.answer("Consumer secret", org.client_secret)
    person.answer("Write this", "n")
    person.expect("Nothing was written.")
    assert person.end() == 0
    assert files(bare_desk) == {"mappings"}


def test_an_org_of_the_salesforce_cli_is_offered(
    bare_desk: Desk, database: Database, org: LocalOrg
) -> None:
    programs = bare_desk.folder.parent / "bin"
    one = {"username": org.username, "alias": "work", "instanceUrl": f"{org.instance_url}/"}
    shown = {**one, "accessToken": org.access_token, "connectedStatus": "Connected"}
    put_sf(programs, {"org list auth": {"status": 0, "result": [one]},
                      "org display": {"status": 0, "result": shown}})  # fmt: skip
    options = ("--database-url", database.sync_url, "--ca-bundle", str(org.ca_bundle))
    person = Terminal(bare_desk.folder, "init", *options, PATH=f"{programs}:/usr/bin:/bin")
    person.expect(f"1  work: {org.instance_url}, as {org.username}")
    person.answer("Use the session of one of them", "2")
    person.expect("'2' is none of these numbers.")
    person.answer("Use the session of one of them", "1")
    person.answer("Name of this target", "trial")
    person.expect("Signed in to Local org")
    person.answer("Which mappings")
    person.answer("Write this", "yes")
    assert person.end() == 0
    toml = (bare_desk.folder / "crm-sync.toml").read_text(encoding="utf-8")
    assert 'auth = "sf_cli"' in toml
    assert 'sf_org = "work"' in toml
    assert org.access_token not in person.seen + toml
