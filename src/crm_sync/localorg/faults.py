"""Faults on demand: what a network or a busy Salesforce does now and then, by rule.

A rule is JSON: ``{"when": {…}, "then": {…}, "times": n}``.

``when`` (all given parts must match): ``method``; ``path`` (regular expression, searched in the
path with its query string); ``object``; ``external_id`` and ``id`` (regular expressions, searched
in the values of the request's records); ``operation`` (of a Bulk job); ``nth`` (fires from the nth
match on); ``rate`` (fires on this part of the matches, 0 to 1, drawn by ``seed``, so that a run can
be repeated). ``times`` bounds how often it fires; the default is once with ``nth``, without end
otherwise.

``then``: ``{"status": 503, "body": …}`` answers without doing the work; ``{"delay": seconds}``;
``{"drop": "before"|"after"}`` closes the connection without an answer, before or after the work was
done; ``{"slow": seconds}`` sends the body in pieces over that time; ``{"truncate": part}`` sends
that part of it (0 to 1) and closes; ``{"expire_sessions": true}`` ends every session and
``{"daily_limit": true}`` uses up the day's calls, both before the request is looked at;
``{"row_error": {"statusCode", "message", "fields"}}`` refuses single rows;
``{"job": {"fail": text, "after": rows, "hang": true, "slow": seconds, "lose": rows}}`` befalls a
Bulk job when work on it begins. Such a rule looks at ``object`` and ``operation`` alone.

In a composite, a rule that names an object or a record meets the subrequests, others meet the whole
request first; ``status`` then answers for that subrequest alone, ``delay`` and ``drop`` concern the
connection, which all share.
"""

import asyncio
import random
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from crm_sync.localorg import kinds
from crm_sync.localorg.errors import RowError
from crm_sync.localorg.schema import Schema

Drop = Literal["before", "after"]
_RULE = {"when": kinds.MAP, "then": kinds.MAP, "times": kinds.either(kinds.FROM_ONE, kinds.NOTHING)}
_WHEN = {
    "method": kinds.TEXT,
    "path": kinds.PATTERN,
    "object": kinds.TEXT,
    "external_id": kinds.PATTERN,
    "id": kinds.PATTERN,
    "operation": kinds.TEXT,
    "nth": kinds.FROM_ONE,
    "rate": kinds.PART,
    "seed": kinds.number("a whole number", -sys.maxsize, whole=True),
}
_THEN = {
    "status": kinds.number("a status from 200 to 599", 200, 599, whole=True),
    "body": kinds.ANYTHING,
    "delay": kinds.SECONDS,
    "drop": kinds.one_of("before", "after"),
    "slow": kinds.SECONDS,
    "truncate": kinds.PART,
    "expire_sessions": kinds.FLAG,
    "daily_limit": kinds.FLAG,
    "row_error": kinds.MAP,
    "job": kinds.MAP,
}
_WITHOUT_BODY = (204, 304)
_LOOK_SECONDS = 0.05  # how soon a delayed call notices that the rules were replaced
_ROW_ERROR_NEEDS = {"statusCode": kinds.TEXT}
_ROW_ERROR_MAY = {"message": kinds.TEXT, "fields": kinds.TEXTS}
_JOB = {
    "fail": kinds.TEXT,
    "after": kinds.COUNT,
    "hang": kinds.FLAG,
    "slow": kinds.SECONDS,
    "lose": kinds.COUNT,
}


@dataclass(frozen=True)
class Target:
    """What a rule may look at: a request, a subrequest or a row."""

    method: str = ""
    path: str = ""
    objects: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    operation: str = ""


