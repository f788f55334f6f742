"""Values, links and bodies at their bounds."""

import gzip
from typing import Any

import pytest

from crm_sync.localorg.listening import PortError, bind

from .browser_like import Visitor
from .client import BASE, Client

OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}


def test_an_account_is_never_above_itself(client: Client) -> None:
    one, two = (client.upsert_one("Account", CRM_Id__c=f"circle{n}", Name="A") for n in range(2))
    for record_id, parent in ((one, one), (two, one), (one, two)):
        path = f"/sobjects/Account/{record_id}"
        answer = client.call("PATCH", path, {"ParentId": parent})
        if record_id == two:
            assert answer.status_code == 204
        else:
            assert answer.status_code == 400
            assert answer.json()[0]["errorCode"] == "CIRCULAR_DEPENDENCY"
            assert answer.json()[0]["fields"] == ["ParentId"]


def test_a_circle_within_one_request_refuses_the_row_that_closes_it(client: Client) -> None:
    for n in range(2):
        client.upsert_one("Account", CRM_Id__c=f"ring{n}", Name="A")
    first, second = client.upsert(
        "Account",
        {"CRM_Id__c": "ring0", "Parent": {"CRM_Id__c": "ring1"}},
        {"CRM_Id__c": "ring1", "Parent": {"CRM_Id__c": "ring0"}},
    )
    assert (first["success"], second["success"]) == (True, False)


@pytest.mark.parametrize(
    ("object_name", "fields"),
    [
        ("Opportunity", {**OPPORTUNITY, "Probability": 101}),
        ("Opportunity", {**OPPORTUNITY, "Probability": -5}),
        ("Account", {"Name": "A", "BillingLatitude": 95}),
        ("Account", {"Name": "A", "BillingLongitude": -181}),
    ],
)
def test_a_number_beyond_its_bounds_is_refused(
    client: Client, object_name: str, fields: dict[str, Any]
) -> None:
    error = client.error(object_name, CRM_Id__c="bounds", **fields)
    assert error["statusCode"] == "NUMBER_OUTSIDE_VALID_RANGE"


@pytest.mark.parametrize("text", ["\u0661\u0662", "\uff11\uff12", "1_2"])
def test_a_number_is_written_in_digits_of_ascii(client: Client, text: str) -> None:
    error = client.error("Account", CRM_Id__c="digits", Name="A", NumberOfEmployees=text)
    assert error["statusCode"] == "JSON_PARSER_ERROR"


def test_expected_revenue_is_counted_in_decimals(client: Client) -> None:
    one = client.upsert_one(
        "Opportunity", CRM_Id__c="decimals", Amount=0.15, Probability=70, **OPPORTUNITY
    )
    assert client.call("GET", f"/sobjects/Opportunity/{one}").json()["ExpectedRevenue"] == 0.11


def test_a_person_is_a_member_of_a_campaign_once(client: Client) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="member", LastName="L", Company="C")
    campaign = client.upsert_one("Campaign", CRM_Id__c="campaign", Name="C")
    member = {"attributes": {"type": "CampaignMember"}, "LeadId": lead, "CampaignId": campaign}
    body = {"allOrNone": False, "records": [member, member]}
    first, second = client.call("POST", "/composite/sobjects", body).json()
    assert (first["success"], second["success"]) == (True, False)
    third = client.call(
        "POST", "/sobjects/CampaignMember", {"LeadId": lead, "CampaignId": campaign}
    )
    assert (third.status_code, third.json()[0]["message"]) == (400, "Already a campaign member.")
    changed = client.call(
        "PATCH", f"/sobjects/CampaignMember/{first['id']}", {"Status": "Responded"}
    )
    assert changed.status_code == 204


def test_a_read_of_a_record_that_is_not_as_the_caller_knows_it_is_412(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="etag", Name="A")
    path = f"/sobjects/Account/{one}"
    tag = client.call("GET", path).headers["ETag"]
    assert client.call("GET", path, headers={"If-Match": tag}).status_code == 200
    assert client.call("GET", path, headers={"If-Match": '"other"'}).status_code == 412
    old = {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    assert client.call("GET", path, headers=old).status_code == 412


def test_a_batch_size_of_thousands_of_digits_is_ignored(client: Client) -> None:
    headers = {"Sforce-Query-Options": "batchSize=" + "9" * 5000}
    params = {"q": "SELECT Id FROM User"}
    assert client.call("GET", "/query", params=params, headers=headers).status_code == 200


def test_a_text_of_a_query_has_at_most_4000_characters(client: Client) -> None:
    for length, status in ((4000, 200), (4001, 400)):
        params = {"q": f"SELECT Id FROM Account WHERE Name='{'x' * length}'"}
        assert client.call("GET", "/query", params=params).status_code == status


def test_a_key_that_ends_as_a_files_name_has_no_address(client: Client) -> None:
    answer = client.call("PATCH", "/sobjects/Account/CRM_Id__c/a.inc", {"Name": "A"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_a_body_that_unpacks_beyond_the_bound_is_413(client: Client) -> None:
    answer = client.session.post(
        f"{client.org.instance_url}{BASE}/sobjects/Account",
        data=gzip.compress(b" " * 60_000_000 + b'{"Name":"A"}'),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        timeout=30,
    )
    assert answer.status_code == 413


def test_a_form_that_is_no_text_is_refused_as_the_token_end_point_refuses(client: Client) -> None:
    answer = client.session.post(
        f"{client.org.instance_url}/services/oauth2/token",
        data=b"grant_type=\xff",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    "then",
    [{"status": 100}, {"status": 204, "body": "x"}, {"delay": 1e308}, {"job": {}}],
)
def test_a_fault_that_could_not_be_carried_out_is_refused(client: Client, then: Any) -> None:
    answer = client.call("POST", "/local/faults", {"then": then})
    assert answer.status_code == 400


def test_a_host_that_does_not_exist_is_blamed_and_not_the_port() -> None:
    with pytest.raises(PortError, match=r"There is no host nosuch\.invalid"):
        bind("nosuch.invalid", 0)


def test_the_form_names_the_field_whose_value_is_of_the_wrong_kind(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="form", Name="A")
    visitor = Visitor(client.org)
    form = {"shown": '{"NumberOfEmployees":""}', "NumberOfEmployees": "many", "Name": "A"}
    answer = visitor.post(f"/page/records/{one}/edit", form)
    assert answer.status_code == 400
    assert "Employees: Cannot deserialize instance of int" in answer.text
