"""`crm-sync demo`: the whole product told in seven steps, on servers of its own.

In: nothing but the sample data and the shipped mappings. Out: about a screen of text, two HTML
reports, exit code 0. What it shows is what the commands do: it calls the same functions.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import requests

from crm_sync.blocks import blocks
from crm_sync.cli.progress import Progress
from crm_sync.demo import browse
from crm_sync.demo import servers as demo_servers_module
from crm_sync.demo.servers import OrgAddress, Servers, demo_servers
from crm_sync.errors import OutputError, SetupError
from crm_sync.files import mappings_directory, sql_file
from crm_sync.report import terminal
from crm_sync.report.headline import duration
from crm_sync.report.html import html
from crm_sync.report.model import PlanReport, PlanRow, RunReport
from crm_sync.report.output import write
from crm_sync.report.values import written
from crm_sync.sample import load
from crm_sync.sample import story as rows
from crm_sync.settings import Settings, load_settings
from crm_sync.sync import run
from crm_sync.sync.options import Options

__all__ = ["demo_settings", "stop", "tell"]

WIDTH = 100
RUN = "uv run crm-sync"


def stop(directory: Path) -> int:
    """Ends what `demo --keep` left running."""
    demo_servers_module.stop(directory)
    print(f"Stopped, and {directory} is removed.")
    return 0


def tell(*, keep: bool, and_open: bool = False) -> int:
    """Runs the demo; gives exit code 0. With `keep` database and org go on running afterwards;
    `and_open` opens the org's page and the report, and without `keep` waits for the reader.
    """
    begun = time.monotonic()
    _step(
        1, "An embedded PostgreSQL and a local Salesforce org start; nothing leaves this machine."
    )
    with demo_servers(keep=keep) as servers:
        settings = demo_settings(servers, mappings_directory())
        with psycopg.connect(servers.owner_url, autocommit=True) as owner:
            for name in ("schema.sql", "views.sql"):
                owner.execute(sql_file(name).encode())
            loaded = load(owner, date.today())
            print(_fitted(", ".join(f"{n:,} {table}" for table, n in loaded.items())))
            reports = _first_load(settings)
            change = _small_change(settings, owner, reports)
            _mend_problems(settings, owner)
            _nothing_left(settings, servers, owner, change)
        _what_next(servers, reports, keep=keep, seconds=time.monotonic() - begun)
        if and_open:
            browse.offer(_org(servers).page, reports, _settings_file(servers))
            if not keep:
                browse.wait_for_enter()
    return 0


def demo_settings(servers: Servers, mappings: Path) -> Settings:
    """Settings that lead to these servers: neither the user's crm-sync.toml nor their environment
    plays a part.
    """
    return load_settings(servers.directory, _variables(servers, mappings))


def _variables(servers: Servers, mappings: Path) -> dict[str, str]:
    org = _org(servers)
    prefix = "CRM_SYNC_TARGETS__LOCAL__"
    return {
        "CRM_SYNC_DATABASE_URL": servers.sync_url,
        "CRM_SYNC_MAPPINGS": str(mappings.absolute()),
        f"{prefix}INSTANCE_URL": org.instance_url,
        f"{prefix}CLIENT_ID": org.client_id,
        f"{prefix}CLIENT_SECRET": org.client_secret,
        f"{prefix}CA_BUNDLE": org.ca_bundle,
    }


def _settings_file(servers: Servers) -> Path:
    """The demo's settings as a .env file beside its servers, for commands in another terminal."""
    given = {
        **_variables(servers, mappings_directory()),
        "CRM_SYNC_OWNER_DATABASE_URL": servers.owner_url,
        "CRM_SYNC_TARGET": "local",
    }
    file = servers.directory / ".env"
    file.write_text("".join(f"{name}='{value}'\n" for name, value in given.items()), "utf-8")
    return file


def _first_load(settings: Settings) -> list[Path]:
    reports: list[Path] = []
    _step(2, "Dry run: what would be created, and one row in full. Nothing is sent.")
    with run.dry_run(settings, announce=lambda org: print(f"  {org.sentence()}")) as report:
        print(_fitted(_counts(report)))
        shown = next(row for row in report.rows() if row.key == str(rows.OVERDUE_PROJECT))
        terminal.rows_in_full([shown], width=WIDTH)
        reports += _written("crm-sync-report-1.html", report)
    _step(3, "Sync: accounts first, so that every child finds its parent.")
    _print_run(_sync(settings))
    return reports


def _small_change(
    settings: Settings, owner: psycopg.Connection[Any], reports: list[Path]
) -> RunReport:
    _step(4, _A_DAY)
    _happens(owner, _DAY)
    with run.dry_run(settings) as report:
        for row in report.rows():
            if row.state == "planned":
                print(_compact(row))
        reports += _written("crm-sync-report-2.html", report)
    changed = _sync(settings)
    _print_run(changed)
    return changed


_A_DAY = (
    "A small day's work: a lead qualifies, a project's value rises, an account is renamed, an "
    "activity is added, a call becomes a meeting. Only that is sent."
)
_DAY = (
    "a_lead_qualifies", "a_value_rises", "an_account_is_renamed", "an_activity_is_added",
    "a_call_becomes_a_meeting",
)  # fmt: skip
_TROUBLE = ("a_call_with_an_invalid_lead", "a_workshop_of_two_days")
_MENDS = ("a_shorter_name", "a_shorter_workshop")


