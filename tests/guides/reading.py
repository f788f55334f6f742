"""A how-to guide as a list of deeds, read from its Markdown.

What is to be done with a fenced block stands in the paragraph before it, in bold and with a colon,
where people read it too; a guide holds no block without one:

    **New file `mappings/contact.yaml`:**      the block is the whole file
    **Add to `.env`:**                         the block goes to the end of the file
    **In `schema.sql`, after:** … **add:**     two blocks: lines that stand there once, and new ones
    **In `schema.sql`, replace:** … **by:**    two blocks: lines that stand there once, and others
    **Run:**                                   commands after `$ `, each with what it prints
    **In a second terminal, run:**             one command that goes on running
    **Run this SQL:**                          as the owner of the database

In printed lines `…` stands for any text, and a line that is nothing else for any lines. A word in
`<angle brackets>` is to be filled in by the reader.

The table below the heading "Files touched" names each file that is new or other than before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["Command", "Deed", "Guide", "GuideError", "Insert", "NewFile", "Run", "Sql", "read"]

LIST = "Files touched"
INSTRUCTION = re.compile(r"\*\*([^*]+):\*\*$")
PATH = r"`([^`]+)`"


class GuideError(AssertionError):
    """A guide that cannot be followed, or whose reader sees something else than it says."""


@dataclass(frozen=True)
class NewFile:
    """A file with this text; `appended` to what it holds already."""

    line: int
    path: str
    text: str
    appended: bool = False


@dataclass(frozen=True)
class Insert:
    """Lines that stand once in a file, and what stands there afterwards."""

    line: int
    path: str
    there: str
    then: str


@dataclass(frozen=True)
class Command:
    """A command line and the lines that it prints."""

    text: str
    printed: list[str]


@dataclass(frozen=True)
class Run:
    """Commands, one after the other; the one that `goes_on` runs until the guide ends."""

    line: int
    commands: list[Command]
    goes_on: bool = False


@dataclass(frozen=True)
class Sql:
    """Statements for the owner of the database."""

    line: int
    text: str


Deed = NewFile | Insert | Run | Sql


@dataclass(frozen=True)
class Guide:
    """What a guide tells its reader to do, in order, and the files that it says are touched."""

    deeds: list[Deed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def read(markdown: str) -> Guide:
    """The guide of a Markdown text. Raises GuideError for a block that nothing is said about."""
    tokens = MarkdownIt().enable("table").parse(markdown)
    return Guide(list(_deeds(_Blocks(tokens))), _listed(tokens))


@dataclass(frozen=True)
class _Block:
    line: int
    instruction: str
    text: str


class _Blocks:
    """The fenced blocks, each with what the paragraph before it says."""

    def __init__(self, tokens: list[Token]) -> None:
        self._found = iter(list(self._of(tokens)))

    @staticmethod
    def _of(tokens: list[Token]) -> Iterator[_Block]:
        said = ""
        for token in tokens:
            if token.type == "inline":
                match = INSTRUCTION.search(token.content)
                said = match[1] if match else ""
            elif token.type in ("fence", "code_block"):
                line = token.map[0] + 1 if token.map else 0
                if not said:
                    raise GuideError(f"line {line}: nothing says what to do with this block")
                yield _Block(line, said, token.content)
                said = ""

    def __iter__(self) -> Iterator[_Block]:
        return self._found

    def second(self, first: _Block, instruction: str) -> str:
        """The text of the block that belongs to `first`."""
        block = next(self._found, None)
        if block is None or block.instruction != instruction:
            raise GuideError(f"line {first.line}: no block with “{instruction}:” follows")
        return block.text


def _deeds(blocks: _Blocks) -> Iterator[Deed]:
    for block in blocks:
        line, said = block.line, block.instruction
        if match := re.fullmatch(f"New file {PATH}", said):
            yield NewFile(line, match[1], block.text)
        elif match := re.fullmatch(f"Add to {PATH}", said):
            yield NewFile(line, match[1], block.text, appended=True)
        elif match := re.fullmatch(f"In {PATH}, after", said):
            more = blocks.second(block, "add")
            yield Insert(line, match[1], block.text, block.text + more)
        elif match := re.fullmatch(f"In {PATH}, replace", said):
            yield Insert(line, match[1], block.text, blocks.second(block, "by"))
        elif said in ("Run", "In a second terminal, run"):
            yield Run(line, _commands(block), goes_on=said != "Run")
        elif said == "Run this SQL":
            yield Sql(line, block.text)
        else:
            raise GuideError(f"line {line}: “{said}:” is nothing that a reader could do")


def _commands(block: _Block) -> list[Command]:
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif found:
            found[-1].printed.append(line)
        else:
            raise GuideError(f"line {block.line}: the block does not begin with a command")
    return found


def _listed(tokens: list[Token]) -> list[str]:
    """The first cell of each row in the table below its heading."""
    below, cells, found = False, 0, []
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type == "heading_open":
            below = token.content == LIST
        elif token.type == "tr_open":
            cells = 0
        elif token.type == "inline" and before.type == "td_open":
            cells += 1
            if below and cells == 1:
                found.append(token.content.strip("`"))
    return found
