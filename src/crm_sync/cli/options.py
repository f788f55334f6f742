"""Options that several commands share, and the words that they take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Api",
    "CreateAnyway",
    "Debug",
    "Describes",
    "Format",
    "Full",
    "Json",
    "Login",
    "Overwrite",
    "Quiet",
    "Resend",
    "RetryRefused",
    "Select",
    "Separator",
    "Target",
    "Way",
    "named_row",
    "none_empty",
    "not_empty",
]


class Format(StrEnum):
    """The forms of findings, besides JSON."""

    TEXT = "text"
    GITHUB = "github"


class Api(StrEnum):
    """The ways that rows take to Salesforce."""

    COMPOSITE = "composite"
    BULK = "bulk"


class Login(StrEnum):
    """The roles that programs sign in as."""

    CRM_SYNC = "crm_sync"
    POWERBI_READER = "powerbi_reader"


class Separator(StrEnum):
    """What parts the cells of a CSV file. Excel takes the list separator of its machine: where
    numbers have a comma before their decimals, a semicolon.
    """

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"

    @property
    def sign(self) -> str:
        """The character itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t"}[self.value]


def not_empty(value: str | None) -> str | None:
    """An empty shell variable must not mean what leaving the option out does."""
    if value is not None and not value.strip():
        raise typer.BadParameter("It is empty")
    return value


def named_row(value: list[str]) -> list[str]:
    """A key, or a table and a key."""
    if len(value) > 2:
        raise typer.BadParameter("Give a key, or a table and a key")
    for word in value:
        not_empty(word)
    return value


def none_empty(values: list[str] | None) -> list[str] | None:
    """As `not_empty`, for an option that may be given more than once."""
    return [str(not_empty(value)) for value in values] if values else values


Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        "-t",
        metavar="NAME",
        callback=not_empty,
        help="The target, as crm-sync.toml names it.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select", "-s", metavar="MAPPING", help="Only this mapping; may be given more than once."
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Compare every row, and describe the org afresh.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, and nothing else.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print errors only; the exit code says the rest.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Way = Annotated[
    Api | None,
    typer.Option(
        "--api",
        help="Send every row this way. Default: Bulk API 2.0 for many rows, Composite for few.",
    ),
]
CreateAnyway = Annotated[
    bool,
    typer.Option(
        "--create-anyway",
        help="Let a first load create beside records that are not matched with our rows.",
    ),
]
RetryRefused = Annotated[
    bool, typer.Option("--retry-refused", help="Send again what Salesforce refused.")
]
Overwrite = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="Send this row although people edited it in Salesforce (on_edited: hold); `all` for "
        "every such row. May be given more than once.",
    ),
]
Resend = Annotated[bool, typer.Option("--resend", help="Send every field of every record again.")]
Describes = Annotated[
    Path, typer.Option("--describes", metavar="DIR", help="Where saved describes lie.")
]
