"""SOQL: from the tree to SQL over the tables of the store.

In: a parsed query and the schema. Out: one SELECT with its parameters, and a plan of how its
columns become the fields of answers. Relationships upwards are left joins; a polymorphic one
(Owner, Who, What) joins the view ``local_name``, which holds what Salesforce's Name object shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import identifiers, values
from crm_sync.localorg.records.store import NAME_FIELDS, quote
from crm_sync.localorg.schema import Field, ObjectType, Schema
from crm_sync.localorg.soql.parse import Comparison, Condition, Literal, Path, Query, error_at

MOST_OFFSET = 2000
_SURE = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True)
class Place:
    """A joined table: its alias in SQL, its object (None for the Name view), how it is reached."""

    alias: str
    object_type: ObjectType | None
    relationships: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A field of an answer: where it stands and which columns of the row it is made of."""

    place: Place
    name: str
    field: Field | None
    stored: dict[str, int]


@dataclass
class Compiled:
    """SQL that can be run, and what its columns mean."""

    sql: str
    parameters: list[Any]
    columns: list[Column] = field(default_factory=list[Column])
    ids: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    types: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    aggregates: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    """For an aggregate query: name of each column, and whether it is a boolean."""


def compile_query(schema: Schema, query: Query, *, with_deleted: bool) -> Compiled:
    """Translate; raises ApiError as Salesforce words it for unknown objects, fields, values."""
    return _Compiler(schema, query).compile(with_deleted or query.all_rows)


