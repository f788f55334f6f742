"""Bulk jobs on the page; they are read as a client would list them."""

from crm_sync.localorg.serve import LocalOrg

from .browser_like import Visitor
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
