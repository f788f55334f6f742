"""One push: what it works on, what it runs in PostgreSQL, and what stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from crm_sync.errors import LockLost
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.sync.batches import Row, group_of
from crm_sync.sync.progress import Tally
from crm_sync.sync.requests import objects_json
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["Push", "hold_run", "holds_run", "leave_unknown"]


@dataclass
class Push:
    """One push: what it works on, and what stopped."""

    scope: Scope
    client: Client
    by_name: dict[str, Mapping]
    tally: Tally
    stopped: dict[str, str] = field(default_factory=dict)  # mapping → Salesforce's code
    has_waited: set[str] = field(default_factory=set)  # rows that were sent before their parent
    changes_the_plan: bool = False
    reads_along: bool = False  # a call reads what it overwrites, since the plan did not

    def __post_init__(self) -> None:
        self.objects = objects_json(self.scope.known, self.scope.facts)

    def execute(self, block: str, rows: Sequence[Row] = (), **values: Any) -> psycopg.Cursor[Any]:
        """Runs a block of push.sql for some rows."""
        return self.scope.connection.execute(
            statements("push")[block],
            {
                "org": self.scope.org_id,
                "run": self.scope.run_number,
                "rows_mapping": [row.mapping for row in rows],
                "rows_key": [row.key for row in rows],
                **values,
            },
        )

    def note(self, block: str, rows: Sequence[Row], **values: Any) -> None:
        """Runs a block in a transaction of its own; only the newest run writes."""
        with self.scope.connection.transaction():
            self.hold_run()
            self.execute(block, rows, **values)

    def hold_run(self) -> None:
        """Inside a transaction: until it ends, no newer run can begin. Raises LockLost."""
        hold_run(self.scope.connection, self.scope.org_id, self.scope.run_number)

    def block_waiting(self) -> None:
        """Blocks what waits for rows that did not go, level by level."""
        while (self.execute("block_waiting", stopped=list(self.stopped)).fetchone() or (0,))[0]:
            pass

    def group(self, row: Row) -> object:
        return group_of(row, self.by_name)

    def tell(self, rows: Sequence[Row]) -> None:
        """How far the mappings of these rows are, to whoever shows it."""
        self.tally.tell(self.by_name[name] for name in dict.fromkeys(r.mapping for r in rows))


def holds_run(connection: psycopg.Connection[Any], org_id: str, run_number: int) -> bool:
    """Whether this run is the newest of its org; none other begins until the transaction ends."""
    block = statements("push")["hold_run"]
    held = connection.execute(block, {"org": org_id, "run": run_number})
    return held.fetchone() is not None


def hold_run(connection: psycopg.Connection[Any], org_id: str, run_number: int) -> None:
    """As `holds_run`. Raises LockLost where a newer run took over."""
    if not holds_run(connection, org_id, run_number):
        raise LockLost(
            "A newer run took over this org; this one ends.", "Look at `crm-sync status`."
        )


def leave_unknown(connection: psycopg.Connection[Any], org_id: str, run_number: int) -> None:
    """Notes that nobody will hear the answer to what is on its way by Composite."""
    values = {"org": org_id, "run": run_number, "every": True, "rows_mapping": [], "rows_key": []}
    connection.execute(statements("push")["record_unknown"], values)
