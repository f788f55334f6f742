"""The page as a part of the ASGI application: a browser's request in, HTML out.

    guard → views (what is looked at) or deeds (what is done, then 303) → template

Nothing here counts as an API call, is in the log of calls, or meets a fault.
"""

import re
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.page import deeds, guard, templates, views
from crm_sync.localorg.page.visit import Reply, Visit
from crm_sync.localorg.routing import Router

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_FORM = 2 * 1024 * 1024
"""Bytes of a form: some times what all fields of a record can hold."""
_FILES = {"/page/page.css": "text/css", "/page/page.js": "text/javascript"}
_DEEP_LINK = re.compile(r"/(?:lightning/r/(?:\w+/)?)?([0-9A-Za-z]{18}|[0-9A-Za-z]{15})(?:/view)?")
"""Addresses under which Salesforce itself shows a record (D, deep links)."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would send forms from "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def serves(path: str) -> bool:
    """Whether a path is the page's, not an API's."""
    return path == "/" or path.startswith("/page/") or _DEEP_LINK.fullmatch(path) is not None


def alone(application: ASGIApp) -> ASGIApp:
    """An application that serves the page and nothing else of another."""

    async def only(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not serves(scope["path"]):
            text = "Only the page is served under this address; the APIs have another.\n"
            await Response(text, 404, media_type="text/plain")(scope, receive, send)
            return
        await application(scope, receive, send)

    return only


class Page:
    """The page of one org."""

    def __init__(self, org: "Org", router: Router) -> None:
        self._org = org
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        raw = await http.body() if http.method == "POST" else b""
        response = await run_in_threadpool(self._respond, http, raw)
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    def _respond(self, http: HttpRequest, raw: bytes) -> Response:
        headers = {name.lower(): value for name, value in http.headers.items()}
        path = http.url.path
        refused = guard.refusal(http.method, headers, http.url.scheme, self._org.address.names)
        if refused is not None:
            return self._problem(403, "Not done", refused)
        if path in _FILES:
            return Response(_file(path.rpartition("/")[2]), media_type=_FILES[path])
        if len(raw) > MOST_FORM:
            return self._problem(413, "Too long", "This form is longer than any record can be.")
        try:
            form = parse_qs(raw.decode(), keep_blank_values=True)
        except ValueError:
            return self._problem(400, "Not done", "This form could not be read.")
        query = dict(parse_qsl(http.url.query, keep_blank_values=True))
        visit = Visit(self._org, self._router, query, form)
        with self._org.store.lock:
            return self._answer(http.method, path, visit)

    def _answer(self, method: str, path: str, visit: Visit) -> Response:
        try:
            reply = self._find(method, path, visit)
        except ApiError as error:
            return self._refusal(error)
        if reply.location is not None:
            return RedirectResponse(reply.location, 303)
        return self._html(reply.status, reply.template, reply.context, visit.query, path)

    def _find(self, method: str, path: str, visit: Visit) -> Reply:
        deep = _DEEP_LINK.fullmatch(path)
        if deep is not None:
            return Reply(location=f"/page/records/{deep[1]}")
        parts = path.rstrip("/").split("/")[2:]
        if method in ("GET", "HEAD"):
            return views.show_page(visit, parts)
        if method == "POST":
            return deeds.do(visit, parts)
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")

    def _refusal(self, error: ApiError) -> Response:
        said = error.body[0]
        if error.body == not_found().body:
            text = "There is no such page, object, record or call in this org."
            return self._problem(404, "Not found", text)
        return self._problem(error.status, "Refused", said["message"], said["errorCode"])

    def _problem(self, status: int, title: str, text: str, code: str = "") -> Response:
        return self._html(status, "problem", {"title": title, "text": text, "code": code}, {})

    def _html(
        self,
        status: int,
        template: str,
        context: dict[str, object],
        query: dict[str, str],
        here: str = "",
    ) -> Response:
        said = deeds.SENTENCES.get(query.get("done", ""), "")
        text = templates.render(template, {"org": self._org, "said": said, "here": here, **context})
        return Response(text, status, media_type="text/html")


def _file(name: str) -> bytes:
    return (files("crm_sync.localorg.page") / "templates" / name).read_bytes()
