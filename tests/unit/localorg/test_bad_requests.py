"""Requests that cannot be understood: Salesforce's status and body for each."""

import pytest
import requests

from .client import Client

VALUE = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')"


NO_OBJECT = (
    "Json Deserialization failed on token 'null' and has left off in the middle of parsing a row. "
    "Will go to end of row to begin parsing the next row"
)
NO_BODY = "The HTTP entity body is required, but this request has no entity body."


def post(
    client: Client,
    body: str | bytes,
    content_type: str = "application/json",
    *,
    path: str = "/sobjects/Account",
    encoding: str = "identity",
) -> requests.Response:
    return client.session.post(
        f"{client.org.instance_url}/services/data/v60.0{path}",
        data=body,
        headers={"Content-Type": content_type, "Content-Encoding": encoding},
        timeout=20,
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"Name": "A",}',
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field "
            "name at [line:1, column:15]",
        ),
        ('{"Name": }', f"Unexpected character ('}}' (code 125)): {VALUE} at [line:1, column:11]"),
        (
            '{"Name": "A"\n "Phone": "1"}',
            "Unexpected character ('\"' (code 34)): was expecting comma to separate OBJECT "
            "entries at [line:2, column:3]",
        ),
        (
            '{"a": [1 2]}',
            "Unexpected character ('2' (code 50)): was expecting comma to separate ARRAY entries "
            "at [line:1, column:11]",
        ),
        (
            '{"Name" "A"}',
            "Unexpected character ('\"' (code 34)): was expecting a colon to separate field name "
            "and value at [line:1, column:10]",
        ),
        (
            '{"Name": NULL}',
            "Unrecognized token 'NULL': was expecting 'null', 'true', 'false' at "
            "[line:1, column:14]",
        ),
        (
            '{"Name": "A"',
            "Unexpected end-of-input: expected close marker for OBJECT (from [line:1, column:1]) "
            "at [line:1, column:13]",
        ),
        (
            '{"Name": "A',
            "Unexpected end-of-input: expected close marker for OBJECT (from [line:1, column:1]) "
            "at [line:1, column:12]",
        ),
        ("request=1", "Unrecognized token 'request': was expecting 'null', 'true', 'false' at "
         "[line:1, column:8]"),
        ('{"Name": "NaN", "AnnualRevenue": NaN}', "Non-standard token 'NaN': enable "
         "JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow at [line:1, column:37]"),
        ('{"AnnualRevenue":\n-Infinity}', "Non-standard token '-Infinity': enable "
         "JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow at [line:2, column:10]"),
    ],
)  # fmt: skip
def test_malformed_json_is_told_with_its_place(client: Client, body: str, message: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json() == [{"message": message, "errorCode": "JSON_PARSER_ERROR"}]


def test_a_body_that_is_no_utf8_is_refused(client: Client) -> None:
    answer = post(client, b'{"Name": "M\xfcller"}')
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_a_body_nested_too_deeply_is_refused(client: Client) -> None:
    answer = post(client, "[" * 100_000)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("body", ["1", '"x"', "true", "[]", '[{"Name": "A"}]'])
@pytest.mark.parametrize("path", ["/sobjects/Account", "/jobs/ingest", "/jobs/query"])
def test_a_body_that_is_no_object_is_refused(client: Client, path: str, body: str) -> None:
    answer = post(client, body, path=path)
    assert answer.status_code == 400
    assert answer.json() == [{"message": NO_OBJECT, "errorCode": "INVALID_FIELD"}]


@pytest.mark.parametrize("path", ["/sobjects/Account", "/jobs/ingest", "/composite/sobjects"])
@pytest.mark.parametrize("body", ["", "null"])
def test_a_missing_body_is_refused(client: Client, path: str, body: str) -> None:
    answer = post(client, body, path=path)
    assert answer.status_code == 400
    assert answer.json() == [{"message": NO_BODY, "errorCode": "JSON_PARSER_ERROR"}]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_an_encoding_that_nobody_unpacks_is_refused(client: Client, encoding: str) -> None:
    answer = post(client, b"\x8b\x02\x80{}\x03", encoding=encoding)
    assert answer.status_code == 415
    assert answer.json()[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"
    assert encoding in answer.json()[0]["message"]


def test_an_upload_in_an_encoding_that_nobody_unpacks_is_refused(client: Client) -> None:
    job = client.call("POST", "/jobs/ingest", {"object": "Account", "operation": "insert"}).json()
    answer = client.session.put(
        f"{client.org.instance_url}/services/data/v60.0/jobs/ingest/{job['id']}/batches",
        data=b"Name\nA\n",
        headers={"Content-Type": "text/csv", "Content-Encoding": "br"},
        timeout=20,
    )
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "text/csv",
        "multipart/form-data; boundary=x",
    ],
)
def test_another_content_type_is_refused(client: Client, kind: str) -> None:
    answer = post(client, '{"Name": "A"}', kind)
    assert answer.status_code == 415
    assert answer.json() == [
        {
            "message": f"Content-Type header specified in HTTP request is not supported: {kind}",
            "errorCode": "UNSUPPORTED_MEDIA_TYPE",
        }
    ]


