"""Calls of the Metadata API: who may, how many at once, all or nothing, lists, bad input."""

import pytest

from .client import Client
from .metadata_calls import (
    ask,
    document,
    fault,
    grant,
    post,
    read,
    refusal,
    remove,
    results,
    save,
    text_field,
)
from .permitting import described, sync_set

NO_TYPE = (
    "sf:INVALID_TYPE",
    "INVALID_TYPE: This type of metadata is not available for this organization",
)
TOO_MANY = (
    "sf:EXCEEDED_ID_LIMIT",
    "EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than 10 records in this operation",
)
ALL_OR_NONE = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
GOOD, BAD = text_field("Account.Good__c"), text_field("Foo__c.Bad__c")


def test_it_takes_a_permission_to_change_the_org(own: Client, admin: Client) -> None:
    told = fault(ask(own, "upsertMetadata", GOOD))
    sentence = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata"
    assert told == ("sf:INSUFFICIENT_ACCESS", f"INSUFFICIENT_ACCESS: {sentence} permissions")
    body = {"PermissionsModifyAllData": True, "PermissionsViewAllData": True}
    admin.call("PATCH", f"/sobjects/PermissionSet/{sync_set(admin)}", body)
    assert refusal(own, "upsertMetadata", GOOD)[0] == "INSUFFICIENT_ACCESS"
    assert read(own, "CustomField", "Account.CRM_Id__c")[0]["type"] == "Text"


def test_a_session_that_is_none_is_refused(own: Client) -> None:
    other = Client(own.org)
    other.session.headers["Authorization"] = "Bearer 00D!nothing"
    code, sentence = fault(ask(other, "describeMetadata", "<asOfVersion>60.0</asOfVersion>"))
    assert code == "sf:INVALID_SESSION_ID"
    assert sentence.startswith("INVALID_SESSION_ID: Invalid Session ID found in SessionHeader")


def test_calls_count_and_come_to_an_end(own: Client, admin: Client) -> None:
    own.org.set_remaining_calls(1)
    assert read(admin, "CustomField", "Account.CRM_Id__c")[0] is not None
    code, _ = fault(ask(admin, "readMetadata", "<type>CustomField</type>"))
    assert code == "sf:REQUEST_LIMIT_EXCEEDED"


def test_ten_components_are_a_call_and_eleven_are_none(own: Client, admin: Client) -> None:
    fields = [text_field(f"Account.F{number}__c") for number in range(11)]
    assert fault(ask(admin, "upsertMetadata", "".join(fields))) == TOO_MANY
    assert read(admin, "CustomField", "Account.F0__c") == [None]
    told = save(admin, "upsertMetadata", *fields[:10])
    assert [result["success"] for result in told] == ["true"] * 10
    names = "".join(f"<fullNames>Account.F{number}__c</fullNames>" for number in range(11))
    for operation in ("readMetadata", "deleteMetadata"):
        answer = ask(admin, operation, f"<type>CustomField</type>{names}")
        assert fault(answer) == TOO_MANY
    queries = "<queries><type>CustomField</type></queries>" * 4
    assert fault(ask(admin, "listMetadata", queries))[0] == "sf:EXCEEDED_ID_LIMIT"


def test_some_may_fail_alone(own: Client, admin: Client) -> None:
    bad, good = save(admin, "upsertMetadata", BAD, GOOD)
    assert good == {"created": "true", "fullName": "Account.Good__c", "success": "true"}
    assert (bad["created"], bad["success"]) == ("false", "false")
    assert bad["errors"]["fields"] == "TableEnumOrId"
    assert read(admin, "CustomField", "Account.Good__c") != [None]


@pytest.mark.parametrize(("header", "version"), [(ALL_OR_NONE, "60.0"), ("", "33.0")])
def test_all_or_nothing(own: Client, admin: Client, header: str, version: str) -> None:
    good, bad = save(admin, "upsertMetadata", GOOD, BAD, header=header, version=version)
    assert good["errors"]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert (good["created"], good["success"]) == ("false", "false")
    assert bad["errors"]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert read(admin, "CustomField", "Account.Good__c") == [None]
    own.upsert_one("Account", CRM_Id__c="1", Name="A")
    assert "Good__c" not in described(own, "Account")
    [made] = save(admin, "upsertMetadata", GOOD)
    assert made["created"] == "true"


def test_lists_name_what_there_is(own: Client, admin: Client) -> None:
    save(admin, "createMetadata", GOOD)
    types = ("CustomField", "CustomObject", "PermissionSet")
    queries = "".join(f"<queries><type>{name}</type></queries>" for name in types)
    listed = results(ask(admin, "listMetadata", f"{queries}<asOfVersion>60.0</asOfVersion>"))
    names = {(each["type"], each["fullName"]) for each in listed}
    assert names >= {
        ("CustomField", "Account.Good__c"),
        ("CustomField", "Activity.CRM_Id__c"),
        ("CustomObject", "Account"),
        ("CustomObject", "Task"),
        ("PermissionSet", "CRM_Sync"),
    }
    [field] = [each for each in listed if each["fullName"] == "Account.Good__c"]
    assert (field["fileName"], field["createdByName"]) == ("objects/Account.object", "Ada Admin")
    assert field["id"].startswith("00N")
    assert results(ask(admin, "listMetadata", "<queries><type>ListView</type></queries>")) == []


