"""The Tooling API: queries over objects and fields, custom fields one by one, describes."""

from typing import Any

import pytest
import requests

from .client import Client
from .permitting import described, error, set_field, sync_set

FIELD = {"label": "Rank", "type": "Text", "length": 20}


def query(client: Client, soql: str) -> dict[str, Any]:
    answer = client.call("GET", "/tooling/query", params={"q": soql})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def create(client: Client, full_name: str, **metadata: Any) -> requests.Response:
    body = {"FullName": full_name, "Metadata": {**FIELD, **metadata}}
    return client.call("POST", "/tooling/sobjects/CustomField", body)


# Queries ---------------------------------------------------------------------------------------


def test_an_answer_has_the_keys_of_a_tooling_answer(client: Client) -> None:
    answer = query(
        client,
        "SELECT DataType, FieldDefinition.QualifiedApiName FROM EntityParticle "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'OwnerId'",
    )
    base = "/services/data/v60.0/tooling/sobjects"
    assert answer == {
        "size": 1,
        "totalSize": 1,
        "done": True,
        "queryLocator": None,
        "entityTypeName": "EntityParticle",
        "records": [
            {
                "attributes": {
                    "type": "EntityParticle",
                    "url": f"{base}/EntityParticle/Account.Owner",
                },
                "DataType": "reference",
                "FieldDefinition": {
                    "attributes": {
                        "type": "FieldDefinition",
                        "url": f"{base}/FieldDefinition/Account.Owner",
                    },
                    "QualifiedApiName": "OwnerId",
                },
            }
        ],
    }


def test_a_lookup_names_its_parents(client: Client) -> None:
    [row] = query(
        client,
        "Select QualifiedApiName, RelationshipName, ReferenceTo, ReferenceTargetField, DataType "
        "from FieldDefinition where EntityDefinition.QualifiedApiName = 'Opportunity' "
        "and QualifiedApiName = 'AccountId'",
    )["records"]
    del row["attributes"]
    assert row == {
        "QualifiedApiName": "AccountId",
        "RelationshipName": "Account",
        "ReferenceTo": {"referenceTo": ["Account"]},
        "ReferenceTargetField": None,
        "DataType": "Lookup(Account)",
    }


def test_inspector_finds_every_field_of_an_object(client: Client) -> None:
    """The query of Salesforce Inspector Reloaded, inspect.js."""
    rows = query(
        client,
        "SELECT QualifiedApiName, Label, DataType, ReferenceTo, Length, Precision, Scale, "
        "IsAutonumber, IsCaseSensitive, IsDependentPicklist, IsEncrypted, IsIdLookup, "
        "IsHtmlFormatted, IsNillable, IsUnique, IsCalculated, InlineHelpText, "
        "FieldDefinition.DurableId, EntityDefinition.DurableId FROM EntityParticle "
        "WHERE EntityDefinition.QualifiedApiName = 'Account'",
    )["records"]
    names = {row["QualifiedApiName"]: row for row in rows}
    assert names.keys() == described(client, "Account").keys()
    assert names["BillingCity"]["FieldDefinition"]["DurableId"] == "Account.BillingAddress"
    key = names["CRM_Id__c"]
    assert (key["IsUnique"], key["IsIdLookup"], key["IsCaseSensitive"]) == (True, True, True)
    assert key["FieldDefinition"]["DurableId"].startswith("Account.00N")
    assert key["EntityDefinition"]["DurableId"] == "Account"


def test_a_hidden_field_is_found(own: Client, admin: Client) -> None:
    set_field(admin, "Account.CRM_Id__c", PermissionsRead=False, PermissionsEdit=False)
    assert "CRM_Id__c" not in described(own, "Account")
    where = "WHERE EntityDefinitionId = 'Account' AND QualifiedApiName = 'CRM_Id__c'"
    [row] = query(own, f"SELECT Id, DataType FROM FieldDefinition {where}")["records"]
    assert row["Id"] == "000000000000000AAA"
    assert row["DataType"] == "Text(64) (External ID) (Unique Case Sensitive)"


