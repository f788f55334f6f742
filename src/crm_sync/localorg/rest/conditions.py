"""Conditional requests on single records (D, REST guide, Conditional Requests).

``If-Modified-Since`` and ``If-Unmodified-Since`` count on every record, ``If-Match`` and
``If-None-Match`` with an ETag on accounts alone; none on deleting and on Collections. A condition
that is not met answers 412, but for those that ask whether a copy is still good: 304 to a read.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import values
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.routing import Answer, Request
from crm_sync.localorg.schema import ObjectType

WITH_ETAG = "Account"


def headers_of(object_type: ObjectType, record: Record) -> dict[str, str]:
    """``Last-Modified`` and, for an account, ``ETag``."""
    headers = {"Last-Modified": format_datetime(_modified(record), usegmt=True)}
    if object_type.name == WITH_ETAG:
        headers["ETag"] = _etag(record)
    return headers


def unchanged(request: Request, object_type: ObjectType, record: Record) -> Answer | None:
    """The 304 of a read whose caller has the record as it is."""
    since = _date(request.headers, "if-modified-since")
    same = since is not None and _modified(record) <= since
    if object_type.name == WITH_ETAG and "if-none-match" in request.headers:
        same = _etag(record) in tags(request.headers["if-none-match"])
    return Answer(304, None, headers_of(object_type, record)) if same else None


def check(request: Request, object_type: ObjectType, record: Record | None) -> None:
    """Refuse what the caller wants only of the record as he knows it, a read like a write (D)."""
    if record is None:
        return
    until = _date(request.headers, "if-unmodified-since")
    is_met = until is None or _modified(record) <= until
    if object_type.name == WITH_ETAG and "if-match" in request.headers:
        is_met = is_met and _etag(record) in tags(request.headers["if-match"])
    if not is_met:
        # 412 is D, the sentence U.
        raise ApiError(412, "PRECONDITION_FAILED", "The precondition of the request is not met.")


def _etag(record: Record) -> str:
    """32 bytes in Base64, as recorded (R, grouparoo); of what they are made is the org's own."""
    text = f"{record['Id']}{record['SystemModstamp']}"
    return f'"{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"'


def tags(header: str) -> set[str]:
    """The ETags of a header, without what tells that the answer was zipped."""
    return {tag.strip().removeprefix("W/").replace("--gzip", "") for tag in header.split(",")}


def _modified(record: Record) -> datetime:
    moment = values.parse_datetime(record["LastModifiedDate"])
    if moment is None:
        raise ValueError(f"not a stored datetime: {record['LastModifiedDate']}")
    return moment


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    try:
        return parsedate_to_datetime(headers[name]) if name in headers else None
    except ValueError:
        return None
