# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Answers of queries: page by page, without ever holding the whole result.

A result that fits one page is read and forgotten. A longer one is written by SQLite into a
temporary table (on disk, also when the org is in memory), with a table for each of its child
queries, and pages are read from there: so a result stays as it was while others write, and costs no
memory. A locator names such a result and the number of rows before the page: ``01g…-2000`` (R).
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import Record, Store, quote
from crm_sync.localorg.soql.statement import PARENT_ID, PARENTS, RECORD_ID, Row, Statement

LARGEST_PAGE, SMALLEST_PAGE = 2000, 200
MOST_CURSORS = 10
"""Open results of a user; the oldest is released when one more is opened (D, query())."""

LOCATOR_LIFE = timedelta(days=2)
"""U: Salesforce promises no time; its documentation has named 15 minutes and two days."""

Kind = Literal["open", "nested", "kept"]
"""Opened by a query and counted; of one record's children, not counted; kept until released."""

_JSON_PARENTS = "(select value from json_each(?))"


@dataclass
class Cursor:
    """A result that was written down: where it stands, and for whom. ``children`` are the tables of
    the child queries, ``nested`` the cursors that its pages opened for long lists of children."""

    cursor_id: str
    statement: Statement
    table: str
    total: int
    page_size: int
    user_id: str
    used: datetime
    kind: Kind
    children: dict[int, "ChildTable"] = field(default_factory=dict)
    nested: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ChildTable:
    """The written result of a child query and of the child queries in it, by column number."""

    name: str
    children: dict[int, "ChildTable"]


Tables = dict[int, ChildTable]


