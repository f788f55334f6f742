"""Control end points about signing in: /local/policies, users, certificate, refresh-token."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from crm_sync.localorg import kinds
from crm_sync.localorg.errors import not_found
from crm_sync.localorg.records import people
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.routing import Answer
from crm_sync.localorg.signin.accounts import CREDENTIAL_KINDS, POLICY_KINDS

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


_USER = {"user": kinds.TEXT}
_NEEDED: dict[str, kinds.Kinds] = {"users": _USER, "certificate": {"pem": kinds.TEXT}}
_OPTIONAL: dict[str, kinds.Kinds] = {
    "policies": POLICY_KINDS,
    "users": {**CREDENTIAL_KINDS, "is_active": kinds.FLAG},
    "refresh-token": _USER,
}


def answer(org: "Org", method: str, part: str, body: Any) -> Answer:
    """Carry out a control request; ValueError says what is wrong with it."""
    wanted: dict[str, Any] = {}
    if method == "POST":
        wanted = kinds.check_map(body, _NEEDED.get(part, {}), _OPTIONAL.get(part))
    match method, part:
        case "GET", "policies":
            return Answer(200, asdict(org.accounts.policies))
        case "POST", "policies":
            return Answer(200, asdict(org.accounts.change_policies(wanted)))
        case "GET", "users":
            return Answer(200, [_shown(org, user) for user in org.store.records("User")])
        case "POST", "users":
            return Answer(200, _change_user(org, wanted))
        case "POST", "certificate":
            org.accounts.register(wanted["pem"])
            return Answer(204)
        case "POST", "refresh-token":
            user = _user(org, wanted.get("user", org.integration_user_id))
            return Answer(200, {"refresh_token": org.sessions.open_refresh(user["Id"])})
        case _:
            raise not_found()


def _change_user(org: "Org", wanted: dict[str, Any]) -> dict[str, Any]:
    user = _user(org, wanted["user"])
    is_active = wanted.get("is_active")
    standing = {name: value for name, value in wanted.items() if name in CREDENTIAL_KINDS}
    org.accounts.change_user(user["Id"], standing)
    if is_active is not None:
        user = people.edit(org, user["Id"], {"IsActive": is_active})
    return _shown(org, user)


def _user(org: "Org", name: str) -> Record:
    user = org.accounts.user(name)
    if user is None:
        raise ValueError(f"There is no user {name}; name one by username or Id.")
    return user


def _shown(org: "Org", user: Record) -> dict[str, Any]:
    """A user's standing; never a secret."""
    credential = org.accounts.credential(user["Id"])
    return {
        "id": user["Id"],
        "username": user["Username"],
        "profile": (org.store.record(user["ProfileId"]) or {}).get("Name"),
        "is_active": bool(user["IsActive"]),
        "is_frozen": credential.is_frozen,
        "password_expired": credential.password_expired,
    }
