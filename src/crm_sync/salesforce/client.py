"""Calls to one org: Composite with its subrequests, single requests; nothing knows a mapping here.

In: a signed-in target. Out: parsed answers, and the count of API calls. Retries by kind of
answer: no answer and server trouble are repeated with growing pauses, an expired session signs in
once more, the daily limit stops the run. It branches on codes and status, never on messages, which
Salesforce translates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from tenacity import RetryCallState

from crm_sync.errors import LimitReached, OrgAccessError, OrgChangedError, OrgUnreachable
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.salesforce.budget import Budget, Usage
from crm_sync.salesforce.connect import SignIn, patiently, sign_in
from crm_sync.salesforce.refusals import mend_of_call
from crm_sync.targets import Target

__all__ = [
    "COLLECTIONS",
    "SUBREQUESTS",
    "Answer",
    "Client",
    "Expired",
    "NoAnswer",
    "Subrequest",
    "code_of",
    "daily_limit",
]

_T = TypeVar("_T")

SUBREQUESTS = 25
"""Composite: at most 25 subrequests a call (REST API Developer Guide, Composite)."""
COLLECTIONS = 5
"""Of these at most 5 sObject Collections or queries (same page)."""


class NoAnswer(Exception):
    """It is not known whether Salesforce did what was asked."""


class Expired(Exception):
    """The session ended; a new one may be had."""


@dataclass(frozen=True)
class Subrequest:
    """One subrequest of a Composite call. `body` is JSON text; headers are not inherited."""

    method: str
    path: str  # below /services/data/vXX.X/
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def to_json(self, number: int, version: str) -> str:
        head = {
            "method": self.method,
            "url": f"/services/data/v{version}/{self.path}",
            "referenceId": f"r{number}",
        }
        if self.headers:
            head["httpHeaders"] = self.headers  # type: ignore[assignment]
        text = json.dumps(head, ensure_ascii=False)
        return text if self.body is None else f'{text[:-1]}, "body": {self.body}}}'


@dataclass(frozen=True)
class Answer:
    """What one subrequest gave: its HTTP status and parsed body."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """Salesforce's error code, or an empty text."""
        return code_of(self.body)


