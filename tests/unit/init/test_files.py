"""What `init` writes: other lines, comments and other targets stay as they are."""

from __future__ import annotations

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from crm_sync.init.dotenv_file import ignored, is_committed, with_variables
from crm_sync.init.org import my_domain
from crm_sync.init.toml_file import with_settings

TOML = """\
# ours
mappings = "mappings"  # a folder

[targets.production]
instance_url = "https://p.my.salesforce.com"   # of the client
attempts = 3

[targets.sandbox]  # to try
client_id = "old"
"""


def test_other_targets_and_comments_stay() -> None:
    changed = with_settings(
        TOML,
        {
            ("targets", "sandbox", "client_id"): "new",
            ("targets", "third", "instance_url"): "https://t.my.salesforce.com",
            ("keyring",): True,
        },
    )
    assert changed == TOML.replace("\n[targets.prod", "keyring = true\n\n[targets.prod").replace(
        '"old"', '"new"'
    ).replace(" # a folder\n\nkeyring", " # a folder\nkeyring") + (
        '\n[targets.third]\ninstance_url = "https://t.my.salesforce.com"\n'
    )


def test_a_new_file_begins_with_what_it_is() -> None:
    made = with_settings(
        "", {("targets", "sandbox", "client_id"): 'a "quoted" key', ("target",): "sandbox"}
    )
    assert made.startswith("# Settings without secrets")
    assert '[targets.sandbox]\nclient_id = "a \\"quoted\\" key"\n' in made
    assert made.index('target = "sandbox"') < made.index("[targets.sandbox]")


def test_nothing_to_set_changes_nothing() -> None:
    assert with_settings(TOML, {}) == TOML


def test_other_lines_of_dotenv_stay() -> None:
    before = "# mine\nOTHER='x y'\nexport CRM_SYNC_DATABASE_URL=old # gone\n\nLAST=1"
    after = with_variables(before, {"CRM_SYNC_DATABASE_URL": "new", "CRM_SYNC_NEW": "it's"})
    assert after == (
        "# mine\nOTHER='x y'\nCRM_SYNC_DATABASE_URL='new'\n\nLAST=1\nCRM_SYNC_NEW='it\\'s'\n"
    )


def test_a_variable_that_stands_there_twice_is_left_once() -> None:
    assert with_variables("A=1\nB=2\nA=3\n", {"A": "4"}) == "A='4'\nB=2\n"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_a_secret_comes_back_as_it_was_written(secret: str) -> None:
    text = with_variables("# a\nB=2\n", {"SECRET": secret, "AFTER": "x"})
    read = {b.key: b.value for b in parse_stream(StringIO(text)) if b.key}
    assert read == {"B": "2", "SECRET": secret, "AFTER": "x"}


def test_dotenv_is_ignored_where_git_would_take_it_up(tmp_path: Path) -> None:
    assert ignored(tmp_path) is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert ignored(tmp_path) == ".env\n"
    (tmp_path / ".gitignore").write_text("*.pyc", encoding="utf-8")
    assert ignored(tmp_path) == "*.pyc\n.env\n"
    (tmp_path / ".gitignore").write_text(".env*\n", encoding="utf-8")
    assert ignored(tmp_path) is None


def test_a_dotenv_that_git_keeps_already_is_told(tmp_path: Path) -> None:
    assert not is_committed(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".env").write_text("A=1\n", encoding="utf-8")
    assert not is_committed(tmp_path)
    subprocess.run(["git", "add", ".env"], cwd=tmp_path, check=True)
    assert is_committed(tmp_path)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("https://Acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com"),
        ("https://acme--dev.sandbox.lightning.force.com/x?y=1",
         "https://acme--dev.sandbox.my.salesforce.com"),
        ("https://acme.my.salesforce-setup.com/lightning/setup", "https://acme.my.salesforce.com"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ("http://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
    ],
)  # fmt: skip
def test_the_address_that_people_copy_becomes_that_of_the_api(typed: str, url: str) -> None:
    assert my_domain(typed) == url
