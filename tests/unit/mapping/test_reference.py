"""docs/mapping-reference.md: every key stands in a table, and in an example that is well formed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from crm_sync.mapping.form import OURS
from crm_sync.mapping.json_schema import defaults_schema, mapping_schema
from crm_sync.mapping.reference import MODELS, examples, reference, shown_keys

PAGE = Path(__file__).parents[3] / "docs" / "mapping-reference.md"
FILES = [(name, text) for example in examples(reference()) for name, text in example.items()]
EVERY = {
    (name, key)
    for name, kind in MODELS.items()
    for key in kind.model_fields
    if name != "Defaults" and key not in OURS
}
SAID_ONCE = {(name, "time_dependent") for name in ("FieldRule", "Branch", "Reference")}
"""What stands beside every `sql`, and is told with Expression."""


def parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_page_is_as_it_would_be_written() -> None:
    assert PAGE.read_text("utf-8") == reference(), "python -m tools.regenerate writes it anew"


def test_every_key_stands_in_one_table() -> None:
    shown = shown_keys()
    assert len(shown) == len(set(shown))
    assert set(shown) == EVERY - SAID_ONCE


def test_every_row_of_a_table_says_something() -> None:
    rows = [line.split(" | ") for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 40
    assert all(len(row[1]) > 10 for row in rows)


def keys_used() -> set[tuple[str, str]]:
    """(model, key) of everything that the examples say."""
    used: set[tuple[str, str]] = set()

    def note(name: str, said: Any) -> None:
        used.update((name, key) for key in said if (name, key) in EVERY)

    for _, text in FILES:
        content = parsed(text)
        note("Mapping", content)
        note("ExternalId", content.get("external_id", {}))
        source = content.get("source", {})
        note("Source", source)
        for expression in (content.get("label"), source.get("where")):
            note("Expression", expression if isinstance(expression, dict) else {})
        for rule in content.get("fields", {}).values():
            note("FieldRule", {"column": rule} if isinstance(rule, str) else rule)
        for said in content.get("lookups", {}).values():
            lookup = {"branches": said} if isinstance(said, list) else said
            note("Lookup", lookup)
            if {"object", "reference"} & lookup.keys():
                used.add(("Lookup", "reference"))
                note("Reference", lookup.get("reference", lookup))
            for branch in lookup.get("branches", [lookup] if "mapping" in lookup else []):
                note("Branch", branch)
    return used


def test_every_key_stands_in_an_example() -> None:
    assert EVERY - keys_used() == {(name, "time_dependent") for name in ("Branch", "Reference")}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("on_delete", ("delete", "ignore", "{set: ")),
        ("on_missing", ("recreate",)),
        ("on_edited", ("hold", "overwrite")),
        ("otherwise", ("keep", "blank", "default", "Working - Contacted")),
        ("assignment_rule", ("active",)),
        ("duplicate_rule", ("allow",)),
        ("too_long", ("truncate",)),
        ("write", ("on_create",)),
        ("enabled", ("false",)),
    ],
)
def test_every_word_that_changes_something_stands_in_an_example(
    key: str, words: tuple[str, ...]
) -> None:
    text = "\n".join(text for _, text in FILES)
    for word in words:
        assert re.search(rf"\b{key}: {re.escape(word)}", text), word


@pytest.mark.parametrize("number", range(len(FILES)))
def test_an_editor_takes_every_example(number: int) -> None:
    name, text = FILES[number]
    schema = defaults_schema() if name == "defaults" else mapping_schema()
    found = [error.message for error in Draft7Validator(schema).iter_errors(parsed(text))]
    assert found == []


def test_links_of_the_page_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", reference()):
        assert (PAGE.parent / link).exists(), link
