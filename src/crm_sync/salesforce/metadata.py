"""The Metadata API by SOAP: single components of an org's set-up, read, written and removed.

In: documents (a type, a full name, elements). Out: what the org has, and what it says to each. The
XML is that of a package's files, too (`to_xml`). Form of the calls: Metadata API Developer Guide,
CRUD-based calls, and a recorded exchange with a real org; the elements and their order are those of
the Metadata WSDL, which wants them as it lists them: `fullName`, then by the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import requests

from crm_sync.errors import OrgAccessError, SetupNotAllowed
from crm_sync.salesforce.client import Client, Expired, NoAnswer, daily_limit

__all__ = ["NAMESPACE", "Document", "MetadataClient", "Saved", "Value", "to_xml"]

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
MOST_COMPONENTS = 10
"""Of one call (Metadata API Developer Guide, createMetadata: up to 10)."""
_PASSING = frozenset({"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION"})
"""Faults that say nothing of what was asked; others are refusals."""

Value = str | int | bool | list["Value"] | dict[str, "Value"]
"""An element's content: text, number, boolean, child elements; a list repeats the element."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Document:
    """A component. `body` without `fullName`, its keys in the order of the WSDL."""

    type: str
    full_name: str
    body: dict[str, Value]


@dataclass(frozen=True)
class Saved:
    """What the org said to one component; `code` and `message` where it refused."""

    full_name: str
    ok: bool
    code: str = ""
    message: str = ""


class MetadataClient(Client):
    """A client that speaks the Metadata API besides."""

    def read_metadata(self, type_: str, names: Sequence[str]) -> dict[str, dict[str, Value]]:
        """The components of these names that are there. Raises SetupNotAllowed, OrgUnreachable."""
        found: dict[str, dict[str, Value]] = {}
        for some in _tens(names):
            try:
                results = self._called("readMetadata", _named(type_, some), "records")
            except NoAnswer as error:
                raise self.unreachable(error) from None
            for record in results:
                body = _content(record)
                if isinstance(body, dict) and isinstance(name := body.get("fullName"), str):
                    found[name] = body
        return found

    def upsert_metadata(self, documents: Sequence[Document]) -> list[Saved]:
        """Makes or changes components, each by itself; a repeated one changes nothing.

        Raises SetupNotAllowed, OrgAccessError, and NoAnswer where it is not known what was done.
        """
        saved: list[Saved] = []
        for some in _tens(documents):
            inner = "".join(
                f'<metadata xsi:type="{one.type}">{elements(one)}</metadata>' for one in some
            )
            saved += map(_saved, self._called("upsertMetadata", inner, "result"))
        return saved

    def delete_metadata(self, type_: str, names: Sequence[str]) -> list[Saved]:
        """Removes components, each by itself. Raises as `upsert_metadata`."""
        saved: list[Saved] = []
        for some in _tens(names):
            saved += map(_saved, self._called("deleteMetadata", _named(type_, some), "result"))
        return saved

    def _called(self, operation: str, inner: str, wanted: str) -> list[ElementTree.Element]:
        """Elements of an answer. Without `allOrNone` each component is saved by itself."""

        def ask() -> list[ElementTree.Element]:
            root = self._soap(
                f'<e:Envelope xmlns:e="{_ENVELOPE}" xmlns:xsi="{_XSI}" xmlns="{NAMESPACE}">'
                f"<e:Header><SessionHeader><sessionId>{escape(self.signed_in.access_token)}"
                "</sessionId></SessionHeader><AllOrNoneHeader><allOrNone>false</allOrNone>"
                f"</AllOrNoneHeader></e:Header><e:Body><{operation}>{inner}</{operation}>"
                "</e:Body></e:Envelope>"
            )
            return list(root.iter(f"{{{NAMESPACE}}}{wanted}"))

        return self._patiently(ask)

    def _soap(self, envelope: str) -> ElementTree.Element:
        self._count_call()
        url = f"{self.signed_in.instance_url}/services/Soap/m/{self.target.api_version}"
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        try:
            answer = self._session.request("POST", url, data=envelope.encode(), headers=headers)
            root = ElementTree.fromstring(answer.content)  # noqa: S314 - of the org that we signed in to
        except (requests.RequestException, ElementTree.ParseError) as error:
            raise NoAnswer(type(error).__name__) from None
        if answer.ok:
            return root
        raise _explained(answer.status_code, root)


def _explained(status: int, root: ElementTree.Element) -> Exception:
    """What a fault means, by its code: messages are translated."""
    code = (root.findtext(".//faultcode") or "").rpartition(":")[2]
    if code == "INVALID_SESSION_ID":
        return Expired()
    if code == "REQUEST_LIMIT_EXCEEDED":
        return daily_limit()
    if not code or code in _PASSING:
        return NoAnswer(code or f"HTTP {status}")
    if code == "INSUFFICIENT_ACCESS":
        return SetupNotAllowed("Our user may not change the org's set-up (INSUFFICIENT_ACCESS).")
    return OrgAccessError(
        f"Salesforce refused a call of its Metadata API: {code}.",
        "Check api_version of the target and that the user may use the API.",
    )


def elements(document: Document) -> str:
    """A component's elements as XML, its name first."""
    return _element("fullName", document.full_name) + "".join(
        _element(name, value) for name, value in document.body.items()
    )


def to_xml(document: Document, *, full_name: str | None) -> str:
    """A component as a file of a package. `full_name`: how the file calls it, where it does."""
    body: dict[str, Value] = {} if full_name is None else {"fullName": full_name}
    lines = _indented({**body, **document.body}, 1)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<{document.type} xmlns="{NAMESPACE}">',
            *lines,
            f"</{document.type}>",
            "",
        ]
    )


def _indented(body: dict[str, Value], depth: int) -> Iterator[str]:
    pad = "    " * depth
    for name, value in body.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield f"{pad}<{name}>"
                yield from _indented(one, depth + 1)
                yield f"{pad}</{name}>"
            else:
                yield pad + _element(name, one)


def _element(name: str, value: Value) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, dict):
        inner = "".join(_element(key, one) for key, one in value.items())
    else:
        inner = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inner}</{name}>"


def _named(type_: str, names: Sequence[str]) -> str:
    return _element("type", type_) + _element("fullNames", list(names))


def _content(element: ElementTree.Element) -> Value:
    """An element's text, or its children; one that comes twice is a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Value] = {}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _content(child)
        before = found.get(name)
        if before is None:
            found[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[name] = [before, value]
    return found


def _saved(result: ElementTree.Element) -> Saved:
    def text(path: str) -> str:
        named = "/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/"))
        return result.findtext(named) or ""

    return Saved(
        text("fullName"),
        text("success") == "true",
        text("errors/statusCode"),
        text("errors/message"),
    )


def _tens(many: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(many), MOST_COMPONENTS):
        yield many[start : start + MOST_COMPONENTS]
