"""Requests and answers as the API families see them, and the table that finds the family.

A subrequest of a composite takes the same way as a request of its own, so nothing here knows HTTP.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from crm_sync.localorg.errors import ApiError, not_found

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

OLDEST_VERSION, NEWEST_VERSION = 31, 67
"""Versions 21.0 to 30.0 were retired in Summer '25 and answer 410 (D), older ones before them."""


@dataclass(frozen=True)
class Request:
    """One call; ``path`` is still percent-encoded, ``headers`` have lower-case names."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    """JSON or a form, read; None where the content type is another one."""
    user_id: str = ""
    version: str = "67.0"
    raw: bytes = b""
    """The body as it came, unzipped: CSV and XML are read by those who ask for them."""
    upload: Path | None = None
    """Where the body of a Bulk upload lies instead; it goes when the request is answered."""

    @property
    def api_version(self) -> float:
        return float(self.version)

    @property
    def base(self) -> str:
        """Start of every URL in an answer."""
        return f"/services/data/v{self.version}"


@dataclass(frozen=True)
class Answer:
    """What is sent back; a body of None is an empty one.

    Bytes, and parts of a file, go out as they are, under the ``Content-Type`` among the headers.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[..., Answer]

_METHODS = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """A method and a path below ``/services/data/vXX.X``; ``{name}`` stands for one segment."""

    method: str
    pattern: str
    handler: Handler
    is_collection_or_query: bool = False
    """Counts among the five of a composite (D)."""
    since: int = 0
    """The version that brought it (D); an older one answers as if it were not there."""
    is_nestable: bool = True
    """May stand in a composite or a batch."""

    def compiled(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.pattern))


def alone(*routes: Route) -> list[Route]:
    """The routes, as those that no composite and no batch may hold."""
    return [replace(route, is_nestable=False) for route in routes]


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route], newest_version: int = NEWEST_VERSION) -> None:
        self._routes = [(route.compiled(), route) for route in routes]
        self._newest = newest_version

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the decoded segments of the path; 404, 405 or 410 when there is none.

        HEAD takes the way of GET (D); who sends the answer leaves its body out.
        """
        tail = re.fullmatch(r"/services/data/v(\d+)\.0(/.*)?", path)
        if tail is None or int(tail[1]) > self._newest:
            raise not_found()
        version = int(tail[1])
        if version < OLDEST_VERSION:
            # D: a retired version answers 410 (GONE); the sentence is U.
            raise ApiError(410, "GONE", f"API version {version}.0 is retired")
        rest = (tail[2] or "").rstrip("/")
        wanted = "GET" if method == "HEAD" else method
        allowed: set[str] = set()
        for pattern, route in self._routes:
            match = pattern.fullmatch(rest)
            if match is None or route.since > version:
                continue
            if route.method == wanted:
                return route, {k: unquote(v) for k, v in match.groupdict().items()}
            allowed |= {"GET", "HEAD"} if route.method == "GET" else {route.method}
        if allowed:
            # 3: "Allowed are HEAD,GET,PATCH,DELETE", and the same in Allow (forrest 59, 181, 191).
            names = ",".join(each for each in _METHODS if each in allowed)
            raise ApiError(
                405,
                "METHOD_NOT_ALLOWED",
                f"HTTP Method '{method}' not allowed. Allowed are {names}",
                headers={"Allow": names},
            )
        raise not_found()

    def answer(self, org: "Org", request: Request) -> Answer:
        """Carry out a request; an ApiError becomes its answer."""
        try:
            route, segments = self.find(request.method, request.path)
            return route.handler(org, request, **segments)
        except ApiError as error:
            return Answer(error.status, error.body, error.headers)

    def answer_nested(self, org: "Org", request: Request) -> Answer:
        """Carry out a subrequest. Bulk jobs are none of a composite's resources (D, by omission);
        how that is said is U."""
        try:
            route, _ = self.find(request.method, request.path)
        except ApiError as error:
            return Answer(error.status, error.body)
        if route.is_nestable:
            return self.answer(org, request)
        message = f"The resource {request.path} cannot stand in a composite request."
        return Answer(400, [{"message": message, "errorCode": "INVALID_REQUEST"}])


def parse_target(url: str) -> tuple[str, dict[str, str]]:
    """Path (still encoded) and decoded query of a request target."""
    path, _, query = url.partition("?")
    return path, dict(parse_qsl(query, keep_blank_values=True))


def flag(value: Any) -> bool:
    """A boolean parameter, as JSON or as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
