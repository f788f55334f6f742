"""Options and fixtures of all tests. Server and databases: see support/postgres.py."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support import chromium, clients, documents, postgres

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg

LEFT_OUT = pytest.StashKey[dict[str, int]]()
NEEDS = {
    "recordings": "they need exchanges recorded with a real org (--recordings=DIRECTORY)",
    "browser": chromium.HOW_TO_INSTALL,
    "clients": clients.HOW_TO_INSTALL,
    "powerbi_schemas": "they need Microsoft's schemas (--powerbi-schemas=DIRECTORY)",
    "site": documents.HOW_TO_INSTALL,
    "prepared": "they need a server that allows prepared transactions (--postgres system)",
}
"""What the tests with a marker need, in a sentence."""


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
        "--powerbi-schemas",
        type=Path,
        metavar="DIRECTORY",
        help="Microsoft's schemas of Power BI projects, laid as below its address "
        "developer.microsoft.com/json-schemas: DIRECTORY/fabric/…; in one word",
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
    """Leave out what needs recordings, a browser, clients or another server where there are none:
    not a gap in this run, so no skip.
    """
    missing = {
        "recordings": config.getoption("--recordings") is None,
        "browser": chromium.installed(config.getoption("--browser")) is None,
        "clients": clients.directory(config) is None,
        "powerbi_schemas": config.getoption("--powerbi-schemas") is None,
        "prepared": config.getoption("--postgres") != "system",
        "site": not documents.are_installed(),
    }
    without = {
        marker: [item for item in items if item.get_closest_marker(marker)]
        for marker, is_missing in missing.items()
        if is_missing
    }
    left_out = {item for found in without.values() for item in found}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = {marker: len(found) for marker, found in without.items() if found}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says what was left out and what it needs, also in a quiet run."""
    for marker, count in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.write_line(f"{count} tests left out, no {marker}: {NEEDS[marker]}")


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
