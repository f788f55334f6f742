"""What the Metadata API says to a custom field that cannot be."""

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client
from .metadata_calls import document, refusal, save, text_field

REFUSED = [
    (
        text_field("Foo__c.Rank__c"),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Entity Enumeration Or ID: bad value for restricted picklist field: Foo__c",
    ),
    (
        text_field("Task.Rank__c"),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Entity Enumeration Or ID: bad value for restricted picklist field: Task",
    ),
    (
        text_field("Profile.Rank__c"),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Entity Enumeration Or ID: bad value for restricted picklist field: Profile",
    ),
    (
        text_field("Account.Rank"),
        "FIELD_INTEGRITY_EXCEPTION",
        "Could not resolve standard field's name.",
    ),
    (
        text_field("Account"),
        "FIELD_INTEGRITY_EXCEPTION",
        "Could not resolve standard field's name.",
    ),
    (
        text_field("Account.CRM_Id__c"),
        "DUPLICATE_DEVELOPER_NAME",
        "There is already a field named CRM_Id on Account.",
    ),
    (
        text_field("Activity.CRM_Id__c"),
        "DUPLICATE_DEVELOPER_NAME",
        "There is already a field named CRM_Id on Activity.",
    ),
    (
        document("CustomField", "Account.Rank__c", "<type>Text</type><length>5</length>"),
        "FIELD_INTEGRITY_EXCEPTION",
        "Must specify a non-empty label for the CustomField",
    ),
    (
        document("CustomField", "Account.Rank__c", "<label>R</label><length>5</length>"),
        "REQUIRED_FIELD_MISSING",
        "Required field is missing: type",
    ),
    (
        document("CustomField", "Account.Rank__c", "<label>R</label><type>Text</type>"),
        "FIELD_INTEGRITY_EXCEPTION",
        "Must specify 'length' for a CustomField of type Text",
    ),
    (
        document("CustomField", "Account.Rank__c", "<label>R</label><type>Checkbox</type>"),
        "FIELD_INTEGRITY_EXCEPTION",
        "Must specify 'defaultValue' for a CustomField of type Checkbox",
    ),
    (
        document(
            "CustomField",
            "Account.Rank__c",
            "<label>R</label><type>TextArea</type><length>5</length>",
        ),
        "FIELD_INTEGRITY_EXCEPTION",
        "Can not specify 'length' for a CustomField of type TextArea",
    ),
    (
        text_field("Account.Rank__c", length=256),
        "FIELD_INTEGRITY_EXCEPTION",
        "Length must be between 1 and 255",
    ),
    (
        document(
            "CustomField",
            "Account.Rank__c",
            "<label>R</label><type>LongTextArea</type><length>30</length>"
            "<visibleLines>3</visibleLines>",
        ),
        "FIELD_INTEGRITY_EXCEPTION",
        "Invalid length, minimum is: 256",
    ),
    (
        document("CustomField", "", "<label>R</label><type>Date</type>"),
        "REQUIRED_FIELD_MISSING",
        "Required field is missing: fullName",
    ),
    (
        document("CustomField", "Account.Rank__c", "<label>R</label><type>AutoNumber</type>"),
        "UNKNOWN_EXCEPTION",
        "The local org makes no fields of type AutoNumber.",
    ),
    (
        document(
            "CustomField",
            "Account.Rank__c",
            "<label>R</label><type>Lookup</type><referenceTo>Foo__c</referenceTo>"
            "<relationshipName>Ranks</relationshipName>",
        ),
        "INVALID_CROSS_REFERENCE_KEY",
        "In field: referenceTo - no CustomObject named Foo__c found",
    ),
    (
        text_field("Account.Rank__c", "<defaultValue>TODAY()</defaultValue>"),
        "UNKNOWN_EXCEPTION",
        "The local org evaluates no formulas: a default value is a literal, not TODAY()",
    ),
]


@pytest.fixture(scope="module")
def refusing(running_org: LocalOrg) -> Client:
    """The administrator of an org that no test here changes."""
    client = Client(running_org)
    client.session.headers["Authorization"] = f"Bearer {running_org.admin_token}"
    return client


@pytest.mark.parametrize(("given", "code", "message"), REFUSED)
def test_what_is_wrong_with_a_field_is_told(
    refusing: Client, given: str, code: str, message: str
) -> None:
    assert refusal(refusing, "createMetadata", given) == (code, message)


@pytest.mark.parametrize("name", ["_A", "A_", "A__B", "1A", "A B", "Ä", "A" * 41])
def test_a_name_that_can_be_none_is_refused(refusing: Client, name: str) -> None:
    code, message = refusal(refusing, "createMetadata", text_field(f"Account.{name}__c"))
    assert code == "FIELD_INTEGRITY_EXCEPTION"
    assert message.startswith("The Field Name field can only contain underscores and alphanumeric")


@pytest.mark.parametrize(
    "inner",
    [
        "<type>Checkbox</type><required>true</required><defaultValue>false</defaultValue>",
        "<type>LongTextArea</type><length>30</length><visibleLines>3</visibleLines>",
    ],
)
def test_some_refusals_name_no_field(refusing: Client, inner: str) -> None:
    """R, amp-labs."""
    field = document("CustomField", "Account.Rank__c", f"<label>R</label>{inner}")
    [result] = save(refusing, "upsertMetadata", field)
    assert result["errors"].keys() == {"message", "statusCode"}