class Client:
    """One org. `calls` counts API calls; `usage` is what Salesforce last said of the org's day.

    Every call stays within `budget`: it raises LimitReached instead of being made.
    """

    def __init__(self, name: str, target: Target) -> None:
        self.name = name
        self.target = target
        self.calls = 0
        self.usage: Usage | None = None
        self.budget = Budget(name, reserve_percent=target.api_reserve_percent)
        self._session = BoundedSession(target)
        self.signed_in: SignIn = sign_in(self._session, name, target)
        self._salesforce = self._connect()

    def _connect(self) -> Salesforce:
        return Salesforce(
            instance_url=self.signed_in.instance_url,
            session_id=self.signed_in.access_token,
            session=self._session,
            version=self.target.api_version,
        )

    def composite(
        self,
        subrequests: Sequence[Subrequest],
        before_repeat: Callable[[], None] | None = None,
    ) -> list[Answer]:
        """One Composite call: the subrequests in order, none undone when another is refused.

        `before_repeat` is called before the same call is sent again after no answer. Raises
        NoAnswer after the last attempt, LimitReached at a limit of calls, OrgAccessError where
        Salesforce refuses the call as a whole.
        """
        if len(subrequests) > SUBREQUESTS:
            raise ValueError(f"{len(subrequests)} subrequests; Composite takes {SUBREQUESTS}")
        parts = ", ".join(s.to_json(n, self.target.api_version) for n, s in enumerate(subrequests))
        # collateSubrequests would merge and reorder subrequests (default true from v49).
        body = f'{{"allOrNone": false, "collateSubrequests": false, "compositeRequest": [{parts}]}}'
        return self._repeated(body, len(subrequests), before_repeat)

    def query(self, soql: Sequence[str], *, deleted: bool = False) -> list[list[dict[str, Any]]]:
        """The records of each query, all pages. `deleted`: recycle bin and archive as well.

        Raises OrgUnreachable where no answer comes: a question may be asked again at any time.
        """
        result: list[list[dict[str, Any]]] = []
        path = "queryAll" if deleted else "query"
        for start in range(0, len(soql), COLLECTIONS):
            answers = self.read(
                [
                    Subrequest("GET", f"{path}?q={quote(text, safe='')}")
                    for text in soql[start : start + COLLECTIONS]
                ]
            )
            for text, answer in zip(soql[start:], answers, strict=False):
                result.append(self._pages(answer, text))
        return result

    def read(self, subrequests: Sequence[Subrequest]) -> list[Answer]:
        """One Composite call that changes nothing. As `composite`, but raises OrgUnreachable."""
        try:
            return self.composite(subrequests)
        except NoAnswer as error:
            raise self.unreachable(error) from None

    def unreachable(self, error: NoAnswer) -> OrgUnreachable:
        """What to raise where a question got no answer: it may be asked again at any time."""
        return OrgUnreachable(
            f"Salesforce gave no answer after {self.target.attempts} attempts ({error}).",
            "Nothing was changed by it; run again.",
        )

    def describe(self, objects: Sequence[str]) -> dict[str, Answer]:
        """What the org says of each object, or why it does not. Raises as `read`."""
        answers: list[Answer] = []
        for start in range(0, len(objects), SUBREQUESTS):
            some = objects[start : start + SUBREQUESTS]
            answers += self.read([Subrequest("GET", f"sobjects/{n}/describe") for n in some])
        return dict(zip(objects, answers, strict=True))

    def learn_usage(self) -> Usage | None:
        """The org's day, asked for where no answer has told it yet; costs one call then. None where
        our user may not see it (it needs View Setup and Configuration: REST API Developer Guide,
        Limits) or no answer comes: the next call's answer tells it anyway.
        """
        if self.usage is None:
            self._count_call()
            try:
                told = self._salesforce.limits()["DailyApiRequests"]
                self.usage = (told["Max"] - told["Remaining"], told["Max"])
            except SalesforceError as error:
                if isinstance(
                    trouble := self._explained(int(error.status), error.content), LimitReached
                ):
                    raise trouble from None
            except (requests.RequestException, KeyError, TypeError, ValueError):
                return None
        return self.usage

    def storage_left(self) -> float | None:
        """MB of the org's data storage that are left; one call. None where our user may not see it,
        as in `learn_usage`, or no answer comes.
        """
        try:
            answer = self.request("GET", "limits")
            left = answer.json()["DataStorageMB"]["Remaining"] if answer.ok else None
        except (NoAnswer, KeyError, TypeError, ValueError):
            return None
        return left if isinstance(left, int | float) else None

    def _count_call(self) -> None:
        self.budget.check(self.calls, self.usage)
        self.calls += 1

    def _pages(self, answer: Answer, soql: str) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        while True:
            if answer.code == "REQUEST_LIMIT_EXCEEDED":
                raise daily_limit()
            if not answer.ok:
                asked = re.search(r"\bfrom (\w+)", soql, re.IGNORECASE)
                name = asked.group(1) if asked else "an object"
                raise OrgAccessError(
                    f"Salesforce refused a query of {name}: {answer.code or answer.status}.",
                    f"Our user needs a licence that has {name}, and read access to it and to the "
                    "fields that are mapped: crm-sync org setup grants them, crm-sync check tells "
                    "what is missing.",
                )
            records.extend(answer.body["records"])
            if answer.body.get("done", True):
                return records
            rest = str(answer.body["nextRecordsUrl"]).split("/", 4)[-1]
            answer = self.read([Subrequest("GET", rest)])[0]

    def request(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None = None,
        *,
        content_type: str = "application/json",
        stream: bool = False,
        more: float = 0.0,
        repeats: bool = True,
    ) -> requests.Response:
        """One request below /services/data/vXX.X/: an answer below 500, whose refusals (4xx) are
        the caller's to judge. A file is sent as a stream, from its beginning at each attempt.

        `more`: `BoundedSession`. `repeats`: whether it may be sent again where no answer came.
        Raises NoAnswer after the last attempt, LimitReached at the daily limit.
        """

        def ask() -> requests.Response:
            return self._answered(method, path, body, content_type, stream=stream, more=more)

        return self._patiently(ask) if repeats else self._signed_in(ask)

    def _answered(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        content_type: str,
        **request: Any,
    ) -> requests.Response:
        self._count_call()
        if body is not None and not isinstance(body, bytes):
            body.seek(0)
        headers = {"Authorization": f"Bearer {self.signed_in.access_token}"}
        if body is not None:
            headers["Content-Type"] = content_type
        url = f"{self._salesforce.base_url}{path}"
        try:
            answer = self._session.request(method, url, data=body, headers=headers, **request)
            told = None if answer.ok else _parsed(answer)
        except requests.RequestException as error:
            raise NoAnswer(type(error).__name__) from None
        self._note_usage(Salesforce.parse_api_usage(answer.headers.get("Sforce-Limit-Info", "")))
        if not answer.ok:
            trouble = self._explained(answer.status_code, told)
            if not isinstance(trouble, OrgAccessError):
                raise trouble
        return answer

    def _repeated(
        self, body: str, count: int, before_repeat: Callable[[], None] | None
    ) -> list[Answer]:
        return self._patiently(lambda: self._once(body, count), before_repeat)

    def _patiently(
        self, ask: Callable[[], _T], before_repeat: Callable[[], None] | None = None
    ) -> _T:
        """Asks again where no answer comes, as often as the target allows."""

        def before_sleep(_: RetryCallState) -> None:
            if before_repeat:
                before_repeat()

        for attempt in patiently(self.target, NoAnswer, before_sleep):
            with attempt:
                return self._signed_in(ask)
        raise AssertionError("there is at least one attempt")

    def _signed_in(self, ask: Callable[[], _T]) -> _T:
        """Asks, and once more with a new session where the session has ended."""
        try:
            return ask()
        except Expired:
            self._renew()
        try:
            return ask()
        except Expired:
            raise OrgUnreachable(
                f"Target {self.name}: the session expired twice within one call.",
                "Check that the app's OAuth scopes have Manage user data via APIs (api), and the "
                "session settings of the integration user.",
            ) from None

    def _renew(self) -> None:
        """Signs in again; what the run knows belongs to the org that it began with."""
        renewed = sign_in(self._session, self.name, self.target)
        if renewed.org_id != self.signed_in.org_id:
            raise OrgChangedError(
                f"Target {self.name} led to the org {self.signed_in.org_id} and now, within one "
                f"run, leads to {renewed.org_id}. Nothing more was sent.",
                f"If that is meant: crm-sync target accept {self.name}",
            )
        self.signed_in = renewed
        self._salesforce = self._connect()

    def _once(self, body: str, count: int) -> list[Answer]:
        self._count_call()
        try:
            answer = self._salesforce.restful("composite", method="POST", data=body.encode())
        except SalesforceError as error:
            raise self._explained(int(error.status), error.content) from None
        except (requests.RequestException, ValueError) as error:
            raise NoAnswer(type(error).__name__) from None
        self._note_usage(self._salesforce.api_usage or {})
        return _parts(answer, count)

    def _note_usage(self, found: Map[str, Any]) -> None:
        if used := found.get("api-usage"):
            self.usage = (used.used, used.total)

    def _explained(self, status: int, body: Any) -> Exception:
        """What a whole answer other than 200 means. Its text may hold row values: not repeated."""
        code = code_of(body)
        if mend := mend_of_call(code):
            return OrgAccessError(
                f"Salesforce gives our user a session and refuses its calls: {code}.", mend
            )
        if status == 401 or code == "INVALID_SESSION_ID":
            return Expired()
        if code == "REQUEST_LIMIT_EXCEEDED":
            return daily_limit()
        if status >= 500 or status in (408, 429):
            return NoAnswer(f"HTTP {status}")
        return OrgAccessError(
            f"Salesforce refused the call: HTTP {status} {code}".rstrip() + ".",
            "Check api_version of the target and that the user may use the API.",
        )


def _parts(answer: Any, count: int) -> list[Answer]:
    """The answers of a composite's subrequests. Raises NoAnswer where they are not all there."""
    listed = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(listed, list) or len(listed) != count:
        raise NoAnswer("an answer that does not fit the call")
    try:
        return [Answer(int(part["httpStatusCode"]), part.get("body")) for part in listed]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NoAnswer("an answer that does not fit the call") from None


def _parsed(answer: requests.Response) -> Any:
    """An answer's JSON, or None."""
    try:
        return answer.json()
    except ValueError:
        return None


def daily_limit() -> LimitReached:
    """The error of a used-up daily limit, from a whole answer or from a subrequest's."""
    return LimitReached(
        "The org's daily API limit is used up.",
        "The rest stays planned: run again when Salesforce frees calls (a rolling 24 h).",
    )


def code_of(body: Any) -> str:
    """Salesforce's error code in a parsed body, or an empty text."""
    if isinstance(body, list) and body and isinstance(body[0], dict):
        first = cast("dict[str, Any]", body[0])
        return str(first.get("errorCode") or first.get("statusCode") or "")
    return ""
