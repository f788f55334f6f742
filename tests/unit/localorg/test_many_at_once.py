"""Many clients at once, and large requests."""

from concurrent.futures import ThreadPoolExecutor

from .client import Client, typed


def test_clients_that_write_the_same_keys_at_once_double_nothing(client: Client) -> None:
    def work(number: int) -> list[bool]:
        own = Client(client.org)
        rows = [{"CRM_Id__c": f"shared{n}", "Name": f"by {number}"} for n in range(50)]
        created: list[bool] = []
        for _ in range(5):
            created += [result["created"] for result in own.upsert("Account", *rows)]
            own.query("SELECT Id, Owner.Name FROM Account ORDER BY Name LIMIT 10")
        return created

    with ThreadPoolExecutor(8) as pool:
        created = [was for results in pool.map(work, range(8)) for was in results]
    assert len(created) == 8 * 5 * 50
    assert sum(created) == 50
    assert client.org.store.count("Account") == 50


def test_a_large_request_is_taken(client: Client) -> None:
    """200 descriptions of 32,000 characters are 6.4 MB."""
    rows = [
        {"CRM_Id__c": f"large{n}", "LastName": "L", "Company": "C", "Description": "d" * 32000}
        for n in range(200)
    ]
    body = {"records": typed("Lead", *rows)}
    answer = client.call("PATCH", "/composite/sobjects/Lead/CRM_Id__c", body)
    assert all(result["success"] for result in answer.json())
