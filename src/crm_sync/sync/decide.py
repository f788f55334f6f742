"""What a row's answer means: a pure function from Salesforce's result to a decision.

In: the action and one result of a collection. Out: a `Decision`, which `push.py` carries out.
It branches on Salesforce's codes only, never on the translated messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

__all__ = ["Decision", "Verdict", "decide"]


class Verdict(Enum):
    """What follows for the row, or for what is around it."""

    RECORDED = "recorded"  # Salesforce holds it
    DELETED = "deleted"  # it is gone, as it should be
    REFUSED = "refused"  # until the row, the mapping or the describe changes
    REPEAT = "repeat"  # the same again, after a pause
    HALVE = "halve"  # the same again in smaller chunks
    LOOK = "look"  # read the record before judging
    STOP_OBJECT = "stop object"  # the org or its permissions are at fault
    STOP_RUN = "stop run"  # the daily limit: nothing more goes today


@dataclass(frozen=True)
class Decision:
    """A verdict, with Salesforce's code, message and fields where it refused."""

    verdict: Verdict
    salesforce_id: str | None = None
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


# Locks and time-outs inside Salesforce pass by themselves.
_TRANSIENT = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "CONNECTION_TERMINATED",
        "ROW_LOCK_TIMEOUT",
        "UNKNOWN_EXCEPTION",
    }
)
# Triggers and flows that hit a limit have less to do in a smaller chunk.
_SMALLER = frozenset(
    {
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "APEX_CPU_TIME_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "TXN_SECURITY_METERING_ERROR",
    }
)
_GONE = frozenset(
    {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD"}
)
_CONFIGURATION = frozenset(
    {
        "INVALID_FIELD",
        "INVALID_TYPE",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "NOT_FOUND",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "API_DISABLED_FOR_ORG",
        "FUNCTIONALITY_NOT_ENABLED",
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        "STORAGE_LIMIT_EXCEEDED",
    }
)


def decide(action: str, result: Mapping[str, Any]) -> Decision:
    """Judges one row's result; `action` is create, update or delete.

    A result is read by its keys: failed rows of upserts and updates differ in shape.
    """
    if result.get("success"):
        verdict = Verdict.DELETED if action == "delete" else Verdict.RECORDED
        return Decision(verdict, salesforce_id=cast("str | None", result.get("id")))
    errors = cast("Sequence[Mapping[str, Any]]", result.get("errors") or ({},))
    first = errors[0]
    code = str(first.get("statusCode") or first.get("errorCode") or "")
    message = str(first.get("message") or "")
    fields = tuple(str(f) for f in first.get("fields") or ())
    return Decision(_verdict(action, code), code=code, message=message, fields=fields)


def _verdict(action: str, code: str) -> Verdict:
    if action == "delete" and code == "ENTITY_IS_DELETED":
        return Verdict.DELETED
    if code in _GONE:
        return Verdict.LOOK
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Verdict.STOP_RUN
    if code in _TRANSIENT:
        return Verdict.REPEAT
    if code in _SMALLER:
        return Verdict.HALVE
    if code in _CONFIGURATION:
        return Verdict.STOP_OBJECT
    return Verdict.REFUSED
