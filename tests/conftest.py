"""Options and fixtures of all tests. Server and databases: see support/postgres.py."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support import chromium, clients, postgres

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg


def pytest_configure() -> None:
    """Ctrl-C must reach what tests start, even where a shell ran pytest without it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crm-sync")
    group.addoption(
        "--postgres",
        choices=("embedded", "system"),
        default="embedded",
        help="the embedded PostgreSQL, or the one installed on this system",
    )
    group.addoption(
        "--recordings",
        type=Path,
        metavar="DIRECTORY",
        help="exchanges recorded with a real org, to compare the local org with; in one word, "
        "--recordings=DIRECTORY: pytest takes a separate path for a place to look for tests",
    )
    group.addoption(
        "--browser",
        type=Path,
        metavar="CHROMIUM",
        help="the Chromium to test pages in, with its chromedriver beside it or on the path; in "
        "one word. Default: the one that is installed; without any those tests are left out",
    )
    group.addoption(
        "--clients",
        type=Path,
        metavar="DIRECTORY",
        help="where tests.clients.install put sf, jsforce, SFDMU and CumulusCI, to run them "
        "against the local org; in one word; without it those tests are left out",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs recordings, a browser or clients when there are none: not a gap in this
    run, so no skip.
    """
    missing = {
        "recordings": config.getoption("--recordings") is None,
        "browser": chromium.installed(config.getoption("--browser")) is None,
        "clients": clients.directory(config) is None,
    }
    without = [
        item
        for item in items
        if any(is_missing and item.get_closest_marker(m) for m, is_missing in missing.items())
    ]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says what is left out, and what it needs."""
    lines: list[str] = []
    if chromium.installed(config.getoption("--browser")) is None:
        lines.append(f"no browser: tests/browser is left out; {chromium.HOW_TO_INSTALL}")
    if clients.directory(config) is None:
        lines.append(f"no clients: most of tests/clients is left out; {clients.HOW_TO_INSTALL}")
    return lines


@pytest.fixture(scope="session")
def recordings(pytestconfig: pytest.Config) -> Path:
    """The directory given with --recordings."""
    directory = pytestconfig.getoption("--recordings")
    assert isinstance(directory, Path), "a test that uses recordings needs the marker `recordings`"
    if not directory.is_dir():
        raise pytest.UsageError(f"--recordings: {directory} is no directory")
    return directory


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[postgres.Server]:
    """A PostgreSQL server for the whole run, with an owner role that is no superuser."""
    if pytestconfig.getoption("--postgres") == "system":
        from tests.support.system_postgres import system_server as start  # needs a Unix
    else:
        from tests.support.postgres import embedded_server as start
    with start() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: postgres.Server) -> str:
    """The name of a database in which the owner has run schema.sql and views.sql."""
    postgres.build_template(server)
    return postgres.TEMPLATE


@pytest.fixture
def database(server: postgres.Server, template: str) -> Iterator[postgres.Database]:
    """A database of the test's own, with our schema and no rows."""
    with postgres.temporary_database(server, template) as fresh:
        yield fresh


@pytest.fixture
def empty_database(server: postgres.Server) -> Iterator[postgres.Database]:
    """A database of the test's own with nothing in it; its roles may exist already."""
    with postgres.temporary_database(server, None) as fresh:
        yield fresh


@pytest.fixture
def connection(database: postgres.Database) -> Iterator[psycopg.Connection[Any]]:
    """The test's database as its owner, each statement its own transaction."""
    with psycopg.connect(database.owner_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    """A local Salesforce org of the test's own, in memory."""
    from crm_sync.localorg.serve import LocalOrg

    with LocalOrg(data=None) as running:
        yield running
