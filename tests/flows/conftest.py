"""Prefect's server for the flow tests, and a database and an org that the flows are led to."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.postgres import ROOT, Database

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg

# Where Prefect cannot be installed from wheels it is not installed; see pyproject.toml.
collect_ignore_glob = [] if importlib.util.find_spec("prefect") else ["test_*.py"]

# Before Prefect is imported: no profile of the user, no server of the user, no word to its makers.
os.environ.pop("PREFECT_API_URL", None)
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-home-")
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["DO_NOT_TRACK"] = "1"
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a Prefect server for the run."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield str(PREFECT_API_URL.value())


@pytest.fixture
def working_directory(
    database: Database, org: LocalOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Where a worker would work: its environment leads to the test's database and org."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_SYNC_DATABASE_URL", database.sync_url)
    monkeypatch.setenv("CRM_SYNC_MAPPINGS", str(ROOT / "mappings"))
    monkeypatch.setenv("CRM_SYNC_TARGETS__LOCAL__INSTANCE_URL", org.instance_url)
    monkeypatch.setenv("CRM_SYNC_TARGETS__LOCAL__CLIENT_ID", org.client_id)
    monkeypatch.setenv("CRM_SYNC_TARGETS__LOCAL__CLIENT_SECRET", org.client_secret)
    monkeypatch.setenv("CRM_SYNC_TARGETS__LOCAL__CA_BUNDLE", str(org.ca_bundle))
    return tmp_path


@pytest.fixture
def two_accounts(connection: psycopg.Connection[Any]) -> None:
    """Two rows that Salesforce takes as they are."""
    connection.execute(
        "insert into public.accounts (company_name) values ('Nordwind'), ('Südhang')"
    )
