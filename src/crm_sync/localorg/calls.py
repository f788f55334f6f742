"""The log of calls: what a client sent and what it was told, for tests and for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from crm_sync.localorg.stream import FileParts


@dataclass(frozen=True)
class RecordedCall:
    """One HTTP request. ``subrequests`` are those of a composite, each with its own answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    status: int
    answer: Any = None
    client: str | None = None
    """Name from ``Sforce-Call-Options: client=…``."""
    dropped: bool = False
    """The client got no answer, by a fault."""
    subrequests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """{method, url, referenceId, httpHeaders, body, status, answer} each."""
    number: int = 0
    """1 for the first call of this process."""
    at: str = ""
    """When it came, as a datetime of Salesforce."""
    seconds: float = 0.0
    """From its arrival to its answer, delays of faults included."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def client_of(headers: Mapping[str, str]) -> str | None:
    """The client's name in Sforce-Call-Options (C: Data Loader, jsforce)."""
    for part in headers.get("sforce-call-options", "").split(","):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "client":
            return value.strip()
    return None


def logged(body: Any) -> Any:
    """An answer as the log keeps it: of bytes, only how many they were."""
    if isinstance(body, FileParts):
        return {"bytes": body.size}
    return {"bytes": len(body)} if isinstance(body, bytes) else body


def subrequests_of(body: Any, answer: Any) -> list[dict[str, Any]]:
    """Requests and answers of a composite, side by side."""
    sent: Any = body.get("compositeRequest") if isinstance(body, dict) else None
    received: Any = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(sent, list) or not isinstance(received, list):
        return []
    both: list[tuple[Any, Any]] = list(zip(sent, received, strict=False))
    return [
        {**request, "status": response["httpStatusCode"], "answer": response["body"]}
        for request, response in both
    ]
