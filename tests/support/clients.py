"""The clients that ``--clients=DIRECTORY`` names, run as a person would: by their commands."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients import install

if TYPE_CHECKING:
    from crm_sync.localorg.serve import LocalOrg

HOW_TO_INSTALL = (
    "`python -m tests.clients.install DIRECTORY` installs them, --clients=DIRECTORY names them"
)
PATIENCE_SECONDS = 300
"""After which a client hangs; none takes a tenth of it on a quiet machine."""


def environment(directory: Path, home: Path, ca_bundle: str, access_token: str) -> dict[str, str]:
    """What a client sees: nothing of this machine's own Salesforce or proxy settings."""
    node = install.node_home(directory) / "bin"
    paths = (node, directory / "node_modules/.bin", directory / "cumulusci/bin")
    return {
        "PATH": os.pathsep.join([*map(str, paths), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "NODE_EXTRA_CA_CERTS": ca_bundle,
        "REQUESTS_CA_BUNDLE": ca_bundle,
        "SF_ACCESS_TOKEN": access_token,
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_DISABLE_AUTOUPDATE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_DISABLE_TELEMETRY": "true",
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    }


@dataclass(frozen=True)
class Clients:
    """The programs in one directory, with a home of their own and an org to talk to."""

    directory: Path
    home: Path
    org: LocalOrg

    def environment(self) -> dict[str, str]:
        """What a client sees."""
        return environment(
            self.directory, self.home, str(self.org.ca_bundle), self.org.access_token
        )

    def run(
        self, *command: str, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, in the home directory or another; the caller judges its exit code."""
        return subprocess.run(
            command,
            cwd=cwd or self.home,
            env={**self.environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def sf(self, *arguments: str, fails: bool = False, cwd: Path | None = None) -> Any:
        """What ``sf … --json`` answers: its result, or the whole answer of one that must fail."""
        done = self.run("sf", *arguments, "--json", cwd=cwd)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert (done.returncode != 0) is fails, answer
        return answer if fails else answer["result"]


_LINTERS = {
    "postgres-language-server": "@postgres-language-server/cli-x86_64-linux-gnu",
    "squawk": "@squawk-cli/linux-x64/bin",
}
"""The programs themselves, for Linux on x86-64. The packages that choose one for a platform want
those of every platform in the lock, and not every registry has them all.
"""


def lint(
    config: pytest.Config, home: Path, name: str, *arguments: str, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run a linter, which sees nothing of this machine's settings; the caller judges its report."""
    installed = directory(config)
    assert installed is not None, "a test that uses clients needs the marker `clients`"
    return subprocess.run(
        [installed / "node_modules" / _LINTERS[name] / name, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def directory(config: pytest.Config) -> Path | None:
    """The directory that was named; None without one.

    Raises pytest.UsageError when it does not hold the pinned versions.
    """
    named: Path | None = config.getoption("--clients")
    if named is None:
        return None
    if not install.is_installed(named.absolute()):
        raise pytest.UsageError(f"--clients: {named} lacks the pinned clients; {HOW_TO_INSTALL}")
    return named.absolute()
