"""Control end points about signing in: /local/policies, users, certificate, refresh-token."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import not_found
from crm_sync.localorg.records import people
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.routing import Answer

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def answer(org: "Org", method: str, part: str, body: Any) -> Answer:
    """Carry out a control request; ValueError and KeyError say what is wrong with it."""
    wanted: Mapping[str, Any] = body if isinstance(body, dict) else {}
    match method, part:
        case "GET", "policies":
            return Answer(200, asdict(org.accounts.policies))
        case "POST", "policies":
            return Answer(200, asdict(org.accounts.change_policies(wanted)))
        case "GET", "users":
            return Answer(200, [_shown(org, user) for user in org.store.records("User")])
        case "POST", "users":
            return Answer(200, _change_user(org, dict(wanted)))
        case "POST", "certificate":
            org.accounts.register(str(wanted["pem"]))
            return Answer(204)
        case "POST", "refresh-token":
            user = _user(org, wanted.get("user", org.integration_user_id))
            return Answer(200, {"refresh_token": org.sessions.open_refresh(user["Id"])})
        case _:
            raise not_found()


def _change_user(org: "Org", wanted: dict[str, Any]) -> dict[str, Any]:
    user = _user(org, wanted.pop("user"))
    is_active = wanted.pop("is_active", None)
    org.accounts.change_user(user["Id"], wanted)
    if is_active is not None:
        user = people.edit(org, user["Id"], {"IsActive": is_active})
    return _shown(org, user)


def _user(org: "Org", name: Any) -> Record:
    user = org.accounts.user(str(name))
    if user is None:
        raise ValueError(f"no such user: {name}")
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
