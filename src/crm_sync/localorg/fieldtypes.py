"""What a describe says of a field when only its type is known.

A description in ``objects/`` names for each field only what differs from these defaults, in
Salesforce's own key names. The defaults are those that most fields of a type show in recorded
describes of Account, Lead, Opportunity and Event (R).
"""

from typing import Any

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}

_COMMON: dict[str, Any] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": True,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": True,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "",
    "unique": False,
    "updateable": True,
    "writeRequiresMasterRead": False,
}

_READ_ONLY = {"createable": False, "updateable": False, "permissionable": False}

_BY_TYPE: dict[str, dict[str, Any]] = {
    "id": {
        **_READ_ONLY,
        "length": 18,
        "nillable": False,
        "defaultedOnCreate": True,
        "idLookup": True,
    },
    "boolean": {
        **_READ_ONLY,
        "aggregatable": False,
        "nillable": False,
        "defaultedOnCreate": True,
        "defaultValue": False,
    },
    "reference": {"length": 18},
    "address": {
        "createable": False,
        "updateable": False,
        "aggregatable": False,
        "groupable": False,
        "sortable": False,
        "queryByDistance": True,
    },
    "int": {"digits": 8},
    "double": {"precision": 18, "groupable": False},
    "currency": {"precision": 18, "groupable": False},
    "percent": {"groupable": False},
    "datetime": {"groupable": False, "permissionable": False},
    "date": {"permissionable": False},
    "textarea": {"extraTypeInfo": "plaintextarea"},
    "combobox": {"groupable": False},
}

LONGEST_PLAIN_TEXTAREA = 255
"""A longer text area cannot be filtered, sorted or grouped (R)."""


def defaults(type_name: str, length: int) -> dict[str, Any]:
    """Every key of a described field, with the values usual for its type and length."""
    facts = {**_COMMON, **_BY_TYPE.get(type_name, {}), "type": type_name}
    facts["length"] = length or facts["length"]
    facts["soapType"] = SOAP_TYPES.get(type_name, "xsd:string")
    bytes_per_character = 1 if type_name in ("id", "reference") else 3
    facts["byteLength"] = facts["length"] * bytes_per_character
    if type_name == "textarea" and facts["length"] > LONGEST_PLAIN_TEXTAREA:
        for key in ("aggregatable", "filterable", "groupable", "sortable"):
            facts[key] = False
    return facts
