# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""SOQL: from its text to a statement over the tables of the store.

In: the text, the schema, and who asks. Out: a :class:`Statement`, or an ApiError as Salesforce
words it for unknown objects, fields and values.
"""

from dataclasses import replace
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import quote
from crm_sync.localorg.schema import Field, ObjectType, Schema
from crm_sync.localorg.soql import aggregates, refusals
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.functions import evaluate, is_aggregate
from crm_sync.localorg.soql.parse import parse
from crm_sync.localorg.soql.refusals import error_at, malformed
from crm_sync.localorg.soql.scope import Expression
from crm_sync.localorg.soql.select import Select
from crm_sync.localorg.soql.shape import ByObject, Columns, RecordShape, maker, nothing
from crm_sync.localorg.soql.statement import PARENTS, Column, Make, Statement
from crm_sync.localorg.soql.tree import Call, Join, Path, Query, Selected, TypeOf, Value

MOST_FIELDS_ROWS = 200
"""Rows of a query with FIELDS(ALL) or FIELDS(CUSTOM) (D)."""

MOST_CHILD_LEVELS = 4
"""Levels of child queries below the root (D, five levels in all; one before v58)."""

_DATES_ONLY_GROUPED = ("calendar_", "day_", "fiscal_", "hour_", "week_")


def compile_query(
    schema: Schema, text: str, context: QueryContext, *, with_deleted: bool = False
) -> Statement:
    """Translate one query."""
    query = parse(text)
    source = query.source
    object_type = schema.find(source.text)
    if object_type is None or not context.may_read(object_type.name, "Id"):
        raise refusals.no_object(text, source.text, source.position)
    select = Select(schema, context, text, query, object_type, with_deleted=with_deleted)
    compiler = _Compiler(schema, select)
    if aggregates.is_count(query):
        return aggregates.compile_count(select, compiler.sub_select)
    if aggregates.is_aggregate_query(query):
        return aggregates.compile_aggregate(select, compiler.sub_select)
    return compiler.records()


class _Compiler:
    """Compiles one SELECT of records; ``level`` counts from the root down."""

    def __init__(
        self, schema: Schema, select: Select, level: int = 0, child_of: Field | None = None
    ) -> None:
        self._schema = schema
        self._select = select
        self._scope = select.scope
        self._level = level
        self._child_of = child_of
        self._columns = Columns()
        self._found: list[Column] = []
        root_id = self._columns.add('t0."Id"')
        if child_of is not None:
            self._columns.add(f"t0.{quote(child_of.name)}")
        self._shape = RecordShape(schema, select.scope.object_type, root_id)

    def records(self) -> Statement:
        """The statement of a query, or of a child query, that shows records."""
        query = self._select.query
        for selected in query.selected:
            if isinstance(selected, Selected):
                self._add(selected)
            elif isinstance(selected, TypeOf):
                self._add_typeof(selected)
            else:
                self._add_children(selected)
        if query.having is not None:
            raise malformed("HAVING is allowed with GROUP BY only")
        return Statement(
            "records",
            self._scope.object_type,
            self._sql(),
            tuple(self._select.parameters),
            tuple(self._found),
            self._shape,
        )

    def sub_select(self, join: Join, outer: Expression) -> tuple[str, list[Any]]:
        """The query of a semi-join; what it may be is D, Comparison Operators, the sentences 3."""
        query, text, context = join.query, self._select.text, self._scope.context
        name = query.source.text
        object_type = self._schema.find(name)
        if object_type is None or not context.may_read(object_type.name, "Id"):
            raise refusals.no_object(text, name, query.source.position)
        selected = query.selected[0]
        if len(query.selected) > 1 or not isinstance(selected, Selected):
            raise self._malformed(join, "Only one field may be selected in a semi join sub-select")
        if object_type is self._scope.object_type:
            message = "The inner and outer selects should not be on the same object type"
            raise self._malformed(join, message)
        inner = Select(
            self._schema, context, text, query, object_type, with_deleted=self._select.with_deleted
        )
        shown = evaluate(inner.scope, selected.value)
        if not set(_targets(shown)) & set(_targets(outer)):
            raise self._malformed(
                join,
                f"The selected field '{shown.name}' in the subquery and the left operand field in "
                f"the where expression in the outer query '{outer.name}' should point to the same "
                "object type",
            )
        where = inner.where(None, f"{shown.sql} is not null")
        return f"select {shown.sql} {inner.source()} {where}", inner.parameters

    # What is shown ---------------------------------------------------------------------------

    def _add(self, selected: Selected) -> None:
        value = selected.value
        if isinstance(value, Call) and value.function == "fields":
            self._add_fields(value)
            return
        if is_aggregate(value):
            raise malformed("only root queries support aggregate expressions")
        if selected.alias is not None and isinstance(value, Path):
            raise malformed("only aggregate expressions use field aliasing")
        if isinstance(value, Call) and value.function.startswith(_DATES_ONLY_GROUPED):
            raise malformed(f"Field must be grouped or aggregated: {value.function}")
        self._add_value(self._select.value(value), value, selected.alias)

    def _add_value(self, found: Expression, value: Value, alias: str | None = None) -> None:
        shape = self._shape.parent(self._scope, self._columns, found.place)
        name = alias or found.name
        path = (*found.place.relationships, name)
        if shape.has(name):
            raise _twice(".".join(path))
        make = maker(self._columns, found)
        shape.add(name, make)
        self._note(path, found, make)

    def _note(self, path: tuple[str, ...], found: Expression, make: Make) -> None:
        self._found.append(Column(path, found.kind, found.field, path[-1], make))

    def _add_fields(self, call: Call) -> None:
        """FIELDS(ALL | STANDARD | CUSTOM) (D)."""
        argument = call.argument
        kind = argument.text.lower() if isinstance(argument, Path) else ""
        if kind not in ("all", "standard", "custom") or argument is None:
            raise error_at(
                self._select.text, call.position, "MALFORMED_QUERY", "unexpected token: 'FIELDS'"
            )
        limit = self._select.query.limit
        if kind != "standard" and (limit is None or limit > MOST_FIELDS_ROWS):
            raise malformed(
                f"The SOQL FIELDS function must have a LIMIT of at most {MOST_FIELDS_ROWS}"
            )
        object_type = self._scope.object_type
        for field in object_type.fields:
            is_wanted = kind == "all" or field.describe["custom"] == (kind == "custom")
            if is_wanted and self._scope.context.may_read(object_type.name, field.name):
                path = Path((field.name,), argument.position)
                self._add_value(self._scope.find(path), path)

    def _add_typeof(self, selected: TypeOf) -> None:
        place = self._scope.polymorphic(selected.path)
        *above, name = place.relationships
        shape = self._shape.parent(
            self._scope, self._columns, replace(place, relationships=tuple(above))
        )
        if not place.is_name:
            raise refusals.not_polymorphic(self._select.text, selected.path)
        if shape.has(name):
            raise _twice(selected.path.text)
        index = self._columns.add(self._scope.record_id(place))
        branches: dict[str, RecordShape] = {}
        for object_name, paths in selected.branches:
            branch = self._scope.branch(place, object_name, selected.path)
            object_type = branch.tables[0][1]
            branches[object_type.name] = RecordShape(self._schema, object_type, index)
            for path in paths:
                found = self._scope.column(branch, path.text, path)
                branches[object_type.name].add(found.name, maker(self._columns, found))
        otherwise = RecordShape(self._schema, None, index)
        for path in selected.otherwise:
            found = self._scope.column(place, path.text, path)
            otherwise.add(found.name, maker(self._columns, found))
        make = ByObject(self._schema, index, branches, otherwise).build
        shape.add(name, make)
        self._found.append(Column(place.relationships, "typeof", None, name, make))

    # Children --------------------------------------------------------------------------------

    def _add_children(self, query: Query) -> None:
        object_type, field, name = self._children(query.source)
        if self._level >= MOST_CHILD_LEVELS:
            raise malformed(f"Nesting of subqueries goes down {MOST_CHILD_LEVELS} levels at most")
        if self._shape.has(name):
            raise _twice(name)
        if aggregates.is_aggregate_query(query):
            raise malformed("only root queries support aggregate expressions")
        select = Select(
            self._schema,
            self._scope.context,
            self._select.text,
            query,
            object_type,
            with_deleted=self._select.with_deleted,
            prefix=name,
        )
        statement = _Compiler(self._schema, select, self._level + 1, field).records()
        self._shape.add(name, nothing)
        self._found.append(Column((name,), "children", None, name, nothing, statement=statement))

    def _children(self, source: Path) -> tuple[ObjectType, Field, str]:
        """Child object, its reference, the relationship's name; ``Account.Contacts`` is allowed."""
        parent, may_read = self._scope.object_type, self._scope.context.may_read
        wanted = source.names[-1].lower()
        for object_type in self._schema.objects:
            for field in object_type.fields:
                name = field.children.get(parent.name) or ""
                is_seen = may_read(object_type.name, "Id") and may_read(
                    object_type.name, field.name
                )
                if name.lower() == wanted and is_seen and len(source.names) <= 2:
                    return object_type, field, name
        raise refusals.no_children(self._select.text, source.text, source.position)

    # SQL -------------------------------------------------------------------------------------

    def _sql(self) -> str:
        query, select = self._select.query, self._select
        parent = None if self._child_of is None else f"t0.{quote(self._child_of.name)}"
        where = select.where(self.sub_select, f"{parent} in {PARENTS}" if parent else "")
        order = ", ".join([*select.order(select.value), "t0.rowid"])
        bounds = select.bounds()
        shown = [f"{sql} as c{n}" for n, sql in enumerate(self._columns.sql)]
        if parent is None:
            head = f"select {', '.join(shown)}"
            return "\n".join([head, select.source(), where, f"order by {order}", bounds])
        if not bounds:
            head = f"select {', '.join(shown)}"
            return "\n".join([head, select.source(), where, f"order by {order}"])
        # LIMIT and OFFSET of a child query count for each parent by itself.
        shown.append(f"row_number() over (partition by {parent} order by {order}) as place")
        inner = "\n".join([f"select {', '.join(shown)}", select.source(), where])
        last = "" if query.limit is None else f" and place <= {query.offset + query.limit}"
        return f"select * from (\n{inner}\n)\nwhere place > {query.offset}{last}\norder by place"

    def _malformed(self, join: Join, message: str) -> ApiError:
        return error_at(self._select.text, join.value.position, "MALFORMED_QUERY", message)


def _targets(found: Expression) -> tuple[str, ...]:
    """The objects that an Id or a reference can point to."""
    if found.kind == "id":
        return tuple(object_type.name for _, object_type in found.place.tables)
    return found.field.reference_to if found.field and found.kind == "reference" else ()


def _twice(name: str) -> ApiError:
    """D, FIELDS(): the sentence and its code."""
    return ApiError(400, "INVALID_FIELD", f"duplicate field selected: {name}")
