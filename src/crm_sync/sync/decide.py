"""What an answer means: pure functions from Salesforce's answer to a decision for each row.

In: the status and body of a collection request, then the action and one result of it. Out: a
`Decision`, which `push.py` carries out. They branch on Salesforce's codes only, never on the
translated messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, cast

__all__ = ["TRANSIENT", "Decision", "Fate", "Verdict", "decide", "fate", "last_word", "results"]


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
    UNKNOWN = "unknown"  # the answer says nothing of it: it may have been done


@dataclass(frozen=True)
class Decision:
    """A verdict, with Salesforce's code, message and fields where it refused.

    `met`: an upsert says that it created nothing, since a record with the external ID was there.
    """

    verdict: Verdict
    salesforce_id: str | None = None
    met: bool = False
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


class Fate(Enum):
    """What became of a record in Salesforce, read there (deleted ones included)."""

    ALIVE = "alive"
    GONE = "gone"
    MERGED = "merged"
    CONVERTED = "converted"


# Locks and time-outs inside Salesforce pass by themselves.
TRANSIENT = frozenset(
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


def results(status: int, body: Any, count: int) -> list[Mapping[str, Any]]:
    """One result for each of the `count` rows of a collection request; empty where unknown.

    A request that was refused as a whole refuses each row with its errors. After a server's trouble
    (5xx, 408, 429), or where the answer does not fit the request, nobody knows what was done.
    """
    listed: list[Any] = body if isinstance(body, list) else []
    if 200 <= status < 300 and len(listed) == count:
        return [cast("Mapping[str, Any]", r) if isinstance(r, dict) else {} for r in listed]
    if status < 400 or status >= 500 or status in (408, 429):
        return [{}] * count
    errors = [e for e in listed if isinstance(e, dict)] or [{"errorCode": f"HTTP_{status}"}]
    return [{"success": False, "errors": errors}] * count


def decide(action: str, result: Mapping[str, Any]) -> Decision:
    """Judges one row's result; `action` is create, update or delete.

    A result is read by its keys: failed rows of upserts and updates differ in shape.
    """
    if result.get("success"):
        verdict = Verdict.DELETED if action == "delete" else Verdict.RECORDED
        given = cast("str | None", result.get("id"))
        return Decision(verdict, salesforce_id=given, met=result.get("created") is False)
    errors = cast("Sequence[Mapping[str, Any]]", result.get("errors") or ())
    if not errors:
        return Decision(Verdict.UNKNOWN)
    first = errors[0]
    code = str(first.get("statusCode") or first.get("errorCode") or "")
    message = str(first.get("message") or "")
    fields = tuple(str(f) for f in first.get("fields") or ())
    return Decision(_verdict(action, code), code=code, message=message, fields=fields)


def last_word(decision: Decision) -> Decision:
    """After the last repeat, or for a row alone, a passing trouble is a refusal."""
    if decision.verdict in (Verdict.REPEAT, Verdict.HALVE):
        return replace(decision, verdict=Verdict.REFUSED)
    return decision


def fate(record: Mapping[str, Any] | None) -> Fate:
    """What became of a record, from what queryAll gave for its Id; None: nothing."""
    if record is None:
        return Fate.GONE
    if record.get("IsDeleted"):
        return Fate.MERGED if record.get("MasterRecordId") else Fate.GONE
    return Fate.CONVERTED if record.get("IsConverted") else Fate.ALIVE


def _verdict(action: str, code: str) -> Verdict:
    if action == "delete" and code == "ENTITY_IS_DELETED":
        return Verdict.DELETED
    if code in _GONE:
        return Verdict.LOOK
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Verdict.STOP_RUN
    if code in TRANSIENT:
        return Verdict.REPEAT
    if code in _SMALLER:
        return Verdict.HALVE
    if code in _CONFIGURATION:
        return Verdict.STOP_OBJECT
    return Verdict.REFUSED
