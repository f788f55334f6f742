"""`crm-sync demo`: the whole product told in seven steps, on servers of its own.

In: nothing but the sample data and the shipped mappings. Out: about a screen of text, two HTML
reports, exit code 0. What it shows is what the commands do: it calls the same functions.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import requests
from rich.text import Text

from crm_sync.blocks import blocks
from crm_sync.cli.exits import INTERRUPTED
from crm_sync.cli.progress import Progress
from crm_sync.demo import browse
from crm_sync.demo import servers as demo_servers_module
from crm_sync.demo.servers import OrgAddress, Servers, demo_servers
from crm_sync.errors import OutputError, SetupError
from crm_sync.files import mappings_directory, sql_file
from crm_sync.report import terminal
from crm_sync.report.console import make_console
from crm_sync.report.headline import counted, duration
from crm_sync.report.html import html
from crm_sync.report.model import PlanReport, PlanRow, RunReport
from crm_sync.report.output import write
from crm_sync.report.values import written
from crm_sync.sample import load
from crm_sync.sample import story as rows
from crm_sync.settings import Settings, load_settings
from crm_sync.settings_sources import variable
from crm_sync.sync import run
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options

__all__ = ["demo_settings", "stop", "tell"]

RUN = "uv run crm-sync"
TIED = "\N{NO-BREAK SPACE}"
"""Between words that stay on one line; printed as a blank."""


def stop(directory: Path) -> int:
    """Ends what `demo --keep` left running."""
    if demo_servers_module.stop(directory):
        print(f"Stopped, and {directory} is removed.")
    else:
        print(f"{directory} is gone already: there was nothing to stop.")
    return 0


def tell(*, keep: bool, and_open: bool = False) -> int:
    """Runs the demo; gives exit code 0. With `keep` database and org go on running afterwards;
    `and_open` opens the org's page and the report, and without `keep` waits for the reader.

    After Ctrl-C both are ended, and the exit code is 130.
    """
    try:
        _tell(keep=keep, and_open=and_open)
    except KeyboardInterrupt:
        return _interrupted()
    except Ended as ended:  # in the middle of a sync
        if not isinstance(ended.reason, KeyboardInterrupt):
            raise ended.reason from None
        return _interrupted()
    return 0


def _interrupted() -> int:
    print("crm-sync: interrupted. The demo's servers are ended.", file=sys.stderr)
    return INTERRUPTED


def _tell(*, keep: bool, and_open: bool) -> None:
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
            print(_fitted(_loaded(loaded)))
            reports = _first_load(settings)
            change = _small_change(settings, owner, reports)
            _mend_problems(settings, owner)
            _nothing_left(settings, servers, owner, change)
        _what_next(servers, reports, keep=keep, seconds=time.monotonic() - begun)
        if and_open:
            browse.offer(_org(servers).page, reports, _settings_file(servers))
            if not keep:
                browse.wait_for_enter()


def demo_settings(servers: Servers, mappings: Path) -> Settings:
    """Settings that lead to these servers: neither the user's crm-sync.toml nor their environment
    plays a part.
    """
    given = {**_variables(servers, "local"), variable("mappings"): str(mappings.absolute())}
    return load_settings(servers.directory, given)


def _variables(servers: Servers, target: str) -> dict[str, str]:
    """The settings by which the sync reaches these servers, as environment variables."""
    org = _org(servers)
    keys = ("instance_url", "client_id", "client_secret", "ca_bundle")
    return {
        variable("database_url"): servers.sync_url,
        **{variable("targets", target, key): getattr(org, key) for key in keys},
    }


def _kept(servers: Servers) -> dict[str, str]:
    """The same for people, with the owner. A short name: the longest line has 100 columns."""
    variables = _variables(servers, "my")
    return {variable("owner_database_url"): servers.owner_url, **variables}


def _settings_file(servers: Servers) -> Path:
    """The demo's settings as a .env file beside its servers, for commands in another terminal."""
    given = {**_kept(servers), variable("mappings"): str(mappings_directory())}
    file = servers.directory / ".env"
    file.write_text("".join(f"{name}='{value}'\n" for name, value in given.items()), "utf-8")
    return file


def _first_load(settings: Settings) -> list[Path]:
    reports: list[Path] = []
    _step(2, "Dry run: what would be created, and one row in full. Nothing is sent.")
    with run.dry_run(settings, announce=lambda org: print(f"  {org.sentence()}")) as report:
        print(_fitted(_counts(report)))
        shown = next(row for row in report.rows() if row.key == str(rows.OVERDUE_PROJECT))
        terminal.rows_in_full([shown], longest=sys.maxsize)
        reports += _written("crm-sync-report-1.html", report)
    _step(3, "Sync: accounts first, so that every child finds its parent.")
    _print_run(_sync(settings))
    return reports


