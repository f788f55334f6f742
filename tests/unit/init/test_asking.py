"""Questions without a terminal, and mappings that need others."""

from __future__ import annotations

import pytest

from crm_sync.errors import SettingsError, SetupError
from crm_sync.files import mappings_directory
from crm_sync.init.asking import Asker
from crm_sync.init.mappings import with_parents
from crm_sync.mapping.load import load_mappings


def test_a_flag_is_an_answer_and_so_is_what_is_known() -> None:
    asker = Asker(may_ask=False)
    assert asker.text("Key", "--key", " given ", "known") == "given"
    assert asker.text("Key", "--key", None, "known") == "known"
    assert asker.text("Token", "--token", None, needed=False) == ""
    assert asker.yes("Write", usual=True)


def test_without_a_terminal_a_missing_answer_names_its_flag() -> None:
    with pytest.raises(SetupError, match=r"no answer to: Key\. Give --key; nobody can be asked"):
        Asker(may_ask=False).text("Key", "--key", None)


def test_without_a_terminal_a_wrong_answer_ends_it() -> None:
    asker = Asker(may_ask=False)
    with pytest.raises(SettingsError, match=r"'jwt' is none of these\. Known: jwt_bearer, other"):
        asker.choice("How", "--auth", "jwt", "other", ["jwt_bearer", "other"])


def test_a_mapping_brings_those_it_refers_to() -> None:
    mappings = load_mappings(mappings_directory())
    assert with_parents(["account"], mappings) == {"account"}
    assert with_parents(["opportunity"], mappings) == {"account", "opportunity"}
    assert with_parents(["task"], mappings) == {"account", "lead", "opportunity", "task"}
