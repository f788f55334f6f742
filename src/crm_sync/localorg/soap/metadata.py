"""The Metadata API, as far as it works on single components (D, Metadata API; C, simple-salesforce
and jsforce): create, read, update, upsert and delete them, list and describe.

Each operation takes the org, the call and its envelope, and returns the ``result``. What is wrong
with one component stands in its result; what is wrong with the call is a fault. deploy() and
retrieve() are not here.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError
from crm_sync.localorg.metadata import shapes, types
from crm_sync.localorg.metadata.shapes import Shape
from crm_sync.localorg.metadata.types import Listed, MetadataType
from crm_sync.localorg.records.save import ROLLED_BACK
from crm_sync.localorg.rest import limits
from crm_sync.localorg.routing import Request
from crm_sync.localorg.soap.envelope import Element, Envelope, SoapFault, Typed
from crm_sync.localorg.soap.login import Call, signed_in

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
MOST_COMPONENTS = 10
"""Of one call (D); the refusal is of live orgs (3, certinia/apex-mdapi 105)."""
MOST_QUERIES = 3
"""Of one listMetadata (D)."""
PARTIAL_FROM = 34.0
"""Without an AllOrNoneHeader a call is all or nothing before this version (D)."""
_NOT_ALLOWED = (
    "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
)
_XSD_TYPES: dict[Any, str] = {str: "string", bool: "boolean", int: "int"}

Operation = Callable[["Org", Call, Envelope], Any]
Work = Callable[["Org", Request, Envelope], Any]
One = Callable[[MetadataType, str, shapes.Body], None]
Result = dict[str, Any]


def _operation(work: Work) -> Operation:
    """The operation for a user who may call it; a call of the day (D)."""

    def operation(org: "Org", call: Call, envelope: Envelope) -> Any:
        try:
            user_id = signed_in(org, envelope)
            limits.count_call(org)
        except SoapFault as refused:
            raise fault(refused.code, refused.message) from None
        except ApiError as refused:
            raise fault(refused.body[0]["errorCode"], refused.body[0]["message"]) from None
        may = org.permissions(user_id)
        if not may.has("ApiEnabled"):
            raise fault("API_DISABLED_FOR_ORG", "API is not enabled for this Organization")
        if not (may.has("ModifyAllData") or may.has("ModifyMetadata")):
            raise fault("INSUFFICIENT_ACCESS", _NOT_ALLOWED)
        request = Request(
            "POST",
            "",
            headers={"sforce-auto-assign": "FALSE"},
            user_id=user_id,
            version=call.version,
        )
        return work(org, request, envelope)

    return operation


def fault(code: str, message: str) -> SoapFault:
    """A fault of this API: it has no detail (3, live orgs)."""
    return SoapFault(f"sf:{code}", f"{code}: {message}")


# Writing ---------------------------------------------------------------------------------------


def create(org: "Org", request: Request, envelope: Envelope) -> list[Result]:
    def one(kind: MetadataType, name: str, body: shapes.Body) -> None:
        kind.create(org, request, name, body)

    return _each(org, request, envelope, one)


def update(org: "Org", request: Request, envelope: Envelope) -> list[Result]:
    def one(kind: MetadataType, name: str, body: shapes.Body) -> None:
        kind.update(org, request, name, body)

    return _each(org, request, envelope, one)


def upsert(org: "Org", request: Request, envelope: Envelope) -> list[Result]:
    """``created`` tells which it was (R, metadata/upsert-customfields-response.xml)."""
    made: set[str] = set()

    def one(kind: MetadataType, name: str, body: shapes.Body) -> None:
        if kind.read(org, name) is None:
            kind.create(org, request, name, body)
            made.add(name)
        else:
            kind.update(org, request, name, body)

    results = _each(org, request, envelope, one)
    return [
        {"created": result["success"] and result["fullName"] in made, **result}
        for result in results
    ]


def delete(org: "Org", request: Request, envelope: Envelope) -> list[Result]:
    kind, names = _named(envelope)
    work = [(name, partial(kind.delete, org, request, name)) for name in names]
    return _all(org, request, envelope, work)


def _each(
    org: "Org",
    request: Request,
    envelope: Envelope,
    one: One,
) -> list[Result]:
    given = list(envelope.operation.all("metadata"))
    _bound(given)
    kinds = [_kind_of(element) for element in given]
    if len({kind.name for kind in kinds}) > 1:
        # D: "All components must be of the same type"; the code is U.
        raise fault("INVALID_TYPE", "All components must be of the same type")
    work: list[tuple[str, Callable[[], None]]] = []
    for element, kind in zip(given, kinds, strict=True):
        body = shapes.from_xml(element, kind.shape, kind.name)
        name = str(body.get("fullName", ""))

        work.append((name, partial(_with_name, one, kind, name, body)))
    return _all(org, request, envelope, work)


def _with_name(one: One, kind: MetadataType, name: str, body: shapes.Body) -> None:
    if not name:
        message = "Required field is missing: fullName"
        raise RowError("REQUIRED_FIELD_MISSING", message, ["fullName"])
    one(kind, name, body)


def _all(
    org: "Org",
    request: Request,
    envelope: Envelope,
    work: Sequence[tuple[str, Callable[[], None]]],
) -> list[Result]:
    """Do each in a transaction of its own, and everything or nothing if that is asked for."""
    errors: list[RowError | None] = []
    try:
        with org.store.transaction():
            errors = [_try(org, do) for _, do in work]
            if any(errors) and _all_or_none(request, envelope):
                raise _RollBackError
    except _RollBackError:
        rolled_back = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK)
        errors = [error or rolled_back for error in errors]
    return [_result(name, error) for (name, _), error in zip(work, errors, strict=True)]


class _RollBackError(Exception):
    """Take back what was done: one component of an all-or-none call was refused."""


def _try(org: "Org", do: Callable[[], None]) -> RowError | None:
    try:
        with org.store.transaction():
            do()
    except RowError as error:
        return error
    return None


def _all_or_none(request: Request, envelope: Envelope) -> bool:
    header = envelope.headers.get("AllOrNoneHeader")
    given = header.value("allOrNone") if header else None
    if given is None:
        return request.api_version < PARTIAL_FROM
    return given.strip() in ("true", "1")


def _result(name: str, error: RowError | None) -> Result:
    """Elements in the order of the WSDL."""
    if error is None:
        return {"fullName": name, "success": True}
    told: Result = {"fields": error.fields, "message": error.message, "statusCode": error.code}
    return {"errors": [told], "fullName": name, "success": False}


def _kind_of(element: Element) -> MetadataType:
    """The type that ``xsi:type`` names; the prefix must stand for the metadata namespace."""
    prefix, _, name = element.attributes.get("type", "").rpartition(":")
    kind = types.of(name) if element.prefixes.get(prefix) == NAMESPACE else None
    if kind is None:
        raise _no_type()
    return kind


def _no_type() -> SoapFault:
    return fault("INVALID_TYPE", "This type of metadata is not available for this organization")


def _bound(given: list[Any]) -> None:
    if len(given) > MOST_COMPONENTS:
        raise fault(
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {MOST_COMPONENTS} records in this "
            "operation",
        )


def _named(envelope: Envelope) -> tuple[MetadataType, list[str]]:
    """The type and the full names of a read or a delete."""
    kind = types.of((envelope.operation.value("type") or "").strip())
    names = [element.text.strip() for element in envelope.operation.all("fullNames")]
    _bound(names)
    if kind is None:
        raise _no_type()
    return kind, names


# Reading ---------------------------------------------------------------------------------------


def read(org: "Org", request: Request, envelope: Envelope) -> Result:
    """A record for each name, nil where there is none (3)."""
    kind, names = _named(envelope)
    bodies = [kind.read(org, name) for name in names]
    return {"records": [body and Typed(kind.name, _ordered(body, kind.shape)) for body in bodies]}


def _ordered(body: shapes.Body, shape: Shape) -> shapes.Body:
    """Elements in the order of the WSDL."""
    return {
        key: _ordered(body[key], kind) if isinstance(kind, dict) and kind else body[key]
        for key, kind in shape.items()
        if key in body
    }


def list_metadata(org: "Org", request: Request, envelope: Envelope) -> list[Result]:
    queries = list(envelope.operation.all("queries"))
    if len(queries) > MOST_QUERIES:
        raise fault(
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {MOST_QUERIES} records in this "
            "operation",
        )
    found: list[Result] = []
    for query in queries:
        kind = types.of((query.value("type") or "").strip())
        if kind is None:
            raise _no_type()
        found += [_properties(org, kind, listed) for listed in kind.list_all(org)]
    return found


def _properties(org: "Org", kind: MetadataType, listed: Listed) -> Result:
    owner = listed.full_name.partition(".")[0] if kind.parent else listed.full_name
    return {
        "createdById": listed.created_by,
        "createdByName": _name_of(org, listed.created_by),
        "createdDate": listed.created_at.replace("+0000", "Z"),
        "fileName": f"{kind.directory}/{owner}.{kind.suffix}",
        "fullName": listed.full_name,
        "id": listed.id,
        "lastModifiedById": listed.changed_by,
        "lastModifiedByName": _name_of(org, listed.changed_by),
        "lastModifiedDate": listed.changed_at.replace("+0000", "Z"),
        "manageableState": "unmanaged",
        "type": kind.name,
    }


def _name_of(org: "Org", user_id: str) -> str:
    return str((org.store.record(user_id) or {}).get("Name") or "")


def describe(org: "Org", request: Request, envelope: Envelope) -> Result:
    """Types that stand in files of their own; their parts are named with them (D)."""
    described = [
        {
            **({"childXmlNames": list(kind.children)} if kind.children else {}),
            "directoryName": kind.directory,
            "inFolder": False,
            "metaFile": False,
            "suffix": kind.suffix,
            "xmlName": kind.name,
        }
        for kind in types.TYPES.values()
        if kind.parent is None
    ]
    return {
        "metadataObjects": described,
        "organizationNamespace": "",
        "partialSaveAllowed": True,
        "testRequired": False,
    }


def describe_value_type(org: "Org", request: Request, envelope: Envelope) -> Result:
    """The elements of a type, as simple-salesforce's ``describe`` of it asks (C)."""
    asked = (envelope.operation.value("type") or "").strip()
    namespace, _, name = asked.rpartition("}")
    kind = types.of(name) if namespace in ("", "{" + NAMESPACE) else None
    if kind is None:
        raise _no_type()
    is_writable = kind.name != "CustomObject"
    return {
        "apiCreatable": is_writable,
        "apiDeletable": is_writable,
        "apiReadable": True,
        "apiUpdatable": is_writable,
        "valueTypeFields": [_value_field(n, k) for n, k in kind.shape.items()],
    }


def _value_field(name: str, kind: Any) -> Result:
    is_list = isinstance(kind, list)
    inner: Any = kind[0] if is_list else kind
    nested: dict[str, Any] = inner if isinstance(inner, dict) else {}
    return {
        **({"fields": [_value_field(n, k) for n, k in nested.items()]} if nested else {}),
        "isForeignKey": False,
        "isNameField": name == "fullName",
        "minOccurs": 0,
        "name": name,
        "soapType": _XSD_TYPES.get(inner, name) if not isinstance(inner, dict) else name,
        "valueRequired": name == "fullName",
    }


OPERATIONS: dict[str, Operation] = {
    "createMetadata": _operation(create),
    "updateMetadata": _operation(update),
    "upsertMetadata": _operation(upsert),
    "deleteMetadata": _operation(delete),
    "readMetadata": _operation(read),
    "listMetadata": _operation(list_metadata),
    "describeMetadata": _operation(describe),
    "describeValueType": _operation(describe_value_type),
}