class _Compiler:
    def __init__(self, schema: Schema, query: Query) -> None:
        found = schema.find(query.object_name)
        if found is None:
            raise error_at(
                query.text,
                query.object_position,
                "INVALID_TYPE",
                f"sObject type '{query.object_name}' is not supported. If you are attempting to "
                "use a custom object, be sure to append the '__c' after the entity name. Please "
                "reference your WSDL or the describe call for the appropriate names.",
            )
        self._schema = schema
        self._query = query
        self._object = found
        self._root = Place("t0", found, ())
        self._places: dict[tuple[str, ...], Place] = {(): self._root}
        self._joins: list[str] = []
        self._expressions: list[str] = []
        self._parameters: list[Any] = []

    def compile(self, with_deleted: bool) -> Compiled:
        query = self._query
        compiled = Compiled("", self._parameters)
        if query.is_aggregate:
            compiled.aggregates = self._aggregate_columns()
        else:
            compiled.ids[()] = self._add('t0."Id"')
            for selected in query.selected:
                if selected.path is not None:
                    compiled.columns.append(self._column(selected.path, compiled))
        conditions = [] if with_deleted else self._only_living()
        if query.where is not None:
            conditions.append(self._condition(query.where))
        tail: list[str] = []
        if conditions:
            tail.append("where " + " and ".join(f"({c})" for c in conditions))
        if query.group_by:
            tail.append("group by " + ", ".join(self._group(p) for p in query.group_by))
        order = [self._order(o.path, o.is_descending, o.are_nulls_last) for o in query.order_by]
        if not query.is_aggregate:
            order.append("t0.rowid")
        if order:
            tail.append("order by " + ", ".join(order))
        head = [f"select {', '.join(self._expressions)}", f"from {quote(self._object.name)} t0"]
        # The joins were found while the clauses were translated.
        compiled.sql = "\n".join([*head, *self._joins, *tail, *self._bounds()])
        return compiled

    def _bounds(self) -> list[str]:
        query = self._query
        if query.offset > MOST_OFFSET:
            raise ApiError(
                400,
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"Maximum SOQL offset allowed is {MOST_OFFSET}",
            )
        if query.limit is None and not query.offset:
            return []
        return [f"limit {-1 if query.limit is None else query.limit} offset {query.offset}"]

    # Columns ---------------------------------------------------------------------------------

    def _add(self, expression: str) -> int:
        self._expressions.append(expression)
        return len(self._expressions) - 1

    def _column(self, path: Path, compiled: Compiled) -> Column:
        place, name, found = self._resolve(path)
        for length in range(1, len(place.relationships) + 1):
            above = self._places[place.relationships[:length]]
            if above.relationships not in compiled.ids:
                compiled.ids[above.relationships] = self._add(f'{above.alias}."Id"')
                if above.object_type is None:
                    compiled.types[above.relationships] = self._add(f'{above.alias}."Type"')
        if found is not None and found.type == "address" and place.object_type is not None:
            prefix = found.name.removesuffix("Address")
            parts = [
                f.name
                for f in place.object_type.stored
                if f.describe["compoundFieldName"] == found.name or f.name == prefix
            ]
        else:
            parts = [name]
        return Column(
            place, name, found, {p: self._add(f"{place.alias}.{quote(p)}") for p in parts}
        )

    def _aggregate_columns(self) -> list[tuple[str, bool]]:
        names: list[tuple[str, bool]] = []
        unnamed = 0
        grouped = {tuple(n.lower() for n in p.names) for p in self._query.group_by}
        for selected in self._query.selected:
            if selected.function is None:
                path = selected.path
                if path is None or tuple(n.lower() for n in path.names) not in grouped:
                    shown = ".".join(path.names) if path else ""
                    raise ApiError(
                        400, "MALFORMED_QUERY", f"Field must be grouped or aggregated: {shown}"
                    )
                place, name, found = self._resolve(path)
                self._add(f"{place.alias}.{quote(name)}")
                is_boolean = found is not None and found.type == "boolean"
                names.append((selected.alias or name, is_boolean))
                continue
            self._add(self._aggregate(selected.function, selected.path))
            if selected.alias is None and not self._query.is_count:
                names.append((f"expr{unnamed}", False))
                unnamed += 1
            else:
                names.append((selected.alias or "count", False))
        return names

    def _aggregate(self, function: str, path: Path | None) -> str:
        if path is None:
            return "count(*)"
        place, name, _ = self._resolve(path)
        column = f"{place.alias}.{quote(name)}"
        if function == "count_distinct":
            return f"count(distinct {column})"
        return f"{function}({column})"

    def _group(self, path: Path) -> str:
        place, name, found = self._resolve(path)
        if found is not None and not found.describe["groupable"]:
            raise self._cannot(path, "grouped")
        return f"{place.alias}.{quote(name)}"

    def _order(self, path: Path, is_descending: bool, are_nulls_last: bool) -> str:
        place, name, found = self._resolve(path)
        if found is not None and not found.describe["sortable"]:
            raise self._cannot(path, "sorted")
        collation = " collate nocase" if found is not None and found.is_text else ""
        direction = "desc" if is_descending else "asc"
        nulls = "last" if are_nulls_last else "first"
        return f"{place.alias}.{quote(name)}{collation} {direction} nulls {nulls}"

    # Names -----------------------------------------------------------------------------------

    def _resolve(self, path: Path) -> tuple[Place, str, Field | None]:
        """Table, canonical name and field of a path; the Name view has no Field facts."""
        place = self._root
        names = list(path.names)
        if len(names) > 1 and names[0].lower() == self._object.name.lower():
            names = names[1:]
        last = names.pop()
        for relationship in names:
            place = self._join(place, relationship, path)
        if place.object_type is None:
            canonical = {n.lower(): n for n in NAME_FIELDS}.get(last.lower())
            if canonical is None:
                raise self._no_column(path, last, "Name")
            return place, canonical, None
        found = place.object_type.find(last)
        if found is None:
            raise self._no_column(path, last, place.object_type.name)
        return place, found.name, found

    def _join(self, place: Place, relationship: str, path: Path) -> Place:
        object_type = place.object_type
        parent = object_type.by_relationship.get(relationship.lower()) if object_type else None
        if parent is None or parent.relationship is None:
            raise self._no_relationship(path, relationship)
        reached = (*place.relationships, parent.relationship)
        if reached in self._places:
            return self._places[reached]
        target = None if parent.is_polymorphic else self._schema.find(parent.reference_to[0])
        if target is None and not parent.is_polymorphic:
            raise self._no_relationship(path, relationship)
        joined = Place(f"t{len(self._places)}", target, reached)
        table = quote(target.name) if target is not None else "local_name"
        self._joins.append(
            f"left join {table} {joined.alias} "
            f'on {joined.alias}."Id" = {place.alias}.{quote(parent.name)}'
        )
        self._places[reached] = joined
        return joined

    def _no_column(self, path: Path, name: str, entity: str) -> ApiError:
        return error_at(
            self._query.text,
            path.position,
            "INVALID_FIELD",
            f"No such column '{name}' on entity '{entity}'. {_SURE}",
        )

    def _no_relationship(self, path: Path, name: str) -> ApiError:
        return error_at(
            self._query.text,
            path.position,
            "INVALID_FIELD",
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. Please reference your WSDL or the describe call for the appropriate names.",
        )

    def _cannot(self, path: Path, verb: str) -> ApiError:
        return error_at(
            self._query.text,
            path.position,
            "INVALID_FIELD",
            f"field '{path.names[-1]}' can not be {verb} in a query call",
        )

    # Conditions ------------------------------------------------------------------------------

    def _only_living(self) -> list[str]:
        """Neither deleted nor archived activities show in an ordinary query (D)."""
        names = [n for n in ("IsDeleted", "IsArchived") if self._object.find(n)]
        return [f't0."{name}" = 0' for name in names]

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        inner = [self._condition(part) for part in condition.parts]
        if condition.operator == "not":
            return f"not ifnull(({inner[0]}), 0)"
        return f" {condition.operator} ".join(f"({part})" for part in inner)

    def _comparison(self, comparison: Comparison) -> str:
        place, name, found = self._resolve(comparison.path)
        if found is not None and not found.describe["filterable"]:
            raise self._cannot(comparison.path, "filtered")
        column = f"{place.alias}.{quote(name)}"
        stored = [self._stored(comparison.path, found, v) for v in comparison.values]
        operator = comparison.operator
        is_text = found is None or found.is_text
        folds = is_text and (found is None or not found.compares_case)
        compared = f"{column} collate nocase" if folds else column
        if operator in ("in", "not in"):
            return self._in(column, compared, stored, negated=operator == "not in")
        if stored[0] is None:
            return f"{column} is {'not ' if operator == '!=' else ''}null"
        self._parameters.append(stored[0])
        if operator == "like":
            return f"{column} like ? escape '\\'"
        if operator == "!=":
            return f"{column} is null or {compared} <> ?"
        return f"{compared} {operator} ?"

    def _in(self, column: str, compared: str, stored: Iterable[Any], *, negated: bool) -> str:
        given = list(stored)
        listed = [v for v in given if v is not None]
        self._parameters += listed
        marks = ", ".join("?" * len(listed))
        has_null = len(listed) < len(given)
        if negated:
            also = f"{column} is not null and " if has_null else f"{column} is null or "
            return f"{also}{compared} not in ({marks})"
        also = f"{column} is null or " if has_null else ""
        return f"{also}{compared} in ({marks})"

    def _stored(self, path: Path, found: Field | None, literal: Literal) -> Any:
        """The literal as the store keeps values of that field; a wrong kind is refused."""
        if literal.kind == "null" or literal.value == "":
            return None
        if found is None or found.is_text:
            return self._expect_kind(path, literal, "string", "string")
        if found.type in ("id", "reference"):
            text = self._expect_kind(path, literal, "string", "ID")
            record_id = identifiers.normalize(text)
            if record_id is None:
                raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
            return record_id
        if found.type == "boolean":
            return int(self._expect_kind(path, literal, "boolean", "boolean"))
        if found.type == "date":
            return self._expect_kind(path, literal, "date", "date")
        if found.type == "datetime":
            text = self._expect_kind(path, literal, "datetime", "dateTime")
            moment = values.parse_datetime(text)
            return None if moment is None else values.format_datetime(moment)
        return self._expect_kind(path, literal, "number", found.type)

    def _expect_kind(self, path: Path, literal: Literal, kind: str, shown: str) -> Any:
        if literal.kind == kind:
            return literal.value
        quoted = "should be" if kind == "string" else "should not be"
        raise error_at(
            self._query.text,
            path.position,
            "INVALID_FIELD",
            f"value of filter criterion for field '{path.names[-1]}' must be of type {shown} and "
            f"{quoted} enclosed in quotes",
        )
