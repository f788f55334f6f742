"""jsforce 3: each test is a short program, as its README writes them."""

import json
from typing import Any

import pytest

from tests.support.clients import Clients

pytestmark = pytest.mark.clients

PRELUDE = """
const {createRequire} = require('node:module');
const jsforce = createRequire(process.env.CLIENTS + '/')('jsforce');
const org = JSON.parse(process.env.ORG);
const say = value => console.log(JSON.stringify(value));
const connection = new jsforce.Connection(
    {instanceUrl: org.instance_url, accessToken: org.access_token, version: '60.0'});
const app = {loginUrl: org.instance_url, clientId: org.client_id, clientSecret: org.client_secret};
"""


def run(tools: Clients, program: str) -> list[Any]:
    """What an asynchronous program says, value by value."""
    script = (
        f"{PRELUDE}(async () => {{{program}}})().catch(e => {{console.error(e); process.exit(1)}})"
    )
    surroundings = {"ORG": json.dumps(tools.org.connection()), "CLIENTS": str(tools.directory)}
    done = tools.run("node", "-e", script, env=surroundings)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_signs_in_by_soap_by_password_and_by_client_credentials(tools: Clients) -> None:
    by_soap, by_password, by_app, identity, refused = run(
        tools,
        """
        const soap = new jsforce.Connection({loginUrl: org.instance_url, version: '60.0'});
        say(await soap.login(org.username, org.password + org.security_token));
        const password = new jsforce.Connection({oauth2: app, version: '60.0'});
        say(await password.login(org.username, org.password));
        const credentials = new jsforce.Connection(
            {instanceUrl: org.instance_url, oauth2: app, version: '60.0'});
        say(await credentials.authorize({grant_type: 'client_credentials'}));
        say(await credentials.identity());
        await soap.login(org.username, 'wrong').catch(e => say(e.message));
        """,
    )
    org = tools.org
    for user in (by_soap, by_password, by_app):
        assert user["id"] == org.integration_user_id
        assert user["organizationId"] == org.org_id
    assert identity["username"] == org.username
    assert refused.startswith("INVALID_LOGIN: Invalid username, password, security token")


def test_upsert_retrieve_update_and_destroy(tools: Clients) -> None:
    made, one, found, changed, gone, refused = run(
        tools,
        """
        const accounts = connection.sobject('Account');
        const made = await accounts.upsert(
            [{CRM_Id__c: 'u1', Name: 'A'}, {CRM_Id__c: 'u2', Name: 'B'}], 'CRM_Id__c');
        say(made);
        say(await accounts.upsert({CRM_Id__c: 'u1', Phone: '1'}, 'CRM_Id__c'));
        const found = accounts.find({CRM_Id__c: {$like: 'u%'}}, 'Id, Name, Phone');
        say(await found.sort('Name').execute());
        say(await accounts.update(made.map(m => ({Id: m.id, Site: 'here'}))));
        say(await accounts.destroy(made.map(m => m.id)));
        await connection.sobject('Lead').create({Company: 'C'}).catch(
            e => say([e.errorCode, e.message]));
        """,
    )
    assert [m["created"] for m in made] == [True, True]
    assert one == {"id": made[0]["id"], "success": True, "errors": [], "created": False}
    assert [(r["Name"], r["Phone"]) for r in found] == [("A", "1"), ("B", None)]
    assert all(result["success"] for result in changed + gone)
    assert [tools.org.store.record(m["id"])["Site"] for m in made] == ["here", "here"]  # type: ignore[index] # they were made above
    assert tools.org.store.records("Account") == []
    assert refused == ["REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]"]


