"""Through PgBouncer in transaction mode: a dry run works and leaves nothing, a sync is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import psycopg
import pytest

from crm_sync.errors import DatabaseError
from crm_sync.sync.database import connect
from crm_sync.sync.prepare import plan_transaction
from tests.integration.sync.practice import Practice
from tests.support.pgbouncer import transaction_pooler

pytestmark = pytest.mark.pgbouncer

LEFT_BY_A_SESSION = """
    select name || ' = ' || setting from pg_settings where source = 'session'
        and name not in ('application_name', 'client_encoding')
    union all select 'prepared ' || name from pg_prepared_statements
    union all select 'temporary ' || relname from pg_class where relpersistence = 't'
    union all select 'lock ' || locktype from pg_locks where locktype = 'advisory'
"""


@pytest.fixture
def pooled(filled: Practice) -> Iterator[Practice]:
    """A synced practice, through a pool of two backends, with Supabase's limit of 2 minutes."""
    with psycopg.connect(filled.database.admin_url, autocommit=True) as admin:
        admin.execute(
            f"alter database {filled.database.name} set statement_timeout = '2min'".encode()
        )
    with transaction_pooler(filled.database, backends=2) as url:
        yield replace(filled, database=replace(filled.database, sync_url=url))


def test_a_dry_run_shows_the_same_plan_and_leaves_nothing_in_the_pool(
    pooled: Practice, filled: Practice
) -> None:
    account = filled.add("accounts", company_name="Gamma")
    filled.add("projects", account_id=account)
    direct = {(row.mapping, row.key, row.action) for row in filled.plan()}
    assert len(direct) == 2
    # Two at once, so that the pool changes backends under them.
    for _ in range(3):
        with pooled.planned(full=True) as one, pooled.planned() as other:
            for report in (one, other):
                assert {(row.mapping, row.key, row.action) for row in report.rows()} == direct
    with (
        psycopg.connect(pooled.database.sync_url, prepare_threshold=None) as first,
        psycopg.connect(pooled.database.sync_url, prepare_threshold=None) as second,
    ):
        for backend in (first, second):
            assert backend.execute(LEFT_BY_A_SESSION).fetchall() == []


def test_the_time_limit_of_the_database_is_lifted_for_the_plan_alone(pooled: Practice) -> None:
    with connect(pooled.database.sync_url, in_one_transaction=True) as connection:
        shown: list[str] = []
        for transaction in (plan_transaction(connection, keep=False), nullcontext()):
            with transaction:
                shown += connection.execute("show statement_timeout").fetchone() or ()
    assert shown == ["0", "2min"]


def test_nothing_is_prepared_on_a_backend_however_often_it_is_asked(pooled: Practice) -> None:
    with (
        connect(pooled.database.sync_url, in_one_transaction=True) as connection,
        plan_transaction(connection, keep=False),
    ):
        for _ in range(10):
            connection.execute("select %s::integer", [1])
        prepared = connection.execute("select count(*) from pg_prepared_statements").fetchone()
    assert prepared == (0,)


def test_a_sync_is_refused_with_reason_and_mend(pooled: Practice) -> None:
    with pytest.raises(DatabaseError) as caught:
        pooled.sync()
    assert str(caught.value).endswith(
        " is a transaction pooler, which cannot hold a lock for a run. "
        "Use Supabase's session pooler or the direct connection, both on port 5432."
    )
