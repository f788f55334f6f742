"""Breaks every rule of a dry run, alone and in pairs, and sends the rows all the same.

    python -m tests.trials.predictions [--seed N]

Rows are generated that break each rule of `crm_sync.mapping.refusals` in turn, and each two of one
object together (`prediction_cases.py`). A dry run says of each row whether Salesforce would take
it. Then every row, the invalid and blocked ones included, is sent to the local org by plain REST
calls of this module: with the fields of the plan, each parent named by its external ID, as a tool
without any validation would send it. Prediction and answer must agree for every row. Rules that a
recording or Salesforce's documentation proves are counted apart from the others, of which the same
people wrote both sides. The suite runs it once (`test_predictions.py`).
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.errors import MappingError, OrgAccessError
from crm_sync.mapping import refusals
from crm_sync.mapping.refusals import Rule
from crm_sync.report.model import PlanRow
from tests.integration.sync.practice import Practice
from tests.support import postgres
from tests.trials import prediction_cases as cases
from tests.trials.prediction_cases import Break, Values
from tests.unit.localorg.client import Client
from tests.unit.localorg.permitting import hide_field, read_only, set_field, set_object

CHUNK = 200
MAY_NOT_WRITE = Break("a user who may not", lambda *_: {}, refusals.MAY_NOT_WRITE)


@dataclass(frozen=True)
class Verdict:
    """One row: what it breaks, what the dry run said of it, and what the org answered."""

    table: str
    key: str
    action: str
    breaks: tuple[str, ...]
    rules: tuple[Rule, ...]
    state: str
    codes: frozenset[str]
    is_taken: bool
    answers: frozenset[str]

    @property
    def agrees(self) -> bool:
        return (self.state == "planned") == self.is_taken

    @property
    def is_proven(self) -> bool:
        """Whether everything that it breaks is proven to be so."""
        return all(rule.proof.is_proven for rule in self.rules)

    @property
    def is_foreseen(self) -> bool:
        """Whether a row that breaks one rule alone is told with that rule's code, and answered
        with it."""
        if len(self.rules) != 1 or len(self.breaks) != 1:
            return True
        (rule,) = self.rules
        answered = bool(self.answers & set(rule.answers)) if rule.answers else self.is_taken
        return rule.code in self.codes and answered


@dataclass
class Trial:
    """Generated rows on one practice; `verdicts` are what came out."""

    practice: Practice
    seed: int
    verdicts: list[Verdict] = field(default_factory=list)
    _rows: dict[tuple[str, str], tuple[Break, ...]] = field(default_factory=dict)
    _given: dict[tuple[str, str], Values] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - no secret hangs on it
        self.client = Client(self.practice.org)

    def run(self) -> list[Verdict]:
        """Rows that break what a row can break, then a user who may not write at all."""
        self._prepare()
        self._generate()
        self._judge(self.practice.plan())
        self._judge_forbidden()
        return self.verdicts

    # The database --------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Tables and mappings; parents, and valid rows that will be changed, synced for real."""
        for name, columns in cases.TABLES.items():
            self._execute(f"create table {name} (id text primary key, {columns})")
            self._execute(f"grant select on {name} to crm_sync")
        for name, text in cases.MAPPINGS.items():
            (self.practice.mappings / f"{name}.yaml").write_text(text, encoding="utf-8")
        for key in ("parent", "gone"):
            self._insert("t_account", key, {})
        self._insert("t_account", "ours", {"code": "OURS"})
        self._insert("t_lead", "lead", {})
        self.client.upsert_one(
            "Account", CRM_Id__c="people", Name="x", Must__c="x", Code__c="TAKEN"
        )
        for table, groups in self._changes():
            for number, _ in enumerate(groups):
                self._insert(table, f"u{number}", {})
        self._insert("t_account", "hands it on", {"code": "SWAPPED"})
        self.practice.sync()
        assert self.practice.plan() == []
        self._lose_parent()

    def _lose_parent(self) -> None:
        """People delete a parent in Salesforce, and a sync finds out."""
        self.practice.org.delete(self.practice.record("Account", "gone")["Id"])
        self._update("t_account", "gone", {"phone": "1"})
        self.practice.sync()
        assert self.practice.open_rows() == {"t_account:gone": "held"}

    def _generate(self) -> None:
        for table, breaks in cases.BREAKS.items():
            new = [b for b in breaks if "create" in b.on]
            groups: list[tuple[Break, ...]] = [(), (), *((b,) for b in new * 2), *_pairs(new)]
            for number, group in enumerate(groups):
                self._insert(table, f"n{number}", self._values(group, f"n{number}"), group)
        for table, groups in self._changes():
            for number, group in enumerate(groups):
                self._update(table, f"u{number}", self._values(group, f"u{number}"), group)
        self._generate_clashes()

    def _changes(self) -> Iterator[tuple[str, list[tuple[Break, ...]]]]:
        """What the rows of a table that are there already are changed to."""
        for table, breaks in cases.BREAKS.items():
            changing = [b for b in breaks if "update" in b.on]
            yield table, [*((b,) for b in changing), *_pairs(changing)]

    def _generate_clashes(self) -> None:
        """What no row breaks by itself."""
        twice = Break("the code of another new row", lambda *_: {}, refusals.TAKEN_TWICE)
        long = Break("a key too long", lambda *_: {}, refusals.KEY_TOO_LONG)
        late = Break("a code that goes too late", lambda *_: {}, refusals.TAKEN)
        for number in range(6):
            self._insert("t_account", f"s1-{number}", {"code": f"same {number}"})
            self._insert("t_account", f"s2-{number}", {"code": f"SAME {number}"}, (twice,))
            self._insert("t_account", f"{number}".ljust(65, "x"), {}, (long,))
        self._update("t_account", "hands it on", {"code": None})
        self._insert("t_account", "comes too early", {"code": "SWAPPED"}, (late,))

    def _judge_forbidden(self) -> None:
        """Our user loses rights on leads, one after the other: the dry run ends before a plan."""
        admin = Client(self.practice.org)
        admin.session.headers["Authorization"] = f"Bearer {self.practice.org.admin_token}"

        def field_read_only() -> None:
            set_field(admin, "Lead.Phone", PermissionsEdit=False)

        def object_read_only() -> None:
            set_field(admin, "Lead.Phone", PermissionsEdit=True)
            read_only(admin, "Lead")

        def field_hidden() -> None:
            set_object(admin, "Lead", PermissionsCreate=True, PermissionsEdit=True)
            hide_field(admin, "Lead.Phone")

        for words, forbid in (
            ("may not write Lead.Phone", field_read_only),
            ("may not create or update Lead", object_read_only),
            ("our user may not see it", field_hidden),
        ):
            forbid()
            self._send_forbidden(forbid.__name__, words)

    def _send_forbidden(self, what: str, words: str) -> None:
        """Leads with a phone, made and changed, beside what the dry run says of them."""
        state, codes = "planned", frozenset[str]()
        try:
            self.practice.plan(full=True, select=("t_lead",))
        except (OrgAccessError, MappingError) as error:
            if "t_lead.yaml" in str(error) and words in str(error):
                state, codes = "stopped", frozenset({refusals.MAY_NOT_WRITE.code})
        lead = {
            "attributes": {"type": "Lead"}, "Company": "Kelp", "LastName": "Ng", "Phone": "1",
        }  # fmt: skip
        there = [r["Id"] for r in self.practice.org.store.records("Lead")]
        for action, path, records in (
            ("create", "/Lead/CRM_Id__c", [{**lead, "CRM_Id__c": f"f{n}"} for n in range(8)]),
            ("update", "", [{**lead, "id": record_id} for record_id in there[:8]]),
        ):
            for number, result in enumerate(self._patch(path, records)):
                self._note(
                    "t_lead", f"{what}: {action} {number}", action, (MAY_NOT_WRITE,), state,
                    codes, result,
                )  # fmt: skip

    def _values(self, group: Sequence[Break], key: str) -> Values:
        values: Values = {}
        for one in group:
            values |= one.give(self.chance, key)
        named = {t["SobjectType"] + "." + t["Name"]: t["Id"] for t in self._record_types()}
        return {n: named[v[1:]] if str(v).startswith("$") else v for n, v in values.items()}

    def _record_types(self) -> list[dict[str, Any]]:
        return self.practice.org.store.records("RecordType")

    def _insert(self, table: str, key: str, values: Values, group: Sequence[Break] = ()) -> None:
        row = {"id": key, **cases.VALID.get(table, {}), **values}
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        self.practice.connection.execute(statement, list(row.values()))
        self._rows[table, key] = tuple(group)
        self._given[table, key] = row

    def _update(self, table: str, key: str, values: Values, group: Sequence[Break] = ()) -> None:
        self.practice.change(table, key, **values)
        self._rows[table, key] = tuple(group)
        self._given[table, key] = {**self._given[table, key], **values}

    def _execute(self, statement: str) -> None:
        self.practice.connection.execute(statement.encode())

    # The org -------------------------------------------------------------------------------------

    def _judge(self, planned: Iterable[PlanRow]) -> None:
        """Sends the rows of a dry run whatever it said of them, in its order; compares."""
        rows = [row for row in planned if row.key != "gone"]
        for batch in _batches(rows):
            path = f"/{batch[0].object}/CRM_Id__c" if batch[0].action == "create" else ""
            results = self._patch(path, [self._record(row) for row in batch])
            for row, result in zip(batch, results, strict=True):
                group = self._rows[row.mapping, row.key]
                codes = frozenset(p.code for p in row.problems)
                self._note(row.mapping, row.key, row.action, group, row.state, codes, result)

    def _note(
        self,
        table: str,
        key: str,
        action: str,
        group: Sequence[Break],
        state: str,
        codes: frozenset[str],
        result: dict[str, Any],
    ) -> None:
        self.verdicts.append(
            Verdict(
                table=table,
                key=key,
                action=action,
                breaks=tuple(b.name for b in group),
                rules=tuple(b.rule for b in group if b.rule),
                state=state,
                codes=codes,
                is_taken=result["success"],
                answers=frozenset(e["statusCode"] for e in result["errors"]),
            )
        )

    def _patch(self, path: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Upserts records of one object (its path), or updates records by Id."""
        body = json.loads(
            json.dumps({"allOrNone": False, "records": list(records)}, default=_number)
        )
        answer = self.client.call(
            "PATCH", f"/composite/sobjects{path}", body, headers={"Sforce-Auto-Assign": "FALSE"}
        )
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()
        return results

    def _record(self, row: PlanRow) -> dict[str, Any]:
        """What a tool without validation would send of a row."""
        lookups = cases.LOOKUPS.get(row.mapping, {})
        fields = {name for name, _, _ in lookups.values()}
        record: dict[str, Any] = {"attributes": {"type": row.object}}
        record |= {c.field: c.after for c in row.changes if c.field not in fields}
        given = self._given[row.mapping, row.key]
        for column, (name, relationship, parent) in lookups.items():
            key = given.get(column)
            if key is not None:
                record[relationship] = {"attributes": {"type": parent}, "CRM_Id__c": key}
            elif row.action == "update":
                record[name] = None
        if row.action == "update":
            record["id"] = row.salesforce_id
        else:
            prefix = {"t_task": "task:", "t_event": "event:"}.get(row.mapping, "")
            record["CRM_Id__c"] = prefix + row.key
        return record


def _pairs(breaks: Sequence[Break]) -> Iterator[tuple[Break, Break]]:
    """Each two that do not give the same column another value."""
    return (
        (one, other)
        for one, other in combinations(breaks, 2)
        if not one.columns() & other.columns()
    )


def _batches(rows: Iterable[PlanRow]) -> Iterator[list[PlanRow]]:
    """Rows of one object and action, at most 200 together, in their order."""
    groups: dict[tuple[str, str], list[PlanRow]] = defaultdict(list)
    for row in rows:
        groups[row.action, row.object].append(row)
    for group in groups.values():
        for start in range(0, len(group), CHUNK):
            yield group[start : start + CHUNK]


def _number(value: object) -> float | int:
    assert isinstance(value, Decimal)
    return int(value) if value == value.to_integral_value() else float(value)


def figures(verdicts: Sequence[Verdict]) -> str:
    """What came out, for a person: rows by what they break, and each rule with its proof."""
    broken = [v for v in verdicts if v.rules]
    alone = sum(len(v.rules) == 1 for v in broken)
    lines = [
        f"{len(verdicts)} rows, {sum(v.agrees for v in verdicts)} as foretold;"
        f" {len(verdicts) - len(broken)} break nothing, {alone} one rule,"
        f" {len(broken) - alone} two rules",
        f"  foretold: {_states(verdicts)}",
    ]
    for title, chosen in (
        ("proven (recorded or documented)", [v for v in broken if v.is_proven]),
        ("unproven, the same people wrote both sides", [v for v in broken if not v.is_proven]),
    ):
        agreed = sum(v.agrees for v in chosen)
        lines.append(f"  {title}: {agreed} of {len(chosen)} rows as foretold")
    lines.append("rule: rows alone + in pairs, as foretold, who says so")
    for rule in refusals.RULES:
        meant = [v for v in broken if rule in v.rules]
        if meant:
            single = sum(len(v.rules) == 1 for v in meant)
            lines.append(
                f"  {rule.code} ({rule.says.split('.')[0]}): {single} + {len(meant) - single},"
                f" {sum(v.agrees for v in meant)}, {rule.proof.value}"
            )
    lines += [f"NOT AS FORETOLD: {v}" for v in verdicts if not v.agrees]
    lines += [f"ANOTHER REASON: {v}" for v in verdicts if v.agrees and not v.is_foreseen]
    return "\n".join(lines)


def _states(verdicts: Sequence[Verdict]) -> str:
    states = [v.state for v in verdicts]
    return ", ".join(f"{states.count(s)} {s}" for s in dict.fromkeys(states))


def trial(seed: int, practice: Practice) -> Trial:
    """A trial on a practice whose mappings are replaced by those of the trial."""
    practice.mappings = Path(tempfile.mkdtemp(dir=practice.mappings.parent))
    return Trial(practice, seed)


def main() -> int:
    """Runs the trial on a server of its own; 1 where a row is not as foretold."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.predictions")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with (
        postgres.embedded_server() as server,
        tempfile.TemporaryDirectory() as directory,
    ):
        postgres.build_template(server)
        with (
            postgres.temporary_database(server, postgres.TEMPLATE) as database,
            psycopg.connect(database.owner_url, autocommit=True) as connection,
            cases.open_org() as org,
        ):
            mappings = Path(directory) / "mappings"
            practice = Practice(database, connection, {"local": org}, mappings)
            verdicts = trial(options.seed, practice).run()
    print(figures(verdicts))
    return 0 if all(v.agrees for v in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
