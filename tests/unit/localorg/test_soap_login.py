"""SOAP: login() and what a session is for, and envelopes that are none."""

from xml.etree import ElementTree

import pytest
import requests

from .client import Client

PARTNER, ENTERPRISE = "urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"
INVALID_LOGIN = "Invalid username, password, security token; or user locked out."


def post(client: Client, body: str | bytes, path: str = "u/60.0") -> requests.Response:
    return requests.post(
        f"{client.org.instance_url}/services/Soap/{path}",
        data=body.encode() if isinstance(body, str) else body,
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        verify=str(client.org.ca_bundle or True),
        timeout=10,
    )


def envelope(operation: str, header: str = "", namespace: str = PARTNER) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:u="{namespace}"><e:Header>{header}</e:Header><e:Body>{operation}</e:Body>'
        "</e:Envelope>"
    )


def login(client: Client, username: str, password: str, header: str = "") -> str:
    inner = f"<u:username>{username}</u:username><u:password>{password}</u:password>"
    return envelope(f"<u:login>{inner}</u:login>", header)


def right(client: Client, header: str = "") -> str:
    return login(client, client.org.username, client.org.password, header)


def with_session(session: str, operation: str) -> str:
    header = f"<u:SessionHeader><u:sessionId>{session}</u:sessionId></u:SessionHeader>"
    return envelope(f"<u:{operation}/>", header)


def parsed(answer: requests.Response) -> ElementTree.Element:
    return ElementTree.fromstring(answer.content)  # noqa: S314 - the local org's own answer


