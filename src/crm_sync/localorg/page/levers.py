"""The levers of the org beyond its records: limits, sessions, the log, faults, its own rules."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

Form = Mapping[str, list[str]]
_UNAVAILABLE = "<html><body><h1>Service Unavailable</h1></body></html>"
_LOCKED = {
    "statusCode": "UNABLE_TO_LOCK_ROW",
    "message": "unable to obtain exclusive access to this record",
    "fields": [],
}


@dataclass(frozen=True)
class Preset:
    """A fault that can be switched on with one button."""

    label: str
    rule: Mapping[str, Any]


PRESETS = {
    "unavailable": Preset(
        "Answer 503, no work done",
        {"when": {"path": "/services/data/"}, "then": {"status": 503, "body": _UNAVAILABLE}},
    ),
    "slow": Preset(
        "Let every call wait two seconds",
        {"when": {"path": "/services/data/"}, "then": {"delay": 2}},
    ),
    "drop-before": Preset(
        "Hang up before the work is done",
        {"when": {"path": "/services/data/"}, "then": {"drop": "before"}},
    ),
    "drop-after": Preset(
        "Hang up after the work was done, without an answer",
        {"when": {"path": "/services/data/"}, "then": {"drop": "after"}},
    ),
    "truncated": Preset(
        "Send half of an answer, then hang up",
        {"when": {"path": "/services/data/"}, "then": {"truncate": 0.5}},
    ),
    "session": Preset(
        "End every session in the middle of the work",
        {"when": {"path": "/services/data/", "nth": 2}, "then": {"expire_sessions": True}},
    ),
    "locked": Preset(
        "Refuse rows: UNABLE_TO_LOCK_ROW",
        {"when": {}, "then": {"row_error": _LOCKED}},
    ),
}


@dataclass(frozen=True)
class RuleShown:
    """A fault rule in force."""

    text: str
    fired: int
    left: int | None


def rules(org: "Org") -> list[RuleShown]:
    """The fault rules in force, as JSON, and how often each fired."""
    return [
        RuleShown(
            json.dumps({"when": rule["when"], "then": rule["then"]}, ensure_ascii=False),
            rule["fired"],
            None if rule["times"] is None else max(0, rule["times"] - rule["fired"]),
        )
        for rule in org.faults.as_json()
    ]


def pull(org: "Org", lever: str, form: Form) -> str | None:
    """Pull a lever; the code of what was done, None when there is no such lever."""
    done = _LEVERS.get(lever)
    return done(org, form) if done else None


def _use_up_limit(org: "Org", form: Form) -> str:
    org.set_remaining(0)
    return "limit-used-up"


def _reset_limit(org: "Org", form: Form) -> str:
    org.set_remaining(org.daily_limit)
    return "limit-reset"


def _expire_sessions(org: "Org", form: Form) -> str:
    org.expire_sessions()
    return "sessions-expired"


def _forget_calls(org: "Org", form: Form) -> str:
    org.calls.clear()
    return "calls-forgotten"


def _add_fault(org: "Org", form: Form) -> str:
    chosen = form.get("preset", [""])[0]
    preset = PRESETS.get(chosen)
    rule: Any = dict(preset.rule) if preset else _written(form)
    if form.get("times", [""])[0] == "once" and isinstance(rule, dict):
        rule["times"] = 1
    try:
        org.faults.append(rule)
    except ValueError as error:
        raise _bad(str(error)) from None
    return "fault-on"


def _written(form: Form) -> Any:
    """The JSON of a rule, as somebody typed it."""
    try:
        return json.loads(form.get("rule", [""])[0])
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _bad(f"A rule is written as JSON, and this is none at {place}.") from None


def _bad(message: str) -> ApiError:
    return ApiError(400, "BAD_CONTROL_REQUEST", message)


def _remove_fault(org: "Org", form: Form) -> str:
    number = form.get("number", [""])[0]
    if not number.isdecimal() or not org.faults.remove(int(number)):
        raise ApiError(404, "NOT_FOUND", "This fault rule is not in force any more.")
    return "fault-off"


def _remove_faults(org: "Org", form: Form) -> str:
    org.faults.clear()
    return "faults-off"


def _add_rule(org: "Org", form: Form) -> str:
    try:
        org.rules = [*org.rules, _written(form)]
    except ValueError as error:
        raise _bad(str(error)) from None
    return "rule-on"


def _remove_rule(org: "Org", form: Form) -> str:
    number = form.get("number", [""])[0]
    if not number.isdecimal() or int(number) >= len(org.rules):
        raise ApiError(404, "NOT_FOUND", "This rule is not switched on any more.")
    rules = org.rules
    del rules[int(number)]
    org.rules = rules
    return "rule-off"


_LEVERS: Mapping[str, Callable[["Org", Form], str]] = {
    "use-up-limit": _use_up_limit,
    "reset-limit": _reset_limit,
    "expire-sessions": _expire_sessions,
    "forget-calls": _forget_calls,
    "add-fault": _add_fault,
    "remove-fault": _remove_fault,
    "remove-faults": _remove_faults,
    "add-rule": _add_rule,
    "remove-rule": _remove_rule,
}
