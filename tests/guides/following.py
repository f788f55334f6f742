"""Does what a guide says, in a copy of the repository, as its reader would.

In: a guide, a folder under git, what the reader fills in. Out: the folder afterwards, and what the
guide started, still running. A step that
cannot be done, or that prints something else than the guide says, is a GuideError with its line.

`uv run` is this interpreter with the copy's own code: no other environment is made for it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.guides.reading import Command, Deed, Guide, GuideError, Insert, NewFile, Run, Sql, read

__all__ = ["Reader", "check_list", "follow", "git", "repository"]

SECONDS = 600
NOT_PASSED_ON = ("CRM_SYNC_", "GIT_", "PYTEST_", "PG")
AUTHOR = {
    "GIT_AUTHOR_NAME": "A reader", "GIT_AUTHOR_EMAIL": "reader@example.com",
    "GIT_COMMITTER_NAME": "A reader", "GIT_COMMITTER_EMAIL": "reader@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@dataclass
class Reader:
    """Who follows: where, and what they fill in. `code` is where their own modules lie."""

    folder: Path
    filled_in: dict[str, str] = field(default_factory=dict)
    owner_url: str = ""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """That of a terminal in the folder: nothing of this run, and the copy's own code."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_PASSED_ON)}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # or each command compiles everything anew
        return {
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode"),
            **kept,
            **AUTHOR,
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONUTF8": "1",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }

    def leave(self) -> None:
        """End what the guide started and what goes on running."""
        for process in self.running:
            process.terminate()
            process.communicate(timeout=SECONDS)

    def fill_in(self, text: str, line: int) -> str:
        """The text with what stands in angle brackets filled in."""
        for name, value in self.filled_in.items():
            text = text.replace(f"<{name}>", value)
        if left := re.search(r"<[a-z][\w ']*>", text):
            raise GuideError(f"line {line}: nobody told the reader what {left[0]} is")
        return text


def repository(source: Path, folder: Path) -> Path:
    """A copy of the files that git knows, or would add, under a git of its own."""
    listed = git(source, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (source / name).is_file():  # not one that was deleted and is still listed
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((source / name).read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Before the guide")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """What git prints."""
    command = ["git", "-c", "safe.directory=*", "-c", "core.autocrlf=false", *arguments]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8", env=kept | AUTHOR
    )
    return done.stdout


def follow(markdown: str, reader: Reader) -> Guide:
    """Do everything that the guide says, in order, and check its list of files."""
    guide = read(markdown)
    start = git(reader.folder, "rev-parse", "HEAD").strip()
    for deed in guide.deeds:
        _do(deed, reader)
    check_list(guide, reader.folder, start)
    return guide


def check_list(guide: Guide, folder: Path, start: str) -> None:
    """The guide lists the files that are other than at the commit `start`, all and no other."""
    git(folder, "add", "--all")
    touched = set(
        git(folder, "diff", "--cached", "--name-only", "--no-renames", start).splitlines()
    )
    listed = guide.files
    if len(listed) != len(set(listed)):
        raise GuideError(f"the list names a file twice: {sorted(listed)}")
    if left_out := sorted(touched - set(listed)):
        raise GuideError(f"the list leaves out {', '.join(left_out)}")
    if untouched := sorted(set(listed) - touched):
        raise GuideError(f"the list names what was not touched: {', '.join(untouched)}")


def _do(deed: Deed, reader: Reader) -> None:
    match deed:
        case NewFile(line, path, text, appended):
            file = reader.folder / path
            if file.exists() and not appended:
                raise GuideError(f"line {line}: {path} is there already")
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            _write(file, before + reader.fill_in(text, line))
        case Insert(line, path, there, then):
            file = reader.folder / path
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            found = _whole_lines(before, there)
            if found != 1:
                raise GuideError(
                    f"line {line}: these lines stand {found} times in {path}, not once"
                )
            _write(file, ("\n" + before).replace("\n" + there, "\n" + then, 1)[1:])
        case Run(line, commands, goes_on):
            for command in commands:
                (_start if goes_on else _run)(command, line, reader)
        case Sql(line, text):
            try:
                with psycopg.connect(reader.owner_url, autocommit=True) as connection:
                    connection.execute(text.encode())
            except psycopg.Error as error:
                raise GuideError(f"line {line}: the SQL is refused: {error}") from error


def _whole_lines(text: str, lines: str) -> int:
    return ("\n" + text).count("\n" + lines)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _words(command: Command, line: int, reader: Reader) -> list[str]:
    """The program and its arguments, without a shell between."""
    words = shlex.split(reader.fill_in(command.text, line))
    match words:
        case ["uv", "run", "python", *rest]:
            return [sys.executable, *rest]
        case ["uv", "run", "crm-sync", *rest]:
            return [sys.executable, "-m", "crm_sync", *rest]
        case ["uv", "run", program, *rest]:
            return [sys.executable, "-m", program, *rest]
        case ["git", *_]:
            return words
    raise GuideError(f"line {line}: {words[0]} is no command of this project")


def _run(command: Command, line: int, reader: Reader) -> None:
    done = subprocess.run(
        _words(command, line, reader),
        cwd=reader.folder,
        env=reader.environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    said = f"{done.stdout}{done.stderr}"
    if done.returncode != 0:
        raise GuideError(f"line {line}: `{command.text}` ended with {done.returncode}:\n{said}")
    if not _as_printed(command.printed, said):
        wanted = "\n".join(command.printed)
        raise GuideError(f"line {line}: `{command.text}` prints\n{said}\nand not\n{wanted}")


def _start(command: Command, line: int, reader: Reader) -> None:
    """A server, whose first line tells how to reach it: the reader fills that in later."""
    process = subprocess.Popen(
        _words(command, line, reader),
        cwd=reader.folder,
        env=reader.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    reader.running.append(process)
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said or not _as_printed(command.printed, said):
        raise GuideError(f"line {line}: `{command.text}` prints {said!r}")
    reader.filled_in |= {key: str(value) for key, value in json.loads(said).items()}


def _as_printed(wanted: list[str], said: str) -> bool:
    """Whether a command printed these lines; blanks at the ends of lines do not count."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "…" else _any_text(line.rstrip()) + r"[ \t]*\n"
        for line in wanted
    )
    return (
        re.fullmatch(pattern, said if said.endswith("\n") or not said else said + "\n") is not None
    )


def _any_text(line: str) -> str:
    return r"[^\n]*".join(re.escape(part) for part in line.split("…"))
