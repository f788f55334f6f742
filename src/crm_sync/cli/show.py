"""`dry-run` and `sync`: calls the library and hands its reports to the renderers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crm_sync.cli.browser import open_all
from crm_sync.cli.exits import INTERRUPTED, OK, PROBLEMS
from crm_sync.cli.first_sync import asker
from crm_sync.cli.progress import Progress
from crm_sync.errors import OutputError
from crm_sync.report import terminal
from crm_sync.report.as_csv import write_csv
from crm_sync.report.as_json import as_json as json_of
from crm_sync.report.console import make_console
from crm_sync.report.headline import sending_command
from crm_sync.report.html import html as html_of
from crm_sync.report.markdown import dry_run_markdown
from crm_sync.report.model import PlanReport, RunReport
from crm_sync.report.output import write
from crm_sync.settings import load_settings
from crm_sync.sync import run
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options

__all__ = ["Outputs", "dry_run", "options", "sync"]


def options(select: list[str] | None, **flags: Any) -> Options:
    """The options of a run from a command's flags."""
    return Options(select=tuple(select or ()), **flags)


@dataclass(frozen=True)
class Outputs:
    """What a dry run shows and writes: `rows` per object and action on the terminal, and files."""

    rows: int
    html: Path | None
    markdown: Path | None
    csv: Path | None
    separator: str
    open: bool
    as_json: bool
    quiet: bool


def dry_run(target: str | None, chosen: Options, outputs: Outputs) -> int:
    """Shows the plan. Exit code 1 where rows are not in order, or a guard would stop the sync."""
    settings = load_settings()
    if outputs.open and outputs.html is None:
        outputs = replace(outputs, html=Path("crm-sync-report.html"))
    note = settings.for_target(settings.chosen(target)[0]).mappings_note
    html, markdown, csv = outputs.html, outputs.markdown, outputs.csv
    if html and markdown and html.resolve() == markdown.resolve():
        raise OutputError(f"{html} is named twice.", "Name two files for --html and --markdown.")
    with (
        Progress(quiet=outputs.quiet or outputs.as_json, note=note) as progress,
        run.dry_run(settings, target, chosen, announce=progress.announce) as report,
    ):
        progress.end()
        # CSV first: the HTML report of a large plan names its files.
        written = write_csv(csv, report, outputs.separator) if csv else []
        if markdown:
            written.insert(0, write(markdown, dry_run_markdown(report)))
        if html:
            written.insert(0, write(html, html_of(report, csv=bool(csv))))
        if outputs.as_json:
            sys.stdout.writelines(json_of(report))
        elif not outputs.quiet:
            _show_plan(report, outputs.rows, written, target)
        if outputs.open and html:
            _open(written[0])
        troubled = report.stops or any(s.problems for s in report.summaries)
        return PROBLEMS if troubled else OK


def _open(file: Path) -> None:
    if not open_all([file.as_uri()]):
        print(f"crm-sync: no browser could be opened; the report is {file}", file=sys.stderr)


def _show_plan(report: PlanReport, rows: int, written: list[Path], target: str | None) -> None:
    same = "".join(f" --select {name}" for name in report.selected)
    if target:
        same = f" --target {target}{same}"
    hint = "" if written else f"Every row: crm-sync dry-run{same} --html report.html --csv rows"
    terminal.dry_run(report, limit=rows, hint=hint)
    for file in written:
        print(f"Written: {file}")
    if any(s.create or s.update or s.delete or s.unknown for s in report.summaries):
        command = sending_command(report, target)
        if not command:
            return
        said = "To send exactly this:"
        fits = len(said) + 1 + len(command) <= make_console().width
        print(said, command, sep=" " if fits else "\n")  # whole on one line, to be copied


def sync(target: str | None, chosen: Options, *, as_json: bool, quiet: bool) -> int:
    """Runs a sync. Exit code 1 where it finished with problems.

    Ctrl-C, and a polite request to end (SIGTERM), end it cleanly: what was sent is recorded, the
    rest stays planned.
    """
    settings = load_settings()
    try:
        with _ended_like_ctrl_c(), Progress(quiet=quiet or as_json) as progress:
            ask = None if quiet or as_json else asker(progress)
            report = run.sync(settings, target, chosen, progress.announce, progress.show, ask)
    except Ended as ended:
        _show_run(ended.report, as_json=as_json, quiet=quiet)
        if not isinstance(ended.reason, KeyboardInterrupt):
            raise ended.reason from None
        return _interrupted("What was not sent goes with the next sync.")
    except KeyboardInterrupt:
        return _interrupted("Nothing was sent.")
    _show_run(report, as_json=as_json, quiet=quiet)
    return OK if report.status == "finished" else PROBLEMS


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupted(what: str) -> int:
    print(f"crm-sync: interrupted. {what}", file=sys.stderr)
    return INTERRUPTED


def _show_run(report: RunReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        sys.stdout.writelines(json_of(report))
    elif not quiet:
        terminal.run_summary(report)
