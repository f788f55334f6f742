"""The SOAP end points: an envelope in, the answer of its operation or a fault out.

``/services/Soap/u/VERSION`` is the Partner API, ``c`` the Enterprise API, ``m`` the Metadata API,
each with or without the org's Id behind it. An API is a table of operations; one more table is one
more line in ``_APIS``.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError
from crm_sync.localorg.routing import OLDEST_VERSION, Answer, Request
from crm_sync.localorg.soap import envelope, login, metadata
from crm_sync.localorg.soap.login import Call

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

Operation = Callable[["Org", Call, envelope.Envelope], Any]

SESSION_OPERATIONS: Mapping[str, Operation] = {
    "login": login.login,
    "logout": login.logout,
    "getUserInfo": login.get_user_info,
    "getServerTimestamp": login.get_server_timestamp,
}
_APIS: dict[str, tuple[str, str, Mapping[str, Operation]]] = {
    "u": ("urn:partner.soap.sforce.com", "urn:fault.partner.soap.sforce.com", SESSION_OPERATIONS),
    "c": (
        "urn:enterprise.soap.sforce.com",
        "urn:fault.enterprise.soap.sforce.com",
        SESSION_OPERATIONS,
    ),
    "m": (metadata.NAMESPACE, metadata.NAMESPACE, metadata.OPERATIONS),
}
"""Letter in the URL → namespace of the answers, namespace of the faults, operations."""
_PATH = re.compile(r"/services/Soap/(\w)/(\d{1,3}(?:\.\d)?)(?:/(\w{15}(?:\w{3})?))?(?:/\w{15})?")
_XML = {"Content-Type": "text/xml; charset=utf-8"}


def of(path: str) -> Callable[["Org", Request], Answer] | None:
    """What answers a SOAP path; None for a path that is none."""
    match = _PATH.fullmatch(path)
    if match is None or match[1] not in _APIS:
        return None
    version = match[2] if "." in match[2] else f"{match[2]}.0"
    call = Call(match[1], version)

    def answer(org: "Org", request: Request) -> Answer:
        return _answer(org, request, call)

    return answer


def _answer(org: "Org", request: Request, call: Call) -> Answer:
    namespace, faults, operations = _APIS[call.api]
    try:
        if "soapaction" not in request.headers:
            raise envelope.SoapFault("soapenv:Client", "SOAPAction HTTP header missing")
        if not OLDEST_VERSION <= float(call.version) <= org.newest_version:
            raise envelope.SoapFault(
                "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "ApiFault"
            )
        asked = envelope.read(request.raw)
        operation = operations.get(asked.operation.name)
        if operation is None:
            raise login.no_operation(asked)
        with org.store.transaction():
            result = operation(org, call, asked)
        text = envelope.response(namespace, asked.operation.name, result)
        return Answer(200, text.encode(), _XML)
    except envelope.SoapFault as error:
        return Answer(500, envelope.fault(faults, error).encode(), _XML)
    except (ApiError, RowError) as error:
        told = error.body[0] if isinstance(error, ApiError) else error.as_row()
        code = told.get("errorCode") or told["statusCode"]
        refused = envelope.SoapFault(code, told["message"], "ApiFault")
        return Answer(500, envelope.fault(faults, refused).encode(), _XML)
