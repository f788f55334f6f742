"""Many rows to the local org, some of them refused: every outcome lands on its row, none twice.

    python -m tests.trials.many --rows 1000000 [--kill]

Of the projects one in 200 has a contract value that a validation rule of the org refuses. With
`--kill` the sync is killed (SIGKILL) amid the Bulk jobs of the projects, when half of them are
recorded, and a second one continues. Then SQL judges: it compares what the org holds with the
projects themselves, and with what was recorded of each. Needs about 5 GB of disk for a million.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from tests.benchmarks import rows
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support import postgres

REFUSED_VALUE = 13
ONE_IN = 200
_MARK = """
update projects set contract_value = %s
where id in (select id from (select id, row_number() over (order by id) as n from projects) p
             where n %% %s = 0)
"""
RULE = {
    "rule": "validation",
    "object": "Opportunity",
    "when": {"Amount": {"=": REFUSED_VALUE}},
    "message": "Thirteen is no amount.",
}
# Written without the mapping: what the org must hold of a project.
_THERE = """
create temp table there (id text, key text, name text, amount numeric, close date, account text,
                         created timestamptz, modified timestamptz)
"""
CHECKS = {
    "projects that the org should hold and does not, or holds otherwise": """
        select count(*) from projects p
        join accounts a on a.id = p.account_id
        left join there t on t.key = p.id::text
        left join there_account b on b.id = t.account and b.key = a.id::text
        where p.contract_value <> %(refused)s
          and (t.key is null or b.key is null or t.amount <> p.contract_value
               or t.close <> p.end_date
               or t.name <> a.company_name || E' \\u2013 ' || p.project_name)""",
    "records of no project, or of one that is refused": """
        select count(*) from there t left join projects p on p.id::text = t.key
        where p.id is null or p.contract_value = %(refused)s""",
    "records with the key of another one": "select count(*) - count(distinct key) from there",
    "records whose Id is not the one that is recorded": """
        select count(*) from there t
        full join (select * from sync.record where mapping = 'opportunity') r on r.key = t.key
        where t.id is distinct from r.salesforce_id""",
    "projects that should be refused and are not, or the other way round": """
        select count(*)
        from (select id::text as key from projects where contract_value = %(refused)s) p
        full join (select key from sync.plan where mapping = 'opportunity' and state = 'refused'
                   and problems -> 0 ->> 'sentence' like '%%Thirteen is no amount%%') r using (key)
        where p.key is null or r.key is null""",
    "rows that are open for another reason": """
        select count(*) from sync.plan where state <> 'refused'""",
    "rows that are in flight": "select count(*) from sync.record where in_flight is not null",
    "records that were written again after they were created": """
        select count(*) from there where modified <> created""",
    "creates that the history tells twice": """
        select count(*) from (select 1 from sync.history where action = 'create'
            and outcome = 'recorded' group by mapping, key having count(*) > 1) h""",
}


def run(size: int, *, is_killed: bool) -> int:
    """Gives how many checks failed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.embedded_server() as server,
    ):
        postgres.build_template(server)
        with (
            postgres.temporary_database(server, postgres.TEMPLATE) as database,
            psycopg.connect(database.owner_url, autocommit=True) as connection,
            LocalOrg(data=Path(folder) / "org.db", options=Options(rules=[RULE])) as org,
        ):
            rows.fill(database.owner_url, size)
            connection.execute(_MARK.encode(), [REFUSED_VALUE, ONE_IN])
            connection.execute("vacuum analyze projects")
            practice = Practice(
                database, connection, {"local": org}, shipped_mappings(Path(folder)),
                read_timeout=120.0,
            )  # fmt: skip
            if is_killed:
                _kill(practice, size // 2)
            _tell("a sync runs to its end")
            begun = time.monotonic()
            code = _start(practice).wait()
            _tell(f"it ended with {code} after {time.monotonic() - begun:.0f} s")
            _read(connection, Path(folder) / "org.db")
            return _check(connection)


def _start(practice: Practice) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **practice.environment()}
    environment["CRM_SYNC_TARGETS__LOCAL__READ_TIMEOUT"] = str(practice.read_timeout)
    return subprocess.Popen(
        [sys.executable, "-c", "from crm_sync.cli import main; main()", "sync"], env=environment
    )


def _kill(practice: Practice, enough: int) -> None:
    process = _start(practice)
    while process.poll() is None and _recorded(practice) < enough:
        time.sleep(0.2)
    process.kill()
    process.wait()
    jobs = practice.rows("select state, count(*) as number from sync.job group by 1 order by 1")
    told = ", ".join(f"{row['number']} {row['state']}" for row in jobs)
    _tell(f"killed with {_recorded(practice):,} creates recorded; Bulk jobs: {told}")


def _recorded(practice: Practice) -> int:
    found: int = practice.value("select count(*) from sync.record where mapping = 'opportunity'")
    return found


def _read(connection: psycopg.Connection[Any], file: Path) -> None:
    """What the org holds, into temporary tables."""
    connection.execute(_THERE)
    connection.execute("create temp table there_account (id text, key text)")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        _copy(connection, "there", store.execute(
            "select Id, CRM_Id__c, Name, Amount, CloseDate, AccountId, CreatedDate,"
            " LastModifiedDate from Opportunity where IsDeleted = 0"
        ))  # fmt: skip
        _copy(connection, "there_account", store.execute(
            "select Id, CRM_Id__c from Account where IsDeleted = 0"
        ))  # fmt: skip
    connection.execute("analyze there")
    connection.execute("analyze there_account")


def _copy(connection: psycopg.Connection[Any], table: str, found: Iterator[Any]) -> None:
    with connection.cursor().copy(f"copy {table} from stdin".encode()) as copy:
        for row in found:
            copy.write_row(row)


def _check(connection: psycopg.Connection[Any]) -> int:
    failed = 0
    for what, query in CHECKS.items():
        row = connection.execute(query.encode(), {"refused": REFUSED_VALUE}).fetchone()
        assert row is not None
        _tell(f"{row[0]:>9,} {what}")
        failed += row[0] != 0
    counts = connection.execute(
        "select (select count(*) from there),"
        " (select count(*) from sync.plan where state = 'refused')"
    ).fetchone()
    assert counts is not None
    _tell(f"{counts[0]:>9,} projects in the org, {counts[1]:,} refused")
    return failed


def _tell(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.many")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kill", action="store_true", help="kill the first sync in its middle")
    given = parser.parse_args()
    failed = run(given.rows, is_killed=given.kill)
    _tell(f"{failed} checks failed" if failed else "every row is right")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
