"""A database, a local org and mappings, and what tests of the sync do with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import SecretStr

from crm_sync.localorg.serve import LocalOrg
from crm_sync.report.model import OutcomeSummary, PlanReport, PlanRow, RunReport
from crm_sync.settings import Settings
from crm_sync.sync import run
from crm_sync.sync.options import Options
from crm_sync.targets import Target
from tests.integration.database.rows import add
from tests.support.postgres import ROOT, Database

Record = dict[str, Any]
NO = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
SOURCES = {
    "Account": ("account", "accounts", ""),
    "Lead": ("lead", "leads where converted_account_id is null", ""),
    "Opportunity": ("opportunity", "projects", ""),
    "Task": ("task", "activities where activity_type <> 'meeting'", "task:"),
    "Event": ("event", "activities where activity_type = 'meeting'", "event:"),
}


@dataclass
class Practice:
    """One database that is pushed to one org (or, by further targets, to several)."""

    database: Database
    connection: psycopg.Connection[Any]
    orgs: dict[str, LocalOrg]
    mappings: Path
    attempts: int = 2
    read_timeout: float = 5.0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def org(self) -> LocalOrg:
        return next(iter(self.orgs.values()))

    def settings(self) -> Settings:
        return Settings(
            database_url=SecretStr(self.database.sync_url),
            mappings=self.mappings,
            targets={name: self.target(org) for name, org in self.orgs.items()},
        )

    def environment(self) -> dict[str, str]:
        """The same settings for a process of its own, with the first org as the target local."""
        return {
            "CRM_SYNC_DATABASE_URL": self.database.sync_url,
            "CRM_SYNC_MAPPINGS": str(self.mappings),
            "CRM_SYNC_TARGETS__LOCAL__INSTANCE_URL": self.org.instance_url,
            "CRM_SYNC_TARGETS__LOCAL__CLIENT_ID": self.org.client_id,
            "CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET": self.org.client_secret,
            "CRM_SYNC_TARGETS__LOCAL__CA_BUNDLE": str(self.org.ca_bundle),
        }

    def target(self, org: LocalOrg) -> Target:
        return Target(
            instance_url=org.instance_url,
            client_id=org.client_id,
            client_secret=SecretStr(org.client_secret),
            ca_bundle=org.ca_bundle,
            attempts=self.attempts,
            read_timeout=self.read_timeout,
            **self.more,
        )

    def sync(self, target: str | None = None, **options: Any) -> RunReport:
        name = target or next(iter(self.orgs))
        return run.sync(self.settings(), name, Options(**options))

    @contextmanager
    def planned(self, target: str | None = None, **options: Any) -> Iterator[PlanReport]:
        name = target or next(iter(self.orgs))
        with run.dry_run(self.settings(), name, Options(**options)) as report:
            yield report

    def plan(self, target: str | None = None, **options: Any) -> list[PlanRow]:
        """The rows of a dry run."""
        with self.planned(target, **options) as report:
            return list(report.rows())

    # The database --------------------------------------------------------------------------------

    def add(self, table: str, **values: Any) -> str:
        """Inserts a row; gives its key as text."""
        return str(add(self.connection, table, **values))

    def change(self, table: str, key: str, **values: Any) -> None:
        assignments = [sql.SQL("{} = {}").format(sql.Identifier(n), v) for n, v in values.items()]
        self.connection.execute(
            sql.SQL("update public.{} set {} where id = {}").format(
                sql.Identifier(table), sql.SQL(", ").join(assignments), key
            )
        )

    def remove(self, table: str, key: str) -> None:
        self.connection.execute(
            sql.SQL("delete from public.{} where id = {}").format(sql.Identifier(table), key)
        )

    def rows(self, statement: str, *values: Any) -> list[Record]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), values).fetchall()

    def value(self, statement: str, *values: Any) -> Any:
        found = self.connection.execute(statement.encode(), values).fetchone()
        assert found is not None, statement
        return found[0]

    def open_rows(self) -> dict[str, str]:
        """The state of every row in sync.plan, by mapping:key; those of a job are on their way."""
        found = self.rows(
            "select p.mapping || ':' || p.key as name,"
            " case when r.key is null then p.state else 'sending' end as state from sync.plan p"
            " left join (sync.job_row r join sync.job j using (org_id, job_id))"
            " on j.mapping = p.mapping and r.key = p.key"
        )
        return {row["name"]: row["state"] for row in found}

    def problem(self, key: str) -> Record:
        """The first problem of a row of sync.plan."""
        found: Record = self.value("select problems -> 0 from sync.plan where key = %s", key)
        return found

    def history(self, key: str) -> list[tuple[str, str]]:
        """(action, outcome) of each entry of one key, oldest first."""
        found = self.rows(
            "select action, outcome from sync.history where key = %s order by id", key
        )
        return [(row["action"], row["outcome"]) for row in found]

    # The org -------------------------------------------------------------------------------------

    def record(self, name: str, key: str, org: LocalOrg | None = None) -> Record:
        """The living record with our key; fails where there is none or more than one."""
        found = self.records(name, key, org)
        assert len(found) == 1, f"{len(found)} records of {name} {key}"
        return found[0]

    def records(self, name: str, key: str, org: LocalOrg | None = None) -> list[Record]:
        prefix = SOURCES[name][2] if name in SOURCES else ""
        living = (org or self.org).store.records(name)
        return [r for r in living if r["CRM_Id__c"] in (key, prefix + key)]

    def by(self, name: str, field: str) -> dict[str, Record]:
        """The living records that carry something in a field, by that; no two share it."""
        found: dict[str, Record] = {}
        for record in self.org.store.records(name):
            if record[field] is not None:
                assert record[field] not in found, f"{name} {record[field]} is doubled"
                found[record[field]] = record
        return found

    def finds_nothing_to_send(self) -> None:
        """Asserts that a sync now ends well and writes nothing."""
        self.org.calls.clear()
        assert self.sync().status == "finished"
        assert self.writes() == []

    def writes(self) -> list[Record]:
        """The subrequests that wrote, in order, of calls that were answered or dropped after."""
        return [
            part
            for call in self.org.calls
            for part in (call.body or {}).get("compositeRequest", ())
            if part["method"] != "GET"
        ]

    def sent(self) -> list[Record]:
        """The records of every write, in order, without their attributes."""
        return [
            {k: v for k, v in record.items() if k != "attributes"}
            for part in self.writes()
            for record in (part.get("body") or {}).get("records", ())
        ]

    def assert_same(self, org: LocalOrg | None = None) -> None:
        """Database and org agree: nothing is lost, doubled, open, or other than recorded."""
        org = org or self.org
        for name, (mapping, source, prefix) in SOURCES.items():
            keys = {row["id"] for row in self.rows(f"select id::text from {source}")}
            living = {}
            for record in org.store.records(name):
                if record["CRM_Id__c"] is not None:
                    key = record["CRM_Id__c"].removeprefix(prefix)
                    assert key not in living, f"{name} {key} is doubled"
                    living[key] = record
            assert living.keys() == keys, f"{name}: {living.keys() ^ keys}"
            known = self.rows(
                "select key, salesforce_id, payload, in_flight from sync.record"
                " where org_id = %s and mapping = %s",
                org.org_id,
                mapping,
            )
            assert {row["key"] for row in known} == keys
            for row in known:
                assert row["in_flight"] is None
                record = living[row["key"]]
                assert record["Id"] == row["salesforce_id"]
                there = {f: _as_sent(record[f], v) for f, v in row["payload"].items()}
                assert there == row["payload"], f"{name} {row['key']}"
        left = self.value("select count(*) from sync.plan where org_id = %s", org.org_id)
        assert left == 0, self.open_rows()

    def refuse(self, when: Record, code: str = NO, *fields: str, times: int | None = None) -> None:
        """From now on the org refuses rows that match, as a validation rule does."""
        error = {"statusCode": code, "message": "Nummer fehlt.", "fields": list(fields)}
        rule: Record = {"when": when, "then": {"row_error": error}}
        self.org.faults.append(rule if times is None else rule | {"times": times})

    def count(self, report: RunReport, mapping: str) -> OutcomeSummary:
        return next(s for s in report.summaries if s.mapping == mapping)


def key_of(practice: Practice, table: str, condition: str = "true") -> str:
    return str(practice.value(f"select id from {table} where {condition} order by id limit 1"))


def _as_sent(stored: Any, sent: Any) -> Any:
    """A stored value in the form in which it was sent."""
    if isinstance(sent, str) and isinstance(stored, str) and sent.endswith("Z"):
        return datetime.fromisoformat(stored).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(sent, bool):
        return bool(stored)
    return stored


def shipped_mappings(directory: Path) -> Path:
    """A copy of the shipped mappings that a test may change."""
    return Path(shutil.copytree(ROOT / "mappings", directory / "mappings"))


def write_mapping(directory: Path, name: str, content: str) -> Path:
    """One mapping file in a directory of mappings."""
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.yaml").write_text(content, encoding="utf-8")
    return directory
