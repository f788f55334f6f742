"""Reads the semantic model: tables, columns, measures, relations, parameters.

In: the folder ConsultingCRM.SemanticModel. Out: a `Model`. Imports nothing of the project.

TMDL (https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview) is read as far as this
model uses it: indentation by tabs, `///` descriptions, `name: value` properties, bare booleans,
values of one line or of lines two levels deeper. What is not understood is an error, never passed
over; whether Microsoft's own parser takes the files is checked apart from this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

__all__ = ["Column", "Measure", "Model", "ModelError", "Relation", "Table", "read"]

NAME = r"(?:'(?:[^']|'')*'|[^\s.='][^\s.=]*)"
DECLARED = re.compile(
    rf"(?:ref )?(?P<kind>[a-z]\w*) (?P<name>{NAME})(?: =(?: (?P<value>.*))?)?$",
)
PROPERTY = re.compile(r"(?P<name>\w+)(?:: (?P<value>.*))?$")
KINDS = {"table", "column", "measure", "partition", "annotation", "relationship", "expression"}


class ModelError(Exception):
    """A file of the model that cannot be read: which, what is wrong in it."""


@dataclass(frozen=True)
class Column:
    """A column of a table; `source` is the column of the view, `kind` TMDL's dataType."""

    name: str
    kind: str
    source: str
    description: str
    is_hidden: bool
    is_key: bool
    summarize_by: str
    sort_by: str | None
    format: str | None


@dataclass(frozen=True)
class Measure:
    """A measure: its DAX, and the SQL that computes the same number (see `star`)."""

    table: str
    name: str
    dax: str
    sql: str
    description: str
    format: str | None
    folder: str | None


@dataclass(frozen=True)
class Table:
    """A table of the model, with the view that it imports and the columns that it takes of it."""

    name: str
    description: str
    view: str
    selected: tuple[str, ...]
    """Columns of the view in the partition's M, in its order."""
    connection: str
    """What the partition's M gives to PostgreSQL.Database."""
    mode: str
    is_dates: bool
    columns: dict[str, Column]
    measures: dict[str, Measure]

    @property
    def key(self) -> Column | None:
        """The column marked as key, if one is."""
        return next((column for column in self.columns.values() if column.is_key), None)


@dataclass(frozen=True)
class Relation:
    """From the many side to the one side, each as (table, column)."""

    name: str
    many: tuple[str, str]
    one: tuple[str, str]
    properties: dict[str, str] = field(default_factory=dict)
    """What else stands there, such as crossFilteringBehavior."""


@dataclass(frozen=True)
class Model:
    """The whole semantic model."""

    tables: dict[str, Table]
    relations: tuple[Relation, ...]
    parameters: dict[str, str]
    """Name → value, of the expressions that are parameters."""
    properties: dict[str, str]
    """Of the model itself; a bare property has the value true."""
    listed: tuple[str, ...]
    """The tables that model.tmdl refers to, in its order."""

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """Every measure by its name. Raises ModelError where two have the same."""
        found: dict[str, Measure] = {}
        for table in self.tables.values():
            for measure in table.measures.values():
                if measure.name in found:
                    raise ModelError(f"two measures are called {measure.name}")
                found[measure.name] = measure
        return found

    def column(self, table: str, name: str) -> Column:
        """A column. Raises ModelError when the model has none of that name."""
        if table not in self.tables or name not in self.tables[table].columns:
            raise ModelError(f"the model has no column {table}[{name}]")
        return self.tables[table].columns[name]


@dataclass
class Node:
    """An object of TMDL with what stands below it."""

    kind: str
    name: str
    value: str
    description: str
    properties: dict[str, str]
    children: list[Node]

    def says(self, name: str) -> str:
        """A property that must be there. Raises ModelError where it is not."""
        if name not in self.properties:
            raise ModelError(f"{self.kind} {self.name}: {name} is missing")
        return self.properties[name]

    def of(self, kind: str) -> list[Node]:
        """The children of a kind."""
        return [child for child in self.children if child.kind == kind]


def read(folder: Path) -> Model:
    """The model in a folder ….SemanticModel. Raises ModelError when it cannot be read."""
    definition = folder / "definition"
    if not (definition / "model.tmdl").is_file():
        raise ModelError(f"{folder} holds no semantic model: definition/model.tmdl is missing")
    whole = parse(definition / "model.tmdl")
    (model,) = [node for node in whole if node.kind == "model"]
    tables = [
        _table(node)
        for file in sorted((definition / "tables").glob("*.tmdl"))
        for node in parse(file)
    ]
    return Model(
        tables={table.name: table for table in tables},
        relations=tuple(_relation(node) for node in parse(definition / "relationships.tmdl")),
        parameters=dict(
            _parameter(node)
            for node in parse(definition / "expressions.tmdl")
            if "IsParameterQuery=true" in node.value
        ),
        properties=model.properties,
        listed=tuple(node.name for node in whole if node.kind == "ref table"),
    )