def test_a_definition_of_a_custom_field_has_its_metadata(client: Client) -> None:
    where = "EntityDefinitionId = 'Lead' AND QualifiedApiName = 'CRM_Id__c'"
    asked = f"SELECT DurableId FROM FieldDefinition WHERE {where}"
    [row] = query(client, asked)["records"]
    metadata = f"select Metadata from FieldDefinition where DurableId = '{row['DurableId']}'"
    [found] = query(client, metadata)["records"]
    assert found["Metadata"]["type"] == "Text"
    assert (found["Metadata"]["externalId"], found["Metadata"]["formula"]) == (True, None)


def test_objects_are_found(client: Client) -> None:
    asked = (
        "SELECT QualifiedApiName, Label, KeyPrefix, IsCustomizable FROM EntityDefinition "
        "WHERE isCustomizable = TRUE AND KeyPrefix LIKE '00%' ORDER BY Label ASC"
    )
    rows = query(client, asked)["records"]
    assert [row["QualifiedApiName"] for row in rows] == sorted(
        row["QualifiedApiName"] for row in rows
    )
    assert {"Account", "Lead", "Opportunity"} <= {row["QualifiedApiName"] for row in rows}
    activity = "SELECT Label FROM EntityDefinition WHERE QualifiedApiName IN ('Activity', 'X')"
    assert [row["Label"] for row in query(client, activity)["records"]] == ["Activity"]


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        (
            "SELECT COUNT(qualifiedapiname), isfeedenabled FROM EntityDefinition "
            "GROUP BY isfeedenabled",
            "The requested operation is not yet supported by this SObject storage type, contact "
            "salesforce.com support for more information.",
        ),
        (
            "SELECT qualifiedapiname FROM EntityDefinition WHERE qualifiedapiname!='Account'",
            "Only equals comparisons permitted",
        ),
        (
            "SELECT qualifiedapiname, keyprefix FROM EntityDefinition WHERE isfeedenabled=true "
            "OR (isfeedenabled=false AND keyprefix='01j')",
            "Disjunctions not supported",
        ),
    ],
)
def test_what_the_catalog_cannot_be_asked(client: Client, soql: str, message: str) -> None:
    answer = client.call("GET", "/tooling/query", params={"q": soql})
    assert error(answer) == (400, "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", message)


def test_bounds_are_ignored_where_salesforce_ignores_them(client: Client) -> None:
    whole = query(client, "SELECT QualifiedApiName FROM EntityDefinition")
    some = query(client, "SELECT QualifiedApiName FROM EntityDefinition LIMIT 5 OFFSET 1")
    assert some == whole
    assert query(client, "SELECT Id FROM CustomField LIMIT 2")["totalSize"] == 2
    named = "SELECT Id FROM EntityDefinition WHERE Label = 'x or limit 1'"
    assert query(client, named)["records"] == []


def test_metadata_is_told_of_one_row_only(client: Client) -> None:
    sentence = (
        "When retrieving results with Metadata or FullName fields, the query qualifications must "
        "specify no more than one row for retrieval. Result size: 2"
    )
    for field in ("Metadata", "FullName"):
        asked = {"q": f"SELECT Id, {field} FROM CustomField LIMIT 2"}
        answer = client.call("GET", "/tooling/query", params=asked)
        assert error(answer) == (400, "MALFORMED_QUERY", sentence)


def test_custom_fields_are_found_with_who_made_them(client: Client) -> None:
    where = "WHERE DeveloperName = 'CRM_Id' AND TableEnumOrId = 'Activity'"
    asked = (
        f"SELECT Id, FullName, Metadata, ManageableState, CreatedBy.Name FROM CustomField {where}"
    )
    [row] = query(client, asked)["records"]
    assert row["FullName"] == "Activity.CRM_Id__c"
    assert row["CreatedBy"]["Name"] == "Ada Admin"
    every = query(client, "SELECT Id FROM CustomField")["totalSize"]
    assert query(client, "SELECT COUNT() FROM CustomField")["totalSize"] == every > 1
    assert query(client, "SELECT Id FROM CustomObject")["records"] == []