def test_rows_in_bulk_and_a_query_that_fetches_all_pages(tools: Clients) -> None:
    counts, refused, queried, streamed = run(
        tools,
        """
        connection.bulk2.pollInterval = 50;
        const row = n => ({CRM_Id__c: `k${n}`, LastName: `L ${n}`});
        const rows = Array.from({length: 2500}, (_, n) => row(n));
        const load = operation => input => connection.bulk2.loadAndWaitForResults(
            {object: 'Contact', operation, externalIdFieldName: 'CRM_Id__c', input});
        const upserted = await load('upsert')([...rows, {CRM_Id__c: 'bad', LastName: ''}]);
        say([upserted.successfulResults.length, upserted.unprocessedRecords.length]);
        say(upserted.failedResults);
        const records = [];
        const query = connection.query('SELECT Id, LastName FROM Contact').on(
            'record', r => records.push(r));
        await query.run({autoFetch: true, maxFetch: 10000});
        say([records.length, query.totalSize]);
        const some = "SELECT Id FROM Contact WHERE LastName LIKE 'L 1%'";
        const stream = await connection.bulk2.query(some);
        say((await stream.toArray()).length);
        """,
    )
    assert counts == [2500, 0]
    [failed] = refused
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert queried == [2500, 2500]
    assert streamed == 1111


def test_describe_limits_and_what_was_deleted(tools: Clients) -> None:
    fields, objects, limit, used, deleted = run(
        tools,
        """
        say((await connection.describe('Event')).fields.map(f => f.name));
        say((await connection.describeGlobal()).sobjects.map(o => o.name));
        say((await connection.limits()).DailyApiRequests.Max);
        say(connection.limitInfo.apiUsage.used);
        const made = await connection.sobject('Campaign').create({Name: 'C'});
        await connection.sobject('Campaign').destroy(made.id);
        const [start, end] = [Date.now() - 3600000, Date.now() + 3600000];
        const listed = await connection.sobject('Campaign').deleted(new Date(start), new Date(end));
        say(listed.deletedRecords.map(r => r.id === made.id));
        """,
    )
    assert {"StartDateTime", "WhoId", "CRM_Id__c"} <= set(fields)
    assert {"Account", "Opportunity", "Campaign"} <= set(objects)
    assert limit == 15000
    assert used > 0
    assert deleted == [True]


def test_a_custom_field_is_made_permitted_and_filled(tools: Clients) -> None:
    """By the Metadata API, as an administrator; the integration user then writes it."""
    made, read, permitted, upserted, refused = run(
        tools,
        """
        const admin = new jsforce.Connection({loginUrl: org.instance_url, version: '60.0'});
        await admin.login(org.admin_username, org.admin_password);
        const field = {fullName: 'Account.Key__c', label: 'Key', type: 'Text', length: 40,
            externalId: true, unique: true, caseSensitive: true};
        say(await admin.metadata.upsert('CustomField', [field]));
        say(await admin.metadata.read('CustomField', ['Account.Key__c']));
        const permission = {field: 'Account.Key__c', readable: true, editable: true};
        say(await admin.metadata.upsert('PermissionSet', [
            {fullName: 'Key_Access', label: 'Key access', fieldPermissions: [permission]}]));
        const set = await admin.sobject('PermissionSet').findOne({Name: 'Key_Access'}, 'Id');
        await admin.sobject('PermissionSetAssignment').create(
            {PermissionSetId: set.Id, AssigneeId: (await connection.identity()).user_id});
        say(await connection.sobject('Account').upsert({Key__c: 'k', Name: 'K'}, 'Key__c'));
        say(await admin.metadata.upsert('CustomField', [{...field, fullName: 'Nothing.Key__c'}]));
        """,
    )
    assert made == [{"created": True, "fullName": "Account.Key__c", "success": True, "errors": []}]
    assert (read[0]["type"], read[0]["length"], read[0]["unique"]) == ("Text", 40, True)
    assert permitted[0]["success"]
    assert upserted["created"]
    assert [a["Key__c"] for a in tools.org.store.records("Account")] == ["k"]
    assert not refused[0]["success"]
    assert refused[0]["errors"][0]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
