"""What an org is started with beyond its data file, and the command line of it."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_sync.localorg import addresses, faultoptions, features, saveddescribes
from crm_sync.localorg.addresses import HOST
from crm_sync.localorg.routing import NEWEST_VERSION

OLDEST_OFFERED = 60
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0}


class OptionError(ValueError):
    """An option that cannot be understood; its text is one line."""


@dataclass(frozen=True)
class Options:
    """How the org differs from a plain one.

    ``describes`` (descriptions as of ``saveddescribes``) and ``record_types`` (object → names) are
    kept in the data file with the records, as ``rules`` are; the rest holds while it runs.
    """

    describes: Sequence[Mapping[str, Any]] = ()
    record_types: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    features: Sequence[str] = ()
    """What is switched on for good (``features``); kept in the data file, too."""
    data_storage: int | None = None
    """MB of records that the org takes; None refuses nothing and tells a Developer Edition's 5."""
    rules: Sequence[Mapping[str, Any]] | None = None
    """The rules to be switched on (``records.automation``); None leaves those of the data file."""
    faults: Sequence[Mapping[str, Any]] = ()
    latency: float = 0.0
    """Seconds that every request waits."""
    daily_limit: int | None = None
    newest_version: int = NEWEST_VERSION
    multiday_events: bool = False
    """Activity Settings: may an event be longer than a day?"""
    host: str = HOST

    @property
    def is_loopback(self) -> bool:
        return addresses.is_near(self.host)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``org serve`` that :func:`from_arguments` reads."""
    parser.add_argument("--host", default=HOST, help="address to listen on; 127.0.0.1 unless told")
    parser.add_argument("--latency", default="0", metavar="150ms", help="wait in every request")
    parser.add_argument("--daily-limit", type=int, metavar="N", help="API calls of a day")
    parser.add_argument("--version", metavar="60.0", help="newest API version, 60.0 to 67.0")
    parser.add_argument(
        "--describe", type=Path, metavar="DIR", help="objects more, from saved describe JSON files"
    )
    parser.add_argument(
        "--record-type",
        action="append",
        default=[],
        metavar="OBJECT=NAME",
        help="a record type of an object; may be repeated",
    )
    parser.add_argument(
        "--feature",
        action="append",
        default=[],
        choices=features.FEATURES,
        help="switched on for good; may be repeated",
    )
    parser.add_argument(
        "--data-storage", type=int, metavar="MB", help="refuse records beyond so many megabytes"
    )
    parser.add_argument(
        "--multiday-events", action="store_true", help="events may be longer than a day"
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="JSON",
        help="a validation or duplicate rule, an automation; may be repeated",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[:key=value,…]",
        help=f"a fault; may be repeated. Kinds: {'; '.join(faultoptions.help_lines())}",
    )


def from_arguments(given: argparse.Namespace) -> Options:
    """The options; OptionError for what cannot be understood."""
    try:
        return _from_arguments(given)
    except OptionError:
        raise
    except ValueError as error:
        raise OptionError(str(error)) from None


def _from_arguments(given: argparse.Namespace) -> Options:
    return Options(
        describes=saveddescribes.read(given.describe) if given.describe else (),
        record_types=_record_types(given.record_type),
        features=given.feature,
        data_storage=given.data_storage,
        rules=[_rule(text) for text in given.rule] or None,
        faults=[faultoptions.parse(text) for text in given.fault],
        latency=_seconds(given.latency),
        daily_limit=_daily_limit(given.daily_limit),
        newest_version=_version(given.version),
        multiday_events=given.multiday_events,
        host=given.host,
    )


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|)", text)
    if match is None:
        raise OptionError(f"--latency {text}: write it as 150ms or 0.5s")
    return float(match[1]) * _SECONDS[match[2]]


def _daily_limit(count: int | None) -> int | None:
    if count is not None and count < 0:
        raise OptionError(f"--daily-limit {count}: a number of calls, 0 or more")
    return count


def _version(text: str | None) -> int:
    if text is None:
        return NEWEST_VERSION
    match = re.fullmatch(r"v?(\d+)(?:\.0)?", text)
    if match is None or not OLDEST_OFFERED <= int(match[1]) <= NEWEST_VERSION:
        raise OptionError(f"--version {text}: one of {OLDEST_OFFERED}.0 to {NEWEST_VERSION}.0")
    return int(match[1])


def _record_types(listed: Sequence[str]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for text in listed:
        object_name, equals, name = text.partition("=")
        if not equals or not object_name or not name:
            raise OptionError(f"--record-type {text}: write it as Opportunity=New Business")
        named.setdefault(object_name, []).append(name)
    return named


def _rule(text: str) -> dict[str, Any]:
    try:
        rule: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise OptionError(f"--rule {text}: column {error.colno}: {error.msg}") from None
    if not isinstance(rule, dict):
        raise OptionError(f"--rule {text}: a rule is a JSON object")
    return rule
