"""A replay of PostgREST: a request becomes the SQL that PostgREST would send, and its answer.

It is not PostgREST and stands for it only where none can be had: it knows the part of the grammar
that docs/rest-api.md uses and refuses the rest (`Unknown`). What it does was read in PostgREST's
source (src/library/PostgREST, 2026-08-21): ApiRequest/QueryParams.hs (grammar), Plan.hs (which
relationship an embedding means), Query/QueryBuilder.hs and SqlFragment.hs (SQL), Error.hs (status).
Not here: tokens' signatures and expiry, the schema cache's age, `max_rows`, safeupdate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from tests.support.postgrest_catalog import Relation, columns, functions, relations
from tests.support.supabase import OWNER, Project, become

__all__ = ["Answer", "Replay", "Request", "Unknown"]

Sql = sql.Composable
OPERATORS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=",
             "like": "like", "ilike": "ilike"}  # fmt: skip
IS = {"null": "null", "not_null": "not null", "true": "true", "false": "false",
      "unknown": "unknown"}  # fmt: skip
ORDER = re.compile(r"(\w+)((?:\.(?:asc|desc))?(?:\.(?:nullsfirst|nullslast))?)")
ITEM = re.compile(r"(?:(\w+):)?(\w+|\*)((?:!\w+)*)(\(.*\))?", re.DOTALL)
STATUS = {
    "08": 503, "09": 500, "0L": 403, "0P": 403, "23503": 409, "23505": 409, "25006": 405, "25": 500,
    "28": 403, "2D": 500, "38": 500, "39": 500, "3B": 500, "40": 500, "53400": 500, "53": 503,
    "54": 500, "55": 500, "57": 500, "58": 500, "F0": 500, "HV": 500, "P0001": 400, "P0": 500,
    "XX": 500, "42883": 404, "42P01": 404, "42P17": 500,
}  # fmt: skip
"""HTTP status by SQLSTATE or its class, the longer first; any other is 400."""


class Unknown(AssertionError):
    """A request beyond the part of the grammar that is replayed."""


class Refused(Exception):
    """An error that PostgREST makes itself."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One HTTP request; `query` in the order in which it was written."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None

    def prefers(self, what: str) -> bool:
        return what in re.split(r",\s*", self.headers.get("prefer", ""))


@dataclass(frozen=True)
class Answer:
    """What comes back; `body` as read from JSON."""

    status: int
    body: Any = None
    content_range: str | None = None


@dataclass
class Node:
    """One table of a read: what is selected, which rows, what is embedded."""

    table: str
    items: list[tuple[str, str | None]] = field(default_factory=list)
    filters: list[tuple[str, str]] = field(default_factory=list)
    order: str = ""
    limit: str = ""
    offset: str = ""
    name: str = ""
    inner: bool = False
    relation: Relation | None = None
    embedded: list[Node] = field(default_factory=list)


