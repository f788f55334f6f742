"""The ASGI application: HTTP in, an answer of an API family out.

    body unzipped, JSON read → faults → session, daily limit → family (in a thread) → log → answer

Work on the org is done in a thread, one request at a time; waiting (a fault's delay) is not.
"""

import asyncio
import dataclasses
import gzip
import json
import re
import traceback
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from crm_sync.localorg import control
from crm_sync.localorg.bulk import ingest
from crm_sync.localorg.bulk import query as bulk_query
from crm_sync.localorg.calls import RecordedCall, client_of, subrequests_of
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.faults import Plan
from crm_sync.localorg.rest import collections, composite, describe, limits, query, rows
from crm_sync.localorg.routing import Answer, Request, Router
from crm_sync.localorg.signin import oauth as auth
from crm_sync.localorg.stream import FileParts, TooLargeError, spool

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_URI = 16384
"""Bytes of a URI with its headers (D, help 000386264); a longer one answers 414."""

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
# simple-salesforce asks https://{domain}.salesforce.com: with "HOST:PORT/my" as its domain the call
# arrives here under this path.
_OTHER_BODY = re.compile(r"\b(csv|xml|multipart)\b")
"""Content types whose body the API family reads itself."""
_TOKEN_PATH = re.compile(r"(/[\w.-]+\.salesforce\.com)?/services/oauth2/token")


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
                *auth.ROUTES,
                *limits.ROUTES,
                *describe.ROUTES,
                *collections.ROUTES,
                *composite.ROUTES,
                *query.ROUTES,
                *rows.ROUTES,
                *ingest.ROUTES,
                *bulk_query.ROUTES,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        if not ingest.is_upload(http.method, http.url.path):
            await self._handle(http, receive, send, *_read(http, await http.body()))
            return
        request, refusal = _read(http, b"")
        upload: Path | None = None
        try:
            gzipped = http.headers.get("content-encoding", "").lower() == "gzip"
            folder = self._org.bulk.folder
            upload = await spool(http.stream(), folder, ingest.MOST_UPLOAD, gzipped=gzipped)
        except TooLargeError:
            refusal = _TOO_LARGE
        except zlib.error:
            refusal = _bad_body("The request body could not be read")
        try:
            request = dataclasses.replace(request, upload=upload)
            await self._handle(http, receive, send, request, refusal)
        finally:
            if upload is not None:
                upload.unlink(missing_ok=True)

    async def _handle(
        self,
        http: HttpRequest,
        receive: Receive,
        send: Send,
        request: Request,
        refusal: Answer | None,
    ) -> None:
        scope = http.scope
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
        if _TOKEN_PATH.fullmatch(path):
            form: Any = request.body
            authorization = request.headers.get("authorization", "")
            return auth.token(org, form or {}, authorization)
        if path == "/services/data":
            return Answer(200, auth.versions())
        given = request.query.get("oauth_token")
        authorization = f"Bearer {given}" if given else request.headers.get("authorization", "")
        user_id = auth.signed_in(org, authorization)
        if path == "/services/oauth2/userinfo":
            return Answer(200, auth.userinfo(org, user_id))
        if path.startswith("/id/"):
            if path != f"/id/{org.org_id}/{user_id}":
                raise ApiError(403, "FORBIDDEN", "Bad_Id")
            return Answer(200, auth.identity(org, user_id))
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
            request.upload,
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
            answer=_logged(answer.body),
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
        elif raw and not _OTHER_BODY.search(content_type):
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


_TOO_LARGE = Answer(
    413,
    [
        {
            "errorCode": "CLIENTINPUTERROR",
            "message": "ClientInputError : Maximum size of request reached. Maximum size of "
            f"request is {ingest.MOST_UPLOAD} bytes",
        }
    ],
)


def _logged(body: Any) -> Any:
    """An answer as the log keeps it: of bytes, only how many they were."""
    if isinstance(body, FileParts):
        return {"bytes": body.size}
    return {"bytes": len(body)} if isinstance(body, bytes) else body


def _bad_body(message: str) -> Answer:
    return Answer(400, [{"message": message, "errorCode": "JSON_PARSER_ERROR"}])


def _response(answer: Answer, headers: dict[str, str]) -> Response:
    """JSON as Salesforce sends it; a fault may ask for text, as its 503 pages are."""
    more = {**headers, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=more)
    if isinstance(answer.body, FileParts):
        return StreamingResponse(iter(answer.body), answer.status, more)
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
