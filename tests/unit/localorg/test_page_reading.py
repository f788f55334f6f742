"""What the page shows: objects, lists, records."""

import pytest

from crm_sync.localorg.serve import LocalOrg

from .browser_like import Seen, Visitor
from .client import Client

SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def visitor(running_org: LocalOrg) -> Visitor:
    return Visitor(running_org)


def records_in(seen: Seen) -> list[str]:
    """The Ids that a list links to, in their order."""
    prefix = "/page/records/"
    ids = [link.removeprefix(prefix) for link in seen.links if link.startswith(prefix)]
    return [record_id for record_id in ids if not record_id.startswith("005")]


def test_the_first_page_counts_the_records_of_every_object(
    client: Client, visitor: Visitor
) -> None:
    before = client.org.store.count("Opportunity")
    for n in range(3):
        client.upsert_one(
            "Opportunity", CRM_Id__c=f"o{n}", Name="O", StageName="A", CloseDate="2026-01-01"
        )
    seen = visitor.see("/")
    assert f"{before + 3} Opportunities" in seen.text
    for object_type in client.org.store.schema.objects:
        assert f"/page/objects/{object_type.name}" in seen.links
    assert "This is not Salesforce" in seen.text


def test_a_list_is_searched_by_words_in_any_order_and_case(
    client: Client, visitor: Visitor
) -> None:
    wanted = client.upsert_one("Lead", CRM_Id__c="s1", LastName="Muster", Company="Blau & Sohn")
    client.upsert_one("Lead", CRM_Id__c="s2", LastName="Muster", Company="Grau")
    assert records_in(visitor.see("/page/objects/Lead?q=sohn+MUSTER")) == [wanted]
    assert records_in(visitor.see(f"/page/objects/Lead?q={wanted[:15]}")) == [wanted]
    assert "Nothing fits this search." in visitor.see("/page/objects/Lead?q=100%25").text


def test_letters_of_any_alphabet_are_searched_and_sorted_without_regard_to_case(
    client: Client, visitor: Visitor
) -> None:
    umlaut = client.upsert_one("Account", CRM_Id__c="u1", Name="Äpfel fold")
    lower = client.upsert_one("Account", CRM_Id__c="u2", Name="äther fold")
    greek = client.upsert_one("Account", CRM_Id__c="u3", Name="Ωmega fold")
    assert records_in(visitor.see("/page/objects/Account?q=ÄTHER")) == [lower]
    assert records_in(visitor.see("/page/objects/Account?q=ωMEGA")) == [greek]
    listed = visitor.see("/page/objects/Account?q=FOLD&sort=Name")
    assert records_in(listed) == [umlaut, lower, greek]


def test_percent_and_underscore_are_searched_as_they_stand(
    client: Client, visitor: Visitor
) -> None:
    wanted = client.upsert_one("Account", CRM_Id__c="lit1", Name="50%_off \\ now")
    client.upsert_one("Account", CRM_Id__c="lit2", Name="50xyoff")
    assert records_in(visitor.see("/page/objects/Account?q=50%25_off")) == [wanted]
    assert records_in(visitor.see("/page/objects/Account?q=%5C")) == [wanted]


def test_a_list_has_pages_of_fifty_and_sorts_by_any_column(
    client: Client, visitor: Visitor
) -> None:
    rows = [
        {"CRM_Id__c": f"page{n}", "LastName": f"Paging {n:03}", "Company": "P"} for n in range(120)
    ]
    client.upsert("Lead", *rows)
    first = visitor.see("/page/objects/Lead?q=Paging&sort=Name")
    last = visitor.see("/page/objects/Lead?q=Paging&sort=Name&page=3")
    assert "1 to 50 of 120" in first.text
    assert "101 to 120 of 120" in last.text
    names = {r["Id"]: r["Name"] for r in client.org.store.records("Lead")}
    assert [names[i] for i in records_in(first)] == [f"Paging {n:03}" for n in range(50)]
    assert [names[i] for i in records_in(last)] == [f"Paging {n:03}" for n in range(100, 120)]
    backwards = visitor.see("/page/objects/Lead?q=Paging&sort=Name&desc=1")
    assert names[records_in(backwards)[0]] == "Paging 119"
    beyond = visitor.see("/page/objects/Lead?q=Paging&sort=Name&page=99")
    assert records_in(beyond) == records_in(last)


