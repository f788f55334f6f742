"""`.env` with other values, and the line in `.gitignore` that keeps it out of the history.

In: the text of a file and variables. Out: its new text; every other line stays as it is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

__all__ = ["MODE", "ignored", "is_committed", "with_variables"]

MODE = 0o600
"""Nobody else reads it."""
HEAD = "# Secrets; never committed. .env.example of the project shows every variable.\n"


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """The file's text with these variables: each in its place, new ones at the end."""
    rest = dict(variables)
    pieces: list[str] = []
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        name = (binding.key or "").upper()
        if name not in variables:
            pieces.append(written)
        elif name in rest:
            before = written[: len(written) - len(written.lstrip())]
            pieces.append(f"{before}{_line(name, rest.pop(name))}")
        # One that stands there twice would win over what is written in its first place.
    content = "".join(pieces) or HEAD
    if not content.endswith("\n"):
        content += "\n"
    return content + "".join(_line(name, value) for name, value in rest.items())


def _line(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'\n"


def ignored(directory: Path) -> str | None:
    """The new text of the folder's .gitignore where a git work tree would take up .env, else None.

    Git itself is asked; where it is not installed, or this is no work tree, nothing is to be done.
    """
    asked = _git(directory, "check-ignore", "--quiet", ".env")
    if asked != 1:  # 0: ignored; 128: no work tree
        return None
    file = directory / ".gitignore"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{text}.env\n"


def is_committed(directory: Path) -> bool:
    """Whether git keeps .env already, which no .gitignore changes."""
    return _git(directory, "ls-files", "--error-unmatch", ".env") == 0


def _git(directory: Path, *arguments: str) -> int | None:
    try:
        return subprocess.run(  # noqa: S603 - arguments of our own
            ["git", *arguments],  # noqa: S607
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        ).returncode
    except OSError:
        return None
