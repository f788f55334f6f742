"""Calls of the Metadata API in plain XML, and what they answer, as data."""

from typing import Any
from xml.etree import ElementTree

import requests

from .client import Client

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def post(client: Client, body: str | bytes, version: str = "60.0") -> requests.Response:
    return requests.post(
        f"{client.org.instance_url}/services/Soap/m/{version}",
        data=body.encode() if isinstance(body, str) else body,
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        verify=str(client.org.ca_bundle or True),
        timeout=10,
    )


def ask(
    client: Client, operation: str, inner: str, *, header: str = "", version: str = "60.0"
) -> requests.Response:
    """One operation as the client's user; ``inner`` is its XML."""
    session = str(client.session.headers["Authorization"]).partition(" ")[2]
    return post(
        client,
        f'<e:Envelope xmlns:e="{_SOAP}" xmlns:xsi="{_XSI}" xmlns="{NAMESPACE}"><e:Header>'
        f"<SessionHeader><sessionId>{session}</sessionId></SessionHeader>{header}</e:Header>"
        f"<e:Body><{operation}>{inner}</{operation}></e:Body></e:Envelope>",
        version,
    )


def results(answer: requests.Response) -> list[Any]:
    """Every ``result`` of an answer, as texts, dicts, and lists of what repeats."""
    assert answer.status_code == 200, answer.text
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - the local org's own answer
    return [_data(element) for element in root.iter(f"{{{NAMESPACE}}}result")]


def fault(answer: requests.Response) -> tuple[str, str]:
    """Code and sentence of a fault."""
    assert answer.status_code == 500, answer.text
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - the local org's own answer
    return root.findtext(".//faultcode") or "", root.findtext(".//faultstring") or ""


def save(client: Client, operation: str, *documents: str, **options: Any) -> list[Any]:
    """Results of createMetadata, updateMetadata or upsertMetadata."""
    return results(ask(client, operation, "".join(documents), **options))


def refusal(client: Client, operation: str, document: str) -> tuple[str, str]:
    """Code and sentence of the one component that must be refused."""
    [result] = save(client, operation, document)
    assert result["success"] == "false", result
    return result["errors"]["statusCode"], result["errors"]["message"]


def document(type_name: str, full_name: str, inner: str = "") -> str:
    return f'<metadata xsi:type="{type_name}"><fullName>{full_name}</fullName>{inner}</metadata>'


def text_field(full_name: str, more: str = "", *, length: int = 20) -> str:
    label = full_name.partition(".")[2].removesuffix("__c")
    inner = f"<label>{label}</label><length>{length}</length><type>Text</type>{more}"
    return document("CustomField", full_name, inner)


def key_field(full_name: str) -> str:
    more = "<externalId>true</externalId><unique>true</unique><caseSensitive>true</caseSensitive>"
    return text_field(full_name, more, length=64)


def grant(name: str, *fields: str, readable: bool = True, editable: bool = True) -> str:
    """A permission set that allows these fields."""
    flags = f"<readable>{str(readable).lower()}</readable>"
    flags += f"<editable>{str(editable).lower()}</editable>"
    named = "".join(
        f"<fieldPermissions><field>{field}</field>{flags}</fieldPermissions>" for field in fields
    )
    return document("PermissionSet", name, f"<label>{name}</label>{named}")


def read(client: Client, type_name: str, *full_names: str) -> list[Any]:
    """The documents of these names."""
    inner = f"<type>{type_name}</type>"
    inner += "".join(f"<fullNames>{name}</fullNames>" for name in full_names)
    [result] = results(ask(client, "readMetadata", inner))
    found = result.get("records", []) if isinstance(result, dict) else []
    return found if isinstance(found, list) else [found]


def remove(client: Client, type_name: str, *full_names: str) -> list[Any]:
    inner = f"<type>{type_name}</type>"
    inner += "".join(f"<fullNames>{name}</fullNames>" for name in full_names)
    return results(ask(client, "deleteMetadata", inner))


def _data(element: ElementTree.Element) -> Any:
    if element.get(f"{{{_XSI}}}nil") == "true":
        return None
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _data(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
