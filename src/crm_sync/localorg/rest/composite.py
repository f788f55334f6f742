"""Composite: up to 25 subrequests in one API call (D, REST guide, Composite).

Each subrequest takes the same way as a request of its own, in a savepoint; its headers are its own,
those of the outer request are not handed down. With ``allOrNone`` one refusal undoes all (R,
errors/composite-processing-halted).
"""

import json
import re
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.values import json_flag
from crm_sync.localorg.routing import Answer, Request, Route, Router, parse_target

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_SUBREQUESTS, MOST_COLLECTIONS = 25, 5
COLLATED_BY_DEFAULT_FROM = 49.0
HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_TEXTS = ("method", "url", "referenceId")
_REFERENCE = re.compile(r"@\{([^}.\[]+)([^}]*)\}")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")

Injected = dict[int, tuple[int, Any]]
"""Answers that a fault gives in place of a subrequest."""


class _Halted(Exception):
    """A subrequest of an all-or-none composite was refused."""


class _Reference(Exception):
    """A reference that names nothing."""


class _LimitError(ApiError):
    """Too many subrequests: the refusal stands in a composite response of its own.

    The form and the sentence about 25 are from a log of the Guardian's (3); the status and the
    sentence about 5 are U.
    """

    def __init__(self, most: int, of_what: str) -> None:
        message = f"The request can\u2019t contain more than {most} {of_what}."
        super().__init__(400, "LIMIT_EXCEEDED", message)
        refused = {
            "body": [{"errorCode": "LIMIT_EXCEEDED", "message": message}],
            "httpHeaders": {},
            "httpStatusCode": 400,
            "referenceId": None,
        }
        self.body = {"compositeResponse": [refused]}


def run(org: "Org", request: Request, router: Router, injected: Injected) -> Answer:
    """Carry out every subrequest and answer 200 with their results in the order of the request."""
    subrequests, body = _checked(request, router)
    all_or_none = json_flag(body, "allOrNone")
    is_default = request.api_version >= COLLATED_BY_DEFAULT_FROM
    collates = json_flag({"collateSubrequests": is_default, **body}, "collateSubrequests")
    results: dict[int, dict[str, Any]] = {}
    by_name: dict[str, dict[str, Any]] = {}
    try:
        with org.store.transaction():
            for index in _order(subrequests, collates):
                sub = subrequests[index]
                answer = _one(org, request, router, sub, by_name, injected.get(index))
                results[index] = _result(sub, answer)
                by_name[sub["referenceId"]] = results[index]
                if all_or_none and answer.status >= 400:
                    raise _Halted
    except _Halted:
        last = max(results, key=lambda i: results[i]["httpStatusCode"] >= 400)
        halted = Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": HALTED}])
        results = {
            i: results[i] if i == last else _result(sub, halted)
            for i, sub in enumerate(subrequests)
        }
    return Answer(200, {"compositeResponse": [results[i] for i in range(len(subrequests))]})