def test_data_is_asked_elsewhere(client: Client) -> None:
    for soql, code in (
        ("SELECT Id FROM Account", "INVALID_TYPE"),
        ("SELECT Foo FROM CustomField", "INVALID_FIELD"),
        ("SELECT", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ):
        answer = client.call("GET", "/tooling/query", params={"q": soql})
        assert error(answer)[:2] == (400, code)


def test_who_may_not_see_setup_sees_no_custom_fields(own: Client, admin: Client) -> None:
    body = {"PermissionsViewSetup": False}
    admin.call("PATCH", f"/sobjects/PermissionSet/{sync_set(admin)}", body)
    answer = own.call("GET", "/tooling/query", params={"q": "SELECT Id FROM CustomField"})
    assert error(answer)[:2] == (400, "INVALID_TYPE")
    assert query(own, "SELECT Id FROM EntityDefinition")["size"] > 1


# Custom fields ---------------------------------------------------------------------------------


def test_a_field_is_made_seen_and_granted_as_inspector_does(own: Client, admin: Client) -> None:
    """The body and the next call of Salesforce Inspector Reloaded, field-creator.js."""
    answer = create(
        admin,
        "Account.Rank__c",
        required=False,
        trackFeedHistory=False,
        trackHistory=False,
        trackTrending=False,
        description="",
        inlineHelpText="Help",
        unique=False,
        externalId=True,
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made == {"id": made["id"], "success": True, "errors": [], "warnings": [], "infos": []}
    assert answer.headers["Location"].endswith(f"/tooling/sobjects/CustomField/{made['id']}")
    for client in (own, admin):
        assert "Rank__c" not in described(client, "Account")
    asked = "SELECT Id FROM CustomField WHERE DeveloperName = 'Rank'"
    assert [row["Id"] for row in query(admin, asked)["records"]] == [made["id"]]
    permission = {
        "ParentId": sync_set(admin),
        "SobjectType": "Account",
        "Field": "Account.Rank__c",
        "PermissionsEdit": True,
        "PermissionsRead": True,
    }
    assert admin.call("POST", "/sobjects/FieldPermissions/", permission).status_code == 201
    assert described(own, "Account")["Rank__c"]["inlineHelpText"] == "Help"


def test_a_field_is_read_changed_and_deleted(own: Client, admin: Client) -> None:
    made = create(admin, "Account.Rank__c", description="why").json()["id"]
    path = f"/tooling/sobjects/CustomField/{made}"
    record = admin.call("GET", path).json()
    assert record["attributes"]["url"] == f"/services/data/v60.0{path}"
    assert (record["TableEnumOrId"], record["DeveloperName"]) == ("Account", "Rank")
    assert (record["FullName"], record["Length"]) == ("Account.Rank__c", 20)
    assert (record["Metadata"]["description"], record["Metadata"]["unique"]) == ("why", None)
    body = {"FullName": "Account.Rank__c", "Metadata": {**record["Metadata"], "length": "30"}}
    assert admin.call("PATCH", path, body).status_code == 204
    assert admin.call("GET", path[:-3]).json()["Length"] == 30
    assert admin.call("DELETE", path).status_code == 204
    assert admin.call("GET", path).status_code == 404
    assert admin.call("DELETE", path).status_code == 404


def test_several_go_in_one_composite(own: Client, admin: Client) -> None:
    base = "/services/data/v60.0/tooling"
    requests_ = [
        {
            "method": "POST",
            "url": f"{base}/sobjects/CustomField",
            "referenceId": name,
            "body": {"FullName": f"{name}.Rank__c", "Metadata": FIELD},
        }
        for name in ("Account", "Foo", "Lead")
    ]
    body = {"allOrNone": False, "compositeRequest": requests_}
    told = admin.call("POST", "/tooling/composite", body).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in told] == [201, 400, 201]
    other = {**requests_[0], "body": {"FullName": "Account.Other__c", "Metadata": FIELD}}
    body = {"allOrNone": True, "compositeRequest": [other, requests_[1]]}
    told = admin.call("POST", "/tooling/composite", body).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in told] == [400, 400]
    asked = "SELECT Id FROM CustomField WHERE DeveloperName = 'Other'"
    assert query(admin, asked)["records"] == []
    own.upsert_one("Account", CRM_Id__c="1", Name="A")
    assert create(admin, "Account.Other__c").status_code == 201


