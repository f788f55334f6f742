"""`adopt`: calls the library, shows what was found, asks the person, says what was done."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from crm_sync.adopt.page import page
from crm_sync.adopt.saying import question, tell_end, tell_found
from crm_sync.adopt.story import Adopted, Choice, Look, adopt
from crm_sync.adopt.template import write_template
from crm_sync.cli.exits import INTERRUPTED, OK, PROBLEMS, STOPPED
from crm_sync.cli.progress import Progress
from crm_sync.errors import DecisionsError, OutputError, SetupError
from crm_sync.report.output import write
from crm_sync.settings import load_settings

__all__ = ["Outputs", "run"]


@dataclass(frozen=True)
class Outputs:
    """What is written besides: the page, and the file of decisions to fill in."""

    html: Path | None
    csv: Path | None
    separator: str


def run(target: str | None, choice: Choice, outputs: Outputs, *, yes: bool) -> int:
    """Matches and adopts. Exit code 1 where rows are left for a person; 2 where nobody agreed, or
    the decisions cannot be followed.
    """
    settings = load_settings()
    _refuse_overwriting(choice, outputs)
    answers: list[bool] = []
    looks: list[Look] = []
    try:
        with Progress(quiet=False, note=settings.mappings_note) as progress:

            def agree(look: Look) -> bool:
                progress.end()
                looks.append(look)
                _show(look, outputs)
                answers.append(not choice.dry_run and (yes or _is_agreed(look)))
                return answers[-1]

            ended = adopt(settings, target, choice, progress.announce, agree)
    except DecisionsError as bad:
        for line in bad.lines:
            print(f"crm-sync: {line}", file=sys.stderr)
        raise
    except KeyboardInterrupt:
        print(
            "crm-sync: interrupted. What was written is found by the next crm-sync adopt.",
            file=sys.stderr,
        )
        return INTERRUPTED
    if ended is None:
        return _without_writing(choice, looks[-1])
    return _ending(ended)


def _refuse_overwriting(choice: Choice, outputs: Outputs) -> None:
    """A file of decisions is work: the empty template must not take its place."""
    if not outputs.csv:
        return
    named = outputs.csv.expanduser()
    if choice.decisions and named.resolve() == choice.decisions.expanduser().resolve():
        raise OutputError(f"{named} holds your decisions.", "Name another file for --csv.")
    if named.is_file():
        raise OutputError(
            f"{named} exists, and may hold decisions.", "Name another file for --csv, or remove it."
        )


def _show(look: Look, outputs: Outputs) -> None:
    tell_found(look)
    written: list[Path] = []
    if outputs.html:
        written.append(write(outputs.html, page(look)))
    if outputs.csv:
        written.append(write_template(outputs.csv, look, outputs.separator))
    for file in written:
        print(f"Written: {file}")


def _is_agreed(look: Look) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise SetupError(
            "Nothing was written: there is no terminal to ask on.", "Add --yes to go on unasked."
        )
    try:
        return input(question(look)).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _without_writing(choice: Choice, look: Look) -> int:
    if not choice.dry_run:
        print("Nothing was written.")
        return STOPPED
    print("This was a dry run: nothing was written.")
    return PROBLEMS if look.total("ambiguous") else OK


def _ending(ended: Adopted) -> int:
    tell_end(ended)
    if ended.error is not None:
        raise ended.error
    return PROBLEMS if ended.open else OK
