"""composite/batch: up to 25 independent subrequests (D, REST guide, Batch).

Each stands and falls by itself and sees what those before it did. With ``haltOnError`` the ones
after a refused one are not carried out and answer 412 BATCH_PROCESSING_HALTED. The whole answers
200. Every subrequest counts against the day's calls (D).
"""

import re
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.values import json_flag
from crm_sync.localorg.rest import limits
from crm_sync.localorg.routing import Answer, Request, Route, Router, parse_target

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_SUBREQUESTS = 25
HALTED = "Batch processing halted by request. A previous request in the batch failed."
"""The code and 412 are D, the sentence is U."""


class _Refused(Exception):
    """Undoes what a refused subrequest may have done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def run(org: "Org", request: Request, router: Router) -> Answer:
    """Carry out the subrequests in their order; {hasErrors, results: [{statusCode, result}]}."""
    subrequests, halts = _checked(request)
    results: list[dict[str, Any]] = []
    has_errors = False
    for number, sub in enumerate(subrequests):
        if has_errors and halts:
            error = {"errorCode": "BATCH_PROCESSING_HALTED", "message": HALTED}
            results.append({"statusCode": 412, "result": [error]})
            continue
        answer = _one(org, request, router, sub, is_first=number == 0)
        has_errors = has_errors or answer.status >= 400
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(200, {"hasErrors": has_errors, "results": results})


def _checked(request: Request) -> tuple[list[dict[str, Any]], bool]:
    """The subrequests; a form error refuses the whole (D), its sentences are U."""
    body: Any = request.body
    listed: Any = body.get("batchRequests") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ApiError(400, "JSON_PARSER_ERROR", "The batch must have a list of batchRequests.")
    subrequests: list[dict[str, Any]] = []
    for sub in listed:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(sub, dict) or not {"method", "url"} <= set(sub):  # pyright: ignore[reportUnknownArgumentType]
            raise ApiError(
                400, "JSON_PARSER_ERROR", "Each subrequest must have a method and a url."
            )
        subrequests.append(sub)  # pyright: ignore[reportUnknownArgumentType]
    if len(subrequests) > MOST_SUBREQUESTS:
        message = f"The request can\u2019t contain more than {MOST_SUBREQUESTS} operations."
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    return subrequests, json_flag(body, "haltOnError")


def _one(
    org: "Org", request: Request, router: Router, sub: dict[str, Any], *, is_first: bool
) -> Answer:
    path, query = parse_target(str(sub["url"]))
    # D: "v34.0/sobjects/…"; a whole path is understood as well (C).
    path = "/services/data/" + path.removeprefix("/").removeprefix("services/data/")
    version = re.match(r"/services/data/v(\d+\.0)(?:/|$)", path)
    inner = Request(
        method=str(sub["method"]).upper(),
        path=path,
        query=query,
        headers=request.headers,
        body=sub.get("richInput"),
        user_id=request.user_id,
        version=version[1] if version else request.version,
    )
    try:
        with org.store.transaction():
            if not is_first:  # the call itself has been counted
                limits.count_call(org)
            answer = router.answer_nested(org, inner)
            if answer.status >= 400:
                raise _Refused(answer)
    except _Refused as refused:
        return refused.answer
    except ApiError as error:
        return Answer(error.status, error.body)
    return answer


def not_nested(org: "Org", request: Request) -> Answer:
    """A batch inside a composite or a batch is refused (D)."""
    raise ApiError(400, "INVALID_REQUEST", "A batch request cannot stand inside another one.")


ROUTES = [Route("POST", "/composite/batch", not_nested, since=34)]
