"""What an administrator may have switched on for good: fields, objects and rules that come with it.

    multi-currency            CurrencyType, and CurrencyIsoCode on every object with records
    person-accounts           accounts that are persons, by a record type
    state-country-picklists   StateCode and CountryCode beside each address; texts must be listed

In: names of features. Out: changes to the schema before the org is made, first records, and what is
done to rows before they are saved. An org has none of them at first.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import Facts, ObjectType

CURRENCIES, PERSONS, ADDRESSES = "multi-currency", "person-accounts", "state-country-picklists"
FEATURES = (CURRENCIES, PERSONS, ADDRESSES)
PERSON = "Person Account"
"""The record type that Salesforce makes; its DeveloperName is PersonAccount (D)."""
BUSINESS = "Business Account"

_MONEY = {"EUR": 1.0, "USD": 1.08}
"""Active currencies by their rate; the first is the corporate one."""
_WITH_CURRENCY = ("Account", "Contact", "Lead", "Campaign", "Opportunity", "Task", "Event")
_COUNTRIES = {
    "AT": "Austria", "CH": "Switzerland", "DE": "Germany", "FR": "France",
    "GB": "United Kingdom", "US": "United States",
}  # fmt: skip
_STATES = {"US": {"CA": "California", "NY": "New York", "TX": "Texas", "WA": "Washington"}}
_ADDRESSES = {
    "Account": ("Billing", "Shipping"),
    "Contact": ("Mailing", "Other"),
    "Lead": ("",),
}
_STATE_WRONG = (
    "There's a problem with this state, even though it may appear correct. Please select a state "
    "from the list of valid states.: {}"
)
_COUNTRY_WRONG = (
    "There's a problem with this country, even though it may appear correct. Please select a "
    "country/territory from the list of valid countries.: {}"
)
_COUNTRY_FIRST = (
    "A country/territory must be specified before specifying a state value for field: {}"
)
_READ_ONLY = {"createable": False, "updateable": False, "permissionable": False}


def field_changes(features: Collection[str]) -> dict[str, Mapping[str, Any] | None]:
    """The fields that objects gain."""
    changes: dict[str, Mapping[str, Any] | None] = {}
    if CURRENCIES in features:
        facts = {
            "name": "CurrencyIsoCode",
            "label": "Currency ISO Code",
            "type": "picklist",
            "length": 3,
            "restrictedPicklist": True,
            "defaultedOnCreate": True,
            "permissionable": False,
            "picklist": list(_MONEY),
            "default": next(iter(_MONEY)),
        }
        changes |= {f"{name}.CurrencyIsoCode": facts for name in _WITH_CURRENCY}
    if PERSONS in features:
        changes |= {f"Account.{facts['name']}": facts for facts in _PERSON_FIELDS}
        kind = {"name": "IsPersonType", "label": "Is Person Type", "type": "boolean", **_READ_ONLY}
        changes["RecordType.IsPersonType"] = kind
    if ADDRESSES in features:
        for name, parts in _ADDRESSES.items():
            for part in parts:
                changes |= {f"{name}.{facts['name']}": facts for facts in _codes(part)}
    return changes


_PERSON_FIELDS: tuple[Facts, ...] = (
    {"name": "IsPersonAccount", "label": "Is Person Account", "type": "boolean", **_READ_ONLY},
    {
        "name": "FirstName", "label": "First Name", "type": "string", "length": 40,
        "compoundFieldName": "Name", "extraTypeInfo": "personname", "permissionable": False,
    },
    {
        "name": "LastName", "label": "Last Name", "type": "string", "length": 80,
        "compoundFieldName": "Name", "extraTypeInfo": "personname", "permissionable": False,
    },
)  # fmt: skip


def _codes(part: str) -> Iterable[Facts]:
    listed = {
        "State": [[code, label] for states in _STATES.values() for code, label in states.items()],
        "Country": [[code, label] for code, label in _COUNTRIES.items()],
    }
    labels = {"State": "State/Province Code", "Country": "Country Code"}
    for kind, picklist in listed.items():
        yield {
            "name": f"{part}{kind}Code",
            "label": f"{part} {labels[kind]}".strip(),
            "type": "picklist",
            "length": 10,
            "restrictedPicklist": True,
            "compoundFieldName": f"{part}Address",
            "picklist": picklist,
        }


def descriptions(features: Collection[str]) -> list[Facts]:
    """Objects that are there besides (D, CurrencyType: only where several currencies are on)."""
    if CURRENCIES not in features:
        return []
    return [
        {
            "name": "CurrencyType",
            "label": "Currency Type",
            "labelPlural": "Currency Types",
            "keyPrefix": "01L",
            "idLabel": "Currency Type ID",
            "deletable": False,
            "undeletable": False,
            "layoutable": False,
            "softDelete": False,
            "supportedScopes": [["everything", "All currency types"]],
            "fields": [
                {"name": "IsoCode", "label": "Currency ISO Code", "type": "picklist", "length": 3,
                 "nillable": False, "restrictedPicklist": True, "picklist": list(_MONEY)},
                {"name": "ConversionRate", "label": "Conversion Rate", "type": "double",
                 "precision": 18, "scale": 6, "nillable": False},
                {"name": "DecimalPlaces", "label": "Decimal Places", "type": "int", "digits": 1,
                 "nillable": False},
                {"name": "IsActive", "label": "Active", "type": "boolean"},
                {"name": "IsCorporate", "label": "Corporate Currency", "type": "boolean"},
            ],
        }
    ]  # fmt: skip


def record_types(features: Collection[str], listed: dict[str, list[str]]) -> None:
    """Person accounts need a record type of business accounts beside their own (D)."""
    if PERSONS in features:
        accounts = listed.setdefault("Account", [BUSINESS])
        if PERSON not in accounts:
            accounts.append(PERSON)


def fill(store: Store, features: Collection[str], pod: str, audit: Record) -> None:
    """The currencies, once."""
    if CURRENCIES not in features or store.records("CurrencyType"):
        return
    numbers = store.take_numbers("01L", len(_MONEY))
    corporate = next(iter(_MONEY))
    records: list[Record] = [
        {
            **audit,
            "Id": identifiers.build("01L", pod, number),
            "IsoCode": code,
            "ConversionRate": rate,
            "DecimalPlaces": 2,
            "IsActive": 1,
            "IsCorporate": int(code == corporate),
        }
        for number, (code, rate) in zip(numbers, _MONEY.items(), strict=True)
    ]
    store.insert(store.schema["CurrencyType"], records)


def settle(store: Store, object_type: ObjectType, rows: list[Row]) -> None:
    """What the features make of given values, before defaults and required fields are looked at."""
    if object_type.name == "Account" and object_type.find("IsPersonAccount"):
        _settle_persons(store, rows)
    for part in _ADDRESSES.get(object_type.name, ()):
        if object_type.find(f"{part}StateCode"):
            for row in rows:
                if row.is_alive:
                    row.error = _settle_address(object_type, part, row)


def _settle_persons(store: Store, rows: list[Row]) -> None:
    """Whose record type is one of persons has a composed Name, which nobody gives (3)."""
    types = [r for r in store.records("RecordType") if r["SobjectType"] == "Account"]
    persons = {r["Id"] for r in types if r["IsPersonType"]}
    for row in rows:
        before = row.old or {}
        default = before.get("RecordTypeId") or (types[0]["Id"] if types else None)
        is_person = (row.values.get("RecordTypeId") or default) in persons
        row.values["IsPersonAccount"] = int(is_person)
        if not is_person:
            continue
        if "Name" in row.values:
            row.error = RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Account: bad field names on insert/update call: Name",
                ["Name"],
            )
            continue
        parts = {**before, **row.values}
        if not parts.get("LastName"):
            row.error = required_missing(["LastName"])
            continue
        given = (parts.get("FirstName"), parts["LastName"])
        row.values["Name"] = " ".join(part for part in given if part)


def _settle_address(object_type: ObjectType, part: str, row: Row) -> RowError | None:
    """Text and code say the same; what is listed nowhere is refused (3, logs of integrations)."""
    country_field, state_field = f"{part}Country", f"{part}State"
    before = row.old or {}
    country, wrong = _settled(row, country_field, _COUNTRIES)
    if wrong:
        label = object_type[country_field].label
        return RowError("FIELD_INTEGRITY_EXCEPTION", _COUNTRY_WRONG.format(label), [country_field])
    country = country or before.get(f"{country_field}Code")
    state, wrong = _settled(row, state_field, _STATES.get(country or "", {}))
    if not state and not wrong:
        return None
    label = object_type[state_field].label
    if not country:
        return RowError("FIELD_INTEGRITY_EXCEPTION", _COUNTRY_FIRST.format(label), [state_field])
    if wrong:
        return RowError("FIELD_INTEGRITY_EXCEPTION", _STATE_WRONG.format(label), [state_field])
    return None


def _settled(row: Row, name: str, listed: Mapping[str, str]) -> tuple[str | None, bool]:
    """The code that a row gives in one form or the other, written in both; whether it is none."""
    code, text = row.values.get(f"{name}Code"), row.values.get(name)
    if f"{name}Code" not in row.values and name not in row.values:
        return None, False
    if code is None and text is None:
        row.values |= {name: None, f"{name}Code": None}
        return None, False
    found = str(code) if code is not None else _code_of(str(text), listed)
    if found is None or found not in listed:
        return None, True
    row.values |= {name: listed[found], f"{name}Code": found}
    return found, False


def _code_of(text: str, listed: Mapping[str, str]) -> str | None:
    """By label or code, without regard to case."""
    for code, label in listed.items():
        if text.lower() in (code.lower(), label.lower()):
            return code
    return None
