"""What one plan works on: a connection, an org, mappings and the facts about both sides."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.check import explain_error
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.options import Options
from crm_sync.sync.statements import statements

__all__ = ["Scope", "are_siblings"]


@dataclass(frozen=True)
class Scope:
    """What a plan works on. `mappings`: the selected ones, parents first; `known`: all enabled."""

    connection: psycopg.Connection[Any]
    org_id: str
    run_number: int
    mappings: tuple[Mapping, ...]
    known: tuple[Mapping, ...]
    facts: Map[str, ObjectFacts]
    catalog: Catalog
    options: Options

    def compute(self, mapping: Mapping, statement: sql.Composed) -> psycopg.Cursor[Any]:
        """Runs SQL that evaluates a mapping's expressions, in its time zone.

        Raises MappingError where an expression is wrong for a row.
        """
        self.connection.execute("select set_config('TimeZone', %s, true)", [mapping.time_zone])
        try:
            with self.connection.transaction():
                done = self.connection.execute(statement)
        except psycopg.Error as error:
            raise explain_error(
                self.connection, mapping, self.catalog, self.facts, error
            ) from error
        self.connection.execute("select set_config('TimeZone', 'UTC', true)")
        return done

    @property
    def names(self) -> list[str]:
        return [m.name for m in self.mappings]

    def run(self, block: str, file: str = "plan", **values: Any) -> psycopg.Cursor[Any]:
        """Runs a block of plan.sql, or of another file beside it, with this scope's values."""
        return self.connection.execute(
            statements(file)[block],
            {
                "org": self.org_id,
                "run": self.run_number,
                "order": self.names,
                "selected": self.names,
                "resend": self.options.resend,
                "retry_refused": self.options.retry_refused,
                **values,
            },
        )

    def siblings(self, mapping: Mapping) -> list[str]:
        """Mappings over the same table of which each takes its own rows (`where`)."""
        return [m.name for m in self.mappings if m is not mapping and are_siblings(m, mapping)]


def are_siblings(one: Mapping, other: Mapping) -> bool:
    """Whether a row can move from one mapping to the other: one table, each with its `where`."""
    same = one.source.table == other.source.table and one.source.key == other.source.key
    return same and bool(one.source.where) and bool(other.source.where)