@pytest.mark.parametrize("query", ["sort=Nothing", "page=0", "page=-1", "page=x", "sort=Id;drop"])
def test_nonsense_in_the_address_of_a_list_is_ignored(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/page/objects/Account?{query}").status_code == 200


def test_deleted_records_are_shown_on_demand_and_marked(client: Client, visitor: Visitor) -> None:
    gone = client.upsert_one("Account", CRM_Id__c="gone", Name="Vanished")
    client.org.delete(gone)
    assert gone not in records_in(visitor.see("/page/objects/Account?q=Vanished"))
    shown = visitor.see("/page/objects/Account?q=Vanished&deleted=1")
    assert records_in(shown) == [gone]
    assert "Vanished deleted" in shown.text
    assert "in the recycle bin" in visitor.see(f"/page/records/{gone}").text


def test_a_record_shows_every_field_with_label_name_type_and_value(
    client: Client, visitor: Visitor
) -> None:
    account = client.upsert_one(
        "Account",
        CRM_Id__c="whole",
        Name="Whole",
        AnnualRevenue=1234567.0,
        BillingStreet="Main 1",
        BillingCity="Ulm",
    )
    seen = visitor.see(f"/page/records/{account}")
    for field in client.org.store.schema["Account"].fields:
        assert field.label in seen.text, field.name
        assert field.name in seen.text
    assert "1,234,567.00" in seen.text
    assert "Main 1, Ulm" in seen.text
    assert "currency(18, 0)" in seen.text
    assert "string(255)" in seen.text
    owner = client.org.integration_user_id
    assert f"/page/records/{owner}" in seen.links
    assert "Integration User" in seen.text


def test_related_records_stand_beneath_by_lookup_with_their_number(
    client: Client, visitor: Visitor
) -> None:
    account = client.upsert_one("Account", CRM_Id__c="parent", Name="Parent")
    for n in range(7):
        client.upsert_one(
            "Opportunity",
            CRM_Id__c=f"child{n}",
            Name=f"Child {n}",
            AccountId=account,
            StageName="A",
            CloseDate="2026-01-01",
        )
    seen = visitor.see(f"/page/records/{account}")
    assert "Opportunities by Account ID AccountId 7" in seen.text
    address = f"/page/objects/Opportunity?field=AccountId&value={account}"
    assert address in seen.links
    assert len(records_in(visitor.see(address))) >= 7
    assert "1 to 7 of 7" in visitor.see(address).text
    assert "Task.WhatId" in seen.text
    assert visitor.get("/page/objects/Opportunity?field=Name&value=x").status_code == 404


def test_what_a_record_holds_is_shown_and_never_run(client: Client, visitor: Visitor) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c=SCRIPT, LastName=SCRIPT, Company='"><img src=x>')
    client.call("GET", "/query", params={"q": SCRIPT})
    pages = [
        "/",
        "/page/objects/Lead?q=" + SCRIPT,
        f"/page/records/{lead}",
        f"/page/records/{lead}/edit",
        f"/page/records/{lead}/convert",
        f"/page/records/{lead}/merge",
        "/page/calls?q=" + SCRIPT,
        f"/page/calls/{client.org.calls[-1].number}",
    ]
    plain = visitor.see("/page/jobs").elements.count("script")
    for page in pages:
        seen = visitor.see(page)
        assert seen.elements.count("script") == plain, page
        assert "img" not in seen.elements, page
    assert SCRIPT in visitor.see(f"/page/records/{lead}").text
    assert visitor.see(f"/page/records/{lead}/edit").form()["LastName"] == SCRIPT


def test_the_page_lets_nothing_in_from_outside(visitor: Visitor) -> None:
    answer = visitor.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for place in ("/page/page.css", "/page/page.js"):
        assert visitor.get(place).status_code == 200
        assert "http" not in visitor.get(place).text


@pytest.mark.parametrize(
    "path",
    [
        "/page/nothing",
        "/page/objects/Nothing",
        "/page/records/001000000000000AAA",
        "/page/records/nonsense",
        "/page/calls/999999",
        "/page/calls/x",
        "/page/records/001000000000000AAA/edit",
    ],
)
def test_what_is_not_there_has_a_page_that_says_so(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "Not found" in Seen(answer.text).text
    assert "/" in Seen(answer.text).links


def test_salesforces_own_addresses_of_a_record_lead_to_it(client: Client, visitor: Visitor) -> None:
    account = client.upsert_one("Account", CRM_Id__c="deep", Name="Deep")
    for path in (
        f"/{account}",
        f"/{account[:15]}",
        f"/lightning/r/Account/{account}/view",
        f"/lightning/r/{account}/view",
    ):
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert "Deep" in Seen(answer.text).text


def test_looking_is_no_api_call_and_not_in_the_log(client: Client, visitor: Visitor) -> None:
    used, logged = client.org.connection(), len(client.org.calls)
    before = client.call("GET", "/limits").headers["Sforce-Limit-Info"]
    for path in ("/", "/page/objects/Lead", "/page/calls", "/page/jobs", "/page/nothing"):
        visitor.get(path)
    after = client.call("GET", "/limits").headers["Sforce-Limit-Info"]
    assert int(after.split("=")[1].split("/")[0]) == int(before.split("=")[1].split("/")[0]) + 1
    assert len(client.org.calls) == logged + 2
    assert used == client.org.connection()


def test_faults_do_not_meet_the_page(client: Client, visitor: Visitor) -> None:
    client.org.faults.append({"when": {"path": "/"}, "then": {"status": 503}})
    assert visitor.get("/").status_code == 200
    client.org.faults.clear()