def test_a_huge_body_is_refused_and_the_org_lives_on(client: Client) -> None:
    answer = post(client, b'{"Name": "' + b"x" * (51 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert answer.json()[0]["errorCode"] == "REQUEST_ENTITY_TOO_LARGE"
    assert post(client, '{"Name": "A"}').status_code == 201


def test_a_uri_or_headers_too_long_are_refused(client: Client) -> None:
    assert client.call("GET", "/query", params={"q": "x" * 17000}).status_code == 414
    long = client.call("GET", "/limits", headers={"X-Long": "y" * 15000, "X-More": "z" * 2000})
    assert long.status_code == 431


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/sobjects/Account", "HEAD,GET,POST"),
        ("PUT", "/sobjects/Account/001000000000001AAA", "HEAD,GET,PATCH,DELETE"),
        ("POST", "/query", "HEAD,GET"),
        ("OPTIONS", "/limits", "HEAD,GET"),
    ],
)
def test_a_wrong_method_names_the_right_ones(
    client: Client, method: str, path: str, allowed: str
) -> None:
    """3, forrest 59, 181 and 191: the order of the names, in Allow too, and of the keys."""
    answer = client.call(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    message = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
    [error] = answer.json()
    assert list(error.items()) == [("errorCode", "METHOD_NOT_ALLOWED"), ("message", message)]


@pytest.mark.parametrize(
    ("path", "version", "status"),
    [
        ("/nothing", "60.0", 404),
        ("/limits", "30.0", 410),
        ("/composite/sobjects/Account/CRM_Id__c", "45.0", 404),
        ("/composite/batch", "33.0", 404),
    ],
)
def test_what_a_version_lacks_is_not_there(
    client: Client, path: str, version: str, status: int
) -> None:
    method = "PATCH" if path.endswith("__c") else "POST" if "batch" in path else "GET"
    answer = client.call(method, path, {} if method != "GET" else None, version=version)
    assert answer.status_code == status
    assert answer.json()[0]["errorCode"] == ("GONE" if status == 410 else "NOT_FOUND")


def test_an_id_of_another_object_is_refused(client: Client) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="other", LastName="L", Company="C")
    answer = client.call("PATCH", f"/sobjects/Account/{lead}", {"Name": "A"})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": f"Account ID: id value of incorrect type: {lead}",
            "errorCode": "MALFORMED_ID",
            "fields": ["Id"],
        }
    ]
    assert client.call("GET", f"/sobjects/Account/{lead}").status_code == 404


def test_the_first_bulk_api_is_not_found_rather_than_not_signed_in(client: Client) -> None:
    url = f"{client.org.instance_url}/services/async/60.0/job"
    session = {"X-SFDC-Session": client.org.access_token, "Content-Type": "application/xml"}
    answer = requests.post(
        url, data="<jobInfo/>", headers=session, verify=str(client.org.ca_bundle), timeout=20
    )
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"
