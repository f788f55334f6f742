"""The ASGI application: HTTP in, an answer of an API family out.

    body unzipped, JSON read → faults → session, daily limit → family (in a thread) → log → answer

Work on the org is done in a thread, one request at a time; waiting (a fault's delay) is not.
"""

import asyncio
import gzip
import json
import re
import traceback
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from crm_sync.localorg import control
from crm_sync.localorg.calls import RecordedCall, client_of, subrequests_of
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.faults import Plan
from crm_sync.localorg.rest import collections, composite, describe, limits, query, rows
from crm_sync.localorg.routing import Answer, Request, Router
from crm_sync.localorg.signin import door, identity

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_URI = 16384
"""Bytes of a URI with its headers (D, help 000386264); a longer one answers 414."""

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
_OTHER_BODY = re.compile(r"\b(csv|xml)\b")
"""Content types whose body the API family reads itself."""


def build(org: "Org", *, verbose: bool = False) -> Starlette:
    """The application for one org."""
    api = _Api(org, verbose=verbose)
    return Starlette(routes=[HttpRoute("/{path:path}", api, methods=_METHODS)])


class _Api:
    def __init__(self, org: "Org", *, verbose: bool) -> None:
        self._org = org
        self._verbose = verbose
        self._router = Router(
            [
                *identity.ROUTES,
                *limits.ROUTES,
                *describe.ROUTES,
                *collections.ROUTES,
                *composite.ROUTES,
                *query.ROUTES,
                *rows.ROUTES,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        raw = await http.body()
        request, refusal = _read(http, raw)
        target = request.path + (f"?{http.url.query}" if http.url.query else "")
        if request.path.startswith("/local/"):
            answer = await run_in_threadpool(control.answer, self._org, request)
            await _response(answer, {})(scope, receive, send)
            return
        plan = self._org.faults.plan(request.method, target, request.body)
        if plan.delay:
            await asyncio.sleep(plan.delay)
        if plan.drop == "before":
            answer = Answer(0)
        elif None in plan.answers:
            answer = Answer(*plan.answers[None])
        elif refusal is not None:
            answer = refusal
        else:
            answer = await run_in_threadpool(self._answer, request, plan)
        self._log(request, target, answer, is_dropped=plan.drop is not None)
        if plan.drop is not None:
            await _hang_up(scope, receive)
            return
        headers = {"Sforce-Limit-Info": limits.usage(self._org)}
        await _response(answer, headers)(scope, receive, send)

    def _answer(self, request: Request, plan: Plan) -> Answer:
        org = self._org
        with org.store.lock:
            try:
                return self._dispatch(request, plan)
            except ApiError as error:
                return Answer(error.status, error.body)
            except Exception:
                # A bug of this org: told as Salesforce tells one of its own, and shown.
                traceback.print_exc()
                message = "An unexpected error occurred."
                return Answer(500, [{"message": message, "errorCode": "UNKNOWN_EXCEPTION"}])

    def _dispatch(self, request: Request, plan: Plan) -> Answer:
        org = self._org
        path = request.path.rstrip("/")
        answer = door.answer(org, request)
        if answer is not None:
            return answer
        user_id = door.signed_in(org, request)
        version = re.match(r"/services/data/v(\d+\.\d+)(?:/|$)", path)
        if version is None:
            raise not_found()
        limits.count_call(org)
        signed = Request(
            request.method,
            path,
            request.query,
            request.headers,
            request.body,
            user_id,
            version[1],
            request.raw,
        )
        with org.store.transaction():
            if path.endswith("/composite") and request.method == "POST":
                injected = {i: answer for i, answer in plan.answers.items() if i is not None}
                return composite.run(org, signed, self._router, injected)
            return self._router.answer(org, signed)

    def _log(self, request: Request, target: str, answer: Answer, *, is_dropped: bool) -> None:
        call = RecordedCall(
            method=request.method,
            path=target,
            headers=dict(request.headers),
            body=request.body,
            status=answer.status,
            answer=answer.body,
            client=client_of(request.headers),
            dropped=is_dropped,
            subrequests=subrequests_of(request.body, answer.body),
        )
        self._org.calls.append(call)
        if self._verbose:
            print(f"{call.status} {call.method} {call.path[:200]}", flush=True)


def _read(http: HttpRequest, raw: bytes) -> tuple[Request, Answer | None]:
    """The request, and the refusal if its body or its address cannot be read."""
    path = http.scope["raw_path"].decode("latin-1")
    headers = {name.lower(): value for name, value in http.headers.items()}
    body: Any = None
    refusal: Answer | None = None
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if headers.get("content-encoding", "").lower() == "gzip":
            raw = gzip.decompress(raw)
        if raw and content_type == "application/x-www-form-urlencoded":
            body = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        elif raw and not (_OTHER_BODY.search(content_type) or door.OWN_BODY.match(path)):
            body = json.loads(raw)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        refusal = _bad_body("The request body could not be read")
    except json.JSONDecodeError as error:
        refusal = _bad_body(f"{error.msg} at [line:{error.lineno}, column:{error.colno}]")
    if len(path) + len(http.url.query) > MOST_URI:
        refusal = Answer(414, [{"errorCode": "URI_TOO_LONG", "message": "URI Too Long"}])
    request = Request(
        method=http.method,
        path=path,
        query=dict(parse_qsl(http.url.query, keep_blank_values=True)),
        headers=headers,
        body=body,
        raw=raw,
    )
    return request, refusal


def _bad_body(message: str) -> Answer:
    return Answer(400, [{"message": message, "errorCode": "JSON_PARSER_ERROR"}])


def _response(answer: Answer, headers: dict[str, str]) -> Response:
    """JSON as Salesforce sends it; a fault may ask for text, as its 503 pages are."""
    more = {**headers, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=more)
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, more)
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, more, "text/html;charset=UTF-8")
    text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), answer.status, more, "application/json;charset=UTF-8")


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word; the transport is put into the scope by the server."""
    scope["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
