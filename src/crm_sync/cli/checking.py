"""`check` and `describe`: calls the library, shows what it found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.table import Table

from crm_sync.check.everything import check as everything
from crm_sync.check.everything import described_objects
from crm_sync.check.saved import Described, save_described
from crm_sync.check.shared import told_once
from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.errors import CrmSyncError, OrgAccessError
from crm_sync.mapping.finding import Finding
from crm_sync.mapping.load import select
from crm_sync.mapping.of_target import mappings_of
from crm_sync.report import findings as report
from crm_sync.report.console import make_console
from crm_sync.report.model import Org
from crm_sync.report.values import visible
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts
from crm_sync.salesforce.refusals import mend_of_object
from crm_sync.settings import Settings, load_settings
from crm_sync.sync.state import ask_org

__all__ = ["check", "describe"]


def check(
    target: str | None,
    *,
    saved: Path | None,
    strict: bool,
    as_json: bool,
    github: bool | None,
    quiet: bool,
) -> int:
    """Shows every finding. Exit code 1 where one is an error, or with `strict` a warning.

    Where the check cannot go on (no session, no database), what was found until then is shown
    before its error ends the command.
    """
    found: list[Finding] = []

    def announce(org: Org) -> None:
        if not (as_json or quiet):
            print(org.sentence(), flush=True)

    try:
        for finding in everything(load_settings(), target, saved, announce):
            found.append(finding)
    except CrmSyncError:
        if found:
            _show(found, as_json=as_json, github=github, quiet=quiet)
        raise
    _show(found, as_json=as_json, github=github, quiet=quiet)
    bad = {"error", "warning"} if strict else {"error"}
    return PROBLEMS if any(finding.severity in bad for finding in found) else OK


def _show(found: list[Finding], *, as_json: bool, github: bool | None, quiet: bool) -> None:
    ordered = report.in_order(told_once(found))
    if as_json:
        sys.stdout.write(report.as_json(ordered))
        return
    if github is None:
        github = os.environ.get("GITHUB_ACTIONS") == "true"
    shown = [f for f in ordered if f.severity == "error"] if quiet else ordered
    for line in report.workflow_commands(shown) if github else report.lines(shown):
        print(line)
    if not quiet:
        print(report.summary(ordered))


def describe(
    objects: list[str], target: str | None, *, save: bool, directory: Path, quiet: bool
) -> int:
    """Shows the fields of objects as the org describes them, or saves the describes."""
    settings = load_settings()
    name, where = settings.chosen(target)
    client = Client(name, where)
    if not quiet:
        print(ask_org(client).sentence(), flush=True)
    described = _described(client, objects or _mapped(settings, name))
    if save:
        written = save_described(directory, described)
        if not quiet:
            print("\n".join(f"{file} written." for file in written))
        return OK
    for one in described:
        _print_fields(ObjectFacts.from_describe(one))
    return OK


def _mapped(settings: Settings, target: str) -> list[str]:
    return described_objects(select(mappings_of(settings, target), ()))


def _described(client: Client, objects: list[str]) -> list[Described]:
    answers = client.describe(objects)
    for name, answer in answers.items():
        if not answer.ok:
            raise OrgAccessError(
                f"Salesforce does not describe {name} to our user: {answer.code}.",
                f"Correct the name. {mend_of_object(name)}",
            )
    return [answer.body for answer in answers.values()]


def _print_fields(facts: ObjectFacts) -> None:
    console = make_console()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("Field", "Type", "Written", "Label"):
        table.add_column(title, overflow="fold")
    for field in facts.fields.values():
        table.add_row(field.name, _type(field), _written(field), visible(field.label))
    console.print(f"{facts.name} ({visible(facts.label)})", style="bold")
    console.print(table)
    console.print()


def _type(field: FieldFacts) -> str:
    if field.type == "reference":
        return " or ".join(field.reference_to) or "reference"
    if field.precision:
        return f"{field.type}({field.precision},{field.scale})"
    return f"{field.type}({field.length})" if field.length else field.type


def _written(field: FieldFacts) -> str:
    """What our user may do with a field."""
    if not field.createable and not field.updateable:
        return "never"
    needed = not field.nillable and not field.defaulted and field.type != "boolean"
    words = "always" if field.updateable else "on create"
    return f"{words}, required" if needed and field.createable else words