class Replay:
    """One project's API, as one of its roles."""

    def __init__(self, project: Project) -> None:
        self._project = project
        with psycopg.connect(project.url(OWNER)) as owner:
            self._columns = columns(owner)
            self._relations = relations(owner)
            self._functions = functions(owner)

    def relations(self, table: str, other: str) -> list[Relation]:
        """The ways from one table to another; an embedding must mean one of them."""
        return self._relations.get((table, other), [])

    def ask(self, request: Request, role: str) -> Answer:
        """The answer to a request of a role; who is `authenticated` is a member of the practice."""
        is_call = request.path.startswith("rpc/")
        stable = is_call and self._function(request)[1]
        reads = request.method == "GET" or stable
        try:
            with (
                psycopg.connect(self._project.url("authenticator")) as connection,
                connection.transaction(),
                connection.cursor() as cursor,
            ):
                mode = "read only" if reads else "read write"
                cursor.execute(f"set transaction isolation level read committed {mode}".encode())
                become(cursor, role, method=request.method)
                if is_call:
                    return self._call(cursor, request)
                return self._table(cursor, request)
        except psycopg.Error as error:
            return _error(error, role)
        except Refused as error:
            return Answer(error.status, {"code": str(error)})

    # Tables ----------------------------------------------------------------------------------

    def _table(self, cursor: psycopg.Cursor[Any], request: Request) -> Answer:
        node = self._node(request)
        if request.method == "GET":
            read = self._read(node)
            whole = sql.SQL("with pgrst_source as ({}) {}").format(read, _AS_JSON)
        else:
            returned: list[Sql] = [sql.SQL("{}.*").format(_table(node.table))]
            for name, _ in node.items:  # computed fields
                if name != "*" and name not in self._columns[node.table]:
                    returned.append(_column(node.table, name))
            returning = sql.SQL(", ").join(returned)
            written = sql.SQL("{} returning {}").format(self._write(request, node), returning)
            shown = replace(node, filters=[], order="", limit="", offset="")
            whole = sql.SQL("with pgrst_source as ({}), pgrst_read as ({}) {}").format(
                written, self._read(shown, "pgrst_source"), _AS_JSON_OF_READ
            )
        ((body,),) = cursor.execute(whole).fetchall()
        return self._answer(cursor, request, node, body)

    def _answer(
        self, cursor: psycopg.Cursor[Any], request: Request, node: Node, rows: list[Any]
    ) -> Answer:
        if request.method != "GET" and not request.prefers("return=representation"):
            return Answer(201 if request.method == "POST" else 204)
        status, shown = 201 if request.method == "POST" else 200, None
        if request.prefers("count=exact"):
            count = replace(node, items=[("*", None)], embedded=[], order="", limit="", offset="")
            counted = sql.SQL("select count(*) from ({}) t").format(self._read(count))
            ((total,),) = cursor.execute(counted).fetchall()
            first = int(node.offset or 0)
            last = first + len(rows) - 1
            shown = f"{first}-{last}/{total}" if rows else f"*/{total}"
            status = 206 if len(rows) < total else status
        if request.headers.get("accept") == "application/vnd.pgrst.object+json":
            if len(rows) != 1:
                raise Refused(406, "PGRST116")
            return Answer(status, rows[0], shown)
        return Answer(status, rows, shown)

    def _write(self, request: Request, node: Node) -> Sql:
        table, where = _table(node.table), self._where(node, node.table)
        if request.method == "DELETE":
            return sql.SQL("delete from {} {}").format(table, where)
        body = json.loads(request.body or "null")
        names = list(
            dict.fromkeys(k for row in ([body] if isinstance(body, dict) else body) for k in row)
        )
        payload = self._payload(node.table, names, body)
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        if request.method == "POST":
            return sql.SQL("insert into {}({}) select {} {}").format(
                table, columns, _of("pgrst_body", names), payload
            )
        if request.method != "PATCH":
            raise Unknown(request.method)
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = pgrst_body.{}").format(*[sql.Identifier(name)] * 2) for name in names
        )
        return sql.SQL("update {} set {} {} {}").format(table, assigned, payload, where)

    def _payload(self, table: str, names: list[str], body: Any) -> Sql:
        types = self._columns[table]
        for name in names:
            if name not in types:
                raise Refused(400, "PGRST204")
        return _from_body(body, {name: types[name] for name in names})

    # Functions -------------------------------------------------------------------------------

    def _function(self, request: Request) -> tuple[dict[str, str], bool]:
        name = request.path.removeprefix("rpc/")
        if name not in self._functions:
            raise Unknown(f"/rpc/{name}: PGRST202")
        return self._functions[name]

    def _call(self, cursor: psycopg.Cursor[Any], request: Request) -> Answer:
        types, _ = self._function(request)
        given = dict(request.query) if request.method == "GET" else json.loads(request.body or "{}")
        arguments = sql.SQL(", ").join(
            sql.SQL("{0} := pgrst_body.{0}").format(sql.Identifier(name)) for name in given
        )
        name = sql.Identifier("public", request.path.removeprefix("rpc/"))
        call = sql.SQL("lateral (select {}({}) pgrst_scalar) pgrst_call").format(name, arguments)
        body = _from_body(given, {name: types[name] for name in given})
        source = sql.SQL("select pgrst_call.pgrst_scalar {}, {}").format(body, call)
        whole = sql.SQL(
            "with pgrst_source as ({}) select json_agg(t.pgrst_scalar) -> 0 from pgrst_source t"
        ).format(source)
        ((result,),) = cursor.execute(whole).fetchall()
        return Answer(200, result)

    # The read --------------------------------------------------------------------------------

    def _node(self, request: Request) -> Node:
        if request.path not in self._columns:
            raise Refused(404, "PGRST205")
        node = Node(request.path)
        self._select(node, dict(request.query).get("select", "*"))
        for key, text in request.query:
            if key == "select":
                continue
            *path, last = key.split(".")
            at = node
            for name in path:
                found = [one for one in at.embedded if one.name == name]
                if not found:
                    raise Refused(400, "PGRST108")
                (at,) = found
            if last in ("order", "limit", "offset"):
                setattr(at, last, text)
            else:
                at.filters.append((last, text))
        return node

    def _select(self, node: Node, text: str) -> None:
        for item in _split(text):
            found = ITEM.fullmatch(item.strip())
            if found is None:
                raise Unknown(f"select={item}")
            alias, name, hints, inside = found.groups()
            if inside is None:
                if hints:
                    raise Unknown(f"select={item}")
                node.items.append((name, alias))
                continue
            marks = [mark for mark in hints.split("!") if mark]
            inner = "inner" in marks
            marks = [mark for mark in marks if mark not in ("inner", "left")]
            ways = self.relations(node.table, name)
            ways = [way for way in ways if all(mark in way.names for mark in marks)]
            if len(ways) != 1:
                raise Refused(*((300, "PGRST201") if ways else (400, "PGRST200")))
            child = Node(name, name=alias or name, inner=inner, relation=ways[0])
            self._select(child, inside[1:-1])
            node.embedded.append(child)

    def _read(self, node: Node, source: str = "", alias: str = "", parent: str = "") -> Sql:
        here = alias or node.table
        parts = [_column(here, name, sub=bool(alias or source), to=to) for name, to in node.items]
        joins: list[Sql] = []
        for number, child in enumerate(node.embedded, 1):
            assert child.relation is not None
            at, inside = f"{here}_{child.name}_{number}", f"{child.table}_{number}"
            query = self._read(child, "", inside, here)
            mark, name = sql.Identifier(at), sql.Identifier(child.name)
            kind, on = sql.SQL("inner" if child.inner else "left"), sql.SQL("true")
            if child.relation.to_one:
                parts.append(sql.SQL("row_to_json({}.*)::jsonb as {}").format(mark, name))
            else:
                parts.append(sql.SQL("coalesce({0}.{0}, '[]') as {1}").format(mark, name))
                listed = sql.SQL("select json_agg({0})::jsonb as {0} from ({1}) as {0}")
                query = listed.format(mark, query)
                condition = sql.SQL("{} is not null").format(mark) if child.inner else on
                joins.append(
                    sql.SQL("{} join lateral ({}) as {} on {}").format(kind, query, mark, condition)
                )
                continue
            joins.append(sql.SQL("{} join lateral ({}) as {} on {}").format(kind, query, mark, on))
        origin = _table(node.table)
        if source:
            origin = sql.SQL("{} as {}").format(sql.Identifier(source), sql.Identifier(here))
        elif alias:
            origin = sql.SQL("{} as {}").format(_table(node.table), sql.Identifier(alias))
        meets = [
            sql.SQL("{} = {}").format(sql.Identifier(here, ours), sql.Identifier(parent, theirs))
            for theirs, ours in (node.relation.columns if node.relation and parent else ())
        ]
        last = sql.SQL(" limit {} offset {}").format(
            sql.Literal(int(node.limit) if node.limit else None), sql.Literal(int(node.offset or 0))
        )
        return sql.SQL("select {} from {} {} {} {}{}").format(
            sql.SQL(", ").join(parts), origin, sql.SQL(" ").join(joins),
            self._where(node, here, meets, sub=bool(alias or source)),
            _order(node, here, sub=bool(alias or source)), last,
        )  # fmt: skip

    def _where(self, node: Node, here: str, more: Sequence[Sql] = (), *, sub: bool = False) -> Sql:
        conditions = [_filter(here, name, text, sub=sub) for name, text in node.filters]
        conditions += more
        return sql.SQL("where ") + sql.SQL(" and ").join(conditions) if conditions else sql.SQL("")


