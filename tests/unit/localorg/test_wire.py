"""HTTP itself: zipped bodies, HEAD, methods by override."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from . import signing_in
from .client import Client, typed


@pytest.mark.parametrize(
    ("accepts", "is_zipped"),
    [("gzip", True), ("deflate, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False)],
)
def test_an_answer_is_zipped_for_those_who_accept_it(
    client: Client, accepts: str, is_zipped: bool
) -> None:
    path = "/sobjects/Account/describe"
    answer = client.call("GET", path, headers={"Accept-Encoding": accepts})
    assert ("Content-Encoding" in answer.headers) is is_zipped
    assert answer.json()["name"] == "Account"
    size = int(answer.headers["Content-Length"])
    assert (size < len(answer.content)) is is_zipped


@pytest.mark.parametrize(
    ("encoding", "zipped"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_zipped_request_is_read(
    client: Client, encoding: str, zipped: Callable[[bytes], bytes]
) -> None:
    data = f"{client.org.instance_url}/services/data/v60.0"
    one = client.session.post(
        f"{data}/sobjects/Account",
        data=zipped(json.dumps({"Name": "Zipped"}).encode()),
        headers={"Content-Encoding": encoding, "Content-Type": "application/json"},
        timeout=10,
    )
    assert one.status_code == 201
    job = client.call("POST", "/jobs/ingest", {"object": "Account", "operation": "insert"}).json()
    upload = client.session.put(
        f"{data}/jobs/ingest/{job['id']}/batches",
        data=zipped(b"Name\nZipped\n"),
        headers={"Content-Encoding": encoding, "Content-Type": "text/csv"},
        timeout=10,
    )
    assert upload.status_code == 201


def test_a_post_may_be_a_patch(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="override", Name="A")
    answer = client.call(
        "POST", f"/sobjects/Account/{one}", {"Phone": "5"}, params={"_HttpMethod": "PATCH"}
    )
    assert answer.status_code == 204
    assert client.row("Account", one, "Phone") == {"Phone": "5"}


def test_a_path_may_begin_with_two_slashes(client: Client) -> None:
    doubled = client.org.instance_url + "//services/data"
    assert len(client.session.get(doubled, timeout=10).json()) > 30
    answer = client.session.get(f"{doubled}/v60.0/sobjects/Account", timeout=10)
    assert answer.json()["objectDescribe"]["name"] == "Account"
    wrong = client.session.get(f"{doubled}//v60.0/sobjects/Account", timeout=10)
    assert wrong.status_code == 404


def test_only_a_post_may_be_another_method(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="get", Name="A")
    answer = client.call("GET", f"/sobjects/Account/{one}", params={"_HttpMethod": "DELETE"})
    assert answer.status_code == 200
    assert client.org.store.record(one) is not None


def test_head_answers_as_get_without_the_body(client: Client) -> None:
    asked: dict[str, Any] = {"headers": {"Accept-Encoding": "identity"}}
    get = client.call("GET", "/sobjects/Account/describe", **asked)
    head = client.call("HEAD", "/sobjects/Account/describe", **asked)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers["Last-Modified"] == get.headers["Last-Modified"]
    assert client.call("HEAD", "/sobjects/Foo/describe").status_code == 404


def test_good_answers_to_get_and_post_alone_may_be_zipped(client: Client) -> None:
    """R, grouparoo and openstax: the others do not even say Vary."""
    records = typed("Account", *[{"Name": f"A{n}"} for n in range(20)])
    made = client.call("POST", "/composite/sobjects", {"records": records})
    changed = typed("Account", *[{"id": row["id"], "Phone": "1"} for row in made.json()])
    patched = client.call("PATCH", "/composite/sobjects", {"records": changed})
    ids = ",".join(row["id"] for row in made.json())
    deleted = client.call("DELETE", "/composite/sobjects", params={"ids": ids})
    refused = client.call("GET", "/query", params={"q": f"SELECT {'x' * 300} FROM Account"})
    told = [
        (answer.status_code, answer.headers.get("Vary"), answer.headers.get("Content-Encoding"))
        for answer in (made, patched, deleted, refused)
    ]
    assert told == [
        (200, "Accept-Encoding", "gzip"), (200, None, None), (200, None, None), (400, None, None),
    ]  # fmt: skip
    assert client.call("POST", "/sobjects/Account", {"Name": "A"}).headers["Vary"]


def test_answers_carry_the_headers_of_their_api(client: Client) -> None:
    """R, openstax and grouparoo: REST tells the day's usage, sign-in does not."""
    uncached = "no-cache,must-revalidate,max-age=0,no-store,private"
    for answer in (client.call("GET", "/limits"), client.call("GET", "/sobjects/Foo")):
        assert answer.headers["Cache-Control"] == uncached
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"] == "none"
        assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")
    for answer in (
        signing_in.with_password(client),
        signing_in.with_password(client, password="wrong"),
    ):
        assert answer.headers["Cache-Control"] == uncached
        assert answer.headers["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
        assert answer.headers["X-ReadOnlyMode"] == "false"
        assert "Sforce-Limit-Info" not in answer.headers
    soap = client.call("POST", "/services/Soap/u/60.0")
    assert soap.headers["Cache-Control"] == uncached
    assert "Sforce-Limit-Info" not in soap.headers
