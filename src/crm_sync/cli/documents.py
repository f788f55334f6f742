"""`docs`: writes the documents that are made, or says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from crm_sync.cli.ending import OF_EXTRAS
from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.documents import everything
from crm_sync.documents.everything import Made
from crm_sync.errors import CrmSyncError, OutputError, missing_extra
from crm_sync.report.output import directory, write
from crm_sync.settings import Settings, load_settings

__all__ = ["documents"]


def documents(out: Path, target: str | None, describes: Path, *, check: bool) -> int:
    """Writes the documents into a directory, or with `check` says of each whether it is as it would
    be written.

    Those about the program need nothing. Where the others cannot be made (no embedded PostgreSQL, a
    wrong mapping, no session), the command ends with that error after these.
    """
    settings = load_settings()
    if target is not None:
        settings.chosen(target)  # a name that is none is an error before anything is written
    stale = False
    try:
        for made in _made(settings, target, describes):
            if check:
                stale |= _compare(out, made)
            else:
                _write(out, made)
    except _LeftOut as error:
        names = ", ".join(str(out / name) for name in everything.OF_THE_PROJECT)
        done = "compared" if check else "made"
        reason = error.reason
        raise CrmSyncError(f"Not {done}: {names}. {reason.sentence}", reason.mend) from reason
    if stale:
        where = "" if out == Path("docs") else f" --out {out}"
        print(f"Write them anew: crm-sync docs{where}{f' --target {target}' if target else ''}")
    return PROBLEMS if stale else OK


class _LeftOut(Exception):
    """The documents about the project cannot be made, and why."""

    def __init__(self, reason: CrmSyncError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _made(settings: Settings, target: str | None, describes: Path) -> Iterator[Made]:
    yield everything.of_the_program()
    try:
        made = everything.of_the_project(settings, target, describes)
    except CrmSyncError as error:
        raise _LeftOut(error) from error
    except ModuleNotFoundError as error:
        if error.name not in OF_EXTRAS:
            raise
        raise _LeftOut(missing_extra(error.name, "demo")) from error
    for note in made.notes:
        print(f"crm-sync: {note}", file=sys.stderr)
    yield made


def _write(out: Path, made: Made) -> None:
    for name, text in made.texts.items():
        file = out / name
        for folder in (out, file.parent):
            directory(folder)
        print(f"{write(file, text)} written.")


def _compare(out: Path, made: Made) -> bool:
    """Whether one is stale; says it of each. A file that is not there is stale, too."""
    stale = False
    for name, text in made.texts.items():
        file = out / name
        found = _current(file)
        said = "missing" if found is None else "current" if found == text else "stale"
        stale |= said != "current"
        print(f"{file} is {said}.")
    return stale


def _current(file: Path) -> str | None:
    try:
        # As bytes, since another line ending is another file.
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise OutputError(f"{file} cannot be read: {reason}.", "Name another --out.") from None
