"""The recent API calls as the page shows them: newest first, without their secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.errors import not_found
from crm_sync.localorg.page import secrets, show

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

ROWS = 50
FOLDED_LINES = 30
"""A longer body is folded."""
MOST_CHARACTERS = 200_000
"""Of a longer body the page shows the beginning: a browser stays quick."""


@dataclass(frozen=True)
class Body:
    """A request's or an answer's body; ``text`` is None where there is none."""

    text: str | None
    lines: int = 0
    left_out: int = 0

    @property
    def is_folded(self) -> bool:
        return self.lines > FOLDED_LINES


@dataclass(frozen=True)
class Part:
    """A subrequest of a composite with its answer."""

    method: str
    address: str
    reference: str
    headers: Mapping[str, str]
    status: int
    body: Body
    answer: Body


@dataclass(frozen=True)
class Call:
    """One call in a list."""

    number: int
    at: str
    method: str
    address: str
    status: int
    dropped: bool
    client: str
    milliseconds: float
    parts: int


@dataclass(frozen=True)
class CallList:
    """One page of the log."""

    rows: list[Call]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class CallInFull:
    """One call with everything that was sent and answered."""

    call: Call
    headers: Mapping[str, str]
    body: Body
    answer: Body
    parts: list[Part]


def recent(org: "Org", *, search: str = "", refused: bool = False, page: int = 1) -> CallList:
    """Calls whose method, address, client or status hold the search; ``refused`` from 400 on."""
    words = search.lower().split()
    found = [
        call
        for call in reversed(list(org.calls))
        if (not refused or call.status >= 400 or call.dropped)
        and all(word in _searched(call) for word in words)
    ]
    pages = max(1, -(-len(found) // ROWS))
    page = min(page, pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    return CallList([_call(call) for call in shown], len(found), page, pages)


def in_full(org: "Org", number: str) -> CallInFull:
    """The call with this number; 404 when it is not in the log any more."""
    call = next((c for c in reversed(list(org.calls)) if str(c.number) == number), None)
    if call is None:
        raise not_found()
    return CallInFull(
        call=_call(call),
        headers=secrets.headers(call.headers),
        body=_sent(call),
        answer=as_body(call.answer),
        parts=[_part(part) for part in call.subrequests],
    )


def _searched(call: RecordedCall) -> str:
    text = f"{call.method} {secrets.address(call.path)} {call.client or ''} {call.status}"
    return f"{text} {unquote(text)}".lower()


def _call(call: RecordedCall) -> Call:
    return Call(
        number=call.number,
        at=show.moment(call.at) if call.at else "",
        method=call.method,
        address=secrets.address(call.path),
        status=call.status,
        dropped=call.dropped,
        client=call.client or call.headers.get("user-agent", "").partition(" ")[0],
        milliseconds=call.seconds * 1000,
        parts=len(call.subrequests),
    )


def _part(part: Mapping[str, Any]) -> Part:
    return Part(
        method=str(part.get("method", "")),
        address=secrets.address(str(part.get("url", ""))),
        reference=str(part.get("referenceId", "")),
        headers=secrets.headers(part.get("httpHeaders") or {}),
        status=int(part["status"]),
        body=as_body(part.get("body")),
        answer=as_body(part["answer"]),
    )


def _sent(call: RecordedCall) -> Body:
    """What the log kept of the request: JSON or a form; of CSV and XML how much it was."""
    size = call.headers.get("content-length", "0")
    if call.body is not None or not size.isdecimal() or int(size) == 0:
        return as_body(call.body)
    kind = call.headers.get("content-type", "no type named")
    return Body(f"{int(size):,} bytes ({kind}), not kept in the log", 1)


def as_body(value: Any) -> Body:
    """A body to show: JSON with its secrets blanked, or the beginning of a text."""
    if value is None or value == "":
        return Body(None)
    if isinstance(value, bytes):
        value = value[:MOST_CHARACTERS].decode("utf-8", "replace")
    shown = secrets.blanked(value)
    text = shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False)
    left_out = max(0, len(text) - MOST_CHARACTERS)
    text = text[:MOST_CHARACTERS]
    return Body(text, text.count("\n") + 1, left_out)
