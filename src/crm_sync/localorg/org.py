"""The org itself: what it knows beyond its records, shared by every API family."""

import json
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_sync.localorg import features, storage
from crm_sync.localorg.addresses import Address
from crm_sync.localorg.bulk import Bulk
from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.metadata.components import Components
from crm_sync.localorg.metadata.customfields import CustomFields
from crm_sync.localorg.options import OptionError, Options
from crm_sync.localorg.records import duplicaterules, identifiers, recordtypes, seed, values
from crm_sync.localorg.records.automation import Automation, DuplicateOptions, RuleFacts
from crm_sync.localorg.records.body import BodyParser
from crm_sync.localorg.records.locks import Locks
from crm_sync.localorg.records.save import WriteContext
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.rest import describe
from crm_sync.localorg.routing import Request
from crm_sync.localorg.schema import Facts, FieldChanges, ObjectType, Schema, load_schema
from crm_sync.localorg.signin import profiles
from crm_sync.localorg.signin.accounts import Accounts
from crm_sync.localorg.signin.permissions import SOURCES, Permissions, of_user
from crm_sync.localorg.signin.sessions import Sessions
from crm_sync.localorg.soql.results import Results
from crm_sync.localorg.tooling.catalog import Catalog

DAILY_LIMIT = 15000
"""API calls in 24 hours of a Developer Edition org (R, limits.json)."""

DUPLICATE_HEADER_FROM = 52.0
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
        options: Options | None = None,
    ) -> None:
        options = options or Options()
        kept = Kept.of(path, options)
        changes = {
            **recordtypes.field_changes(kept.record_types),
            **features.field_changes(kept.features),
            **(fields or {}),
        }
        saved = [*features.descriptions(kept.features), *kept.describes]
        self.schema = load_schema(changes, saved)
        _check_objects(self.schema, kept.record_types)
        self.store = Store(self.schema, path)
        self.faults = Faults(self.schema)
        self.locks = Locks()
        self.automation = Automation(self.schema)
        self.faults.replace(options.faults)
        self.latency = options.latency
        self.newest_version = options.newest_version
        self.multiday_events = options.multiday_events
        self.clock = clock
        self.address = Address()
        self.schema_since = clock()
        self.schema_etag = describe.fingerprint(self.schema)
        self.daily_limit = DAILY_LIMIT if options.daily_limit is None else options.daily_limit
        self.daily_used = 0
        self.storage = storage.Storage(self.store, options.data_storage)
        self.calls: deque[RecordedCall] = deque(maxlen=KEPT_CALLS)
        self.results = Results(self.store, self._new_locator, clock)
        self._parsers: dict[int, BodyParser] = {}
        self._permissions: dict[str, Permissions] = {}
        self._permissions_state: tuple[Any, ...] = ()
        self._permissions_since = self.schema_since
        with self.store.transaction():
            self._found(org_id)
            kept.save(self.store)
        self.org_id = self._setting("org_id")
        self.client_id = self._setting("client_id")
        self.client_secret = self._setting("client_secret")
        self.pod = pod_of(self.org_id)
        users = {u["Alias"]: u["Id"] for u in self.store.records("User")}
        self.admin_id: str = users[seed.ADMIN]
        self.integration_user_id: str = users[seed.INTEGRATION]
        self.queue_user_id: str = users[seed.QUEUE]
        stamp = values.format_datetime(clock())
        people = (self.admin_id, self.integration_user_id)
        with self.store.transaction():
            audit = seed.audit_fields(self.admin_id, stamp)
            recordtypes.fill(self.store, kept.record_types, self.pod, audit)
            features.fill(self.store, kept.features, self.pod, audit)
            profiles.prepare(self.store, self.pod, stamp, *people)
        self.sessions = Sessions(self.store, self.org_id, self.clock)
        self.accounts = Accounts(self.store)
        self.components = Components(self.store, self.pod)
        self.custom_fields = CustomFields(self)
        self.catalog = Catalog(self)
        saved_rules = json.loads(self.store.setting("rules") or "[]")
        try:
            self.rules = saved_rules if options.rules is None else options.rules
        except ValueError as error:
            raise OptionError(str(error)) from None
        self.bulk = Bulk(self, path)
        self.bulk.resume()

    def close(self) -> None:
        self.bulk.close()
        self.store.close()

    @property
    def instance_url(self) -> str:
        """Where the org is, for the one who is asking."""
        return self.address.told

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

    def adopt(self, schema: Schema) -> None:
        """Go on with another schema, because fields were added, changed or removed."""
        self.schema = schema
        self.store.adopt(schema)
        self.faults.adopt(schema)
        self.automation.adopt(schema)
        self.schema_etag = describe.fingerprint(schema)
        self.schema_since = self.clock()
        self._parsers.clear()
        self._permissions.clear()
        self._permissions_state = ()

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
        """Fingerprint of what the caller may see of the schema, and since when it is so.

        It changes with the whole schema too: all describes of an org share one (R, CumulusCI).
        """
        view = self.view(request)
        if view is self.schema:
            return self.schema_etag, self.schema_since
        own = self.schema_etag[:4] + describe.fingerprint(view)[:4]
        return own, max(self.schema_since, self._permissions_since)

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
            automation=self.automation,
            duplicate_options=self._duplicate_options(request),
            permissions=self.permissions(user_id),
            storage=self.storage,
            multiday_events=self.multiday_events,
            # D, MRU Header: what is written is seen as well, unless the caller says otherwise.
            is_viewing="updatemru=false" not in request.headers.get("sforce-mru", "").lower(),
        )

    def people_context(self) -> WriteContext:
        """An administrator at work in Salesforce's own pages."""
        quiet = Request("POST", "", headers={"sforce-auto-assign": "FALSE"}, user_id=self.admin_id)
        return self.context(quiet)

    def set_remaining(self, calls: int) -> None:
        """Leave so many API calls of the day."""
        self.daily_used = max(0, self.daily_limit - calls)

    @property
    def rules(self) -> list[RuleFacts]:
        """The rules that are switched on (``records.automation``); they stay with the data."""
        return list(self.automation.rules)

    @rules.setter
    def rules(self, rules: Iterable[RuleFacts]) -> None:
        with self.store.lock:
            self.automation.replace(self.store, rules, self.locks)
            self.store.set_setting("rules", json.dumps(self.automation.rules))
            audit = seed.audit_fields(self.admin_id, values.format_datetime(self.clock()))
            with self.store.transaction():
                duplicaterules.fill(self.store, self.automation.rules, self.pod, audit)

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

    @staticmethod
    def _duplicate_options(request: Request) -> DuplicateOptions:
        """The header counts from v52 on (D)."""
        if request.api_version < DUPLICATE_HEADER_FROM:
            return DuplicateOptions()
        return DuplicateOptions.of_header(request.headers.get("sforce-duplicate-rule-header", ""))

    def _new_locator(self) -> str:
        return identifiers.build("01g", self.pod, self.store.take_numbers("01g", 1)[0])

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


