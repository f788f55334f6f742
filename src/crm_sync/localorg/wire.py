"""HTTP on the wire: a request read, an answer sent, whole or as a fault wants it.

In: Starlette's request. Out: :class:`Request`, and the refusal where the body, its type, its size
or the address cannot be accepted. Nothing here knows what a request is about.
"""

import asyncio
import gzip
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from crm_sync.localorg import jsonerrors
from crm_sync.localorg.routing import Answer, Request
from crm_sync.localorg.signin import door
from crm_sync.localorg.stream import FileParts, TooLargeError, spool

MOST_URI = 16384
"""Bytes of a URI, and of a URI with its headers (D, help 000386264): 414, and 431."""
MOST_BODY = 50 * 1024 * 1024
MOST_CSV = 150 * 1024 * 1024
"""Bytes of a body: 50 MB of JSON or XML, 150 MB of a Bulk upload (D); the answer 413 is U."""
SMALLEST_GZIP = 256
"""Answers below it are sent as they are: they would grow (U where Salesforce draws the line)."""
GZIP_LEVEL = 1

_MULTIPART = "multipart/form-data"
_TAKES_MULTIPART = re.compile(r"/jobs/ingest/?$")
_JSON_TYPES = ("", "application/json")
_PLAIN = ("", "identity")
_UNZIP = ("gzip", "x-gzip", "deflate")
"""Encodings of a request's body (D, Compression Headers)."""
_CHUNKS_OF_SLOW_BODY = 20
_NOT_CACHED = {"Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private"}
_REST = {**_NOT_CACHED, "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "none"}
_TOKEN = {
    **_NOT_CACHED,
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
    "X-Content-Type-Options": "nosniff",
    "X-ReadOnlyMode": "false",
}
_ZIPPED = {"Content-Encoding": "gzip"}


async def read(http: HttpRequest) -> tuple[Request, Answer | None]:
    """The request, and its refusal if its body or its address cannot be accepted."""
    headers = _headers(http)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    most = MOST_CSV if "csv" in content_type or "multipart" in content_type else MOST_BODY
    raw = await _body(http, most)
    path = _path(http)
    body, refusal = None, _of_address(http, path) or _of_encoding(headers)
    if raw is None:
        raw, refusal = b"", _too_large()
    elif raw and refusal is None:
        raw, body, bad = _parsed(raw, content_type, headers, path, most)
        refusal = bad
    return _request(http, headers, body=body, raw=raw), refusal


async def receive(http: HttpRequest, folder: Path, most: int) -> tuple[Request, Answer | None]:
    """A request whose body goes into a file in ``folder``, unzipped, and its refusal.

    ``most`` is in bytes. The caller removes ``Request.upload``, if it is still there in the end.
    """
    headers = _headers(http)
    refusal = _of_address(http, _path(http)) or _of_encoding(headers)
    upload: Path | None = None
    try:
        upload = await spool(http.stream(), folder, most, zipped=_encoding(headers) in _UNZIP)
    except TooLargeError:
        refusal = refusal or _refusal(
            413,
            "CLIENTINPUTERROR",
            "ClientInputError : Maximum size of request reached. Maximum size of request is "
            f"{most} bytes",
        )
    except (zlib.error, ClientDisconnect):
        refusal = refusal or _bad_body("The request body could not be read")
    return _request(http, headers, upload=upload), refusal


def without_doubled_slash(scope: Scope) -> Scope:
    """The same request where its path begins with one slash, however many it came with.

    sf keeps the address that it signed in with and a slash behind it, and so asks for
    ``//services/data/vXX.X/…`` from then on (C), which Salesforce answers as the path meant.
    """
    path, raw_path = str(scope["path"]), bytes(scope["raw_path"])
    if not path.startswith("//"):
        return scope
    return {**scope, "path": "/" + path.lstrip("/"), "raw_path": b"/" + raw_path.lstrip(b"/")}


def _headers(http: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in http.headers.items()}


def _path(http: HttpRequest) -> str:
    return str(http.scope["raw_path"].decode("latin-1"))


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "").strip().lower()


def _request(
    http: HttpRequest,
    headers: Mapping[str, str],
    *,
    body: Any = None,
    raw: bytes = b"",
    upload: Path | None = None,
) -> Request:
    query = dict(parse_qsl(http.url.query, keep_blank_values=True))
    # D, REST guide: a POST may name another method in the query, for clients that have no PATCH.
    override = query.pop("_HttpMethod", "") if http.method == "POST" else ""
    return Request(
        method=override.upper() or http.method,
        path=_path(http),
        query=query,
        headers=headers,
        body=body,
        raw=raw,
        upload=upload,
    )


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


def _of_encoding(headers: Mapping[str, str]) -> Answer | None:
    """A body in an encoding that nobody unpacks here; code and sentence are U."""
    encoding = _encoding(headers)
    if encoding in _PLAIN or encoding in _UNZIP:
        return None
    message = f"Content-Encoding header specified in HTTP request is not supported: {encoding}"
    return _refusal(415, "UNSUPPORTED_MEDIA_TYPE", message)


