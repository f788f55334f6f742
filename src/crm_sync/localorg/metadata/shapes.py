"""The documents of the Metadata API: which elements a component has, and of which kind.

In: an element of a SOAP body, or the JSON of a Tooling call. Out: plain data without what was not
given: texts, booleans, whole numbers, nested documents and lists. The elements and their kinds are
those of the Metadata WSDL that comes with simple-salesforce (C); they stand here in its order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.soap.envelope import Element, SoapFault

Body = dict[str, Any]
Kind = Any
"""``str``, ``bool``, ``int``, a shape, or a list of one of these for an element that repeats."""
Shape = Mapping[str, Kind]

_ANYTHING: Shape = {}
"""A nested document that is kept as it is."""


def _texts(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, str)


CUSTOM_VALUE: Shape = {
    "fullName": str,
    "color": str,
    "default": bool,
    "description": str,
    "isActive": bool,
    "label": str,
}
VALUE_SET: Shape = {
    "controllingField": str,
    "restricted": bool,
    "valueSetDefinition": {"sorted": bool, "value": [CUSTOM_VALUE]},
    "valueSetName": str,
    "valueSettings": [_ANYTHING],
}
CUSTOM_FIELD: Shape = {
    "fullName": str,
    "businessOwnerGroup": str,
    "businessOwnerUser": str,
    "businessStatus": str,
    "caseSensitive": bool,
    "complianceGroup": str,
    "customDataType": str,
    "defaultValue": str,
    "deleteConstraint": str,
    "deprecated": bool,
    "description": str,
    "displayFormat": str,
    "displayLocationInDecimal": bool,
    "encryptionScheme": str,
    "escapeMarkup": bool,
    "externalDeveloperName": str,
    "externalId": bool,
    "formula": str,
    "formulaTreatBlanksAs": str,
    "indexed": bool,
    "inlineHelpText": str,
    "isAIPredictionField": bool,
    "isConvertLeadDisabled": bool,
    "isFilteringDisabled": bool,
    "isNameField": bool,
    "isSortingDisabled": bool,
    "label": str,
    "length": int,
    "lookupFilter": _ANYTHING,
    "maskChar": str,
    "maskType": str,
    "metadataRelationshipControllingField": str,
    "mktDataLakeFieldAttributes": _ANYTHING,
    "mktDataModelFieldAttributes": _ANYTHING,
    "populateExistingRows": bool,
    "precision": int,
    "readOnlyProxy": bool,
    "referenceTargetField": str,
    "referenceTo": str,
    "relationshipLabel": str,
    "relationshipName": str,
    "relationshipOrder": int,
    "reparentableMasterDetail": bool,
    "required": bool,
    "restrictedAdminField": bool,
    "scale": int,
    "securityClassification": str,
    "startingNumber": int,
    "stripMarkup": bool,
    "summarizedField": str,
    "summaryFilterItems": [_ANYTHING],
    "summaryForeignKey": str,
    "summaryOperation": str,
    "trackFeedHistory": bool,
    "trackHistory": bool,
    "trackTrending": bool,
    "translateData": bool,
    "type": str,
    "unique": bool,
    "urls": _ANYTHING,
    "valueSet": VALUE_SET,
    "visibleLines": int,
    "writeRequiresMasterRead": bool,
}
"""``indexed`` stands in no WSDL and is accepted (R, metadata/upsert-customfields-request.xml);
``readOnlyProxy`` and ``urls`` stand in the Tooling API's (D, Custom Address Fields)."""

