"""The org itself: what it knows beyond its records, shared by every API family."""

import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.errors import not_found
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.records import identifiers, seed, values
from crm_sync.localorg.records.body import BodyParser
from crm_sync.localorg.records.save import WriteContext
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.rest import describe
from crm_sync.localorg.routing import Request
from crm_sync.localorg.schema import FieldChanges, ObjectType, load_schema
from crm_sync.localorg.soql.results import Results

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
        self.results = Results(self.store, self._new_locator, clock)
        self._parsers = {o.name: BodyParser(self.schema, o) for o in self.schema.objects}
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

    def close(self) -> None:
        self.store.close()

    def object_type(self, name: str) -> ObjectType:
        """An object by its name in a URL; 404 when there is none (R, restforce)."""
        found = self.schema.find(name)
        if found is None:
            raise not_found()
        return found

    def parser(self, object_type: ObjectType) -> BodyParser:
        return self._parsers[object_type.name]

    def context(self, request: Request) -> WriteContext:
        """What a write needs to know of the request that asks for it.

        Without the header the active assignment rule runs, on updates too (D, Assignment Rule
        Header); any value but FALSE, such as a rule's Id, runs it as well.
        """
        return WriteContext(
            store=self.store,
            faults=self.faults,
            user_id=request.user_id or self.integration_user_id,
            now=self.clock(),
            auto_assign=request.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE",
            api_version=request.api_version,
            assignment_owner=self.queue_user_id,
            pod=self.pod,
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
        token = f"{self.org_id[:15]}!AQEAQ{secrets.token_urlsafe(60).replace('-', '.')}"
        self.store.execute("insert into local_session values (?, ?)", [token, user_id])
        return token

    def session_user(self, token: str) -> str | None:
        found = self.store.rows("select user_id from local_session where token = ?", [token])
        return found[0][0] if found else None

    def expire_sessions(self) -> int:
        """End every session; the number of them."""
        return self.store.execute("delete from local_session")

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

    def _new_locator(self) -> str:
        return identifiers.build("01g", self.pod, self.store.take_numbers("01g", 1)[0])

    def _setting(self, name: str) -> str:
        value = self.store.setting(name)
        if value is None:
            raise ValueError(f"the data file holds no org: {name} is missing")
        return value


def pod_of(org_id: str) -> str:
    """Characters 4 to 6 of every record Id: so no Id of one org names a record of another."""
    return org_id[12:15]
