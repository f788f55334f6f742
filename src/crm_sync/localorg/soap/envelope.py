"""SOAP 1.1 envelopes: read without trust, written as Salesforce writes them.

In: the bytes of a request. Out: an :class:`Envelope` with the header elements and the one operation
of its body, or a :class:`SoapFault`. The other way: :func:`response` and :func:`fault` make text.
A document type is refused, so neither entities nor external files can come in (SOAP 1.1, 3: "A SOAP
message MUST NOT contain a Document Type Declaration").
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MOST_BYTES = 52_428_800
"""Size of a request (D, SOAP API limits: 50 MB)."""
MOST_DEPTH, MOST_ELEMENTS = 64, 200_000
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_CONTROLS = dict.fromkeys(n for n in range(32) if n not in (9, 10, 13))


class SoapFault(Exception):
    """A refusal. ``code`` is Salesforce's; ``detail`` the name of the element that repeats it.

    A fault without a detail is one of the envelope itself, with the code ``soapenv:Client``.
    """

    def __init__(self, code: str, message: str, detail: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail = detail


@dataclass
class Element:
    """One XML element with the names that its prefixes stand for."""

    name: str
    namespace: str = ""
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    """By local name."""
    children: list["Element"] = field(default_factory=list["Element"])
    text: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Prefix → namespace in force here: needed to read the value of ``xsi:type``."""

    def find(self, name: str) -> "Element | None":
        """The first child with that local name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator["Element"]:
        return (child for child in self.children if child.name == name)

    def value(self, name: str) -> str | None:
        """The text of a child; None where there is no such child, or it is nil."""
        child = self.find(name)
        if child is None or child.attributes.get("nil") in ("true", "1"):
            return None
        return child.text


@dataclass(frozen=True)
class Typed:
    """A value to be written with its ``xsi:type``: an element that may be of several."""

    type: str
    value: Any


@dataclass(frozen=True)
class Envelope:
    """A request: header elements by local name, and the operation."""

    headers: Mapping[str, Element]
    operation: Element

    @property
    def session_id(self) -> str | None:
        """The session that the SessionHeader names."""
        header = self.headers.get("SessionHeader")
        return header.value("sessionId") if header else None


def read(raw: bytes) -> Envelope:
    """Parse a request; SoapFault when it is no envelope with one operation."""
    root = _parse(raw)
    if root.name != "Envelope" or root.namespace != SOAP_NAMESPACE:
        raise _client(f"Unexpected element {{{root.namespace}}}{root.name}, expected soap:Envelope")
    header, body = root.find("Header"), root.find("Body")
    if body is None or not body.children:
        raise _client("The SOAP body holds no operation")
    headers = {child.name: child for child in (header.children if header else [])}
    return Envelope(headers, body.children[0])


def response(namespace: str, operation: str, result: Any) -> str:
    """The answer of an operation; ``result`` as :func:`render` takes it, None for an empty one."""
    inner = "" if result is None else render("result", result)
    name = f"{operation}Response"
    body = f"<{name}>{inner}</{name}>"
    return _wrapped(f'xmlns="{namespace}" xmlns:xsi="{XSI}"', body)


def fault(namespace: str, error: SoapFault) -> str:
    """A fault in Salesforce's form (R: WWW::Salesforce, CumulusCI); ``namespace`` is that of sf."""
    message = _text(error.message)
    if error.detail is None:
        body = f"<faultcode>{_text(error.code)}</faultcode><faultstring>{message}</faultstring>"
    else:
        code = _text(error.code)
        body = (
            f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
            f'<detail><sf:{error.detail} xsi:type="sf:{error.detail}">'
            f"<sf:exceptionCode>{code}</sf:exceptionCode>"
            f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{error.detail}></detail>"
        )
    names = f'xmlns:sf="{namespace}" xmlns:xsi="{XSI}"'
    return _wrapped(names, f"<soapenv:Fault>{body}</soapenv:Fault>")


def render(name: str, value: Any, attributes: Mapping[str, str] | None = None) -> str:
    """A value as an element: a mapping has children, a list is repeated, None is nil."""
    if isinstance(value, Typed):
        return render(name, value.value, {"xsi:type": value.type})
    if isinstance(value, list | tuple):
        listed: list[Any] = list(value)
        return "".join(render(name, each, attributes) for each in listed)
    given = "".join(f" {key}={quoteattr(text)}" for key, text in (attributes or {}).items())
    if value is None:
        return f'<{name}{given} xsi:nil="true"/>'
    if isinstance(value, Mapping):
        members: Mapping[str, Any] = value
        inner = "".join(render(key, each) for key, each in members.items())
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = _text(str(value))
    return f"<{name}{given}>{inner}</{name}>"


def _wrapped(names: str, body: str) -> str:
    return (
        f'{_DECLARATION}<soapenv:Envelope xmlns:soapenv="{SOAP_NAMESPACE}" {names}>'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def _text(text: str) -> str:
    return escape(text.translate(_CONTROLS))


def _client(message: str) -> SoapFault:
    return SoapFault("soapenv:Client", message)


def _parse(raw: bytes) -> Element:
    if len(raw) > MOST_BYTES:
        raise SoapFault(
            "EXCEEDED_MAX_SIZE_REQUEST", "Request size exceeded", "UnexpectedErrorFault"
        )
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartNamespaceDeclHandler = reader.prefix
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        if not raw.strip():
            raise _client("Premature end of file.") from None
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise _client(f"{expat.ErrorString(error.code)} at {place}") from None
    except (ValueError, LookupError):  # an encoding that is declared and unknown
        raise _client("The encoding of the request is not supported.") from None
    if reader.root is None:
        raise _client("Premature end of file.")
    return reader.root


class _Reader:
    """Builds the tree and keeps it small."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self._declared: dict[str, str] = {}

    def doctype(self, *_: Any) -> None:
        raise _client("A SOAP message must not contain a document type declaration.")

    def prefix(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            raise _client("The request has too many elements, or too many within each other.")
        outer = self._open[-1] if self._open else None
        inherited = outer.prefixes if outer else {}
        prefixes = {**inherited, **self._declared} if self._declared else inherited
        self._declared = {}
        namespace, _, local = name.rpartition(" ")
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        element = Element(local, namespace, plain, prefixes=prefixes)
        if outer is None:
            self.root = element
        else:
            outer.children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text
