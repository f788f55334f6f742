"""What a refused sign-in or call means, and what to click: pure functions of Salesforce's answer.

In: its code and words. Out: a sentence of advice. What the program does next never depends on it.
OAuth's codes alone tell little (`invalid_grant` is nearly everything), so here, and only here,
words are read, too; in other words than these, or in another language, all that may be wrong is
told. The words are those of recorded answers and of many logs; the local org gives the same.

Labels of Setup are those of 2026 in English; they vary a little with the release.
"""

from __future__ import annotations

__all__ = [
    "ANY_WORDS",
    "CODES",
    "GUIDE",
    "WORDS",
    "mend_of_call",
    "mend_of_object",
    "mend_of_sign_in",
]

GUIDE = "docs/how-to/sign-in.md"

_APP = "Setup → External Client App Manager → the app → "
_RUN_AS = (
    f"{_APP}Policies → Edit → OAuth Policies → Client Credentials Flow: set Run As to an active "
    "integration user that is not frozen."
)
_MY_DOMAIN = (
    "Set instance_url to the org's own address: Setup → My Domain → Current My Domain URL, "
    "https://….my.salesforce.com; neither login.salesforce.com nor a …lightning.force.com."
)
_ADDRESS = (
    "Let this machine's public address in: Setup → Network Access and Login IP Ranges of the "
    f"user's profile; or {_APP}Policies → IP Relaxation."
)
_APPROVE = (
    f"{_APP}Policies → Edit → OAuth Policies → Permitted Users: Admin approved users are "
    "pre-authorized; then give the app to the user's profile or to a permission set without the "
    "licence Salesforce API Integration. Check username, too, and that the user is active."
)
_WRONG_LOGIN = (
    "Correct username, password and security_token (it follows the password outside of trusted "
    "networks), see that the user is active and not locked out, or use another way to sign in."
)
_SOAP_OFF = (
    "Use client credentials (" + GUIDE + "); until Summer '27 an administrator may switch SOAP "
    "login() on for the org."
)
_EXPIRED = (
    "Sign in as that user in a browser and set a new password, or give the user the permission "
    "Password Never Expires; client credentials need no password."
)
_API = (
    "Setup → Permission Sets → that of the integration user → System Permissions: API Enabled. "
    "If all users are refused, the org's edition has no API."
)

WORDS = (
    ("no client credentials user", _RUN_AS),
    ("not supported on this domain", _MY_DOMAIN),
    ("ip restricted", _ADDRESS),
    ("hasn't approved this consumer", _APPROVE),
    ("not admin approved", _APPROVE),
    ("audience is invalid", "Set audience of the target to https://login.salesforce.com, for a "
     "sandbox https://test.salesforce.com, or to the My Domain."),
    ("expired authorization code", "Set this machine's clock: the assertion was over when it "
     "arrived."),
    ("invalid assertion", f"{_APP}Settings → OAuth Settings → Enable JWT Bearer Flow: upload the "
     "certificate that belongs to private_key."),
    ("authentication failure", _WRONG_LOGIN),
)  # fmt: skip
"""Of an OAuth refusal (recorded, or from logs; those of JWT: forcedotcom/cli 3325). With `CODES` on
`docs/errors.md`."""

CODES = {
    "invalid_client_id": "Check client_id (the app's consumer key), and that instance_url is the "
    "My Domain of the org that has the app; a new app may take some minutes.",
    "app_not_found": "Check client_id (the app's consumer key), and that instance_url is the "
    "My Domain of the org that has the app; a new app may take some minutes.",
    "invalid_client": "Check client_secret (the app's consumer secret).",
    "invalid_app_access": _APPROVE,
    "unsupported_grant_type": f"{_APP}Settings → OAuth Settings → Flow Enablement: enable the "
    "flow that the target's auth names.",
    "inactive_user": "Activate the user that the app runs as: Setup → Users.",
    "inactive_org": "The org is closed or suspended; ask its administrator.",
    "rate_limit_exceeded": "Too many sign-ins; wait some minutes.",
    # Of SOAP login() (SOAP API Developer Guide, ExceptionCode; recorded)
    "INVALID_LOGIN": _WRONG_LOGIN,
    "LOGIN_MUST_USE_SECURITY_TOKEN": "Set security_token: as the user, Settings → Reset My "
    "Security Token sends it by e-mail; or add this machine's address to Setup → Network Access.",
    "LOGIN_DURING_RESTRICTED_DOMAIN": _ADDRESS,
    "LOGIN_DURING_RESTRICTED_TIME": "The user's profile lets nobody in at this hour: Login Hours.",
    "PASSWORD_LOCKOUT": "Setup → Users → the user → Unlock; then correct the password.",
    "INVALID_OPERATION": _SOAP_OFF,
    "soapenv:Client": _SOAP_OFF,
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": _EXPIRED,
    "API_DISABLED_FOR_ORG": _API,
    "API_CURRENTLY_DISABLED": _API,
}
"""What to do by code: OAuth's, and those of SOAP and of calls."""

ANY_WORDS = {
    "client_credentials": (
        "May be: no Run As user, or a frozen one; a wrong My Domain; an address that is not let "
        f"in. {GUIDE} has each click."
    ),
    "jwt_bearer": (
        "May be: the user is not approved for the app; a certificate of another key; a wrong "
        f"audience or clock; an address that is not let in. {GUIDE} has each click."
    ),
}
"""What to do about `invalid_grant` with other words than those, by the target's `auth`."""


def mend_of_sign_in(code: str, said: str, auth: str, otherwise: str) -> str:
    """What to do where Salesforce refused a sign-in. `otherwise`: where neither helps."""
    words = said.lower()
    for sign, mend in WORDS:
        if sign in words:
            return mend
    if code == "invalid_grant":
        return ANY_WORDS.get(auth, otherwise)
    return CODES.get(code, otherwise)


def mend_of_call(code: str) -> str:
    """What to do where a session was had and Salesforce refuses its calls; empty where unknown."""
    return CODES.get(code, "") if code.isupper() else ""


def mend_of_object(name: str) -> str:
    """What to click where the org shows our user no such object.

    A user of the licence Salesforce Integration sees records only with the permission set licence
    Salesforce API Integration beside a permission set (reported by several integrations).
    """
    return (
        f"Give the integration user a licence and permission for {name}: Setup → Users → the user "
        "→ Permission Set License Assignments: Salesforce API Integration; Setup → Permission Sets "
        f"→ the user's → Object Settings → {name}: Read, Create, Edit."
    )