def test_the_types_are_described(admin: Client) -> None:
    [told] = results(ask(admin, "describeMetadata", "<asOfVersion>60.0</asOfVersion>"))
    assert told["partialSaveAllowed"] == "true"
    assert {each["xmlName"]: each["directoryName"] for each in told["metadataObjects"]} == {
        "CustomObject": "objects",
        "PermissionSet": "permissionsets",
    }
    inner = "<type>{http://soap.sforce.com/2006/04/metadata}CustomField</type>"
    [told] = results(ask(admin, "describeValueType", inner))
    fields = {each["name"]: each["soapType"] for each in told["valueTypeFields"]}
    assert (fields["fullName"], fields["unique"], fields["length"]) == ("string", "boolean", "int")


def test_an_object_is_read_with_its_fields_and_not_made(own: Client, admin: Client) -> None:
    save(admin, "createMetadata", GOOD)
    [account, missing] = read(admin, "CustomObject", "Account", "Foo__c")
    assert [each["fullName"] for each in account["fields"]] == ["CRM_Id__c", "Good__c"]
    assert missing is None
    [activity] = read(admin, "CustomObject", "Activity")
    assert activity["fields"]["fullName"] == "CRM_Id__c"
    code, _ = refusal(admin, "createMetadata", document("CustomObject", "Foo__c"))
    assert code == "UNKNOWN_EXCEPTION"


VIEW = "<filterScope>Everything</filterScope><label>Mine</label>"
FILTER = "<filters><field>ACCOUNT.NAME</field><operation>equals</operation></filters>"


def test_a_list_view_is_kept(own: Client, admin: Client) -> None:
    view = document("ListView", "Account.Mine", f"<columns>NAME</columns>{FILTER}{VIEW}")
    [result] = save(admin, "createMetadata", view)
    assert result["success"] == "true"
    assert refusal(admin, "createMetadata", view)[0] == "DUPLICATE_DEVELOPER_NAME"
    [kept] = read(admin, "ListView", "Account.Mine")
    assert kept == {
        "fullName": "Account.Mine",
        "columns": "NAME",
        "filterScope": "Everything",
        "filters": {"field": "ACCOUNT.NAME", "operation": "equals"},
        "label": "Mine",
    }
    changed = document("ListView", "Account.Mine", VIEW.replace("Mine", "Ours"))
    assert save(admin, "upsertMetadata", changed)[0]["created"] == "false"
    assert read(admin, "ListView", "Account.Mine")[0]["label"] == "Ours"
    assert remove(admin, "ListView", "Account.Mine")[0]["success"] == "true"
    assert read(admin, "ListView", "Account.Mine") == [None]
    for name, inner, code in (
        ("Foo__c.Mine", VIEW, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Account.a b", VIEW, "FIELD_INTEGRITY_EXCEPTION"),
        ("Account.Mine", "<label>Mine</label>", "REQUIRED_FIELD_MISSING"),
    ):
        assert refusal(admin, "createMetadata", document("ListView", name, inner))[0] == code


# Bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Layout", "Foo", ""])
def test_an_unknown_type_is_refused(admin: Client, name: str) -> None:
    asked = f"<type>{name}</type><fullNames>a</fullNames>"
    for answer in (
        ask(admin, "upsertMetadata", document(name, "a")),
        ask(admin, "readMetadata", asked),
        ask(admin, "deleteMetadata", asked),
        ask(admin, "listMetadata", f"<queries>{asked}</queries>"),
        ask(admin, "describeValueType", f"<type>{name}</type>"),
    ):
        assert fault(answer) == NO_TYPE


def test_a_document_without_a_type_is_refused(admin: Client) -> None:
    answer = ask(admin, "upsertMetadata", "<metadata><fullName>Account.A__c</fullName></metadata>")
    assert fault(answer) == NO_TYPE


def test_types_do_not_mix(admin: Client) -> None:
    code, sentence = fault(ask(admin, "upsertMetadata", GOOD + grant("S")))
    assert code == "sf:INVALID_TYPE"
    assert sentence.endswith("All components must be of the same type")
    assert read(admin, "CustomField", "Account.Good__c") == [None]


@pytest.mark.parametrize(
    ("inner", "sentence"),
    [
        (
            "<lable>A</lable>",
            "Element {http://soap.sforce.com/2006/04/metadata}lable invalid at this location in "
            "type CustomField",
        ),
        (
            "<label>A</label><label>B</label>",
            "Element label is duplicated at this location in type CustomField",
        ),
        ("<unique>yes</unique>", "'yes' is not a valid value for the type xsd:boolean"),
        ("<length>long</length>", "'long' is not a valid value for the type xsd:int"),
    ],
)
def test_an_element_that_cannot_be_is_a_fault(admin: Client, inner: str, sentence: str) -> None:
    answer = ask(admin, "upsertMetadata", document("CustomField", "Account.A__c", inner))
    assert fault(answer) == ("soapenv:Client", sentence)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<a>",
        b"<a/>",
        b'<?xml version="1.0" encoding="x-none"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"\xff\xfe",
    ],
)
def test_what_is_no_envelope_is_a_fault(own: Client, body: bytes) -> None:
    code, sentence = fault(post(own, body))
    assert code == "soapenv:Client"
    assert sentence


def test_an_unknown_operation_and_version_are_faults(admin: Client) -> None:
    code, sentence = fault(ask(admin, "deploy", ""))
    assert (code, "No operation available for request" in sentence) == ("soapenv:Client", True)
    answer = ask(admin, "describeMetadata", "", version="99.0")
    assert "UNSUPPORTED_API_VERSION" in fault(answer)[1]
