"""`dry-run` and `sync`: calls the library and hands its reports to the renderers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm_sync.cli.app import OK, PROBLEMS
from crm_sync.report import terminal
from crm_sync.report.as_json import as_json as json_of
from crm_sync.report.html import html as html_of
from crm_sync.report.markdown import dry_run_markdown
from crm_sync.report.model import Org, PlanReport, RunReport
from crm_sync.report.output import write
from crm_sync.report.progress import Progress
from crm_sync.settings import load_settings
from crm_sync.sync import run
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options

__all__ = ["dry_run", "options", "sync"]


def options(select: list[str] | None, **flags: Any) -> Options:
    """The options of a run from a command's flags."""
    return Options(select=tuple(select or ()), **flags)


def dry_run(
    target: str | None,
    chosen: Options,
    *,
    rows: int,
    html: Path | None,
    markdown: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Shows the plan. Exit code 1 where rows are not in order."""
    quiet = quiet or as_json
    with run.dry_run(load_settings(), target, chosen, announce=_announce(quiet)) as report:
        if html:
            write(html, html_of(report))
        if markdown:
            write(markdown, dry_run_markdown(report))
        if as_json:
            sys.stdout.writelines(json_of(report))
        elif not quiet:
            hint = f"Every row: {html}" if html else "Every row: crm-sync dry-run --html report.html"
            terminal.dry_run(report, limit=rows, hint=hint)
            print(f"Digest {report.digest}: `crm-sync sync --expect {report.digest}` sends this plan.")
        return _code(report)


def _code(report: PlanReport) -> int:
    return PROBLEMS if any(s.problems for s in report.summaries) else OK


def sync(target: str | None, chosen: Options, *, as_json: bool, quiet: bool) -> int:
    """Runs a sync. Exit code 1 where it finished with problems."""
    quiet = quiet or as_json
    try:
        with Progress(quiet=quiet) as progress:
            report = run.sync(load_settings(), target, chosen, _announce(quiet), progress)
    except Ended as ended:
        _show(ended.report, as_json=as_json, quiet=quiet)
        raise ended.reason from None
    _show(report, as_json=as_json, quiet=quiet)
    return OK if report.status == "finished" else PROBLEMS


def _show(report: RunReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        sys.stdout.writelines(json_of(report))
    elif not quiet:
        terminal.run_summary(report)


def _announce(quiet: bool) -> Callable[[Org], None] | None:
    """The first line of every run names the org."""
    if quiet:
        return None
    return lambda org: print(org.sentence(), flush=True)