@dataclass(frozen=True)
class Kept:
    """What shapes the schema and so must be known before the store is opened."""

    describes: list[Facts]
    record_types: dict[str, list[str]]
    features: list[str]

    @classmethod
    def of(cls, path: Path | None, options: Options) -> "Kept":
        """What the data file holds, and what the options add."""
        saved = Store.peek(path, ("describes", "record_types", "features"))
        describes: dict[str, Facts] = {
            facts["name"]: facts for facts in json.loads(saved.get("describes", "[]"))
        }
        describes |= {facts["name"]: dict(facts) for facts in options.describes}
        record_types: dict[str, list[str]] = json.loads(saved.get("record_types", "{}"))
        for name, listed in options.record_types.items():
            here = record_types.setdefault(name, [])
            here += [one for one in listed if one not in here]
        switched_on: list[str] = json.loads(saved.get("features", "[]"))
        switched_on += [name for name in options.features if name not in switched_on]
        unknown = set(switched_on) - set(features.FEATURES)
        if unknown:
            raise OptionError(f"unknown features: {', '.join(sorted(unknown))}")
        features.record_types(switched_on, record_types)
        return cls(list(describes.values()), record_types, switched_on)

    def save(self, store: Store) -> None:
        store.set_setting("describes", json.dumps(self.describes))
        store.set_setting("record_types", json.dumps(self.record_types))
        store.set_setting("features", json.dumps(self.features))


def _check_objects(schema: Schema, record_types: Mapping[str, list[str]]) -> None:
    for name in record_types:
        if schema.find(name) is None:
            raise OptionError(f"record types of an unknown object: {name}")


def pod_of(org_id: str) -> str:
    """Characters 4 to 6 of every record Id: so no Id of one org names a record of another."""
    return org_id[12:15]
