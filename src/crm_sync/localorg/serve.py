"""A running org: :class:`LocalOrg`, inside a test or in a process of its own (`process`)."""

import asyncio
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from crm_sync.localorg import addresses, app, certificates
from crm_sync.localorg.addresses import Address
from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.listening import Server, bind, server_config
from crm_sync.localorg.options import Options
from crm_sync.localorg.org import Org
from crm_sync.localorg.page import site
from crm_sync.localorg.records import conversion, people, values
from crm_sync.localorg.records.automation import RuleFacts
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import FieldChanges

START_SECONDS = 10.0
CERTIFICATE, PRIVATE_KEY = ".ca.pem", ".app.pem"
"""Endings of the files beside the data: its certificate authority, the app's private key."""


class LocalOrg:
    """A running local org; a context manager.

    ``data`` is the SQLite file, None for memory. ``fields`` changes the schema: for instance
    ``{"Account.CRM_Id__c": None}`` is an org without that field and
    ``{"Lead.CRM_Id__c": {"unique": False}}`` one where it is not unique. ``org_id`` and ``clock``
    make answers repeatable. ``folder`` takes the certificate and the private key of an org in
    memory; without one the org makes its own and removes it. ``options``: what else an org can be
    started with. With ``page_port`` (0 takes a free one) the page at ``/`` is served there too,
    over plain HTTP: a browser does not know the org's certificate authority and would warn.
    Raises OSError when a port is taken.
    """

    def __init__(
        self,
        data: Path | str | None = None,
        *,
        port: int = 0,
        https: bool = True,
        verbose: bool = False,
        fields: FieldChanges | None = None,
        org_id: str | None = None,
        clock: Callable[[], datetime] = values.now,
        folder: Path | None = None,
        options: Options | None = None,
        page_port: int | None = None,
    ) -> None:
        options = options or Options()
        self._socket = bind(options.host, port)
        try:
            self._page_socket = None if page_port is None else bind(options.host, page_port)
        except OSError:
            self._socket.close()
            raise
        self._data = Path(data).absolute() if data else None
        self._folder = folder
        self._own_folder: Path | None = None
        self._org = Org(self._data, fields=fields, org_id=org_id, clock=clock, options=options)
        bound_port: int = self._socket.getsockname()[1]
        scheme = "https" if https else "http"
        host = addresses.reachable(options.host)
        names = addresses.names(options.host)
        self._org.address = Address(
            f"{scheme}://{host}:{bound_port}", names, follows_caller=not options.is_loopback
        )
        self.ca_bundle: Path | None = None
        application = app.build(self._org, verbose=verbose)
        config = server_config(application)
        if https:
            bundle = self._beside(CERTIFICATE, "ca.pem")
            self.ca_bundle = certificates.prepare(self._org.store, bundle, names)
            config.ssl = certificates.server_context(self._org.store)
        self._server = Server(config)
        self._page_server = Server(server_config(site.alone(application)))
        self.page_url = f"{self.instance_url}/"
        """Where a browser finds the page."""
        if self._page_socket is not None:
            self.page_url = f"http://{host}:{self._page_socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._run, name="local-org", daemon=True)
        self.access_token = self._org.open_session(self._org.integration_user_id)

    def __enter__(self) -> "LocalOrg":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve in a thread of this process; returns when requests are answered."""
        self._thread.start()
        if not self._server.has_started.wait(START_SECONDS):
            raise RuntimeError("the local org did not start")
        if self._page_socket and not self._page_server.has_started.wait(START_SECONDS):
            raise RuntimeError("the local org's page did not start")

    def stop(self) -> None:
        self._server.end()
        self._page_server.end()
        if self._thread.is_alive():
            self._thread.join()
        self._org.close()
        if self._own_folder is not None:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    def join(self) -> None:
        """Wait until the server has stopped."""
        self._thread.join()

    # What one needs to reach it --------------------------------------------------------------

    @property
    def instance_url(self) -> str:
        return self._org.address.url

    @property
    def org_id(self) -> str:
        return self._org.org_id

    @property
    def client_id(self) -> str:
        return self._org.client_id

    @property
    def client_secret(self) -> str:
        return self._org.client_secret

    @property
    def integration_user_id(self) -> str:
        return self._org.integration_user_id

    @property
    def queue_user_id(self) -> str:
        """Owner whom the lead assignment rule sets."""
        return self._org.queue_user_id

    @property
    def username(self) -> str:
        """The integration user's, with :attr:`password` and :attr:`security_token`."""
        return str(self._user(self.integration_user_id)["Username"])

    @property
    def password(self) -> str:
        return self._org.accounts.credential(self.integration_user_id).password

    @property
    def security_token(self) -> str:
        return self._org.accounts.credential(self.integration_user_id).security_token

    @property
    def admin_username(self) -> str:
        """The administrator's, with :attr:`admin_password`; the security token may be left out."""
        return str(self._user(self._org.admin_id)["Username"])

    @property
    def admin_password(self) -> str:
        return self._org.accounts.credential(self._org.admin_id).password

    @property
    def admin_token(self) -> str:
        """A new access token of the administrator."""
        return self._org.open_session(self._org.admin_id)

    @property
    def private_key_file(self) -> Path:
        """The app's private key for the JWT bearer flow, in a file that only its owner reads."""
        path = self._beside(PRIVATE_KEY, "app-key.pem")
        path.touch(mode=0o600)
        path.write_text(self._org.accounts.private_key(), encoding="ascii")
        return path

    def connection(self) -> dict[str, Any]:
        """All of it, as the first line of the process prints it."""
        return {
            "instance_url": self.instance_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "access_token": self.access_token,
            "ca_bundle": str(self.ca_bundle) if self.ca_bundle else None,
            "org_id": self.org_id,
            "page": self.page_url,
            "username": self.username,
            "password": self.password,
            "security_token": self.security_token,
            "admin_username": self.admin_username,
            "admin_password": self.admin_password,
            "private_key_file": str(self.private_key_file),
        }

    # What one does to it ---------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The records: ``store.records("Account")``, ``store.record(id)``, ``store.count(…)``."""
        return self._org.store

    @property
    def calls(self) -> deque[RecordedCall]:
        """The calls so far, oldest first; ``calls.clear()`` forgets them."""
        return self._org.calls

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """Bulk jobs as their own GET shows them, newest first."""
        return self._org.bulk.infos()

    @property
    def jobs_folder(self) -> Path:
        """Where uploads and results of jobs lie."""
        return self._org.bulk.folder

    @property
    def faults(self) -> Faults:
        """The fault rules; assign or ``append`` rules in their JSON form."""
        return self._org.faults

    @faults.setter
    def faults(self, rules: Iterable[Mapping[str, Any]]) -> None:
        self._org.faults.replace(rules)

    def edit(self, record_id: str, fields: Mapping[str, Any]) -> Record:
        return people.edit(self._org, record_id, fields)

    def delete(self, record_id: str) -> None:
        people.delete(self._org, record_id)

    def convert_lead(
        self, lead_id: str, account_id: str | None = None, *, opportunity: str | bool = False
    ) -> Record:
        return conversion.convert_lead(self._org, lead_id, account_id, opportunity=opportunity)

    def merge(self, winner_id: str, loser_id: str) -> Record:
        return people.merge(self._org, winner_id, loser_id)

    def undelete(self, record_id: str) -> Record:
        """Take a record out of the recycle bin, with what went along."""
        return people.undelete(self._org, record_id)

    def purge(self) -> int:
        """Empty the recycle bin; the number of records that are gone for good."""
        return people.purge(self._org)

    @property
    def rules(self) -> list[RuleFacts]:
        """The rules that are switched on (``records.automation``); assign a list to change them."""
        return self._org.rules

    @rules.setter
    def rules(self, rules: Iterable[RuleFacts]) -> None:
        self._org.rules = list(rules)

    def set_policies(self, **policies: Any) -> None:
        """Change how the org lets people in (:class:`~crm_sync.localorg.signin.accounts.Policies`).

        For instance ``run_as=None``, ``app_approved=False``, ``session_seconds=60``.
        """
        self._org.accounts.change_policies(policies)

    def set_user(self, username: str, **standing: Any) -> None:
        """Set a user's ``password``, ``security_token``, ``is_frozen``, ``password_expired``."""
        user = self._org.accounts.user(username)
        if user is None:
            raise ValueError(f"There is no user {username}; name one by username or Id.")
        self._org.accounts.change_user(user["Id"], standing)

    def register_certificate(self, pem: str) -> None:
        """Make this the app's certificate, instead of that of :attr:`private_key_file`."""
        self._org.accounts.register(pem)

    def expire_sessions(self) -> int:
        return self._org.expire_sessions()

    def set_remaining_calls(self, remaining: int) -> None:
        """Leave so many API calls of the day."""
        self._org.set_remaining(remaining)

    # Inside ----------------------------------------------------------------------------------

    def _user(self, user_id: str) -> Record:
        [found] = self._org.store.by_ids(self._org.schema["User"], [user_id]).values()
        return found

    def _beside(self, ending: str, name: str) -> Path:
        """A file of the org: beside the data, else in the folder, else in one of our own."""
        if self._data is not None:
            return self._data.with_name(self._data.name + ending)
        if self._folder is None:
            self._folder = self._own_folder = Path(tempfile.mkdtemp(prefix="crm-sync-org-"))
        return self._folder / name

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        running = [self._server.serve(sockets=[self._socket])]
        if self._page_socket is not None:
            running.append(self._page_server.serve(sockets=[self._page_socket]))
        await asyncio.gather(*running)
