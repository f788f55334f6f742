"""The org itself: what it knows beyond its records, shared by every API family."""

import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.records import identifiers, seed, values
from crm_sync.localorg.records.body import BodyParser
from crm_sync.localorg.records.save import WriteContext
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.rest import describe
from crm_sync.localorg.routing import Request
from crm_sync.localorg.schema import FieldChanges, ObjectType, Schema, load_schema
from crm_sync.localorg.signin import profiles
from crm_sync.localorg.signin.accounts import Accounts
from crm_sync.localorg.signin.permissions import SOURCES, Permissions, of_user
from crm_sync.localorg.signin.sessions import Sessions

DAILY_LIMIT = 15000
"""API calls in 24 hours of a Developer Edition org (R, limits.json)."""

KEPT_CALLS = 20000


class Org:
    """One org: schema, records, sessions, the day's count of calls, faults, the call log."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        fields: FieldChanges | None = None,
        org_id: str | None = None,
        clock: Callable[[], datetime] = values.now,
    ) -> None:
        self.schema = load_schema(fields)
        self.store = Store(self.schema, path)
        self.faults = Faults(self.schema)
        self.clock = clock
        self.instance_url = ""
        self.schema_since = clock()
        self.schema_etag = describe.fingerprint(self.schema)
        self.daily_limit = DAILY_LIMIT
        self.daily_used = 0
        self.calls: deque[RecordedCall] = deque(maxlen=KEPT_CALLS)
        self.cursors: dict[str, tuple[list[Any], int]] = {}
        self._parsers: dict[int, BodyParser] = {}
        self._permissions: dict[str, Permissions] = {}
        self._permissions_state: tuple[Any, ...] = ()
        self._permissions_since = self.schema_since
        with self.store.transaction():
            self._found(org_id)
        self.org_id = self._setting("org_id")
        self.client_id = self._setting("client_id")
        self.client_secret = self._setting("client_secret")
        self.pod = pod_of(self.org_id)
        users = {u["Alias"]: u["Id"] for u in self.store.records("User")}
        self.admin_id: str = users[seed.ADMIN]
        self.integration_user_id: str = users[seed.INTEGRATION]
        self.queue_user_id: str = users[seed.QUEUE]
        self.sessions = Sessions(self.store, self.org_id, self.clock)
        self.accounts = Accounts(self.store)
        with self.store.transaction():
            stamp = values.format_datetime(self.clock())
            people = (self.admin_id, self.integration_user_id)
            profiles.prepare(self.store, self.pod, stamp, *people)

    def close(self) -> None:
        self.store.close()

    def object_type(self, name: str, request: Request | None = None) -> ObjectType:
        """An object by its name in a URL; 404 when there is none (R, restforce).

        With a request it is the object as the caller sees it: without the fields that he may not
        read, and not there if he may not see it at all.
        """
        found = (self.view(request) if request else self.schema).find(name)
        if found is None:
            raise not_found()
        return found

    def parser(self, object_type: ObjectType) -> BodyParser:
        """Reads records of this object, or of a user's view of it (:meth:`view`)."""
        found = self._parsers.get(id(object_type))
        if found is None:
            whole = self.schema[object_type.name]
            found = BodyParser(self._schema_of(object_type), object_type, whole)
            self._parsers[id(object_type)] = found
        return found

    # Permissions -----------------------------------------------------------------------------

    def permissions(self, user_id: str) -> Permissions:
        """What a user may see and do; kept until a record that decides it changes."""
        state = (id(self.schema), self.store.revision(SOURCES))
        if state != self._permissions_state:
            self._permissions_state = state
            self._permissions_since = self.clock()
            self._permissions.clear()
            self._parsers.clear()
        found = self._permissions.get(user_id)
        if found is None:
            found = self._permissions[user_id] = of_user(self.store, self.schema, user_id)
        return found

    def view(self, request: Request) -> Schema:
        """The schema as the caller sees it."""
        return self.permissions(request.user_id).schema

    def describe_state(self, request: Request) -> tuple[str, datetime]:
        """Fingerprint of what the caller may see of the schema, and since when it is so."""
        view = self.view(request)
        if view is self.schema:
            return self.schema_etag, self.schema_since
        return describe.fingerprint(view), max(self.schema_since, self._permissions_since)

    def context(self, request: Request) -> WriteContext:
        """What a write needs to know of the request that asks for it.

        Without the header the active assignment rule runs, on updates too (D, Assignment Rule
        Header); any value but FALSE, such as a rule's Id, runs it as well.
        """
        user_id = request.user_id or self.integration_user_id
        return WriteContext(
            store=self.store,
            faults=self.faults,
            user_id=user_id,
            now=self.clock(),
            auto_assign=request.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE",
            api_version=request.api_version,
            assignment_owner=self.queue_user_id,
            pod=self.pod,
            permissions=self.permissions(user_id),
        )

    def people_context(self) -> WriteContext:
        """An administrator at work in Salesforce's own pages."""
        quiet = Request("POST", "", headers={"sforce-auto-assign": "FALSE"}, user_id=self.admin_id)
        return self.context(quiet)

    def set_remaining(self, calls: int) -> None:
        """Leave so many API calls of the day."""
        self.daily_used = max(0, self.daily_limit - calls)

    # Sessions --------------------------------------------------------------------------------

    def open_session(self, user_id: str) -> str:
        """A new access token; it looks like those of Salesforce, which clients check."""
        return self.sessions.open(user_id)

    def session_user(self, token: str) -> str | None:
        """The Id of the user of a living session, if he may still come in.

        Raises ApiError for a session that began with a password which has expired since (R,
        grouparoo).
        """
        session = self.sessions.find(token, self.accounts.policies.session_seconds)
        if session is None or not self.accounts.may_enter(self.store.record(session.user_id)):
            return None
        if (
            session.kind == "password"
            and self.accounts.credential(session.user_id).password_expired
        ):
            raise ApiError(
                401,
                "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
                "Your password has expired. Please reset your password.",
            )
        return session.user_id

    def expire_sessions(self) -> int:
        """End every session; the number of them."""
        return self.sessions.end_all()

    # Inside ----------------------------------------------------------------------------------

    def _found(self, org_id: str | None) -> None:
        """Make a new org what it is, once in its life."""
        if self.store.setting("org_id") is not None:
            return
        chosen = org_id or "00DLo0000" + identifiers.encode(secrets.randbelow(62**6), 6)
        org_id18 = chosen[:15] + identifiers.checksum(chosen[:15])
        self.store.set_setting("org_id", org_id18)
        self.store.set_setting("client_id", f"3MVG9local.{secrets.token_urlsafe(24)}")
        self.store.set_setting("client_secret", secrets.token_hex(32).upper())
        seed.fill(self.store, org_id18, pod_of(org_id18), values.format_datetime(self.clock()))

    def _schema_of(self, object_type: ObjectType) -> Schema:
        """The user's view that an object belongs to; the whole schema for any other."""
        views = (held.schema for held in self._permissions.values())
        for view in views:
            if view.find(object_type.name) is object_type and view is not self.schema:
                return view
        return self.schema

    def _setting(self, name: str) -> str:
        value = self.store.setting(name)
        if value is None:
            raise ValueError(f"the data file holds no org: {name} is missing")
        return value


def pod_of(org_id: str) -> str:
    """Characters 4 to 6 of every record Id: so no Id of one org names a record of another."""
    return org_id[12:15]
