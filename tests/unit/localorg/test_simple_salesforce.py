"""The client that we build on, unchanged."""

import pytest
import requests
from simple_salesforce.api import Salesforce, SFType
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from crm_sync.localorg.serve import LocalOrg


@pytest.fixture(scope="module")
def salesforce(running_org: LocalOrg) -> Salesforce:
    """Signed in with client credentials.

    simple-salesforce asks https://DOMAIN.salesforce.com for its token; with HOST:PORT/my as the
    domain that is a path of the local org.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = str(running_org.ca_bundle)
    host = running_org.instance_url.removeprefix("https://")
    return Salesforce(
        consumer_key=running_org.client_id,
        consumer_secret=running_org.client_secret,
        domain=f"{host}/my",
        session=session,
        version="60.0",
    )


def resource(salesforce: Salesforce, name: str) -> SFType:
    found = getattr(salesforce, name)
    assert isinstance(found, SFType)
    return found


def test_it_signs_in_upserts_queries_and_deletes(salesforce: Salesforce) -> None:
    account = resource(salesforce, "Account")
    assert account.upsert("CRM_Id__c/key 1", {"Name": "Simple"}) == 201
    assert account.upsert("CRM_Id__c/key 1", {"Phone": "1"}) == 200
    found = salesforce.query("SELECT Id, Name, Phone FROM Account WHERE CRM_Id__c = 'key 1'")
    [record] = found["records"]
    assert (record["Name"], record["Phone"]) == ("Simple", "1")
    assert account.get(record["Id"])["Name"] == "Simple"
    assert account.delete(record["Id"]) == 204
    assert salesforce.query_all("SELECT Id FROM Account")["totalSize"] == 0
    assert salesforce.query("SELECT Id FROM Account", include_deleted=True)["totalSize"] == 1


def test_it_reads_errors_limits_and_describe(salesforce: Salesforce) -> None:
    account, lead = resource(salesforce, "Account"), resource(salesforce, "Lead")
    with pytest.raises(SalesforceMalformedRequest) as refused:
        lead.create({"Company": "C"})
    assert "REQUIRED_FIELD_MISSING" in str(refused.value)
    with pytest.raises(SalesforceResourceNotFound):
        account.get("001000000000001AAA")
    assert account.describe()["name"] == "Account"
    assert salesforce.limits()["DailyApiRequests"]["Max"] == 15000
    assert salesforce.api_usage["api-usage"].total == 15000


def test_it_signs_in_again_when_its_session_has_expired(
    salesforce: Salesforce, running_org: LocalOrg
) -> None:
    running_org.expire_sessions()
    assert salesforce.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