def _checked(request: Request, router: Router) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The subrequests, if their form and number are right (limits D, sentences U)."""
    body: Any = request.body
    subrequests: Any = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(subrequests, list) or not subrequests:
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The composite request must have a list of subrequests."
        )
    checked: list[dict[str, Any]] = []
    for sub in subrequests:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(sub, dict) or not all(isinstance(sub.get(name), str) for name in _TEXTS):  # pyright: ignore[reportUnknownMemberType]
            raise ApiError(
                400,
                "JSON_PARSER_ERROR",
                "Each subrequest must have a method, a url and a referenceId, which are texts.",
            )
        headers: Any = sub.get("httpHeaders") or {}  # pyright: ignore[reportUnknownMemberType]
        if not isinstance(headers, dict) or any(
            isinstance(v, dict | list) for v in headers.values()
        ):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            raise ApiError(
                400, "JSON_PARSER_ERROR", "The httpHeaders of a subrequest are a map of texts."
            )
        checked.append(sub)  # pyright: ignore[reportUnknownArgumentType]
    names = [sub["referenceId"] for sub in checked]
    if len(set(names)) != len(names):
        raise ApiError(400, "INVALID_REQUEST", "Duplicate referenceId in the composite request.")
    if len(checked) > MOST_SUBREQUESTS:
        raise _LimitError(MOST_SUBREQUESTS, "operations")
    if sum(_counts(router, sub) for sub in checked) > MOST_COLLECTIONS:
        raise _LimitError(MOST_COLLECTIONS, "sObject Collections or query operations")
    return checked, body


def _counts(router: Router, sub: dict[str, Any]) -> bool:
    try:
        route, _ = router.find(str(sub["method"]).upper(), parse_target(sub["url"])[0])
    except ApiError:
        return False
    return route.is_collection_or_query


def _order(subrequests: list[dict[str, Any]], collates: bool) -> list[int]:
    """The order in which they run.

    Collated, unrelated subrequests on one resource are merged, so a child may run before the parent
    that stands before it (D: no order is promised). Here those of the same method and resource
    follow the first of them, unless references tie them to an order.
    """
    order = list(range(len(subrequests)))
    if not collates or any(_REFERENCE.search(str(sub)) for sub in subrequests):
        return order
    first: dict[tuple[str, str], int] = {}
    for i in order:
        first.setdefault(_resource(subrequests[i]), i)
    return sorted(order, key=lambda i: first[_resource(subrequests[i])])


def _resource(sub: dict[str, Any]) -> tuple[str, str]:
    return sub["method"], parse_target(sub["url"])[0]


def _one(
    org: "Org",
    request: Request,
    router: Router,
    sub: dict[str, Any],
    by_name: dict[str, dict[str, Any]],
    injected: tuple[int, Any] | None,
) -> Answer:
    if injected is not None:
        return Answer(*injected)
    try:
        url: str = _filled(sub["url"], by_name)
        body = _filled(sub.get("body"), by_name)
    except _Reference as missing:
        return Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": str(missing)}])
    path, query = parse_target(url)
    version = re.match(r"/services/data/v(\d+\.0)/", path)
    headers: dict[str, Any] = sub.get("httpHeaders") or {}
    inner = Request(
        method=str(sub["method"]).upper(),
        path=path,
        query=query,
        headers={k.lower(): _header(value) for k, value in headers.items()},
        body=body,
        user_id=request.user_id,
        version=version[1] if version else request.version,
    )
    try:
        with org.store.transaction():
            answer = router.answer_nested(org, inner)
            if answer.status >= 400:
                raise _Refused(answer)
    except _Refused as refused:
        answer = refused.answer
    return answer


def _header(value: Any) -> str:
    """A number or a boolean is taken as its text."""
    return value if isinstance(value, str) else json.dumps(value)


class _Refused(Exception):
    """Undoes what a refused subrequest may have done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def _result(sub: dict[str, Any], answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": sub["referenceId"],
    }


def _filled(value: Any, by_name: dict[str, dict[str, Any]]) -> Any:
    """The value with every ``@{ref.path}`` replaced; a text that is one takes its type."""
    if isinstance(value, dict):
        return {k: _filled(v, by_name) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [_filled(v, by_name) for v in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _resolve(whole[1], whole[2], by_name)
    return _REFERENCE.sub(lambda m: str(_resolve(m[1], m[2], by_name)), value)


def _resolve(name: str, path: str, by_name: dict[str, dict[str, Any]]) -> Any:
    """Names are case-sensitive (R, CumulusCI); a refused subrequest has no values to give."""
    result = by_name.get(name)
    if result is not None and result["httpStatusCode"] >= 400:
        raise _Reference(HALTED)
    value: Any = None if result is None else result["body"]
    for key, index in _STEP.findall(path):
        if index and isinstance(value, list) and int(index) < len(value):  # pyright: ignore[reportUnknownArgumentType]
            value = value[int(index)]  # pyright: ignore[reportUnknownVariableType]
        elif key and isinstance(value, dict) and key in value:
            value = value[key]  # pyright: ignore[reportUnknownVariableType]
        else:
            value = None
            break
    if value is None:
        raise _Reference(f"Invalid reference specified. No value for {name}{path} found in {name}")
    return value  # pyright: ignore[reportUnknownVariableType]


def not_nested(org: "Org", request: Request) -> Answer:
    """A composite inside a composite is refused (D)."""
    raise ApiError(400, "INVALID_REQUEST", "A composite request cannot hold another one.")


ROUTES = [Route("POST", "/composite", not_nested, since=38)]