@dataclass
class Rule:
    """One fault rule and how often it has matched and fired."""

    when: Mapping[str, Any]
    then: Mapping[str, Any]
    times: int | None
    draw: random.Random
    matched: int = 0
    fired: int = 0

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> "Rule":
        """The rule. Raises ValueError with a sentence about what it cannot be."""
        rule = kinds.check_map(rule, {"then": kinds.MAP}, _RULE, inside="A fault rule")
        when = kinds.check_map(rule.get("when", {}), {}, _WHEN, inside="A fault's when")
        then = kinds.check_map(rule["then"], {}, _THEN, inside="A fault's then")
        if not then:
            raise ValueError(f"A fault's then must have one of: {', '.join(_THEN)}.")
        row_error, job = then.get("row_error"), then.get("job")
        if row_error is not None:
            inside = "A fault's then.row_error"
            kinds.check_map(row_error, _ROW_ERROR_NEEDS, _ROW_ERROR_MAY, inside=inside)
        if job is not None:
            kinds.check_map(job, {}, _JOB, inside="A fault's then.job")
            if not job:
                raise ValueError(f"A fault's then.job must have one of: {', '.join(_JOB)}.")
        if then.get("status") in _WITHOUT_BODY and then.get("body") is not None:
            raise ValueError(f"A fault's then.body cannot go with the status {then['status']}.")
        times = rule.get("times", 1 if "nth" in when else None)
        return cls(when, then, times, random.Random(when.get("seed", 0)))  # noqa: S311 - repeatable

    def as_json(self) -> dict[str, Any]:
        """The rule, and how often it has matched and fired."""
        counts = {"matched": self.matched, "fired": self.fired}
        return {"when": self.when, "then": self.then, "times": self.times, **counts}

    @property
    def is_about_rows(self) -> bool:
        return "row_error" in self.then

    @property
    def is_about_jobs(self) -> bool:
        return "job" in self.then

    def fires_on(self, target: Target) -> bool:
        """Does it match, and is it its turn?"""
        if not self._matches(target):
            return False
        self.matched += 1
        spent = self.times is not None and self.fired >= self.times
        if spent or self.matched < self.when.get("nth", 1):
            return False
        if "rate" in self.when and self.draw.random() >= self.when["rate"]:
            return False
        self.fired += 1
        return True

    def _matches(self, target: Target) -> bool:
        when = self.when
        return (
            ("method" not in when or when["method"].upper() == target.method)
            and ("path" not in when or re.search(when["path"], target.path) is not None)
            and ("operation" not in when or when["operation"] == target.operation)
            and ("object" not in when or when["object"] in target.objects)
            and ("external_id" not in when or _any(when["external_id"], target.external_ids))
            and ("id" not in when or _any(when["id"], target.ids))
        )


@dataclass
class Plan:
    """What befalls one request: ``answers`` by subrequest index, None for the whole request."""

    delay: float = 0.0
    drop: Drop | None = None
    slow: float = 0.0
    truncate: float | None = None
    expires_sessions: bool = False
    uses_up_limit: bool = False
    answers: dict[int | None, tuple[int, Any]] = field(
        default_factory=dict[int | None, tuple[int, Any]]
    )


