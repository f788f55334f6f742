"""Which mappings: those that ship with the product, copied here, or those that are there.

A mapping that is not wanted says `enabled: false` and stays, since others may look up its records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from crm_sync.errors import SettingsError
from crm_sync.files import mappings_directory
from crm_sync.init.answers import Changes, Flags
from crm_sync.init.asking import Asker
from crm_sync.mapping.load import load_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest
from crm_sync.settings import Settings

__all__ = ["ask_mappings", "with_parents"]

_ENABLED = re.compile(r"^enabled:.*\n", re.MULTILINE)
_OBJECT = re.compile(r"^object:", re.MULTILINE)


def ask_mappings(asker: Asker, flags: Flags, settings: Settings, changes: Changes) -> None:
    """Asks which mappings, and adds their files where they change.

    Raises SettingsError for a name that is none, MappingError where those that are there are wrong.
    """
    is_ours = not settings.mappings_note  # else the package's, since there are none here
    if not is_ours:
        copies = flags.copy_mappings
        if copies is None:
            copies = asker.yes(
                "Copy the mappings that ship with crm-sync into ./mappings, to change them there",
                usual=True,
            )
        if not copies:
            changes.notes.append("A sync wants mappings of its own: run init again to copy them.")
            return
    source = settings.mappings if is_ours else mappings_directory()
    mappings = load_mappings(source)
    chosen = asker.until_right(lambda first: _choose(asker, flags if first else None, mappings))
    into = settings.mappings if is_ours else Path("mappings")
    for file in sorted(source.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if file.stem in {m.name for m in mappings}:
            new = _enabled(text, wanted=file.stem in chosen)
        else:
            new = text
        if not is_ours or new != text:
            changes.files[into / file.name] = new


def _choose(asker: Asker, flags: Flags | None, mappings: Sequence[Mapping]) -> set[str]:
    known = [m.name for m in mappings if m.enabled]
    usual = ", ".join(known)
    names = ", ".join(m.name for m in mappings)
    given = ",".join(flags.mappings) if flags and flags.mappings else None
    answer = asker.text(f"Which mappings ({names})", "--select", given, usual)
    wanted = [part for part in re.split(r"[,\s]+", answer) if part]
    for name in wanted:
        if name not in {m.name for m in mappings}:
            raise SettingsError(
                f"There is no mapping {name!r}.{nearest(name, names.split(', '))}",
                f"Known: {names}.",
            )
    chosen = with_parents(wanted, mappings)
    if more := sorted(chosen - set(wanted)):
        asker.say(f"  With {', '.join(more)}, whose records those refer to.")
    return chosen


def with_parents(names: Iterable[str], mappings: Sequence[Mapping]) -> set[str]:
    """These mappings and all that they refer to, since a row waits for its parent's record."""
    by_name = {m.name: m for m in mappings}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting += by_name[name].parents
    return found


def _enabled(text: str, *, wanted: bool) -> str:
    """The text of a mapping file that says `enabled: false`, or not; unchanged where it is so."""
    if wanted:
        return _ENABLED.sub("", text) if re.search(r"^enabled:\s*false\b", text, re.M) else text
    if re.search(r"^enabled:\s*false\b", text, re.M):
        return text
    return _OBJECT.sub("enabled: false\nobject:", _ENABLED.sub("", text), count=1)