_AS_JSON = sql.SQL("select coalesce(json_agg(t), '[]') from pgrst_source t")
_AS_JSON_OF_READ = sql.SQL("select coalesce(json_agg(t), '[]') from pgrst_read t")


def _table(name: str) -> Sql:
    return sql.Identifier("public", name)


def _column(table: str, name: str, *, sub: bool = False, to: str | None = None) -> Sql:
    """A column or computed field: PostgreSQL takes `table.name` for both."""
    path = (table,) if sub else ("public", table)
    if name == "*":
        return sql.SQL("{}.*").format(sql.Identifier(*path))
    column: Sql = sql.Identifier(*path, name)
    return sql.SQL("{} as {}").format(column, sql.Identifier(to)) if to else column


def _filter(table: str, name: str, text: str, *, sub: bool) -> Sql:
    column = _column(table, name, sub=sub)
    operator, _, value = text.partition(".")
    negated = sql.SQL("not ") if operator == "not" else sql.SQL("")
    if operator == "not":
        operator, _, value = value.partition(".")
    if operator == "in" and value[:1] + value[-1:] == "()":
        listed = [one.strip('"') for one in _split(value[1:-1])]
        literal = "{" + ",".join(json.dumps(one, ensure_ascii=False) for one in listed) + "}"
        return sql.SQL("{}{} = any ({})").format(negated, column, sql.Literal(literal))
    if operator == "is" and value in IS:
        return sql.SQL("{}{} is {}").format(negated, column, sql.SQL(IS[value]))
    if operator not in OPERATORS:
        raise Unknown(f"{name}={text}")
    if operator in ("like", "ilike"):
        value = value.replace("*", "%")
    return sql.SQL("{}{} {} {}").format(
        negated, column, sql.SQL(OPERATORS[operator]), sql.Literal(value)
    )


