"""HTTP on the wire: a request read, an answer sent, whole or as a fault wants it.

In: Starlette's request. Out: :class:`Request`, and the refusal where the body, its type, its size
or the address cannot be accepted. Nothing here knows what a request is about.
"""

import asyncio
import gzip
import json
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crm_sync.localorg import jsonerrors
from crm_sync.localorg.routing import Answer, Request
from crm_sync.localorg.signin import door

MOST_URI = 16384
"""Bytes of a URI, and of a URI with its headers (D, help 000386264): 414, and 431."""
MOST_BODY = 50 * 1024 * 1024
MOST_CSV = 150 * 1024 * 1024
"""Bytes of a body: 50 MB of JSON or XML, 150 MB of a Bulk upload (D); the answer 413 is U."""
SMALLEST_GZIP = 256
"""Answers below it are sent as they are: they would grow (U where Salesforce draws the line)."""
GZIP_LEVEL = 1

_OTHER_BODY = re.compile(r"\b(csv|xml|multipart/form-data)\b")
"""Content types whose body the API family reads itself."""
_JSON_TYPES = ("", "application/json")
_CHUNKS_OF_SLOW_BODY = 20


async def read(http: HttpRequest) -> tuple[Request, Answer | None]:
    """The request, and its refusal if its body or its address cannot be accepted."""
    headers = {name.lower(): value for name, value in http.headers.items()}
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    most = MOST_CSV if "csv" in content_type or "multipart" in content_type else MOST_BODY
    raw = await _body(http, most)
    path = http.scope["raw_path"].decode("latin-1")
    query = dict(parse_qsl(http.url.query, keep_blank_values=True))
    body, refusal = None, _of_address(http, path)
    if raw is None:
        raw, refusal = b"", _refusal(413, "REQUEST_ENTITY_TOO_LARGE", "Request Entity Too Large")
    elif raw:
        raw, body, bad = _parsed(raw, content_type, headers, path)
        refusal = refusal or bad
    # D, REST guide: a POST may name another method in the query, for clients that have no PATCH.
    override = query.pop("_HttpMethod", "") if http.method == "POST" else ""
    request = Request(
        method=override.upper() or http.method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        raw=raw,
    )
    return request, refusal


async def _body(http: HttpRequest, most: int) -> bytes | None:
    """The body; None, read to its end and forgotten, when it is longer than ``most``."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in http.stream():
            size += len(chunk)
            if size <= most:
                chunks.append(chunk)
            else:
                chunks.clear()
    except ClientDisconnect:
        return b""
    return b"".join(chunks) if size <= most else None


def _of_address(http: HttpRequest, path: str) -> Answer | None:
    uri = len(path) + len(http.url.query)
    if uri > MOST_URI:
        return _refusal(414, "URI_TOO_LONG", "URI Too Long")
    if uri + sum(len(name) + len(value) + 4 for name, value in http.headers.raw) > MOST_URI:
        return _refusal(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request Header Fields Too Large")
    return None


def _parsed(
    raw: bytes, content_type: str, headers: Mapping[str, str], path: str
) -> tuple[bytes, Any, Answer | None]:
    """The body unzipped, and read where its type is JSON or a form."""
    try:
        if headers.get("content-encoding", "").lower() in ("gzip", "x-gzip"):
            raw = gzip.decompress(raw)
        if content_type == "application/x-www-form-urlencoded" and "/services/data/" not in path:
            return raw, dict(parse_qsl(raw.decode(), keep_blank_values=True)), None
        if door.OWN_BODY.match(path):
            return raw, None, None
        if content_type in _JSON_TYPES or path.startswith("/local/"):
            return raw, json.loads(raw), None
    except (OSError, EOFError, zlib.error):
        return raw, None, _bad_body("The request body could not be read: it is no gzip")
    except UnicodeDecodeError as error:
        byte = raw[error.start]
        return raw, None, _bad_body(f"Invalid UTF-8 start byte 0x{byte:x} at [line:1, column:1]")
    except json.JSONDecodeError as error:
        return raw, None, _bad_body(jsonerrors.sentence(error))
    except RecursionError:
        return raw, None, _bad_body("The request body is nested too deeply")
    if _OTHER_BODY.search(content_type):
        return raw, None, None
    # 3: seen with text/plain and with forms.
    message = (
        f"Content-Type header specified in HTTP request is not supported: {headers['content-type']}"
    )
    return raw, None, _refusal(415, "UNSUPPORTED_MEDIA_TYPE", message)


def _bad_body(message: str) -> Answer:
    return _refusal(400, "JSON_PARSER_ERROR", message)


def _refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, [{"message": message, "errorCode": code}])


# Sending -------------------------------------------------------------------------------------


def response(answer: Answer, more: Mapping[str, str], *, accepts: str = "") -> Response:
    """JSON as Salesforce sends it, zipped for those who accept it; text is an HTML page."""
    headers = {**more, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    kind = None
    if isinstance(answer.body, bytes):
        content = answer.body
    elif isinstance(answer.body, str):
        content, kind = answer.body.encode(), "text/html;charset=UTF-8"
    else:
        text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        content, kind = text.encode(), "application/json;charset=UTF-8"
    if len(content) >= SMALLEST_GZIP and accepts_gzip(accepts):
        content = gzip.compress(content, GZIP_LEVEL, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(content, answer.status, headers, kind)


def accepts_gzip(accepts: str) -> bool:
    """Does an Accept-Encoding header allow gzip? ``gzip;q=0`` does not."""
    for part in accepts.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        if name.strip() in ("gzip", "x-gzip", "*"):
            weight = parameters.replace(" ", "").removeprefix("q=")
            return weight.strip("0.") != "" or not parameters
    return False


async def send_slowly(whole: Response, seconds: float, scope: Scope, send: Send) -> None:
    """The answer in small pieces, ``seconds`` from the first to the last."""
    head = {"type": "http.response.start", "status": whole.status_code}
    await send({**head, "headers": whole.raw_headers})
    async for piece in _pieces(bytes(whole.body), seconds):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _pieces(content: bytes, seconds: float) -> AsyncIterator[bytes]:
    size = max(1, -(-len(content) // _CHUNKS_OF_SLOW_BODY))
    count = max(1, -(-len(content) // size))
    for start in range(0, len(content), size):
        yield content[start : start + size]
        await asyncio.sleep(seconds / count)


async def send_truncated(whole: Response, part: float, scope: Scope, send: Send) -> None:
    """The head with its full length, a part of the body, and no more."""
    content = bytes(whole.body)
    head = {"type": "http.response.start", "status": whole.status_code}
    await send({**head, "headers": whole.raw_headers})
    kept = content[: int(len(content) * part)]
    await send({"type": "http.response.body", "body": kept, "more_body": True})
    await asyncio.sleep(0.05)  # let the part leave before the connection ends
    scope["transport"].close()


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word; the transport is put into the scope by the server."""
    scope["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
