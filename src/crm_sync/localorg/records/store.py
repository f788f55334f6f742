# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""SQLite: one table per object, the settings of the org, and number sequences.

All access goes through one connection under one lock, so that requests that write follow each
other, each in a transaction of its own (:meth:`Store.transaction`); nested ones are savepoints.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crm_sync.localorg.records import functions, identifiers
from crm_sync.localorg.schema import Field, ObjectType, Schema

Record = dict[str, Any]
_CHUNK = 500


def quote(name: str) -> str:
    """A name as an SQL identifier; "Group" and "Order" are words of SQL."""
    return '"' + name + '"'


class Store:
    """The records of one org. Values are as ``values`` stores them."""

    def __init__(self, schema: Schema, path: Path | None) -> None:
        self.lock = threading.RLock()
        self._depth = 0
        self._revisions: Counter[str] = Counter()
        self._rollbacks = 0
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False
        )
        functions.register(self._connection)
        if path:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
        self.rolled_back: Callable[[], None] = _do_nothing
        self.adopt(schema)

    def adopt(self, schema: Schema) -> None:
        """Go on with this schema: columns that it has and the tables lack are added."""
        self.schema = schema
        self._names = {o.name: [f.name for f in o.stored] for o in schema.objects}
        self._insert_sql = {o.name: self._insert_statement(o) for o in schema.objects}
        with self.transaction():
            self._create_tables()

    @staticmethod
    def peek(path: Path | None, names: Sequence[str]) -> dict[str, str]:
        """Settings of a data file, before its schema is known; none where there is no file yet."""
        if path is None or not path.exists() or not path.stat().st_size:
            return {}
        connection = sqlite3.connect(str(path))
        try:
            marks = ", ".join("?" * len(names))
            sql = f"select name, value from local_setting where name in ({marks})"
            return dict(connection.execute(sql, names).fetchall())
        except sqlite3.OperationalError:
            return {}  # no org yet; opening the store says what is wrong, if anything is
        finally:
            connection.close()

    def drop_column(self, object_type: ObjectType, field: Field) -> None:
        """Forget the values of a field that the next schema lacks; then :meth:`adopt` that one."""
        run = self._connection.execute
        with self.transaction():
            run(f"drop index if exists {quote(object_type.name + field.name)}")
            run(f"alter table {quote(object_type.name)} drop column {quote(field.name)}")

    def close(self) -> None:
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, rolls back when an exception passes.

        After that ``rolled_back`` is called, for those who keep in memory what the tables say.
        """
        with self.lock:
            name = f"level{self._depth}"
            rollbacks = self._rollbacks
            self._depth += 1
            run = self._connection.execute
            run("begin immediate" if self._depth == 1 else f"savepoint {name}")
            try:
                yield
            except BaseException:
                self._rollbacks += 1
                if self._depth == 1:
                    run("rollback")
                else:
                    run(f"rollback to {name}")
                    run(f"release {name}")
                raise
            else:
                run("commit" if self._depth == 1 else f"release {name}")
            finally:
                self._depth -= 1
                if self._rollbacks != rollbacks:
                    self.rolled_back()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.lock:
            return self._connection.execute(sql, parameters).fetchall()

    def some_rows(self, sql: str, parameters: Sequence[Any], count: int) -> list[tuple[Any, ...]]:
        """The first rows of a result, at most ``count``; the others are not computed."""
        with self.lock:
            cursor = self._connection.execute(sql, parameters)
            found = cursor.fetchmany(count)
            cursor.close()
            return found

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        with self.lock:
            return self._connection.execute(sql, parameters).rowcount

    # Records ---------------------------------------------------------------------------------

    def by_ids(self, object_type: ObjectType, ids: Iterable[str]) -> dict[str, Record]:
        """Whole records by 18-character Id, deleted ones included."""
        return {r["Id"]: r for r in self.where_in(object_type, object_type["Id"], ids)}

    def where_in(
        self, object_type: ObjectType, field: Field, values: Iterable[Any]
    ) -> list[Record]:
        """Whole records whose field has one of the values, deleted ones included."""
        names = self._names[object_type.name]
        columns = ", ".join(quote(n) for n in names)
        head = f"select {columns} from {quote(object_type.name)} where {_compared(field)} in "
        return [dict(zip(names, row)) for row in self._in_chunks(head, values)]  # noqa: B905 - hot

    def keys(
        self, object_type: ObjectType, field: Field, values: Iterable[Any]
    ) -> list[tuple[Any, str]]:
        """(value, Id) of the living records whose field has one of the values."""
        living = ' and "IsDeleted" = 0' if object_type.soft_delete else ""
        head = (
            f'select {quote(field.name)}, "Id" from {quote(object_type.name)} '
            f"where {_compared(field)} in "
        )
        found = self._in_chunks(head, values, living)
        return [(row[0], row[1]) for row in found]

    def deleted_flags(self, object_type: ObjectType, ids: Iterable[str]) -> dict[str, bool]:
        """Id → is it deleted, for the Ids that exist; for a User: is it inactive."""
        flag = '"IsDeleted"' if object_type.soft_delete else "0"
        if object_type.name == "User":
            flag = 'not "IsActive"'
        head = f'select "Id", {flag} from {quote(object_type.name)} where "Id" in '
        return {row[0]: bool(row[1]) for row in self._in_chunks(head, ids)}

    def record(self, record_id: str) -> Record | None:
        """One record by Id (15 or 18 characters), deleted or not."""
        id18 = identifiers.normalize(record_id)
        object_type = self.schema.of_id(record_id) if id18 else None
        if id18 is None or object_type is None:
            return None
        return self.by_ids(object_type, [id18]).get(id18)

    def records(self, object_name: str, *, deleted: bool = False) -> list[Record]:
        """Every record of an object in order of creation; deleted ones only on demand."""
        object_type = self.schema[object_name]
        names = self._names[object_type.name]
        living = "" if deleted or not object_type.soft_delete else 'where "IsDeleted" = 0 '
        sql = (
            f"select {', '.join(quote(n) for n in names)} from {quote(object_type.name)} "
            f"{living}order by rowid"
        )
        return [dict(zip(names, row, strict=True)) for row in self.rows(sql)]

    def stamped(
        self, object_type: ObjectType, start: str, end: str, *, deleted: bool
    ) -> list[tuple[str, str]]:
        """(Id, SystemModstamp) of living or deleted records stamped in [start, end)."""
        if deleted and not object_type.soft_delete:
            return []
        flag = f' and "IsDeleted" = {int(deleted)}' if object_type.soft_delete else ""
        found = self.rows(
            f'select "Id", "SystemModstamp" from {quote(object_type.name)} '
            f'where "SystemModstamp" >= ? and "SystemModstamp" < ?{flag} order by rowid',
            [start, end],
        )
        return [(row[0], row[1]) for row in found]

    def index(self, object_type: ObjectType, field: Field) -> None:
        """Make a look-up by this field quick."""
        collation = "" if field.compares_case else " collate nocase"
        self.execute(
            f"create index if not exists {quote(object_type.name + field.name)} "
            f"on {quote(object_type.name)} ({quote(field.name)}{collation})"
        )

    def count(self, object_name: str) -> int:
        """Number of living records."""
        object_type = self.schema[object_name]
        living = 'where "IsDeleted" = 0' if object_type.soft_delete else ""
        return int(self.rows(f"select count(*) from {quote(object_type.name)} {living}")[0][0])

    def revision(self, names: Iterable[str]) -> int:
        """A number that changes when records of one of these objects may have changed."""
        return self._rollbacks + sum(self._revisions[name] for name in names)

    def insert(self, object_type: ObjectType, records: list[Record]) -> None:
        self._revisions[object_type.name] += 1
        names = self._names[object_type.name]
        self._connection.executemany(
            self._insert_sql[object_type.name], [list(map(r.get, names)) for r in records]
        )

    def update(
        self, object_type: ObjectType, records: list[Record], olds: list[Record] | None = None
    ) -> None:
        """Write whole records back.

        With ``olds``, what is stored of them in the same order, the columns that none of them
        changes are left out, so that their indexes are left alone.
        """
        if not records:
            return
        self._revisions[object_type.name] += 1
        names = self._names[object_type.name]
        columns = dict(zip(names, _columns(records, names), strict=True))
        if olds is not None:
            stored = zip(names, _columns(olds, names), strict=True)
            columns = {name: columns[name] for name, before in stored if columns[name] != before}
        if columns:
            ids = [record["Id"] for record in records]
            self._connection.executemany(
                self._update_statement(object_type, list(columns)),
                zip(*columns.values(), ids, strict=True),
            )

    def delete(self, object_type: ObjectType, ids: list[str]) -> None:
        """Take records away for good, as objects without a recycle bin have it."""
        self._revisions[object_type.name] += 1
        table = quote(object_type.name)
        self._connection.executemany(
            f'delete from {table} where "Id" = ?', [[record_id] for record_id in ids]
        )

    # Settings, sequences -----------------------------------------------------------

    def setting(self, name: str) -> str | None:
        found = self.rows("select value from local_setting where name = ?", [name])
        return found[0][0] if found else None

    def set_setting(self, name: str, value: str) -> None:
        self.execute("insert or replace into local_setting values (?, ?)", [name, value])

    def take_numbers(self, sequence: str, count: int) -> range:
        """The next ``count`` numbers of a sequence, starting with 1."""
        sql = (
            "insert into local_sequence values (?, ?) "
            "on conflict (name) do update set last = last + excluded.last returning last"
        )
        last = self.rows(sql, [sequence, count])[0][0]
        return range(last - count + 1, last + 1)

    # Inside ----------------------------------------------------------------------------------

    def _in_chunks(
        self, head: str, values: Iterable[Any], tail: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        wanted = list(values)
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            yield from self.rows(f"{head}({marks}){tail}", chunk)

    def _create_tables(self) -> None:
        run = self._connection.execute
        run("create table if not exists local_setting (name text primary key, value text)")
        run("create table if not exists local_sequence (name text primary key, last integer)")
        run("create table if not exists local_bin (record_id text primary key, root_id text)")
        run("create index if not exists local_bin_root on local_bin (root_id)")
        run(
            "create table if not exists local_cleared "
            "(root_id text, child_id text, field text, parent_id text)"
        )
        run("create index if not exists local_cleared_root on local_cleared (root_id)")
        run(
            "create table if not exists local_viewed "
            "(user_id text, record_id text, turn integer, primary key (user_id, record_id))"
        )
        for object_type in self.schema.objects:
            table = quote(object_type.name)
            columns = ", ".join(
                f"{quote(f.name)} {f.sql_type}" + (" not null unique" if f.type == "id" else "")
                for f in object_type.stored
            )
            run(f"create table if not exists {table} ({columns})")
            present = {row[1] for row in self.rows(f"pragma table_info({table})")}
            for field in object_type.stored:
                if field.name not in present:
                    run(f"alter table {table} add column {quote(field.name)} {field.sql_type}")
                if field.is_key or field.cascade or field.children or field.name == "AccountId":
                    self.index(object_type, field)

        run("drop view if exists local_name")  # made by earlier versions

    @staticmethod
    def _insert_statement(object_type: ObjectType) -> str:
        names = [quote(f.name) for f in object_type.stored]
        marks = ", ".join("?" * len(names))
        return f"insert into {quote(object_type.name)} ({', '.join(names)}) values ({marks})"

    @staticmethod
    def _update_statement(object_type: ObjectType, names: list[str]) -> str:
        assignments = ", ".join(f"{quote(name)} = ?" for name in names)
        return f'update {quote(object_type.name)} set {assignments} where "Id" = ?'


def _columns(records: list[Record], names: list[str]) -> Iterator[tuple[Any, ...]]:
    """The values of each name, one per record."""
    return zip(*(map(record.get, names) for record in records), strict=True)


def _do_nothing() -> None:
    """Nobody asked to be told."""


def _compared(field: Field) -> str:
    """Text compares without regard to case unless the field says otherwise (D)."""
    return quote(field.name) + (" collate nocase" if not field.compares_case else "")