class Faults:
    """The rules in force; used as a list of JSON rules."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._rules: list[Rule] = []
        self._replaced = 0
        self._lock = threading.Lock()

    def adopt(self, schema: Schema) -> None:
        """Go on with this schema: it says which fields of a request are external IDs."""
        self._schema = schema

    def replace(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Replace all rules."""
        parsed = [Rule.from_json(rule) for rule in rules]
        with self._lock:
            self._rules = parsed
            self._replaced += 1

    def append(self, rule: Mapping[str, Any]) -> None:
        parsed = Rule.from_json(rule)
        with self._lock:
            self._rules.append(parsed)

    def clear(self) -> None:
        self.replace([])

    async def delay(self, seconds: float) -> None:
        """Hold up a call for so long, or until all rules are replaced."""
        until = time.monotonic() + seconds
        replaced = self._replaced
        while self._replaced == replaced and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK_SECONDS))

    def as_json(self) -> list[dict[str, Any]]:
        """The rules in force, each with its counts."""
        return [rule.as_json() for rule in self._rules]

    def remove(self, number: int) -> bool:
        """Take out the rule at this place, counted from 0; False when there is none."""
        with self._lock:
            if number >= len(self._rules):
                return False
            self._rules = self._rules[:number] + self._rules[number + 1 :]
            return True

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def concern_rows(self) -> bool:
        return any(rule.is_about_rows for rule in self._rules)

    def row_error(
        self, object_name: str, record_id: str | None, keys: Iterable[str]
    ) -> RowError | None:
        """The refusal that a rule has for this row."""
        target = Target(
            objects=frozenset((object_name,)),
            ids=frozenset((record_id,)) if record_id else frozenset(),
            external_ids=frozenset(keys),
        )
        with self._lock:
            for rule in self._rules:
                if rule.is_about_rows and rule.fires_on(target):
                    error = rule.then["row_error"]
                    return RowError(
                        error["statusCode"], error.get("message", ""), error.get("fields", [])
                    )
        return None

    def job_rule(self, operation: str, object_name: str) -> Rule | None:
        """The rule that befalls a Bulk job, if any."""
        target = Target(objects=frozenset((object_name,)), operation=operation)
        with self._lock:
            about_jobs = (rule for rule in self._rules if rule.is_about_jobs)
            return next((rule for rule in about_jobs if rule.fires_on(target)), None)

    def holds(self, rule: Rule | None) -> bool:
        """Is the rule still in force?"""
        with self._lock:
            return any(held is rule for held in self._rules)

    def plan(self, method: str, path: str, body: Any) -> Plan:
        """Consult every rule for a request and, if it is a composite, for its subrequests."""
        plan = Plan()
        if not self._rules:
            return plan
        whole = self._target(method, path, body)
        parts = self._subrequests(path, body)
        with self._lock:
            for rule in self._rules:
                if rule.is_about_rows or rule.is_about_jobs:
                    continue
                if rule.fires_on(whole):
                    _apply(plan, rule, None)
                    continue
                for index, part in enumerate(parts):
                    if rule.fires_on(part):
                        _apply(plan, rule, index)
        return plan

    def _subrequests(self, path: str, body: Any) -> list[Target]:
        if not _is_composite(path) or not isinstance(body, dict):
            return []
        subrequests: list[Any] = body.get("compositeRequest") or []
        return [
            self._target(str(s.get("method", "")).upper(), str(s.get("url", "")), s.get("body"))
            for s in subrequests
            if isinstance(s, dict)
        ]

    def _target(self, method: str, path: str, body: Any) -> Target:
        if _is_composite(path):
            return Target(method, path)
        objects: set[str] = set()
        ids: set[str] = set()
        external_ids: set[str] = set()
        named = re.search(r"/sobjects/([A-Za-z]\w*)(?:/(\w+))?(?:/([^?]+))?", path)
        if named:
            objects.add(named[1])
            self._note_path(named, ids, external_ids)
        listed = re.search(r"[?&]ids=([^&]+)", path)
        ids |= set(unquote(listed[1]).split(",")) if listed else set()
        for record in _records(body):
            attributes: Any = record.get("attributes")
            if isinstance(attributes, dict) and "type" in attributes:
                objects.add(attributes["type"])
            for name, value in record.items():
                if name.lower() == "id" and isinstance(value, str):
                    ids.add(value)
                elif isinstance(value, str) and self._is_external_id(name):
                    external_ids.add(value)
        objects |= {o.name for i in ids if (o := self._schema.of_id(i)) is not None}
        return Target(method, path, frozenset(objects), frozenset(ids), frozenset(external_ids))

    def _note_path(self, named: re.Match[str], ids: set[str], external_ids: set[str]) -> None:
        if named[2] and named[3]:
            external_ids.add(unquote(named[3]))
        elif named[2] and self._schema.of_id(named[2]) is not None:
            ids.add(named[2])

    def _is_external_id(self, name: str) -> bool:
        fields = (o.find(name) for o in self._schema.objects)
        return any(f is not None and f.describe["externalId"] for f in fields)


def _is_composite(path: str) -> bool:
    return path.split("?")[0].rstrip("/").endswith("/composite")


def _records(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    listed: Any = body.get("records")
    found: list[Any] = listed if isinstance(listed, list) else [body]
    return [record for record in found if isinstance(record, dict)]


def _any(pattern: str, values: Iterable[str]) -> bool:
    return any(re.search(pattern, value) for value in values)


def _apply(plan: Plan, rule: Rule, index: int | None) -> None:
    then = rule.then
    plan.delay += float(then.get("delay", 0))
    plan.drop = then.get("drop", plan.drop)
    plan.slow += float(then.get("slow", 0))
    plan.truncate = then.get("truncate", plan.truncate)
    plan.expires_sessions = plan.expires_sessions or bool(then.get("expire_sessions"))
    plan.uses_up_limit = plan.uses_up_limit or bool(then.get("daily_limit"))
    if "status" in then:
        plan.answers[index] = (int(then["status"]), then.get("body"))