def _parsed(
    raw: bytes, content_type: str, headers: Mapping[str, str], path: str, most: int
) -> tuple[bytes, Any, Answer | None]:
    """The body unzipped, and read where its type is JSON or a form."""
    try:
        raw = _unzipped(raw, most) if _encoding(headers) in _UNZIP else raw
        if content_type == "application/x-www-form-urlencoded" and "/services/data/" not in path:
            return raw, dict(parse_qsl(raw.decode(), keep_blank_values=True)), None
        if door.OWN_BODY.match(path):
            return raw, None, None
        if content_type in _JSON_TYPES or path.startswith("/local/"):
            return raw, _json(raw), None
    except TooLargeError:
        return b"", None, _too_large()
    except zlib.error:
        return (
            raw,
            None,
            _bad_body("The request body could not be read: it is not in the encoding named"),
        )
    except UnicodeDecodeError as error:
        if path.startswith("/services/oauth2/"):
            return raw, None, None  # no form, which that end point refuses in its own way
        byte = raw[error.start]
        return raw, None, _bad_body(f"Invalid UTF-8 start byte 0x{byte:x} at [line:1, column:1]")
    except json.JSONDecodeError as error:
        return raw, None, _bad_body(jsonerrors.sentence(error))
    except UnicodeEncodeError:
        return raw, None, _bad_body("Incomplete surrogate pair at [line:1, column:1]")
    except jsonerrors.NonNumericError:
        return raw, None, _bad_body(jsonerrors.non_numeric(raw.decode()))
    except ValueError:
        return raw, None, _bad_body("Numeric value out of range at [line:1, column:1]")
    except RecursionError:
        return raw, None, _bad_body("The request body is nested too deeply")
    if "/services/data/" not in path:
        return raw, None, None  # nothing there that would read it: 404
    if content_type == _MULTIPART and _TAKES_MULTIPART.search(path):
        return raw, None, None  # read by who makes the job
    # 3: seen with text/plain and with forms.
    message = (
        f"Content-Type header specified in HTTP request is not supported: {headers['content-type']}"
    )
    return raw, None, _refusal(415, "UNSUPPORTED_MEDIA_TYPE", message)


def _unzipped(raw: bytes, most: int) -> bytes:
    """Gzip or deflate, by its head (32). Raises TooLargeError as soon as it is longer than ``most``
    bytes, and zlib.error for what is neither or not whole."""
    unzip = zlib.decompressobj(32 + zlib.MAX_WBITS)
    data = unzip.decompress(raw, most + 1)
    if len(data) > most:
        raise TooLargeError
    if not unzip.eof:
        raise zlib.error("the compressed body is not complete")
    return data


def _too_large() -> Answer:
    return _refusal(413, "REQUEST_ENTITY_TOO_LARGE", "Request Entity Too Large")


def _json(raw: bytes) -> Any:
    """JSON read. Raises JSONDecodeError; NonNumericError for NaN and Infinity; UnicodeEncodeError
    for half a surrogate pair, which is no text; ValueError for a number of thousands of digits.
    """
    read = json.loads(raw, parse_constant=jsonerrors.refuse_constant)
    if b"\\u" in raw and b"\\ud" in raw.lower():
        json.dumps(read, ensure_ascii=False).encode()
    return read


def _bad_body(message: str) -> Answer:
    return _refusal(400, "JSON_PARSER_ERROR", message)


def _refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, [{"message": message, "errorCode": code}])


# Sending -------------------------------------------------------------------------------------


def usual_headers(path: str, usage: str) -> dict[str, str]:
    """What every answer of an API carries (R, openstax and grouparoo); ``usage`` is the text of
    ``Sforce-Limit-Info``, which REST alone tells. What a browser would keep or what names a host
    of Salesforce (Strict-Transport-Security, cookies, Server) is left out.
    """
    if path.startswith("/services/data"):
        return {**_REST, "Sforce-Limit-Info": usage}
    return _TOKEN if path.startswith("/services/oauth2/") else _NOT_CACHED


def response(
    answer: Answer, more: Mapping[str, str], *, method: str, accepts: str = ""
) -> Response:
    """JSON as Salesforce sends it; text is an HTML page.

    Zipped, for those who accept it, are the good answers to GET and POST alone, which all say
    ``Vary``: neither PATCH and DELETE nor refusals (R, grouparoo and openstax).
    """
    headers = {**more, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    is_zippable = method in ("GET", "POST") and 200 <= answer.status < 300
    if is_zippable:
        headers["Vary"] = "Accept-Encoding"
    is_asked = is_zippable and accepts_gzip(accepts)
    if isinstance(answer.body, FileParts):
        return _streamed(answer, answer.body, headers, is_asked=is_asked)
    kind = None
    if isinstance(answer.body, bytes):
        content = answer.body
    elif isinstance(answer.body, str):
        content, kind = answer.body.encode(), "text/html;charset=UTF-8"
    else:
        text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        content, kind = text.encode(), "application/json;charset=UTF-8"
    if is_asked and len(content) >= SMALLEST_GZIP:
        content = gzip.compress(content, GZIP_LEVEL, mtime=0)
        headers |= _ZIPPED
    return Response(content, answer.status, headers, kind)


def _streamed(
    answer: Answer, parts: FileParts, headers: dict[str, str], *, is_asked: bool
) -> StreamingResponse:
    if is_asked and parts.size >= SMALLEST_GZIP:
        return StreamingResponse(_zipped(parts), answer.status, {**headers, **_ZIPPED})
    return StreamingResponse(iter(parts), answer.status, headers)


def _zipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(GZIP_LEVEL, wbits=16 + zlib.MAX_WBITS)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()


def gathered(answer: Answer) -> Answer:
    """The answer with its body in memory, for faults that send it otherwise than whole."""
    if isinstance(answer.body, FileParts):
        return replace(answer, body=b"".join(answer.body))
    return answer


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
