"""What `crm-sync.toml`, `.env` and the environment say, key by key, and where each key stands.

In: a file or an environment. Out: `Given`, one for each key, in the order of reading. What a key
means, and whether there is one, `settings` knows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from crm_sync.errors import SettingsError

__all__ = [
    "PREFIX",
    "Given",
    "Path_",
    "from_dotenv",
    "from_environment",
    "from_toml",
    "variable",
]

PREFIX = "CRM_SYNC_"
"""Of every environment variable that is ours."""
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEYS = re.compile(rf"\s*(\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*(\]|=)")

Path_ = tuple[str, ...]


def variable(*path: str) -> str:
    """The environment variable of a key: `variable("targets", "sandbox", "client_secret")`."""
    return PREFIX + "__".join(path).upper()


@dataclass(frozen=True)
class Given:
    """One key with its value, and how a message calls it and says where it stands."""

    path: Path_
    value: Any
    place: Callable[[Path_], str]  # of the key, or of a level above it
    is_variable: bool = False


def from_toml(file: Path) -> Iterator[Given]:
    """The keys of a TOML file, none where there is no file. Raises SettingsError."""
    if not file.exists():
        return
    text = _text_of(file)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        last = text.splitlines() or [""]  # "at end of document"
        line, column = found.groups() if found else (len(last), len(last[-1]) + 1)
        where = f"{file.name}:{line}:{column}"
        what = str(error).split(" (at ")[0]
        raise SettingsError(f"{where}: this is not TOML: {what}.") from None
    places = _places(text)

    def place(path: Path_) -> str:
        known = (path[:length] for length in range(len(path), 0, -1) if path[:length] in places)
        line, column = places.get(next(known, ()), (1, 1))
        return f"{file.name}:{line}:{column}"

    for path, value in _leaves(content):
        yield Given(path, value, place)


def _places(text: str) -> dict[Path_, tuple[int, int]]:
    """Line and column of each key and table; of an inline table's keys the table's."""
    places: dict[Path_, tuple[int, int]] = {}
    section: Path_ = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _KEYS.match(line):
            keys = tuple(key.strip("\"'") for key in re.findall(_KEY, found[2]))
            column = found.start(1 if found[1] else 2) + 1
            path = keys if found[1] else section + keys
            section = keys if found[1] else section
            places.setdefault(path, (number, column))
            for length in range(1, len(path)):
                places.setdefault(path[:length], (number, column))
    return places


def from_dotenv(file: Path) -> Iterator[Given]:
    """The keys of a .env file, none where there is no file. Raises SettingsError."""
    if not file.exists():
        return
    for binding in parse_stream(StringIO(_text_of(file))):
        written = binding.original.string
        before = len(written) - len(written.lstrip())
        where = f"{file.name}:{binding.original.line + written[:before].count(chr(10))}:1"
        if binding.error or (binding.key is not None and binding.value is None):
            raise SettingsError(f"{where}: this line is not KEY=value.")
        if binding.key is not None:
            yield from _variables({binding.key: binding.value or ""}, f"{where}: ")


def from_environment(environment: Mapping[str, str]) -> Iterator[Given]:
    """The keys that variables of ours give; a blank one gives None."""
    return _variables(environment, "")


def _variables(values: Mapping[str, str], before: str) -> Iterator[Given]:
    for name, value in values.items():
        if name.upper().startswith(PREFIX):
            path = tuple(name.upper().removeprefix(PREFIX).lower().split("__"))
            said = f"{before}{name}"
            try:
                value.encode()
            except UnicodeEncodeError:
                raise SettingsError(f"{said} is not UTF-8.", "Write it in UTF-8.") from None
            given = value if value.strip() else None
            yield Given(path, given, _always(said), is_variable=True)


def _always(said: str) -> Callable[[Path_], str]:
    return lambda _: said


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{file.name} is not UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(f"{file.name} cannot be read: {reason}.") from None


def _leaves(content: dict[str, Any], above: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    for key, value in content.items():
        path = (*above, key)
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        else:
            yield path, value