FIELD_PERMISSION: Shape = {"editable": bool, "field": str, "readable": bool}
OBJECT_PERMISSION: Shape = {
    "allowCreate": bool,
    "allowDelete": bool,
    "allowEdit": bool,
    "allowRead": bool,
    "modifyAllRecords": bool,
    "object": str,
    "viewAllFields": bool,
    "viewAllRecords": bool,
}
PERMISSION_SET: Shape = {
    "fullName": str,
    "applicationVisibilities": [_ANYTHING],
    "classAccesses": [_ANYTHING],
    "customMetadataTypeAccesses": [_ANYTHING],
    "customPermissions": [_ANYTHING],
    "customSettingAccesses": [_ANYTHING],
    "description": str,
    "emailRoutingAddressAccesses": [_ANYTHING],
    "externalCredentialPrincipalAccesses": [_ANYTHING],
    "externalDataSourceAccesses": [_ANYTHING],
    "fieldPermissions": [FIELD_PERMISSION],
    "flowAccesses": [_ANYTHING],
    "hasActivationRequired": bool,
    "label": str,
    "license": str,
    "objectPermissions": [OBJECT_PERMISSION],
    "pageAccesses": [_ANYTHING],
    "recordTypeVisibilities": [_ANYTHING],
    "tabSettings": [_ANYTHING],
    "userPermissions": [{"enabled": bool, "name": str}],
}
LIST_VIEW: Shape = {
    "fullName": str,
    "booleanFilter": str,
    "columns": [str],
    "division": str,
    "filterScope": str,
    "filters": [{"field": str, "operation": str, "value": str}],
    "label": str,
    "language": str,
    "queue": str,
    "sharedTo": _ANYTHING,
}
CUSTOM_OBJECT: Shape = {
    "fullName": str,
    **_texts("deploymentStatus", "description", "externalSharingModel"),
    "enableActivities": bool,
    "fields": [CUSTOM_FIELD],
    "label": str,
    "listViews": [LIST_VIEW],
    "nameField": CUSTOM_FIELD,
    **_texts("pluralLabel", "sharingModel", "visibility"),
}

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def from_xml(element: Element, shape: Shape, type_name: str) -> Body:
    """Read a document; SoapFault for an element that it cannot have (3), or a value (3)."""
    body: Body = {}
    for child in element.children:
        kind = shape.get(child.name)
        if kind is None:
            raise SoapFault(
                "soapenv:Client",
                f"Element {{{child.namespace}}}{child.name} invalid at this location in type "
                f"{type_name}",
            )
        if child.attributes.get("nil") in ("true", "1"):
            continue
        if isinstance(kind, list):
            body.setdefault(child.name, []).append(_element(child, kind[0]))
        elif child.name in body:
            raise SoapFault(
                "soapenv:Client",
                f"Element {child.name} is duplicated at this location in type {type_name}",
            )
        else:
            body[child.name] = _element(child, kind)
    return body


def from_json(given: Mapping[str, Any], shape: Shape) -> Body:
    """Read a document; a null is as if it were not there; ApiError for what it cannot have (U)."""
    body: Body = {}
    for name, value in given.items():
        kind = shape.get(name)
        if kind is None:
            raise ApiError(
                400, "JSON_PARSER_ERROR", f'Unrecognized field "{name}" at [line:1, column:1]'
            )
        if value is None:
            continue
        if isinstance(kind, list):
            listed: list[Any] = value if isinstance(value, list) else [value]
            body[name] = [_value(each, kind[0]) for each in listed]
        else:
            body[name] = _value(value, kind)
    return body


def _element(element: Element, kind: Kind) -> Any:
    if isinstance(kind, Mapping):
        shape: Shape = kind
        return _as_it_is(element) if kind is _ANYTHING else from_xml(element, shape, element.name)
    return _scalar(
        element.text, kind, lambda message: SoapFault("soapenv:Client", message), element.text
    )


def _as_it_is(element: Element) -> Any:
    """A text, or the children; one that repeats is a list."""
    if not element.children:
        return element.text.strip()
    body: Body = {}
    for child in element.children:
        value = _as_it_is(child)
        if child.name not in body:
            body[child.name] = value
        elif isinstance(body[child.name], list):
            body[child.name].append(value)
        else:
            body[child.name] = [body[child.name], value]
    return body


def _value(value: Any, kind: Kind) -> Any:
    if kind is _ANYTHING:
        return value
    if isinstance(kind, Mapping):
        shape: Shape = kind
        if not isinstance(value, Mapping):
            raise _not_json(f"Cannot deserialize instance of complexvalue from {value!r}")
        nested: Mapping[str, Any] = value
        return from_json(nested, shape)
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str | int):
        text = str(value)
    else:
        raise _not_json(f"Cannot deserialize instance of {_XSD[kind]} from {value!r}")
    return _scalar(text, kind, _not_json, value)


_XSD: Mapping[Kind, str] = {str: "xsd:string", bool: "xsd:boolean", int: "xsd:int"}


def _scalar(text: str, kind: Kind, refuse: Callable[[str], Exception], shown: Any) -> Any:
    """Texts lose the white space around them (D, String Values)."""
    text = text.strip()
    if kind is str:
        return text
    if kind is bool and text in _BOOLEANS:
        return _BOOLEANS[text]
    if kind is int and text.lstrip("-").isdecimal() and text.isascii():
        return int(text)
    raise refuse(f"'{shown}' is not a valid value for the type {_XSD[kind]}")


def _not_json(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", f"{message} at [line:1, column:1]")
