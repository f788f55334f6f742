"""What must stay true of the semantic model's files, whoever edits them."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.powerbi import project
from tools.powerbi import model as semantic
from tools.powerbi.model import Column, Measure, Model, ModelError

MEASURES = sorted(semantic.read(project.MODEL).measures)
FUNCTIONS = frozenset(
    (
        "ALL", "AVERAGE", "CALCULATE", "CALCULATETABLE", "COUNTROWS", "DIVIDE", "FILTER",
        "HASONEVALUE", "IF", "ISBLANK", "KEEPFILTERS", "MAX", "MAXX", "MIN", "MINX",
        "REMOVEFILTERS", "SELECTEDVALUE", "SUM", "SUMMARIZE", "SUMX", "SWITCH", "TOPN", "TRUE",
        "VALUES",
    )
)  # fmt: skip
"""The DAX that the measures use. Few, so that each can be compared with its SQL by reading."""
WORDS = frozenset(("VAR", "RETURN", "NOT", "ASC", "DESC"))
REFERENCE = re.compile(r"(?P<table>'[^']+'|\b\w+)?\[(?P<name>[^\]]+)\]")
TEXT = re.compile(r'"[^"]*"')


def columns(model: Model) -> list[tuple[str, Column]]:
    return [
        (table.name, column) for table in model.tables.values() for column in table.columns.values()
    ]


def references(measure: Measure) -> list[tuple[str | None, str]]:
    """Every Table[Column] and [Measure] of a measure's DAX; the table is None for a measure."""
    return [
        (found["table"] and found["table"].strip("'"), found["name"])
        for found in REFERENCE.finditer(TEXT.sub("", measure.dax))
    ]


def test_the_model_lists_the_tables_that_have_a_file(model: Model) -> None:
    files = {file.stem for file in (project.MODEL / "definition" / "tables").iterdir()}
    assert sorted(model.listed) == sorted(model.tables) == sorted(files)
    assert len(model.listed) == len(set(model.listed))


def test_no_measure_is_called_like_another_or_like_a_column(model: Model) -> None:
    # Power BI takes names that differ only in capitals for one.
    measures = [name.casefold() for name in model.measures]
    assert len(measures) == len(set(measures))
    assert set(measures) & {column.name.casefold() for _, column in columns(model)} == set()


def test_columns_of_a_table_have_different_names(model: Model) -> None:
    for table in model.tables.values():
        names = [name.casefold() for name in table.columns]
        assert len(names) == len(set(names)), table.name


def test_everything_is_described(model: Model) -> None:
    assert [table.name for table in model.tables.values() if not table.description] == []
    assert [
        (table, column.name) for table, column in columns(model) if not column.description
    ] == []
    for measure in model.measures.values():
        assert measure.description, measure.name
        assert measure.format, measure.name
        assert measure.folder, measure.name
        assert measure.sql.startswith("select "), measure.name


def test_nothing_is_added_up_without_a_measure(model: Model) -> None:
    assert model.properties["discourageImplicitMeasures"] == "true"
    assert {column.summarize_by for _, column in columns(model)} == {"none"}


def test_numbers_and_days_have_a_format(model: Model) -> None:
    bare = [
        (table, column.name)
        for table, column in columns(model)
        if column.kind in ("decimal", "dateTime") and not column.format
    ]
    assert bare == []


def test_a_column_is_sorted_by_a_column_of_its_table(model: Model) -> None:
    for table in model.tables.values():
        for column in table.columns.values():
            if column.sort_by is not None:
                by = table.columns[column.sort_by]
                assert by.sort_by is None, (table.name, by.name)
                assert by.kind == "int64", (table.name, by.name)


def test_keys_and_orders_are_hidden(model: Model) -> None:
    shown = {
        column.name
        for _, column in columns(model)
        if column.name.endswith((" Key", " Sort")) and not column.is_hidden
    }
    assert shown == set()


def test_relations_lead_from_many_to_a_key_of_the_same_type(model: Model) -> None:
    assert len({relation.name for relation in model.relations}) == len(model.relations)
    for relation in model.relations:
        many, one = model.column(*relation.many), model.column(*relation.one)
        assert many.kind == one.kind, relation
        assert one.is_key, relation
        assert one == model.tables[relation.one[0]].key, relation
        # Any other property would make it another kind: both directions, many to many, inactive.
        assert relation.properties == {}, relation


