"""Records as answers show them, built from rows: attributes, values, parents nested."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import read
from crm_sync.localorg.schema import Field, ObjectType, Schema
from crm_sync.localorg.soql.scope import Expression, Place, Scope
from crm_sync.localorg.soql.statement import Make, Row


class Columns:
    """The expressions of a SELECT, each once; adding one gives its place in the rows."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}

    def add(self, sql: str) -> int:
        return self._index.setdefault(sql, len(self._index))

    @property
    def sql(self) -> list[str]:
        return list(self._index)


class RecordShape:
    """A record and its parents. An item is a value, a parent, or a place kept for children."""

    def __init__(self, schema: Schema, object_type: ObjectType | None, id_index: int) -> None:
        self._schema = schema
        self._object_type = object_type
        self._id = id_index
        self._items: dict[str, Make] = {}
        self._parents: dict[str, RecordShape] = {}

    def build(self, row: Row, base: str) -> Record | None:
        """None when there is no such record: an absent parent."""
        record_id = row[self._id]
        if record_id is None:
            return None
        object_type = self._object_type or self._schema.of_id(record_id)
        record: Record = {}
        if object_type is not None:
            record["attributes"] = read.attributes(object_type, record_id, base)
        for name, make in self._items.items():
            record[name] = make(row, base)
        return record

    def has(self, name: str) -> bool:
        return name in self._items

    def add(self, name: str, make: Make) -> None:
        self._items[name] = make

    def parent(self, scope: Scope, columns: Columns, place: Place) -> "RecordShape":
        """The shape of a joined record below this one, made when first asked for."""
        here = self
        for length, name in enumerate(place.relationships, 1):
            above = scope.place(place.relationships[:length])
            if name not in here._parents:
                object_type = None if above.is_name else above.tables[0][1]
                index = columns.add(scope.record_id(above))
                here._parents[name] = RecordShape(self._schema, object_type, index)
                here._items[name] = here._parents[name].build
            here = here._parents[name]
        return here


@dataclass(frozen=True)
class ByObject:
    """TYPEOF: the shape of the branch for the object that the record is of, else of the last."""

    schema: Schema
    id_index: int
    branches: dict[str, RecordShape]
    otherwise: RecordShape

    def build(self, row: Row, base: str) -> Any:
        record_id = row[self.id_index]
        if record_id is None:
            return None
        object_type = self.schema.of_id(record_id)
        name = object_type.name if object_type else ""
        return self.branches.get(name, self.otherwise).build(row, base)


class AggregateShape:
    """A group with its numbers."""

    def __init__(self, items: list[tuple[str, Make]]) -> None:
        self._items = items

    def build(self, row: Row, base: str) -> Record:
        record: Record = {"attributes": {"type": "AggregateResult"}}
        for name, make in self._items:
            record[name] = make(row, base)
        return record


def maker(columns: Columns, found: Expression) -> Make:
    """How a value is read from a row; a boolean is one again, an address is made of its parts."""
    if found.field is not None and found.field.type == "address":
        return _address(columns, found, found.field)
    index = columns.add(found.sql)
    return boolean(index) if found.kind == "boolean" else plain(index)


def plain(index: int) -> Make:
    return lambda row, _base: row[index]


def boolean(index: int) -> Make:
    return lambda row, _base: None if row[index] is None else bool(row[index])


def nothing(_row: Row, _base: str) -> None:
    """Keeps a place for what is put there later."""


def _address(columns: Columns, found: Expression, field: Field) -> Make:
    table, object_type = found.place.tables[0]
    prefix = field.name.removesuffix("Address")
    parts = {
        part.name: columns.add(f'{table}."{part.name}"')
        for part in object_type.stored
        if part.describe["compoundFieldName"] == field.name or part.name == prefix
    }
    show: Callable[[ObjectType, Field, Record], Any] = read.show_value

    def make(row: Row, _base: str) -> Any:
        return show(object_type, field, {name: row[index] for name, index in parts.items()})

    return make