class Results:
    """Runs statements. All access is under the store's lock."""

    def __init__(
        self, store: Store, new_id: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._clock = clock
        self._cursors: dict[str, Cursor] = {}

    def first_page(self, statement: Statement, page_size: int, user_id: str, base: str) -> Record:
        """The answer of a query: totalSize, done, records, and where the next page is."""
        with self._store.lock:
            if statement.kind == "count":
                [[total]] = self._store.rows(statement.sql, statement.parameters)
                return {"totalSize": total, "done": True, "records": []}
            rows = self._few(statement, page_size + 1)
            if len(rows) > page_size:
                if statement.kind == "aggregate":
                    raise ApiError(
                        400,
                        "EXCEEDED_ID_LIMIT",
                        "Aggregate query does not support queryMore(), use LIMIT to restrict the "
                        "results to a single batch",
                    )
                cursor = self.open(statement, page_size, user_id)
                return self._page(cursor, 0, base)
            records = self._records(statement, rows, None, page_size, user_id, base, [])
            return {"totalSize": len(records), "done": True, "records": records}

    def next_page(self, locator: str, user_id: str, base: str) -> Record:
        """The page that a locator names; INVALID_QUERY_LOCATOR when it names none (R)."""
        with self._store.lock:
            cursor_id, _, start = locator.rpartition("-")
            cursor = self._cursors.get(cursor_id)
            self._release_old()
            if (
                cursor is None
                or cursor_id not in self._cursors
                or cursor.user_id != user_id
                or not start.isdigit()
                or int(start) >= cursor.total
                or not self._exists(cursor.table)
            ):
                raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            cursor.used = self._clock()
            return self._page(cursor, int(start), base)

    # For Bulk queries ------------------------------------------------------------------------

    def open(
        self,
        statement: Statement,
        page_size: int,
        user_id: str,
        *,
        parent_id: str | None = None,
        kind: Kind = "open",
    ) -> Cursor:
        """Write a result down; with ``parent_id`` that of a child query for one parent."""
        with self._store.lock:
            cursor_id = self._new_id()
            table = f"cursor_{cursor_id}"
            parents = _JSON_PARENTS if parent_id is not None else ""
            first = [json.dumps([parent_id])] if parent_id is not None else []
            total = self._write(table, statement, parents, first)
            cursor = Cursor(
                cursor_id=cursor_id,
                statement=statement,
                table=table,
                total=total,
                page_size=page_size,
                user_id=user_id,
                used=self._clock(),
                kind=kind,
                children=self._write_children(table, statement),
            )
            self._cursors[cursor_id] = cursor
            self._release_old()
            return cursor

    def stream(self, statement: Statement, user_id: str) -> Generator[Row, None, None]:
        """Every row of a result as it is now, without holding it; others may write meanwhile."""
        cursor = self.open(statement, LARGEST_PAGE, user_id, kind="kept")
        try:
            for start in range(0, cursor.total, LARGEST_PAGE):
                yield from self.rows(cursor, start, LARGEST_PAGE)
        finally:
            self.release(cursor)

    def rows(self, cursor: Cursor, start: int, count: int) -> list[Row]:
        """Rows of a written result; ``statement.columns`` say what they hold."""
        sql = f"select * from temp.{quote(cursor.table)} where rowid > ? and rowid <= ?"
        return self._store.rows(sql, [start, start + count])

    def release(self, cursor: Cursor) -> None:
        """Forget a result and its tables."""
        with self._store.lock:
            self._cursors.pop(cursor.cursor_id, None)
            for name in [cursor.table, *_names(cursor.children)]:
                self._store.execute(f"drop table if exists temp.{quote(name)}")
            for nested_id in cursor.nested:
                nested = self._cursors.get(nested_id)
                if nested is not None:
                    self.release(nested)

    # Pages -----------------------------------------------------------------------------------

    def _few(self, statement: Statement, count: int) -> list[Row]:
        return self._store.some_rows(statement.sql, statement.parameters, count)

    def _page(self, cursor: Cursor, start: int, base: str) -> Record:
        end = start + cursor.page_size
        rows = self.rows(cursor, start, cursor.page_size)
        is_done = end >= cursor.total
        answer: Record = {"totalSize": cursor.total, "done": is_done}
        if not is_done:
            answer["nextRecordsUrl"] = f"{base}/query/{cursor.cursor_id}-{end}"
        answer["records"] = self._records(
            cursor.statement,
            rows,
            cursor.children,
            cursor.page_size,
            cursor.user_id,
            base,
            cursor.nested,
        )
        return answer

    def _records(
        self,
        statement: Statement,
        rows: list[Row],
        tables: Tables | None,
        page_size: int,
        user_id: str,
        base: str,
        nested: list[str],
    ) -> list[Record]:
        """Records with their children; ``tables`` hold the children if they were written down."""
        build = statement.shape.build
        records = [record for row in rows if (record := build(row, base)) is not None]
        if not rows or not statement.children:
            return records
        ids = [row[RECORD_ID] for row in rows]
        for number, (name, child) in enumerate(statement.children):
            table = None if tables is None else tables[number]
            found = self._children(child, table, ids)
            for record_id, record in zip(ids, records, strict=True):
                own = found.get(record_id)
                if own is None:
                    record[name] = None
                    continue
                shown = own[:page_size]
                answer: Record = {"totalSize": len(own), "done": len(shown) == len(own)}
                if len(shown) < len(own):
                    cursor = self.open(
                        child, page_size, user_id, parent_id=record_id, kind="nested"
                    )
                    nested.append(cursor.cursor_id)
                    answer["nextRecordsUrl"] = f"{base}/query/{cursor.cursor_id}-{page_size}"
                answer["records"] = self._records(
                    child,
                    shown,
                    None if table is None else table.children,
                    page_size,
                    user_id,
                    base,
                    nested,
                )
                record[name] = answer
        return records

    def _children(
        self, child: Statement, table: ChildTable | None, ids: list[str]
    ) -> dict[str, list[Row]]:
        """Rows of a child query by the Id of their parent, in order."""
        if table is None:
            sql = child.sql.replace(PARENTS, _JSON_PARENTS)
            rows = self._store.rows(sql, [json.dumps(ids), *child.parameters])
        else:
            sql = (
                f"select * from temp.{quote(table.name)} where c1 in {_JSON_PARENTS} order by rowid"
            )
            rows = self._store.rows(sql, [json.dumps(ids)])
        found: dict[str, list[Row]] = {}
        for row in rows:
            found.setdefault(row[PARENT_ID], []).append(row)
        return found

    # Tables ----------------------------------------------------------------------------------

    def _write(self, table: str, statement: Statement, parents: str, first: Iterable[Any]) -> int:
        sql = statement.sql.replace(PARENTS, parents)
        name = quote(table)
        self._store.execute(f"create temp table {name} as {sql}", [*first, *statement.parameters])
        return int(self._store.rows(f"select count(*) from temp.{name}")[0][0])

    def _write_children(self, table: str, statement: Statement) -> Tables:
        tables: Tables = {}
        for number, (_, child) in enumerate(statement.children):
            name = f"{table}_{number}"
            self._write(name, child, f"(select c0 from temp.{quote(table)})", [])
            self._store.execute(
                f"create index temp.{quote(name + '_parent')} on {quote(name)} (c1)"
            )
            tables[number] = ChildTable(name, self._write_children(name, child))
        return tables

    def _exists(self, table: str) -> bool:
        """A transaction that was rolled back took the table with it."""
        return bool(self._store.rows("select 1 from sqlite_temp_master where name = ?", [table]))

    def _release_old(self) -> None:
        oldest = self._clock() - LOCATOR_LIFE
        opened: dict[str, list[Cursor]] = {}
        for cursor in list(self._cursors.values()):
            if cursor.kind != "kept" and cursor.used < oldest:
                self.release(cursor)
            elif cursor.kind == "open":
                opened.setdefault(cursor.user_id, []).append(cursor)
        for cursors in opened.values():
            for cursor in cursors[: max(0, len(cursors) - MOST_CURSORS)]:
                self.release(cursor)


def _names(tables: Tables) -> Iterator[str]:
    for table in tables.values():
        yield table.name
        yield from _names(table.children)
