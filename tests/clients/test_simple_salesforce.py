"""The client that we build on, unchanged."""

from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce, SFType
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

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


def signed_in(org: LocalOrg, **given: Any) -> Salesforce:
    """simple-salesforce with its own ways to sign in, at HOST:PORT/my.salesforce.com."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(org.ca_bundle)
    host = org.instance_url.removeprefix("https://")
    return Salesforce(**given, domain=f"{host}/my", session=session)


def test_it_signs_in_by_soap_by_assertion_and_by_password(running_org: LocalOrg) -> None:
    org = running_org
    who = {"username": org.username}
    secret = {"password": org.password}
    app = {"consumer_key": org.client_id}
    for given in (
        {**who, **secret, "security_token": org.security_token},
        {**who, **secret, "organizationId": org.org_id},
        {**who, **app, "privatekey_file": str(org.private_key_file)},
        {**who, **app, "privatekey": org.private_key_file.read_text(encoding="ascii")},
        {**who, **secret, **app, "consumer_secret": org.client_secret},
    ):
        found = signed_in(org, **given)
        assert found.sf_instance == org.instance_url.removeprefix("https://")
        assert found.query("SELECT COUNT() FROM Organization")["totalSize"] == 1


def test_it_names_what_is_wrong_with_a_sign_in(running_org: LocalOrg) -> None:
    org = running_org
    who = {"username": org.username, "password": "wrong"}
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        signed_in(org, **who, security_token="x")
    assert refused.value.code == "INVALID_LOGIN"
    assert "Invalid username, password, security token" in str(refused.value)
    app = {"consumer_key": org.client_id, "consumer_secret": org.client_secret}
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        signed_in(org, **who, **app)
    assert refused.value.code == "invalid_grant"
    assert "authentication failure" in str(refused.value)


def test_it_signs_in_again_by_soap_when_its_session_has_expired(running_org: LocalOrg) -> None:
    secret = {"password": running_org.password, "security_token": running_org.security_token}
    found = signed_in(running_org, username=running_org.username, **secret)
    running_org.expire_sessions()
    assert found.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