def test_two_tables_have_one_relation_and_no_fact_leads_to_a_fact(model: Model) -> None:
    pairs = [(relation.many[0], relation.one[0]) for relation in model.relations]
    assert len(pairs) == len(set(pairs))
    assert {many for many, _ in pairs} & {one for _, one in pairs} == set()
    assert {many for many, _ in pairs} | {one for _, one in pairs} == set(model.tables)


def test_the_calendar_is_the_date_table(model: Model) -> None:
    dates = [table for table in model.tables.values() if table.is_dates]
    assert [(table.name, table.view) for table in dates] == [("Date", "calendar")]
    key = dates[0].key
    assert key is not None
    assert (key.name, key.kind) == ("Date", "dateTime")


def test_every_table_is_imported_from_a_view_by_the_two_parameters(model: Model) -> None:
    assert model.parameters.keys() == {"Server", "Database"}
    assert {table.mode for table in model.tables.values()} == {"import"}
    starts = {table.connection.partition(", [")[0] for table in model.tables.values()}
    assert starts == {"Server, Database"}
    # Never a login in the project: Power BI asks for it and keeps it elsewhere.
    for file in project.MODEL.rglob("*.tmdl"):
        assert not re.search("password|user ?id|pwd", file.read_text(encoding="utf-8"), re.I), file


def test_a_table_asks_the_view_for_its_columns_and_no_others(model: Model) -> None:
    for table in model.tables.values():
        sources = [column.source for column in table.columns.values()]
        assert sorted(table.selected) == sorted(sources), table.name
        assert len(sources) == len(set(sources)), table.name


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_names_only_what_the_model_has(model: Model, name: str) -> None:
    measure = model.measures[name]
    for table, field in references(measure):
        if table is None:
            assert field in model.measures, f"[{field}]"
            assert field != name
        else:
            model.column(table, field)
    # What is left are functions, their words, whole tables, variables and numbers.
    bare = REFERENCE.sub("", TEXT.sub("", measure.dax))
    tables = set(re.findall(r"'([^']+)'", bare))
    assert tables <= model.tables.keys()
    bare = re.sub(r"'[^']+'", "", bare)
    called = set(re.findall(r"(\w+) \(", bare)) - WORDS
    assert called <= FUNCTIONS
    variables = set(re.findall(r"VAR (\w+)", bare))
    assert variables.isdisjoint(model.tables), "a variable would hide a table"
    others = set(re.findall(r"\b[A-Za-z_]\w*", bare)) - FUNCTIONS - WORDS - variables
    assert others <= model.tables.keys()


@pytest.mark.parametrize("name", MEASURES)
def test_a_measures_brackets_are_closed(model: Model, name: str) -> None:
    bare = TEXT.sub("", model.measures[name].dax)
    for opening, closing in ("()", "[]", "{}"):
        assert bare.count(opening) == bare.count(closing)
    assert bare.count("'") % 2 == 0


@pytest.mark.parametrize("name", MEASURES)
def test_a_measures_sql_leaves_aside_the_tables_that_its_dax_leaves_aside(
    model: Model, name: str
) -> None:
    measure = model.measures[name]
    removed = set(re.findall(r"(?:REMOVEFILTERS|\bALL) \( '?([\w ]+?)'? \)", measure.dax))
    without = {
        table
        for text in re.findall(r'"[\w ]+ without ([^"]+)"', measure.sql)
        for table in text.split(", ")
    }
    assert removed == without


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table Lead\n\t\tcolumn Lead\n", "Lead.tmdl:2: indented too far: column Lead"),
        ("table Lead\n\t// a note\n", "Lead.tmdl:2: not understood: // a note"),
        ("table Lead Status\n", "Lead.tmdl:1: not understood: table Lead Status"),
    ],
)
def test_a_file_that_is_not_understood_is_named_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, text: str, said: str
) -> None:
    file = tmp_path_factory.mktemp("model") / "Lead.tmdl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=re.escape(said)):
        semantic.parse(file)


def test_a_property_that_is_missing_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model") / "copy"
    shutil.copytree(project.MODEL, folder)
    file = folder / "definition" / "relationships.tmdl"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("fromColumn", "fromColum", 1), encoding="utf-8")
    with pytest.raises(ModelError, match=r"relationship [0-9a-f-]+: fromColumn is missing"):
        semantic.read(folder)