def _order(node: Node, here: str, *, sub: bool) -> Sql:
    terms: list[Sql] = []
    for term in _split(node.order) if node.order else ():
        found = ORDER.fullmatch(term)
        if found is None:
            raise Unknown(f"order={term}")
        words = found[2].replace(".", " ").replace("nulls", "nulls ")
        terms.append(_column(here, found[1], sub=sub) + sql.SQL(words))
    return sql.SQL("order by ") + sql.SQL(", ").join(terms) if terms else sql.SQL("")


def _split(text: str) -> Iterator[str]:
    """The parts between commas that stand in no brackets and no quotes."""
    depth, start, quoted = 0, 0, False
    for at, sign in enumerate(text):
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == "," and depth == 0 and not quoted:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _of(table: str, names: list[str]) -> Sql:
    return sql.SQL(", ").join(sql.Identifier(table, name) for name in names)


def _from_body(body: Any, types: dict[str, str]) -> Sql:
    """The rows of a JSON body, each value of the type of its column or argument."""
    typed = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in types.items()
    )
    names = sql.SQL(", ").join(map(sql.Identifier, types)) if types else sql.SQL("1")
    kind = sql.SQL("json_to_record" if isinstance(body, dict) else "json_to_recordset")
    rows = sql.SQL("{}(pgrst_payload.json_data) as _({})").format(kind, typed)
    return sql.SQL(
        "from (select {}::json as json_data) pgrst_payload, lateral (select {} from {}) pgrst_body"
    ).format(sql.Literal(json.dumps(body)), names, rows if types else sql.SQL("(values (1)) _"))


def _error(error: psycopg.Error, role: str) -> Answer:
    code = error.sqlstate or "XX000"
    said = error.diag
    body = {"code": code, "details": said.message_detail, "hint": said.message_hint,
            "message": said.message_primary}  # fmt: skip
    if code == "42501":
        return Answer(401 if role == "anon" else 403, body)
    if code.startswith("PT") and code[2:].isdecimal():
        return Answer(int(code[2:]), body)
    return Answer(STATUS.get(code, STATUS.get(code[:2], 400)), body)