def parse(file: Path) -> list[Node]:
    """The objects of a TMDL file. Raises ModelError, with the line, at what is not understood."""
    lines = file.read_text(encoding="utf-8").splitlines()
    top = Node("file", file.name, "", "", {}, [])
    open_nodes: list[tuple[int, Node]] = [(-1, top)]
    described: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        text = line.strip()
        if not text:
            continue
        depth = len(line) - len(line.lstrip("\t"))
        if text.startswith("///"):
            described.append(text[3:].strip())
            continue
        while open_nodes[-1][0] >= depth:
            open_nodes.pop()
        if open_nodes[-1][0] != depth - 1:
            raise ModelError(f"{file.name}:{at}: indented too far: {text}")
        found = _object(text)
        if found is not None:
            kind, name, value, opens = found
            if opens and not value:
                value, at = _block(lines, at, depth + 2)
            node = Node(kind, name, value, " ".join(described), {}, [])
            described = []
            open_nodes[-1][1].children.append(node)
            open_nodes.append((depth, node))
        elif opened := re.fullmatch(r"(\w+) =", text):
            value, at = _block(lines, at, depth + 2)
            open_nodes[-1][1].properties[opened[1]] = value
        elif stated := PROPERTY.fullmatch(text):
            open_nodes[-1][1].properties[stated["name"]] = stated["value"] or "true"
        else:
            raise ModelError(f"{file.name}:{at}: not understood: {text}")
    return top.children


def _object(text: str) -> tuple[str, str, str, bool] | None:
    """Kind, name, value and whether a value follows, when a line declares an object."""
    if text == "database" or text.startswith("model "):
        kind, _, name = text.partition(" ")
        return kind, name, "", False
    declared = DECLARED.fullmatch(text)
    if declared is None or declared["kind"] not in KINDS:
        return None
    kind = f"ref {declared['kind']}" if text.startswith("ref ") else declared["kind"]
    return kind, unquoted(declared["name"]), declared["value"] or "", " =" in text


def _block(lines: list[str], at: int, depth: int) -> tuple[str, int]:
    """The lines from `at` that are as deep as a value must be, and where they end."""
    taken: list[str] = []
    while at < len(lines) and (not lines[at].strip() or lines[at].startswith("\t" * depth)):
        taken.append(lines[at][depth:])
        at += 1
    return "\n".join(taken).rstrip(), at


def unquoted(name: str) -> str:
    """A name as it is shown: without quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def _table(node: Node) -> Table:
    (partition,) = node.of("partition")
    source = partition.says("source")
    view = re.search(r'\[Schema = "analytics", Item = "(\w+)"\]', source)
    selected = re.search(r"Table\.SelectColumns\(\w+, \{(.*?)\}\)", source, re.DOTALL)
    connection = re.search(r"PostgreSQL\.Database\((.*)\),", source)
    if view is None or selected is None or connection is None:
        raise ModelError(f"table {node.name}: its partition does not select columns of one view")
    return Table(
        name=node.name,
        description=node.description,
        view=view[1],
        selected=tuple(re.findall(r'"(\w+)"', selected[1])),
        connection=connection[1],
        mode=partition.says("mode"),
        is_dates=node.properties.get("dataCategory") == "Time",
        columns={child.name: _column(child) for child in _once(node, "column")},
        measures={child.name: _measure(node.name, child) for child in _once(node, "measure")},
    )


def _once(node: Node, kind: str) -> Iterator[Node]:
    """The children of a kind. Raises ModelError where two have the same name."""
    seen: set[str] = set()
    for child in node.of(kind):
        if child.name in seen:
            raise ModelError(f"table {node.name}: two of {kind} {child.name}")
        seen.add(child.name)
        yield child


def _column(node: Node) -> Column:
    said = node.properties
    sort_by = said.get("sortByColumn")
    return Column(
        name=node.name,
        kind=node.says("dataType"),
        source=node.says("sourceColumn"),
        description=node.description,
        is_hidden="isHidden" in said,
        is_key="isKey" in said,
        summarize_by=said.get("summarizeBy", "default"),
        sort_by=unquoted(sort_by) if sort_by else None,
        format=said.get("formatString"),
    )


def _measure(table: str, node: Node) -> Measure:
    annotations = {child.name: child.value for child in node.of("annotation")}
    return Measure(
        table=table,
        name=node.name,
        dax=node.value,
        sql=annotations.get("SQL", ""),
        description=node.description,
        format=node.properties.get("formatString"),
        folder=node.properties.get("displayFolder"),
    )


def _relation(node: Node) -> Relation:
    many, one = node.says("fromColumn"), node.says("toColumn")
    others = {
        name: value
        for name, value in node.properties.items()
        if name not in ("fromColumn", "toColumn")
    }
    return Relation(node.name, _end(many), _end(one), others)


def _end(text: str) -> tuple[str, str]:
    found = re.fullmatch(rf"({NAME})\.({NAME})", text)
    if found is None:
        raise ModelError(f"a relation's end is no table and column: {text}")
    return unquoted(found[1]), unquoted(found[2])


def _parameter(node: Node) -> tuple[str, str]:
    value = re.match(r'"((?:[^"]|"")*)"', node.value)
    if value is None:
        raise ModelError(f"parameter {node.name} has no text as its value")
    return node.name, value[1].replace('""', '"')
