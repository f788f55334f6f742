"""`status` and `history` as a person sees them, on a terminal and elsewhere."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from crm_sync.cli import tables
from crm_sync.report.console import make_console
from crm_sync.report.model import FieldChange, Problem
from crm_sync.sync.overview import (
    Entry,
    KnownOrg,
    MappingAtWork,
    MappingState,
    NotedRun,
    RunAtWork,
    StateSize,
)

AT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def org(status: str = "finished", message: str | None = None) -> KnownOrg:
    return KnownOrg(
        id="00D000000000001EAA",
        name="Acme",
        kind="sandbox",
        instance_url="https://acme.example.com",
        username="ada@example.com",
        edition="Enterprise Edition",
        targets=("staging",),
        runs=(
            NotedRun(
                7,
                "incremental",
                status,
                AT,
                AT,
                83.2,
                1,
                message,
                {"account": {"create": 1200, "refused": 2}, "lead": {"create": 4}},
            ),
            NotedRun(6, "full", "finished", AT, AT, 0.84, 0, None, {"account": {}}),
        ),
        changes_waiting=1204,
        at_work=None,
        mappings=(
            MappingState("account", "Account", 1204, {}),
            MappingState("lead", "Lead", 3, {"refused": 2, "planned": 1}),
            MappingState("old", "Case", 5, {}),
        ),
    )


def plain(orgs: list[KnownOrg], never: list[str]) -> str:
    stream = io.StringIO()
    known = {"account": True, "lead": True}
    tables.status(
        make_console(stream), orgs, never, StateSize(7 * 1024**2, 1), {"00D000000000001EAA": known}
    )
    return stream.getvalue()


def test_status_of_an_org() -> None:
    assert plain([org("finished with problems", "lead stopped: X")], ["production"]) == (
        "Acme (00D000000000001EAA, sandbox), target staging, user ada@example.com\n"
        "  Last run 7 finished with problems · 4 Mar 2026, 05:06:07 UTC · incremental · "
        "1,204 created, 2\n"
        "  refused · 1 API call · 1 min 23 s\n"
        "  lead stopped: X\n"
        "  Run 6 finished · 4 Mar 2026, 05:06:07 UTC · full · nothing to send · 0 API calls · "
        "0.8 s\n"
        "  1,204 changes wait for the next sync.\n"
        "\n"
        "  Mapping  Object   In order  Planned  Refused\n"
        "  account  Account     1,204        0        0\n"
        "  lead     Lead            3        1        2\n"
        "  old      Case            5        0        0\n"
        "\n"
        "  old: 5 records kept; no enabled mapping has this name. If it was renamed, "
        "write `formerly: old`\n"
        "  into its new file.\n"
        "  Why, and how to mend it: crm-sync problems\n"
        "Target production was never synced. See first what would be sent:\n"
        "  crm-sync dry-run --target production\n"
        "Schema sync takes 7 MB of the database; its log holds 1 change.\n"
    )


def test_status_tells_where_a_run_stands_that_is_at_work() -> None:
    begun = NotedRun(8, "full", "running", AT, None, None, 0, None, {})
    at_work = RunAtWork(
        "Acme", 8, AT,
        (MappingAtWork("account", "Account", 0, 200, 9800), MappingAtWork("lead", "Lead", 7, 0, 0)),
    )  # fmt: skip
    said = plain([replace(org(), runs=(begun,), at_work=at_work, changes_waiting=0)], [])
    assert said.startswith(
        "Acme (00D000000000001EAA, sandbox), target staging, user ada@example.com\n"
        "  Run 8 is at work since 4 Mar 2026, 05:06:07 UTC:\n"
        "    Mapping  Planned  Sending  Recorded\n"
        "    account        0      200     9,800\n"
        "    lead           7        0         0\n"
        "  No change waits for the next sync.\n"
    )
    said = plain([replace(org(), at_work=replace(at_work, mappings=()))], [])
    assert "  Run 8 is at work since 4 Mar 2026, 05:06:07 UTC: it compares rows.\n" in said


def test_status_says_when_the_next_sync_compares_every_row() -> None:
    said = plain([replace(org(), changes_waiting=None)], [])
    assert "  The next sync compares every row.\n" in said


def test_a_disabled_mapping_is_not_taken_for_a_renamed_one() -> None:
    stream = io.StringIO()
    known = {"account": True, "lead": True, "old": False}
    tables.status(make_console(stream), [org()], [], StateSize(1, 0), {"00D000000000001EAA": known})
    assert (
        "old: 5 records kept; the mapping is switched off (enabled: false).\n" in stream.getvalue()
    )
    assert "formerly" not in stream.getvalue()


def test_without_readable_mappings_no_record_is_called_idle() -> None:
    stream = io.StringIO()
    tables.status(make_console(stream), [org()], [], StateSize(1, 0), {"00D000000000001EAA": None})
    assert "  old      Case" in stream.getvalue()
    assert "no enabled mapping" not in stream.getvalue()


def test_status_of_nothing() -> None:
    assert plain([], []).startswith("No target is named yet: see crm-sync.example.toml.")


def test_a_terminal_has_colours_and_elsewhere_there_are_none() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=100)
    tables.status(console, [org()], [], StateSize(1, 0), {"00D000000000001EAA": {}})
    assert "\x1b[33m" in stream.getvalue()
    assert "\x1b" not in plain([org()], [])


def entry(
    action: str, outcome: str, *changes: FieldChange, problem: Problem | None = None
) -> Entry:
    return Entry(AT, 3, "account", "Account", "accounts", "k", action, outcome,
                 "001000000000001AAA", changes, problem)  # fmt: skip


def told(*entries: Entry) -> str:
    stream = io.StringIO()
    tables.history(make_console(stream), entries)
    return stream.getvalue()


def test_history_shows_before_and_after() -> None:
    name = FieldChange("Name", "string", "Old\nname", "New \x1b[31mname")
    money = FieldChange("Amount", "currency", 8280.0, None)
    assert told(entry("update", "recorded", name, money)) == (
        "\n"
        "4 Mar 2026, 05:06:07 UTC · run 3 · update recorded · Account 001000000000001AAA\n"
        "  Name    Old ↵ name → New \\x1b[31mname\n"
        "  Amount  8,280.00 → —\n"
    )


def test_history_of_a_create_shows_what_it_set() -> None:
    said = told(
        entry(
            "create", "recorded",
            FieldChange("Name", "string", None, "New"), FieldChange("Phone", "phone", None, None),
        )
    )  # fmt: skip
    assert said.endswith("\n  Name  New\n")


def test_history_says_why_a_row_was_refused() -> None:
    problem = Problem("CODE", "Salesforce says no.", "Mend it.")
    assert told(entry("create", "refused", problem=problem)).endswith(
        "create refused · Account 001000000000001AAA\n  CODE: Salesforce says no.\n  → Mend it.\n"
    )
