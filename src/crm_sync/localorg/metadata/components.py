"""The components that the org keeps as documents, with their Ids and who made and changed them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Store

Body = dict[str, Any]


@dataclass(frozen=True)
class Component:
    """One component. ``state`` is the owner's to read; datetimes are as records have them."""

    type: str
    full_name: str
    id: str
    body: Body
    state: str
    created_at: str
    created_by: str
    changed_at: str
    changed_by: str


class Components:
    """A table of the data file, so that what is set up survives a restart."""

    def __init__(self, store: Store, pod: str) -> None:
        self._store = store
        self._pod = pod
        store.execute(
            "create table if not exists local_component (type text, full_name text collate nocase, "
            "id text unique, body text, state text, created_at text, created_by text, "
            "changed_at text, changed_by text, primary key (type, full_name))"
        )

    def all(self, type_name: str) -> list[Component]:
        """Every component of a type in order of creation."""
        return self._where("type = ? order by rowid", [type_name])

    def find(self, type_name: str, full_name: str) -> Component | None:
        """By name, without regard to case."""
        found = self._where("type = ? and full_name = ?", [type_name, full_name])
        return found[0] if found else None

    def by_id(self, type_name: str, record_id: str) -> Component | None:
        """By Id, of 15 or 18 characters."""
        id18 = identifiers.normalize(record_id)
        found = self._where("type = ? and id = ?", [type_name, id18])
        return found[0] if found else None

    def add(
        self,
        type_name: str,
        prefix: str,
        full_name: str,
        body: Mapping[str, Any],
        *,
        state: str,
        stamp: str,
        user_id: str,
    ) -> str:
        """Keep a new component; its Id."""
        [number] = self._store.take_numbers(prefix, 1)
        record_id = identifiers.build(prefix, self._pod, number)
        text = json.dumps(body)
        self._store.execute(
            "insert into local_component values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [type_name, full_name, record_id, text, state, stamp, user_id, stamp, user_id],
        )
        return record_id

    def change(
        self, component: Component, body: Mapping[str, Any], *, state: str, stamp: str, user_id: str
    ) -> None:
        self._store.execute(
            "update local_component set body = ?, state = ?, changed_at = ?, changed_by = ? "
            "where id = ?",
            [json.dumps(body), state, stamp, user_id, component.id],
        )

    def remove(self, component: Component) -> None:
        self._store.execute("delete from local_component where id = ?", [component.id])

    def _where(self, condition: str, parameters: list[Any]) -> list[Component]:
        columns = "type, full_name, id, body, state, created_at, created_by, changed_at, changed_by"
        sql = f"select {columns} from local_component where {condition}"  # noqa: S608 - ours alone
        return [
            Component(row[0], row[1], row[2], json.loads(row[3]), *row[4:])
            for row in self._store.rows(sql, parameters)
        ]