def test_what_is_wrong_with_a_field_is_told(admin: Client) -> None:
    path = "/tooling/sobjects/CustomField"
    cases: list[tuple[Any, str, str]] = [
        (
            {"FullName": "Account.CRM_Id__c", "Metadata": FIELD},
            "DUPLICATE_DEVELOPER_NAME",
            "There is already a field named CRM_Id on Account.",
        ),
        (
            {"FullName": "Account.A__c", "Metadata": {"type": "Text", "label": "A"}},
            "FIELD_INTEGRITY_EXCEPTION",
            "Must specify 'length' for a CustomField of type Text",
        ),
        ({"FullName": "Account.A__c"}, "REQUIRED_FIELD_MISSING", "[Metadata]"),
        ({"Metadata": FIELD}, "REQUIRED_FIELD_MISSING", "[FullName]"),
        ({}, "REQUIRED_FIELD_MISSING", "[FullName, Metadata]"),
        ({"Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type CustomField"),
        ([], "INVALID_FIELD", "Json Deserialization failed"),
        (None, "JSON_PARSER_ERROR", "entity body"),
        ({"FullName": "Account.A__c", "Metadata": 1}, "JSON_PARSER_ERROR", "complexvalue"),
        (
            {"FullName": "Account.A__c", "Metadata": {**FIELD, "lable": "A"}},
            "JSON_PARSER_ERROR",
            'Unrecognized field "lable"',
        ),
        (
            {"FullName": "Account.A__c", "Metadata": {**FIELD, "unique": "perhaps"}},
            "JSON_PARSER_ERROR",
            "'perhaps' is not a valid value for the type xsd:boolean",
        ),
        (
            {"FullName": "Account.A__c", "Metadata": {**FIELD, "valueSet": "a"}},
            "JSON_PARSER_ERROR",
            "complexvalue",
        ),
    ]
    for body, code, message in cases:
        status, told, sentence = error(admin.call("POST", path, body))
        assert (status, told) == (400, code), sentence
        assert message in sentence


def test_only_fields_are_made_and_only_by_those_who_may(own: Client, admin: Client) -> None:
    assert error(create(own, "Account.Rank__c"))[:2] == (403, "INSUFFICIENT_ACCESS")
    answer = admin.call("POST", "/tooling/sobjects/EntityDefinition", {})
    assert error(answer)[:2] == (400, "INVALID_TYPE_FOR_OPERATION")
    assert admin.call("POST", "/tooling/sobjects/ApexClass", {}).status_code == 404
    record = query(admin, "SELECT Id FROM CustomField LIMIT 1")["records"][0]["Id"]
    renamed = {"FullName": "Account.New__c", "Metadata": FIELD}
    answer = admin.call("PATCH", f"/tooling/sobjects/CustomField/{record}", renamed)
    assert error(answer)[:2] == (400, "UNKNOWN_EXCEPTION")


def test_the_tooling_objects_are_described(client: Client) -> None:
    told = client.call("GET", "/tooling/sobjects").json()
    assert (told["encoding"], told["maxBatchSize"]) == ("UTF-8", 200)
    names = {each["name"]: each for each in told["sobjects"]}
    assert {"CustomField", "EntityDefinition", "FieldDefinition"} <= names.keys()
    base = "/services/data/v60.0/tooling"
    assert names["CustomField"]["urls"]["describe"] == f"{base}/sobjects/CustomField/describe"
    field = client.call("GET", "/tooling/sobjects/CustomField/describe").json()
    assert {"Id", "FullName", "Metadata"} <= {each["name"] for each in field["fields"]}
    assert client.call("GET", "/tooling/sobjects/ApexClass/describe").status_code == 404
    basic = client.call("GET", "/tooling/sobjects/CustomField").json()
    assert basic["objectDescribe"]["keyPrefix"] == "00N"
    account = client.call("GET", "/tooling/sobjects/EntityDefinition/Account").json()
    assert (account["DurableId"], account["Id"]) == ("Account", "000000000000000AAA")
    assert client.call("GET", "/tooling").json()["query"] == f"{base}/query"
