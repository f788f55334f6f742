"""docs/how-to/change-things-later.md: what each part of it says, done as it says it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_names_that_change import join_prospects
from tests.support.postgres import ROOT

PAGE = (ROOT / "docs" / "how-to" / "change-things-later.md").read_text(encoding="utf-8")


def part(heading: str) -> list[tuple[str, str]]:
    """The blocks below a heading: language and text, without their indentation."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [
        (language, re.sub(f"^{indent}", "", block, flags=re.M)) for indent, language, block in found
    ]


def follow(practice: Practice, blocks: list[tuple[str, str]]) -> None:
    """Runs the SQL as the owner, and puts what the YAML says into the mapping that it names."""
    for language, text in blocks:
        if language == "sql":
            for statement in text.split(";\n"):
                practice.connection.execute(statement.encode())
            continue
        assert language == "yaml"
        line, _, said = text.partition("\n")
        (name,) = re.findall(r"mappings/(\w+)\.yaml", line)[:1]
        change(practice.mappings / f"{name}.yaml", said)


def change(file: Path, said: str) -> None:
    yaml = YAML()
    content = yaml.load(file)
    content.update(yaml.load(said))
    yaml.dump(content, file)


@pytest.fixture
def org(org_with_row_key: LocalOrg) -> LocalOrg:
    return org_with_row_key


def test_a_mapping_gets_another_name(filled: Practice) -> None:
    (filled.mappings / "lead.yaml").rename(filled.mappings / "prospect.yaml")
    for name in ("task", "event"):
        file = filled.mappings / f"{name}.yaml"
        text = file.read_text("utf-8").replace("- mapping: lead\n", "- mapping: prospect\n")
        file.write_text(text, encoding="utf-8")
    follow(filled, part("A mapping gets another name"))
    filled.finds_nothing_to_send()
    assert filled.value("select count(*) from sync.record where mapping = 'prospect'") == 1


def test_a_table_gets_another_name(filled: Practice) -> None:
    follow(filled, part("A table gets another name"))
    join_prospects(filled)
    filled.finds_nothing_to_send()
    key = filled.value("select id::text from prospects")
    filled.change("prospects", key, title="Later")
    filled.sync()
    assert filled.record("Lead", key)["Title"] == "Later"


def test_the_external_id_field_gets_another_name(filled: Practice) -> None:
    follow(filled, part("The external ID field gets another name"))
    before = filled.by("Lead", "CRM_Id__c")
    filled.sync()
    after = filled.by("Lead", "Row_Key__c")
    assert {key: r["Id"] for key, r in after.items()} == {key: r["Id"] for key, r in before.items()}
    filled.finds_nothing_to_send()


def test_rows_get_other_keys(filled: Practice) -> None:
    """Those of accounts, whose projects and activities follow."""
    sql, mapping, other = part("Rows get other keys")
    before = {r["Name"]: r["Id"] for r in filled.org.store.records("Account")}
    former = {row["id"] for row in filled.rows("select id::text from accounts")}
    follow(filled, [sql, mapping])
    with filled.planned() as report:
        assert list(report.rows()) == []
    filled.org.calls.clear()
    filled.sync()
    assert [set(record) for record in filled.sent()] == [{"Id", "CRM_Id__c"}] * 2
    filled.assert_same()
    assert {r["Name"]: r["Id"] for r in filled.org.store.records("Account")} == before
    assert not former & {row["id"] for row in filled.rows("select id::text from accounts")}
    filled.finds_nothing_to_send()
    assert other[1].startswith("# mappings/opportunity.yaml")
