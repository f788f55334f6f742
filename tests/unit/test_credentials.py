"""Secrets from variables, files and the system's keyring: which wins, and what is said without."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from crm_sync.credentials import complete, keep_in_keyring
from crm_sync.errors import CrmSyncError
from crm_sync.settings import Settings, load_settings
from tests.support.keyring import Memory

TOML = """\
keyring = true
[targets.sandbox]
instance_url = "https://example.my.salesforce.com"
"""
VARIABLE = "CRM_SYNC_TARGETS__SANDBOX__CLIENT_SECRET"


@pytest.fixture
def memory() -> Iterator[Memory]:
    before, kept = keyring.get_keyring(), Memory()
    keyring.set_keyring(kept)
    try:
        yield kept
    finally:
        keyring.set_keyring(before)


def load(folder: Path, toml: str = TOML, **environment: str) -> Settings:
    (folder / "crm-sync.toml").write_text(toml, encoding="utf-8")
    return load_settings(folder, environment)


def client_secret(settings: Settings) -> str | None:
    value = complete(*settings.chosen(None)).client_secret
    return value.get_secret_value() if value else None


def test_a_secret_from_the_keyring(tmp_path: Path, memory: Memory) -> None:
    assert client_secret(load(tmp_path)) is None
    keep_in_keyring(("targets", "sandbox", "client_secret"), "of the keyring")
    keep_in_keyring(("database_url",), "postgresql://u:p@h/d")
    settings = load(tmp_path)
    assert client_secret(settings) == "of the keyring"
    assert settings.database() == settings.owner_database() == "postgresql://u:p@h/d"
    assert memory.kept["crm-sync", "targets.sandbox.client_secret"] == "of the keyring"


def test_a_variable_wins_over_a_file_and_a_file_over_the_keyring(
    tmp_path: Path, memory: Memory
) -> None:
    keep_in_keyring(("targets", "sandbox", "client_secret"), "of the keyring")
    (tmp_path / "secret").write_text("of the file\n", encoding="utf-8")
    toml = TOML + 'client_secret_file = "secret"\n'
    assert client_secret(load(tmp_path, toml)) == "of the file"
    assert client_secret(load(tmp_path, toml, **{VARIABLE: "of the variable"})) == "of the variable"


def test_a_keyring_that_nobody_asked_for_is_left_alone(tmp_path: Path, memory: Memory) -> None:
    keep_in_keyring(("targets", "sandbox", "client_secret"), "of the keyring")
    assert client_secret(load(tmp_path, TOML.replace("keyring = true", ""))) is None


def refusal(folder: Path) -> str:
    with pytest.raises(CrmSyncError) as caught:
        client_secret(load(folder))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_a_keyring_that_is_asked_for_and_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refusal(tmp_path) == (
        "This needs the package keyring, which is not installed. The extra keyring brings it. In a "
        "clone of the project: `uv sync`, or `pip install '.[keyring]'`."
    )


def test_a_system_without_a_keyring(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        said = refusal(tmp_path)
        with pytest.raises(CrmSyncError, match="cannot be used for database_url"):
            keep_in_keyring(("database_url",), "hunter2")
    finally:
        keyring.set_keyring(before)
    assert said.startswith(
        "The system's keyring cannot be used for targets.sandbox.client_secret (NoKeyringError)."
    )


def test_a_database_url_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n", encoding="utf-8")
    settings = load(tmp_path, 'database_url_file = "url"\n')
    assert settings.database() == "postgresql://u:p@h/d"
    assert settings.names_database
    assert not load(tmp_path, "").names_database
