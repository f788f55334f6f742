"""The two ways in which Salesforce says no.

    ApiError    the request as a whole: a list of {message, errorCode, fields?} with a status
    RowError    one row of a write: {statusCode, message, fields} inside a 200 answer; a
                single-record call turns it into an ApiError
    ├ BodyError one whose JSON cannot be understood
    └ DuplicatesError  one that a duplicate rule stopped

Codes are Salesforce's; texts are its English ones, which it translates and clients must not read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

NOT_FOUND_MESSAGE = "The requested resource does not exist"
_CODE_FIRST = ("NOT_FOUND", "METHOD_NOT_ALLOWED")
"""Codes that stand before their message (R, CumulusCI; 3, forrest 181 and 191)."""


class ApiError(Exception):
    """A refused request; ``body`` is exactly what is sent."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.headers = headers or {}
        body: dict[str, Any] = {"message": message, "errorCode": code}
        if code in _CODE_FIRST:
            body = {"errorCode": code, "message": message}
        if fields is not None:
            body["fields"] = list(fields)
        self.body: Any = [body]


class MultipleChoicesError(ApiError):
    """300: an external ID that several records share; the body lists their URLs (R)."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", "")
        self.body = urls


class RowError(Exception):
    """One refused row."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = list(fields)

    def as_row(self) -> dict[str, Any]:
        """The error as it stands in the ``errors`` of a Collections result."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def as_request(self, status: int | None = None) -> ApiError:
        """The same error as the answer of a single-record call."""
        status = status or _STATUS.get(self.code, 400)
        return ApiError(status, self.code, self.message, self.fields)


class BodyError(RowError):
    """A row whose JSON cannot be understood: a wrong type, an unknown column.

    In the answer of a single-record call it has no ``fields`` (R, errors/invalid-field).
    """

    def as_request(self, status: int | None = None) -> ApiError:
        return ApiError(status or 400, self.code, self.message)


class DuplicatesError(RowError):
    """A row that a duplicate rule stopped: it carries what was found, under Salesforce's misspelt
    key (3, many integrations)."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__("DUPLICATES_DETECTED", message)
        self.result = result

    def as_row(self) -> dict[str, Any]:
        return {"duplicateResut": self.result, **super().as_row()}

    def as_request(self, status: int | None = None) -> ApiError:
        error = ApiError(status or 400, self.code, self.message)
        error.body = [{"duplicateResut": self.result, **error.body[0]}]
        return error


_STATUS = {
    "ENTITY_IS_DELETED": 404,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "NOT_FOUND": 404,
}


def not_found(message: str = NOT_FOUND_MESSAGE) -> ApiError:
    """404 for an unknown path, object or record (R, errors/not-found and restforce)."""
    return ApiError(404, "NOT_FOUND", message)


def no_external_id(name: str) -> ApiError:
    """404 where a path names no field that can find a record (R, restforce)."""
    return not_found(f"Provided external ID field does not exist or is not accessible: {name}")


def required_missing(names: list[str]) -> RowError:
    """R: "Required fields are missing: [LastName]"."""
    return RowError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
    )
