"""Conditional requests on single records."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client

WRITTEN = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running_org() -> Iterator[LocalOrg]:
    with LocalOrg(clock=lambda: WRITTEN) as org:
        yield org


def http_date(seconds: int) -> str:
    return format_datetime(WRITTEN + timedelta(seconds=seconds), usegmt=True)


def test_a_record_that_did_not_change_is_304(client: Client) -> None:
    one = client.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C")
    path = f"/sobjects/Lead/{one}"
    first = client.call("GET", path)
    assert first.headers["Last-Modified"] == http_date(0)
    same = client.call("GET", path, headers={"If-Modified-Since": http_date(0)})
    assert (same.status_code, same.content) == (304, b"")
    assert client.call("GET", path, headers={"If-Modified-Since": http_date(-1)}).ok


def test_a_write_to_a_record_that_changed_is_412(client: Client) -> None:
    one = client.upsert_one("Lead", CRM_Id__c="2", LastName="L", Company="C")
    path, body = f"/sobjects/Lead/{one}", {"Phone": "1"}
    late = client.call("PATCH", path, body, headers={"If-Unmodified-Since": http_date(-1)})
    assert late.status_code == 412
    assert client.row("Lead", one, "Phone") == {"Phone": None}
    fresh = client.call("PATCH", path, body, headers={"If-Unmodified-Since": http_date(0)})
    assert fresh.status_code == 204


def test_accounts_have_etags_and_others_not(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="3", Name="A")
    path = f"/sobjects/Account/{one}"
    etag = client.call("GET", path).headers["ETag"]
    assert re.fullmatch(r'"[0-9A-Za-z+/]{43}="', etag)  # R, grouparoo
    assert client.call("GET", path, headers={"If-None-Match": etag}).status_code == 304
    assert client.call("GET", path, headers={"If-None-Match": '"x"'}).status_code == 200
    body = {"Phone": "1"}
    assert client.call("PATCH", path, body, headers={"If-Match": '"x"'}).status_code == 412
    assert client.call("PATCH", path, body, headers={"If-Match": etag}).status_code == 204
    lead = client.upsert_one("Lead", CRM_Id__c="3", LastName="L", Company="C")
    assert "ETag" not in client.call("GET", f"/sobjects/Lead/{lead}").headers
