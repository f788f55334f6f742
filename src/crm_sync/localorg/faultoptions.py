"""Faults by name, for the command line: ``--fault 'KIND[:key=value,…]'`` → a rule of ``faults``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.localorg.faults import Rule

HTML_503 = (
    "<html><head><title>Server Unavailable</title></head><body>"
    "<h1>Service Temporarily Unavailable</h1></body></html>"
)
LOCK_MESSAGE = "unable to obtain exclusive access to this record or 1 records"

Make = Callable[[Mapping[str, str]], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of fault: its own keys with their defaults, and what it does."""

    does: str
    then: Make
    own: Mapping[str, str]
    times: int | None = None


def _number(text: str) -> Any:
    """The number that a text says; the text itself where it says none, which is then refused."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _row_error(given: Mapping[str, str]) -> dict[str, Any]:
    return {"row_error": {"statusCode": given["code"], "message": given["message"], "fields": []}}


KINDS: dict[str, Kind] = {
    "latency": Kind(
        "waits before it answers", lambda g: {"delay": _number(g["seconds"])}, {"seconds": "1"}
    ),
    "503": Kind(
        "answers 503 with an HTML page, and does no work",
        lambda g: {"status": _number(g["status"]), "body": HTML_503},
        {"status": "503"},
    ),
    "reset-before": Kind(
        "closes the connection before the work is done", lambda g: {"drop": "before"}, {}
    ),
    "reset-after": Kind(
        "closes the connection after the work was done", lambda g: {"drop": "after"}, {}
    ),
    "slow-body": Kind(
        "sends the answer in pieces", lambda g: {"slow": _number(g["seconds"])}, {"seconds": "5"}
    ),
    "truncated-body": Kind(
        "sends a part of the answer and closes",
        lambda g: {"truncate": _number(g["part"])},
        {"part": "0.5"},
    ),
    "session-expiry": Kind("ends every session", lambda g: {"expire_sessions": True}, {}, 1),
    "daily-limit": Kind("uses up the day's calls", lambda g: {"daily_limit": True}, {}, 1),
    "lock": Kind(
        "refuses rows with UNABLE_TO_LOCK_ROW",
        _row_error,
        {"code": "UNABLE_TO_LOCK_ROW", "message": LOCK_MESSAGE},
    ),
    "job-fail": Kind(
        "ends a Bulk job as Failed",
        lambda g: {"job": {"fail": g["message"], "after": _number(g["after"])}},
        {"message": "InternalServerError : a fault on demand", "after": "0"},
    ),
    "job-hang": Kind(
        "leaves a Bulk job InProgress",
        lambda g: {"job": {"hang": True, "after": _number(g["after"])}},
        {"after": "0"},
    ),
    "row-error": Kind(
        "refuses rows", _row_error, {"code": "UNKNOWN_EXCEPTION", "message": "a fault on demand"}
    ),
}
_WHEN: dict[str, Callable[[str], Any]] = {
    "method": str,
    "path": str,
    "object": str,
    "operation": str,
    "external-id": str,
    "id": str,
    "nth": int,
    "rate": float,
    "seed": int,
}


def parse(text: str) -> dict[str, Any]:
    """The rule that an option names.

    Raises ValueError with one line that says what is wrong with it.
    """
    name, _, rest = text.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"--fault {text}: no such kind: {name}; known are {', '.join(KINDS)}")
    own = dict(kind.own)
    when: dict[str, Any] = {}
    times = kind.times
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        try:
            if not equals:
                raise ValueError
            if key in own:
                own[key] = value
            elif key == "times":
                times = int(value)
            elif key in _WHEN:
                when[key.replace("-", "_")] = _WHEN[key](value)
            else:
                keys = ", ".join([*kind.own, *_WHEN, "times"])
                raise LookupError(f"--fault {text}: {name} has no {key}; its keys are {keys}")
        except LookupError as error:
            raise ValueError(str(error)) from None
        except ValueError:
            raise ValueError(f"--fault {text}: {part} is not of the form key=value") from None
    try:
        rule: dict[str, Any] = {"when": when, "then": kind.then(own)}
        if times is not None:
            rule["times"] = times
        Rule.from_json(rule)
    except ValueError as error:
        raise ValueError(f"--fault {text}: {error}") from None
    return rule


def help_lines() -> list[str]:
    """What ``--help`` says of them."""
    return [f"{name}: {kind.does}" for name, kind in KINDS.items()]