def _small_change(
    settings: Settings, owner: psycopg.Connection[Any], reports: list[Path]
) -> RunReport:
    _step(
        4, "A small day's work; the second dry run shows only what it changed. Then that is sent."
    )
    _happens(owner, _DAY)
    with run.dry_run(settings) as report:
        for row in report.rows():
            if row.state == "planned":
                print(_compact(row))
        reports += _written("crm-sync-report-2.html", report)
    changed = _sync(settings)
    _print_run(changed)
    return changed


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
    _happens(owner, _MENDS)
    _print_run(_sync(settings), "With a shorter name and a shorter workshop: ")


def _nothing_left(
    settings: Settings, servers: Servers, owner: psycopg.Connection[Any], change: RunReport
) -> None:
    _step(6, "A last sync has nothing to do; then database and org are counted.")
    last = _sync(settings)
    found = owner.execute(blocks("crm_sync.demo", "story.sql")["rows_for_salesforce"].encode())
    in_source = (found.fetchone() or (0,))[0]
    records, doubled = _count_records(servers, [s.object for s in last.summaries])
    sent = sum(s.recorded for s in last.summaries)
    day = counted(change.calls, "API call")
    print(f"  rows sent {sent}, API calls {last.calls}; the small day's work had taken {day}")
    print(
        f"  rows in the database {in_source:,} (without converted leads) ="
        f" records in the org {records:,}; doubled {doubled}"
    )
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
        print("  Both servers go on running. Settings that lead there, for .env in any folder:")
        for name, value in _kept(servers).items():
            print(f"{name}='{value}'" if "&" in value else f"{name}={value}")
        print(f"  The org's page: {_org(servers).page}")
        print(f"  Stop both: {RUN} demo --stop {servers.directory}")
    print("  Next: your own database and org, step by step in docs/tutorial.md:")
    print(f"  {RUN} db apply    {RUN} init    {RUN} dry-run")


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
    console = make_console()
    heading = textwrap.fill(f"{number}. {sentence}", console.width, subsequent_indent="   ")
    console.print(Text(heading, "bold"), soft_wrap=True)
    sys.stdout.flush()


def _fitted(text: str) -> str:
    width = make_console().width
    lines = textwrap.fill(text, width, initial_indent="  ", subsequent_indent="    ")
    return lines.replace(TIED, " ")


def _loaded(counts: dict[str, int]) -> str:
    """The tables' rows, with the two logs of status changes as one."""
    tables = [f"{n:,} {table}" for table, n in counts.items() if not table.endswith("_changes")]
    changes = sum(n for table, n in counts.items() if table.endswith("_changes"))
    return f"{', '.join(tables)}, with {changes:,} changes of status on record"


def _counts(report: PlanReport) -> str:
    """What would be created, per object, in one line."""
    parts = [f"{s.object} {s.create:,}" for s in report.summaries]
    invalid = sum(s.invalid for s in report.summaries)
    tail = f"; {invalid} invalid" if invalid else ""
    return f"to create: {', '.join(parts)}{tail}; {report.calls} calls to send"


def _print_run(report: RunReport, before: str = "") -> None:
    done = {
        "created": {s.object: s.create for s in report.summaries if s.create},
        "updated": {s.object: s.update for s in report.summaries if s.update},
        "deleted": {s.object: s.delete for s in report.summaries if s.delete},
    }
    counts = "; ".join(
        f"{word} {', '.join(f'{name} {number:,}' for name, number in objects.items())}"
        for word, objects in done.items()
        if objects
    )
    took = f"{counted(report.calls, 'API call')} · {duration(report.seconds)}".replace(" ", TIED)
    print(_fitted(f"{before}{counts} · {took}"))


def _compact(row: PlanRow) -> str:
    """A planned row in one or two lines: what happens to whom, and old → new."""
    moves = {"create": f", moves here from {row.pair}", "delete": f", moves to {row.pair}"}
    move = moves[row.action] if row.pair else ""
    head = f"  {row.action} {row.object} {_short(row.label)}{move}"
    if row.action != "update":
        return head
    if any(change.after == row.label for change in row.changes):  # the label stands there already
        head = f"  {row.action} {row.object}"
    changes = "; ".join(
        f"{c.field} {_short(written(c.before, c.type))} → {_short(written(c.after, c.type))}"
        for c in row.changes
    )
    is_one_line = len(head) + len(": ") + len(changes) <= make_console().width
    return f"{head}: {changes}" if is_one_line else f"{head}:\n    {changes}"


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _problem(row: PlanRow) -> str:
    said = next((p for p in row.problems if p.severity == "error"), row.problems[0])
    column = f" ({said.column})" if said.column and said.column not in said.sentence else ""
    text = f"{row.state}: {row.object} {_short(row.label, 30)}{column}: {said.sentence} {said.mend}"
    return _fitted(text)
