"""The operations of the Partner and Enterprise API that concern the session (D, SOAP API).

Each takes the org, the call and its envelope, and returns the ``result``; a refusal is a SoapFault.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import identifiers, values
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.soap.envelope import Envelope, SoapFault

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

LAST_LOGIN_VERSION = 64.0
"""The API has no login() from version 65 on (D, help 005132110)."""
INVALID_LOGIN = "Invalid username, password, security token; or user locked out."
NEEDS_TOKEN = (
    f"{INVALID_LOGIN} Are you at a new location? When accessing Salesforce--either via a desktop "
    "client or the API--from outside of your company\N{RIGHT SINGLE QUOTATION MARK}s trusted "
    "networks, you must add a security token to your password to log in. To get your new security "
    "token, log in to Salesforce. From your personal settings, enter Reset My Security Token in "
    "the Quick Find box, then select Reset My Security Token."
)


@dataclass(frozen=True)
class Call:
    """Which API is called: ``u`` (Partner), ``c`` (Enterprise) or ``m`` (Metadata), its version."""

    api: str
    version: str


def login(org: "Org", call: Call, envelope: Envelope) -> dict[str, Any]:
    """A session for a username and password (R: forcex, grouparoo, WWW::Salesforce).

    An expired password still gets a session, which then refuses everything (R, grouparoo).
    """
    policies = org.accounts.policies
    if float(call.version) > LAST_LOGIN_VERSION:
        raise no_operation(envelope)
    if not policies.soap_login:
        raise SoapFault(
            "INVALID_OPERATION",
            "SOAP API login() is disabled by default in this org.",
            "UnexpectedErrorFault",
        )
    scope = envelope.headers.get("LoginScopeHeader")
    organization = scope.value("organizationId") if scope else None
    username = envelope.operation.value("username") or ""
    password = envelope.operation.value("password") or ""
    user, lacks_token = org.accounts.by_password(username, password)
    if lacks_token:
        raise SoapFault("LOGIN_MUST_USE_SECURITY_TOKEN", NEEDS_TOKEN, "LoginFault")
    if user is None or (organization and identifiers.normalize(organization) != org.org_id):
        raise SoapFault("INVALID_LOGIN", INVALID_LOGIN, "LoginFault")
    if not policies.ip_allowed:
        raise SoapFault("LOGIN_DURING_RESTRICTED_DOMAIN", "Login from restricted IP", "LoginFault")
    if not policies.api_enabled or not org.permissions(user["Id"]).has("ApiEnabled"):
        raise SoapFault(
            "API_DISABLED_FOR_ORG",
            "API is not enabled for this Organization or Partner",
            "UnexpectedErrorFault",
        )
    base = f"{org.instance_url}/services/Soap"
    return {
        "metadataServerUrl": f"{base}/m/{call.version}/{org.org_id[:15]}",
        "passwordExpired": org.accounts.credential(user["Id"]).password_expired,
        "sandbox": False,
        "serverUrl": f"{base}/{call.api}/{call.version}/{org.org_id[:15]}",
        "sessionId": org.sessions.open(user["Id"], "password"),
        "userId": user["Id"],
        "userInfo": _user_info(org, user),
    }


def get_user_info(org: "Org", call: Call, envelope: Envelope) -> dict[str, Any]:
    user = org.store.record(signed_in(org, envelope))
    if user is None:
        raise _illegal_session()
    return _user_info(org, user)


def get_server_timestamp(org: "Org", call: Call, envelope: Envelope) -> dict[str, Any]:
    signed_in(org, envelope)
    return {"timestamp": values.format_datetime(org.clock())}


def logout(org: "Org", call: Call, envelope: Envelope) -> None:
    signed_in(org, envelope)
    org.sessions.end(envelope.session_id or "")


def signed_in(org: "Org", envelope: Envelope) -> str:
    """The Id of the user whose session the SessionHeader names; SoapFault without one (R)."""
    try:
        user_id = org.session_user(envelope.session_id or "")
    except ApiError as error:
        told = error.body[0]
        raise SoapFault(told["errorCode"], told["message"], "UnexpectedErrorFault") from None
    if user_id is None:
        raise _illegal_session()
    return user_id


def no_operation(envelope: Envelope) -> SoapFault:
    """An operation that the API does not have (3)."""
    asked = envelope.operation
    return SoapFault(
        "soapenv:Client",
        f"No operation available for request {{{asked.namespace}}}{asked.name}",
    )


def _illegal_session() -> SoapFault:
    message = "Invalid Session ID found in SessionHeader: Illegal Session"
    return SoapFault("INVALID_SESSION_ID", message, "UnexpectedErrorFault")


def _user_info(org: "Org", user: Record) -> dict[str, Any]:
    """The elements in their recorded order (R, grouparoo v42)."""
    organization = org.store.record(org.org_id) or {}
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "€",
        "orgAttachmentFileSizeLimit": 26214400,
        "orgDefaultCurrencyIsoCode": "EUR",
        "orgDefaultCurrencyLocale": "de_DE",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.org_id,
        "organizationMultiCurrency": False,
        "organizationName": organization.get("Name"),
        "profileId": user["ProfileId"],
        "roleId": user["UserRoleId"],
        "sessionSecondsValid": org.accounts.policies.session_seconds,
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user["Id"],
        "userLanguage": user["LanguageLocaleKey"],
        "userLocale": user["LocaleSidKey"],
        "userName": user["Username"],
        "userTimeZone": user["TimeZoneSidKey"],
        "userType": user["UserType"],
        "userUiSkin": "Theme3",
    }
