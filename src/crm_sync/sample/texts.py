"""Reads the names and sentences of the sample from `texts.toml` and `clients.csv`.

In: those two files, beside this module. Out: typed tuples. Imports nothing of the project.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import NamedTuple, TypedDict, cast

__all__ = ["Client", "Phrases", "Texts", "clients", "texts"]


class Client(NamedTuple):
    """One account as it stands in `clients.csv`; `street` may hold two lines."""

    name: str
    industry: str | None
    street: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    contact: str | None


class _Prospects(TypedDict):
    stems: list[str]
    endings: list[tuple[str, str]]
    countries: list[str]


class _People(TypedDict):
    first: list[str]
    last: list[str]
    titles: list[str]


class _Projects(TypedDict):
    services: list[str]
    variants: list[str]
    descriptions: list[str]


class Phrases(TypedDict):
    """What an activity of one type says: its subject, and how its note begins."""

    subjects: list[str]
    openings: list[str]


class _Notes(TypedDict):
    details: list[str]
    next_steps: list[str]


class _ToDo(TypedDict):
    call: list[str]
    email: list[str]
    work: list[str]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Texts:
    """The whole of `texts.toml`."""

    prospects: _Prospects
    people: _People
    projects: _Projects
    to_do: _ToDo
    notes: _Notes
    lead_notes: list[str]
    lost_reasons: list[str]
    long_notes: list[str]
    activities: dict[str, dict[str, Phrases]]
    """By what an activity belongs to (lead, account, project), then by activity type."""


@cache
def texts() -> Texts:
    """Names and sentences, read once."""
    file = files("crm_sync.sample").joinpath("texts.toml")
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return Texts(
        prospects=cast(_Prospects, raw["prospects"]),
        people=cast(_People, raw["people"]),
        projects=cast(_Projects, raw["projects"]),
        to_do=cast(_ToDo, raw["to_do"]),
        notes=cast(_Notes, raw["notes"]),
        lead_notes=raw["lead_notes"]["texts"],
        lost_reasons=raw["lead_notes"]["lost"],
        long_notes=raw["long"]["texts"],
        activities={part: raw[part] for part in ("lead", "account", "project")},
    )


@cache
def clients() -> tuple[Client, ...]:
    """The accounts of the sample, in the order of the file; the first five carry the story."""
    text = files("crm_sync.sample").joinpath("clients.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(StringIO(text, newline="")))[1:]
    return tuple(Client(row[0], *(cell or None for cell in row[1:])) for row in rows)
