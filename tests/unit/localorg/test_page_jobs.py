"""Bulk jobs on the page; they are read as a client would list them."""

from crm_sync.localorg.serve import LocalOrg

from .browser_like import Visitor
from .bulk_client import BulkClient
from .client import Client


def test_a_bulk_job_is_listed_with_its_state_and_counts() -> None:
    with LocalOrg() as org:
        client, visitor = Client(org), Visitor(org)
        assert "There are no Bulk jobs." in visitor.see("/page/jobs").text
        job = client.call("POST", "/jobs/ingest", {"object": "Account", "operation": "insert"})
        assert job.status_code == 200, job.text
        for path in ("/page/jobs", "/"):
            seen = visitor.see(path)
            assert f"{job.json()['id']} Open insert Account 0 0" in seen.text


def test_a_failed_job_tells_why_in_the_list_and_on_its_own_page() -> None:
    with LocalOrg() as org:
        client, visitor = Client(org), Visitor(org)
        job = BulkClient(client).run("Account", "CRM_Id__c,Nam\nx,y\n")
        assert job["state"] == "Failed"
        for path in ("/page/jobs", "/", f"/page/jobs/{job['id']}"):
            assert "InvalidBatch : Field name not found : Nam" in visitor.see(path).text


def test_a_jobs_page_leads_to_its_results() -> None:
    with LocalOrg() as org:
        client, visitor = Client(org), Visitor(org)
        bulk = BulkClient(client)
        job = bulk.run("Account", "CRM_Id__c,Name\nx1,One\nx2,\n")
        seen = visitor.see(f"/page/jobs/{job['id']}")
        assert "2 processed, 1 refused" in seen.text
        assert "externalIdFieldName CRM_Id__c" in seen.text
        for name, text in (
            ("successfulResults", "x1"),
            ("failedResults", "REQUIRED_FIELD_MISSING"),
        ):
            address = f"/page/jobs/{job['id']}/{name}"
            assert address in visitor.get(f"/page/jobs/{job['id']}").text
            assert text in visitor.see(address).text
        query = bulk.query("SELECT Name FROM Account")
        assert "One" in visitor.see(f"/page/jobs/{query['id']}/results").text


def test_a_job_or_a_result_that_is_not_there_is_not_found() -> None:
    with LocalOrg() as org:
        client, visitor = Client(org), Visitor(org)
        job = BulkClient(client).create("Account", "insert")
        for path in ("750000000000001AAA", f"{job['id']}/failedResults", f"{job['id']}/no"):
            assert visitor.get(f"/page/jobs/{path}").status_code == 404