def _happens(owner: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Blocks of story.sql, in the database and nowhere else."""
    values = {
        "project": rows.OVERDUE_PROJECT,
        "quiet_client": rows.QUIET_CLIENT,
        "big_client": rows.BIGGEST_CLIENT,
        "long_lead": rows.LEAD_WITH_LONG_COMPANY,
    }
    for name in names:
        owner.execute(blocks("crm_sync.demo", "story.sql")[name].encode(), values)


def _mend_problems(settings: Settings, owner: psycopg.Connection[Any]) -> None:
    _step(
        5, "Three rows that do not go: one invalid, one blocked by it, one that Salesforce refuses."
    )
    _happens(owner, _TROUBLE)
    for row in _sync(settings).problems:
        print(_problem(row))
    print("  Now a shorter name and an eight-hour workshop, in the database, and a sync:")
    _happens(owner, _MENDS)
    _print_run(_sync(settings))


def _nothing_left(
    settings: Settings, servers: Servers, owner: psycopg.Connection[Any], change: RunReport
) -> None:
    _step(6, "A last sync has nothing to do; then database and org are counted.")
    last = _sync(settings)
    counted = owner.execute(blocks("crm_sync.demo", "story.sql")["rows_for_salesforce"].encode())
    in_source = (counted.fetchone() or (0,))[0]
    records, doubled = _count_records(servers, [s.object for s in last.summaries])
    sent = sum(s.recorded for s in last.summaries)
    print(f"  rows sent: {sent}, API calls: {last.calls}")
    print(
        f"  rows in the database {in_source:,} (without converted leads) ="
        f" records in the org {records:,}; doubled {doubled}"
    )
    calls = "1 API call" if change.calls == 1 else f"{change.calls} API calls"
    print(f"  the small day's work took {calls}")
    if records != in_source or doubled or sent or last.status != "finished":
        raise SetupError("Database and org differ after the demo.", "Please report this.")


def _count_records(servers: Servers, objects: Iterable[str]) -> tuple[int, int]:
    """Records in the org that carry our keys, and how many keys stand there more than once."""
    org = _org(servers)
    session = requests.Session()
    session.trust_env = False  # no proxy stands between us and this machine
    keys: list[str] = []
    for name in objects:
        answer = session.get(
            f"{org.instance_url}/local/records/{name}", verify=org.ca_bundle, timeout=30
        )
        answer.raise_for_status()
        keys += [f"{name} {r['CRM_Id__c']}" for r in answer.json() if r.get("CRM_Id__c")]
    return len(keys), len(keys) - len(set(keys))


def _what_next(servers: Servers, reports: list[Path], *, keep: bool, seconds: float) -> None:
    _step(7, f"Done in {duration(seconds)}. The two dry runs as pages to read or to send:")
    for file in reports:
        print(f"  {file}")
    if keep:
        org = _org(servers)
        print(f"  database   {servers.owner_url}")
        print(f"  org        {org.instance_url}  client id {org.client_id}")
        print(f"             secret {org.client_secret}  certificate {org.ca_bundle}")
        print(f"  its page   {org.page}")
        print(f"  stop both  {RUN} demo --stop {servers.directory}")
    print("  Next: your own database and org, step by step in README.md; then")
    print(f"  {RUN} db apply    {RUN} dry-run --html report.html    {RUN} sync")


def _org(servers: Servers) -> OrgAddress:
    if servers.org is None:
        raise SetupError("The demo's servers run without a Salesforce org.")
    return servers.org


def _sync(settings: Settings) -> RunReport:
    with Progress(quiet=False) as progress:
        return run.sync(settings, options=Options(), progress=progress.show)


def _written(name: str, report: PlanReport) -> list[Path]:
    """The report in the current folder; where that is read-only the demo goes on without it."""
    try:
        return [write(name, html(report))]
    except OutputError as error:
        print(f"  {error}")
        return []


def _step(number: int, sentence: str) -> None:
    print(textwrap.fill(f"{number}. {sentence}", WIDTH, subsequent_indent="   "), flush=True)


def _fitted(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _counts(report: PlanReport) -> str:
    """What would be created, per object, in one line."""
    parts = [f"{s.object} {s.create:,}" for s in report.summaries]
    open_rows = sum(s.problems for s in report.summaries)
    tail = f"; {open_rows} row is not in order, see step 5" if open_rows == 1 else ""
    return f"to create: {', '.join(parts)}{tail}; {report.calls} API calls"


def _print_run(report: RunReport) -> None:
    counted = [
        f"{s.object} {number:,} {word}"
        for s in report.summaries
        for word, number in (("created", s.create), ("updated", s.update), ("deleted", s.delete))
        if number
    ]
    calls = "1 API call" if report.calls == 1 else f"{report.calls} API calls"
    print(_fitted(f"{', '.join(counted)} · {calls} · {duration(report.seconds)}"))


def _compact(row: PlanRow) -> str:
    """A planned row in one or two lines: what happens to whom, and old → new."""
    moves = {"create": f", moves here from {row.pair}", "delete": f", moves to {row.pair}"}
    move = moves[row.action] if row.pair else ""
    head = f"  {row.action} {row.object} {_short(row.label)}{move}"
    if row.action != "update":
        return head
    changes = "; ".join(
        f"{c.field} {_short(written(c.before, c.type))} → {_short(written(c.after, c.type))}"
        for c in row.changes
    )
    return f"{head}: {changes}" if len(head) + len(changes) < WIDTH else f"{head}:\n    {changes}"


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _problem(row: PlanRow) -> str:
    said = next((p for p in row.problems if p.severity == "error"), row.problems[0])
    column = f" ({said.column})" if said.column and said.column not in said.sentence else ""
    text = f"{row.state}: {row.object} {_short(row.label, 30)}{column}: {said.sentence} {said.mend}"
    return _fitted(text)
