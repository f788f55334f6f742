"""What a run over unchanged rows costs, beside the first load of the same rows.

    uv run python -m tests.benchmarks.plan [ROWS]

Prints calls, and the second run's time as a share of the first's. Statistics of schema sync are
kept from being gathered in between, as right after a first load.
"""

from __future__ import annotations

import sys

import psycopg

from crm_sync.demo.servers import demo_servers
from crm_sync.demo.story import demo_settings
from crm_sync.files import mappings_directory, sql_file
from crm_sync.sync import run


def main(rows: int) -> None:
    """Loads accounts with one activity each, syncs twice."""
    with demo_servers() as servers:
        with psycopg.connect(servers.owner_url, autocommit=True) as owner:
            for name in ("schema.sql", "views.sql"):
                owner.execute(sql_file(name).encode())
            owner.execute("alter table sync.record set (autovacuum_enabled = off)")
            owner.execute(
                "insert into accounts (company_name) select 'C' || n from generate_series(1, %s) n",
                [rows],
            )
            owner.execute(
                "insert into activities (activity_type, subject, account_id)"
                " select 'call', 'S', id from accounts"
            )
        settings = demo_settings(servers, mappings_directory())
        first, second = run.sync(settings), run.sync(settings)
    print(f"{2 * rows:,} rows: first run {first.calls} calls, second run {second.calls} calls")
    print(f"second run / first run = {second.seconds / first.seconds:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