def result(answer: requests.Response, namespace: str = PARTNER) -> dict[str, str | None]:
    """Texts of the result by name, those of the user under ``userInfo.``."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    found = parsed(answer).find(f".//{{{namespace}}}result")
    assert found is not None
    texts: dict[str, str | None] = {}
    for element in found:
        name = element.tag.rpartition("}")[2]
        texts[name] = element.text
        texts |= {f"{name}.{inner.tag.rpartition('}')[2]}": inner.text for inner in element}
    return texts


def fault(answer: requests.Response) -> tuple[str, str]:
    """faultcode and faultstring; the detail must repeat them."""
    assert answer.status_code == 500, answer.text
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = parsed(answer)
    code, text = root.findtext(".//faultcode", ""), root.findtext(".//faultstring", "")
    detail = root.find(".//detail")
    if detail is not None:
        [repeated] = detail
        assert [inner.text for inner in repeated] == [
            code.removeprefix("sf:"),
            text.partition(": ")[2],
        ]
    return code, text


@pytest.mark.parametrize("with_org", [False, True])
@pytest.mark.parametrize("api", ["u", "c"])
def test_login_answers_with_everything_that_clients_read(
    client: Client, api: str, with_org: bool
) -> None:
    org15 = client.org.org_id[:15]
    namespace = PARTNER if api == "u" else ENTERPRISE
    path = f"{api}/60.0/{org15}" if with_org else f"{api}/60.0"
    told = result(post(client, right(client), path), namespace)
    base = f"{client.org.instance_url}/services/Soap"
    assert told["serverUrl"] == f"{base}/{api}/60.0/{org15}"
    assert told["metadataServerUrl"] == f"{base}/m/60.0/{org15}"
    assert (told["passwordExpired"], told["sandbox"]) == ("false", "false")
    assert told["userId"] == told["userInfo.userId"] == client.org.integration_user_id
    assert told["userInfo.organizationId"] == client.org.org_id
    assert told["userInfo.userName"] == client.org.username
    assert told["userInfo.sessionSecondsValid"] == "7200"
    assert told["userInfo.profileId"]
    headers = {"Authorization": f"Bearer {told['sessionId']}"}
    assert client.call("GET", "/limits", headers=headers).status_code == 200


def test_login_has_the_recorded_elements_in_their_order(client: Client) -> None:
    told = list(result(post(client, right(client))))
    assert told[:7] == [
        "metadataServerUrl", "passwordExpired", "sandbox", "serverUrl", "sessionId", "userId",
        "userInfo",
    ]  # fmt: skip
    assert [name.removeprefix("userInfo.") for name in told[7:]] == [
        "accessibilityMode", "chatterExternal", "currencySymbol", "orgAttachmentFileSizeLimit",
        "orgDefaultCurrencyIsoCode", "orgDefaultCurrencyLocale", "orgDisallowHtmlAttachments",
        "orgHasPersonAccounts", "organizationId", "organizationMultiCurrency", "organizationName",
        "profileId", "roleId", "sessionSecondsValid", "userDefaultCurrencyIsoCode", "userEmail",
        "userFullName", "userId", "userLanguage", "userLocale", "userName", "userTimeZone",
        "userType", "userUiSkin",
    ]  # fmt: skip


def test_a_wrong_password_user_or_organization_is_one_and_the_same_fault(client: Client) -> None:
    other = "<u:LoginScopeHeader><u:organizationId>00DLo0000000000</u:organizationId>"
    for body in (
        login(client, client.org.username, "wrong"),
        login(client, client.org.username, ""),
        login(client, "nobody@example.com", client.org.password),
        login(client, "former@local-org.example.com", "x"),
        envelope("<u:login/>"),
        right(client, other + "</u:LoginScopeHeader>"),
    ):
        assert fault(post(client, body)) == ("sf:INVALID_LOGIN", f"INVALID_LOGIN: {INVALID_LOGIN}")
    own = f"<u:LoginScopeHeader><u:organizationId>{client.org.org_id[:15]}</u:organizationId>"
    assert post(client, right(client, own + "</u:LoginScopeHeader>")).status_code == 200


def test_the_fault_is_written_as_salesforce_writes_it(client: Client) -> None:
    assert post(client, login(client, "x@y.z", "w")).text == (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        "<faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, "
        "password, security token; or user locked out.</faultstring><detail><sf:LoginFault "
        'xsi:type="sf:LoginFault"><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>'
        "<sf:exceptionMessage>Invalid username, password, security token; or user locked out."
        "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body>"
        "</soapenv:Envelope>"
    )


def test_login_is_gone_from_version_65_on(client: Client) -> None:
    assert post(client, right(client), "u/64.0").status_code == 200
    code, text = fault(post(client, right(client), "u/65.0"))
    assert code == "soapenv:Client"
    assert text == "No operation available for request {urn:partner.soap.sforce.com}login"


def test_what_an_administrator_sets_keeps_clients_out(own: Client) -> None:
    org = own.org
    org.set_policies(ip_trusted=False)
    code, text = fault(post(own, right(own)))
    assert code == "sf:LOGIN_MUST_USE_SECURITY_TOKEN"
    assert text.startswith(f"LOGIN_MUST_USE_SECURITY_TOKEN: {INVALID_LOGIN} Are you at a new loc")
    whole = login(own, org.username, org.password + org.security_token)
    assert post(own, whole).status_code == 200
    org.set_policies(ip_trusted=True, soap_login=False)
    assert fault(post(own, right(own))) == (
        "sf:INVALID_OPERATION",
        "INVALID_OPERATION: SOAP API login() is disabled by default in this org.",
    )
    org.set_policies(soap_login=True, api_enabled=False)
    assert fault(post(own, right(own))) == (
        "sf:API_DISABLED_FOR_ORG",
        "API_DISABLED_FOR_ORG: API is not enabled for this Organization or Partner",
    )
    org.set_policies(api_enabled=True)
    org.set_user(org.username, password_expired=True)
    told = result(post(own, right(own)))
    assert told["passwordExpired"] == "true"
    headers = {"Authorization": f"Bearer {told['sessionId']}"}
    assert own.call("GET", "/limits", headers=headers).status_code == 401


def test_a_session_header_is_as_good_as_a_token(client: Client) -> None:
    token = client.org.access_token
    assert result(post(client, with_session(token, "getUserInfo")))["userName"]
    assert result(post(client, with_session(token, "getServerTimestamp")))["timestamp"]
    expected = (
        "sf:INVALID_SESSION_ID",
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session",
    )
    assert fault(post(client, with_session("nonsense", "getUserInfo"))) == expected
    assert fault(post(client, envelope("<u:getUserInfo/>"))) == expected


def test_logout_ends_the_session(client: Client) -> None:
    session = result(post(client, right(client)))["sessionId"] or ""
    answer = post(client, with_session(session, "logout"))
    assert answer.status_code == 200
    assert "<logoutResponse></logoutResponse>" in answer.text
    assert fault(post(client, with_session(session, "getUserInfo")))[0] == "sf:INVALID_SESSION_ID"


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12)
)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "Premature end of file."),
        (b"   ", "Premature end of file."),
        (b"no xml", "syntax error at line 1, column 1"),
        (b"<a><b></a>", "mismatched tag at line 1, column 9"),
        (b"<a>\xff</a>", "not well-formed (invalid token) at line 1, column 4"),
        (
            b'<?xml version="1.0" encoding="x-none"?><a/>',
            "encoding of the request is not supported",
        ),
        (b"{}", "not well-formed (invalid token) at line 1, column 1"),
        (b"<a/>", "Unexpected element {}a, expected soap:Envelope"),
        (f"<!DOCTYPE a [{LAUGHS}]><a>&l11;</a>".encode(), "must not contain a document type"),
        (
            b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
            "must not contain a document type",
        ),
        (b"<a>" * 5000, "too many elements, or too many within each other"),
        (b"<a>" + b"<b/>" * 200_001 + b"</a>", "too many elements"),
    ],
)
def test_what_is_no_envelope_is_a_fault(client: Client, body: bytes, told: str) -> None:
    code, text = fault(post(client, body))
    assert code == "soapenv:Client"
    assert told in text
    assert "root:" not in text


def test_an_unknown_operation_version_or_api_is_refused(client: Client) -> None:
    code, text = fault(post(client, envelope("<u:explode/>")))
    assert (code, text) == (
        "soapenv:Client",
        "No operation available for request {urn:partner.soap.sforce.com}explode",
    )
    assert "holds no operation" in fault(post(client, envelope("")))[1]
    assert fault(post(client, right(client), "u/99.0"))[0] == "sf:UNSUPPORTED_API_VERSION"
    assert post(client, right(client), "z/60.0").status_code == 401
    assert client.call("GET", "/services/Soap/u/60.0").status_code == 405
    bare = requests.post(
        f"{client.org.instance_url}/services/Soap/u/60.0",
        data=right(client),
        verify=str(client.org.ca_bundle),
        timeout=10,
    )
    assert fault(bare) == ("soapenv:Client", "SOAPAction HTTP header missing")


def test_text_comes_back_escaped(client: Client) -> None:
    body = envelope("<u:a.b-c xmlns:u='a&lt;&amp;&quot;b'/>")
    code, text = fault(post(client, body))
    assert (code, text) == ("soapenv:Client", 'No operation available for request {a<&"b}a.b-c')
