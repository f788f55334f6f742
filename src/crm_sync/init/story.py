"""The order of `init`: what is there, the questions, what will be written, then all at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_sync.credentials import keep_in_keyring
from crm_sync.errors import SettingsError, SetupError
from crm_sync.init.answers import Changes, Flags
from crm_sync.init.asking import Asker
from crm_sync.init.database import ask_database
from crm_sync.init.dotenv_file import MODE, ignored, is_committed, with_variables
from crm_sync.init.mappings import ask_mappings
from crm_sync.init.org import ask_target
from crm_sync.init.toml_file import with_settings
from crm_sync.report.headline import listed
from crm_sync.report.output import directory, write
from crm_sync.settings import DOTENV, FILE, Settings, load_settings
from crm_sync.settings_sources import variable

__all__ = ["Answered", "init"]


class Answered(Exception):
    """The person said no to writing: nothing was written."""


def init(flags: Flags) -> None:
    """Asks, tests, writes in the present folder, and says how to go on.

    Raises CrmSyncError where an answer is missing or wrong and nobody can be asked, and Answered
    where the person does not want it written. Until then nothing is written.
    """
    asker = Asker(may_ask=sys.stdin.isatty() and not flags.yes, quiet=flags.quiet)
    settings = _settings(flags)
    _tell(asker, settings)
    changes = Changes()
    ask_database(asker, flags, settings, changes)
    name = ask_target(asker, flags, settings, changes)
    ask_mappings(asker, flags, settings, changes)
    in_keyring = settings.keyring or flags.keyring
    if flags.keyring and not settings.keyring:
        changes.settings["keyring",] = True
    if not changes:
        asker.say("Nothing changes.")
    else:
        _confirm(asker, flags, changes, in_keyring=in_keyring)
        for line in _write(changes, in_keyring=in_keyring):
            asker.say(line)
    if changes.secrets and not in_keyring and is_committed(Path()):
        changes.notes.append(
            f"{DOTENV} is committed in this git work tree: git rm --cached .env; and "
            "renew the secrets that were in it."
        )
    if changes.of_environment:
        changes.notes.append(
            f"Not written, since the environment holds it: {listed(changes.of_environment)}. "
            "Set it wherever crm-sync runs."
        )
    for note in changes.notes:
        asker.say(note)
    chosen = changes.settings.get(("target",), settings.target)
    several = len({*settings.targets, name}) > 1 and name != chosen
    at = f" --target {name}" if several and changes.next_command.endswith("check") else ""
    asker.say(f"Next: {changes.next_command}{at}")


def _settings(flags: Flags) -> Settings:
    """What is there. A target that is about to be made may have its secret in the environment, and
    nothing else yet.
    """
    try:
        return load_settings()
    except SettingsError:
        if flags.target is None:
            raise
        of_target = variable("targets", flags.target, "")
        others = {k: v for k, v in os.environ.items() if not k.upper().startswith(of_target)}
        if len(others) == len(os.environ):
            raise
        return load_settings(environment=others)


def _tell(asker: Asker, settings: Settings) -> None:
    for name, target in settings.targets.items():
        asker.say(f"There is the target {name}: {target.instance_url}, {target.auth}.")
    if settings.names_database:
        asker.say("There is a database URL.")
    if settings.targets or settings.names_database:
        asker.say("Enter leaves an answer as it is.")


def _confirm(asker: Asker, flags: Flags, changes: Changes, *, in_keyring: bool) -> None:
    """Shows what will change, no secret, and asks."""
    for path, value in changes.settings.items():
        shown = str(value).lower() if isinstance(value, bool) else f'"{value}"'
        asker.say(f"{FILE}: {'.'.join(path)} = {shown}")
    for path in changes.secrets:
        where = "The keyring" if in_keyring else DOTENV
        asker.say(f"{where}: {'.'.join(path) if in_keyring else variable(*path)} (not shown)")
    for file in changes.files:
        asker.say(f"{file}: {'changes' if file.exists() else 'is new'}")
    if not asker.may_ask and not flags.yes:
        raise SetupError("Nothing was written: nobody can be asked.", "Say --yes to write it.")
    if not asker.yes("Write this", usual=True):
        raise Answered


def _write(changes: Changes, *, in_keyring: bool) -> list[str]:
    """Writes everything; each file at once, and none is begun after Ctrl-C."""
    here = Path()
    written: list[Path] = []
    with _uninterrupted():
        if changes.secrets and in_keyring:
            for path, value in changes.secrets.items():
                keep_in_keyring(path, value)
        elif changes.secrets:
            if (text := ignored(here)) is not None:
                written.append(write(here / ".gitignore", text))
            new = {variable(*path): value for path, value in changes.secrets.items()}
            env = here / DOTENV
            written.append(write(env, with_variables(_text(env), new), mode=MODE))
        for file, text in changes.files.items():
            directory(file.parent)
            written.append(write(file, text))
        if changes.settings:
            toml = here / FILE
            settings = {
                p: v if isinstance(v, bool) else str(v) for p, v in changes.settings.items()
            }
            written.append(write(toml, with_settings(_text(toml), settings)))
    return [f"{file} written." for file in written]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig") if file.exists() else ""


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for these few files: else one would speak of what another lacks."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
