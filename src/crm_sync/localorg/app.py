"""The ASGI application: HTTP in, an answer of an API family out.

    body unzipped, JSON read → faults → session, daily limit → family (in a thread) → log → answer

Work on the org is done in a thread, one request at a time; waiting (latency, a fault's delay) is
not. Requests that arrive while another is at work overlap it, which row locks take notice of.
"""

import asyncio
import itertools
import re
import time
import traceback
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from crm_sync.localorg import control, wire
from crm_sync.localorg.bulk import ingest
from crm_sync.localorg.bulk import query as bulk_query
from crm_sync.localorg.calls import RecordedCall, client_of, logged, subrequests_of
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.faults import Plan
from crm_sync.localorg.page import guard, site
from crm_sync.localorg.records import values
from crm_sync.localorg.records.locks import Holder
from crm_sync.localorg.rest import (
    batch,
    collections,
    composite,
    describe,
    limits,
    query,
    recent,
    replication,
    resources,
    rows,
)
from crm_sync.localorg.routing import Answer, Request, Router
from crm_sync.localorg.signin import door
from crm_sync.localorg.tooling import sobjects as tooling

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def build(org: "Org", *, verbose: bool = False) -> Starlette:
    """The application for one org."""
    api = _Api(org, verbose=verbose)
    return Starlette(routes=[HttpRoute("/{path:path}", api)])


class _Api:
    def __init__(self, org: "Org", *, verbose: bool) -> None:
        self._org = org
        self._verbose = verbose
        self._numbers = itertools.count(1)
        self._router = Router(
            [
                *resources.ROUTES,
                *limits.ROUTES,
                *recent.ROUTES,
                *describe.ROUTES,
                *replication.ROUTES,
                *collections.ROUTES,
                *composite.ROUTES,
                *batch.ROUTES,
                *query.ROUTES,
                *rows.ROUTES,
                *ingest.ROUTES,
                *bulk_query.ROUTES,
                *tooling.ROUTES,
            ],
            org.newest_version,
        )
        self._page = site.Page(org, self._router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = wire.without_doubled_slash(scope)
        if site.serves(scope["path"]):
            await self._page(scope, receive, send)
            return
        begun = time.perf_counter()
        http = HttpRequest(scope, receive)
        self._org.address.note_call(str(scope["scheme"]), http.headers.get("host", ""))
        if not ingest.is_upload(http.method, http.url.path):
            await self._handle(begun, http, receive, send, *await wire.read(http))
            return
        folder = self._org.bulk.folder
        request, refusal = await wire.receive(http, folder, ingest.MOST_UPLOAD)
        try:
            await self._handle(begun, http, receive, send, request, refusal)
        finally:
            if request.upload is not None:
                request.upload.unlink(missing_ok=True)

    async def _handle(
        self,
        begun: float,
        http: HttpRequest,
        receive: Receive,
        send: Send,
        request: Request,
        refusal: Answer | None,
    ) -> None:
        scope = http.scope
        target = request.path + (f"?{http.url.query}" if http.url.query else "")
        accepts = request.headers.get("accept-encoding", "")
        if request.path.startswith("/local/"):
            told = refusal
            if not guard.is_from_here(request.headers, http.url.scheme):
                # A web site pulls the levers through somebody's browser.
                told = Answer(403, [{"errorCode": "FORBIDDEN", "message": "Not from here"}])
            if told is None:
                told = await run_in_threadpool(control.answer, self._org, request)
            whole = wire.response(told, {}, method=request.method, accepts=accepts)
            await whole(scope, receive, send)
            return
        plan = self._org.faults.plan(request.method, target, request.body)
        if plan.delay:
            await self._org.faults.delay(plan.delay)
        if self._org.latency:
            await asyncio.sleep(self._org.latency)
        if plan.drop == "before":
            answer = Answer(0)
        elif None in plan.answers:
            answer = Answer(*plan.answers[None])
        elif refusal is not None:
            answer = refusal
        else:
            with self._org.locks.request() as holder:
                answer = await run_in_threadpool(self._answer, request, plan, holder)
        self._log(request, target, answer, begun, is_dropped=plan.drop is not None)
        if plan.drop is not None:
            await wire.hang_up(scope, receive)
            return
        headers = wire.usual_headers(request.path, limits.usage(self._org))
        if plan.truncate is not None or plan.slow:
            answer = wire.gathered(answer)
        whole = wire.response(answer, headers, method=request.method, accepts=accepts)
        if plan.truncate is not None:
            await wire.send_truncated(whole, plan.truncate, scope, send)
        elif plan.slow:
            await wire.send_slowly(whole, plan.slow, scope, send)
        else:
            await whole(scope, receive, send)

    def _answer(self, request: Request, plan: Plan, holder: Holder) -> Answer:
        org = self._org
        with org.store.lock, org.locks.working(holder):
            if plan.expires_sessions:
                org.expire_sessions()
            if plan.uses_up_limit:
                org.set_remaining(0)
            try:
                return self._dispatch(request, plan)
            except ApiError as error:
                return Answer(error.status, error.body, error.headers)
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
            request.upload,
        )
        with org.store.transaction():
            if path.endswith(("/composite", "/composite/batch")) and request.method == "POST":
                self._router.find(request.method, path)  # a version that has none answers 404
                if path.endswith("/batch"):
                    return batch.run(org, signed, self._router)
                injected = {i: answer for i, answer in plan.answers.items() if i is not None}
                return composite.run(org, signed, self._router, injected)
            return self._router.answer(org, signed)

    def _log(
        self, request: Request, target: str, answer: Answer, begun: float, *, is_dropped: bool
    ) -> None:
        call = RecordedCall(
            method=request.method,
            path=target,
            headers=dict(request.headers),
            body=request.body,
            status=answer.status,
            answer=logged(answer.body),
            client=client_of(request.headers),
            dropped=is_dropped,
            subrequests=subrequests_of(request.body, answer.body),
            number=next(self._numbers),
            at=values.format_datetime(self._org.clock()),
            seconds=time.perf_counter() - begun,
        )
        self._org.calls.append(call)
        if self._verbose:
            print(f"{call.status} {call.method} {call.path[:200]}", flush=True)
