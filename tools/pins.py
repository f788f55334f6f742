"""Pin every package: versions in pyproject.toml, versions with hashes in requirements.lock.

uv.lock names the index that it was made with, so it is not committed; what it decided is, in two
forms: `[tool.uv] constraint-dependencies`, which `uv run` obeys, and requirements.lock for pip.

    uv run python -m tools.pins             refresh both within the bounds of pyproject.toml
    uv run python -m tools.pins --check     exit 1 when they do not say what uv would install
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
HEADER = (
    "# Made by tools/pins.py. All groups and extras; `pip install --require-hashes` takes it.\n"
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *([^\\]+?))? *\\?$")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")

Pins = frozenset[str]  # "name==version", with a marker where two versions of one package are in use
Hashes = dict[str, frozenset[str]]


def main(arguments: list[str] | None = None) -> int:
    """Refresh or check the pins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 on differences"
    )
    if parser.parse_args(arguments).check:
        return _report(check(PROJECT.read_text("utf-8"), LOCK.read_text("utf-8"), export()))
    refresh()
    return 0


def refresh() -> None:
    """Resolve afresh and write both files."""
    without = write_array(PROJECT.read_text("utf-8"), "constraint-dependencies", frozenset())
    without = write_array(without, "build-constraint-dependencies", frozenset())
    PROJECT.write_text(without, "utf-8")
    uv("lock", "--upgrade")
    exported = export()
    pinned = write_array(without, "constraint-dependencies", read_pins(exported))
    pinned = write_array(pinned, "build-constraint-dependencies", build_pins(without))
    PROJECT.write_text(pinned, "utf-8")
    LOCK.write_text(HEADER + exported, "utf-8")
    uv("lock")


def check(project: str, lock: str, exported: str) -> list[str]:
    """What is wrong, one sentence each. `exported` is what uv would install."""
    wanted = read_pins(exported)
    found = {
        "pyproject.toml": read_array(project, "constraint-dependencies"),
        "requirements.lock": read_pins(lock),
    }
    wrong = [f"{file}: {pin} is missing" for file in found for pin in sorted(wanted - found[file])]
    wrong += [
        f"{file}: {pin} is not used" for file in found for pin in sorted(found[file] - wanted)
    ]
    # A release may gain files later (a wheel for a new Python), so more hashes are no difference.
    known, recorded = read_hashes(exported), read_hashes(lock)
    wrong += [
        f"requirements.lock: the hashes of {pin} are not those of the index"
        for pin in sorted(recorded.keys() & known.keys())
        if not recorded[pin] or not recorded[pin] <= known[pin]
    ]
    if "://" in lock:
        wrong.append("requirements.lock names an address")
    if not read_array(project, "build-constraint-dependencies"):
        wrong.append("pyproject.toml: the build's own packages are not pinned")
    return wrong


def export() -> str:
    """What uv would install for any platform and Python, all groups and extras, with hashes."""
    return uv(
        "export", "--quiet", "--all-groups", "--all-extras", "--no-emit-project", "--no-annotate",
        "--no-header", "--format", "requirements-txt",
    )  # fmt: skip


def build_pins(project: str) -> Pins:
    """The versions of the packages that build ours."""
    requires = re.search(r'^requires = \["([^"]+)"\]', project, re.MULTILINE)
    if requires is None:
        raise SystemExit("pyproject.toml: [build-system] requires is not one line")
    return read_pins(
        uv("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--no-header",
           "--no-annotate", "-", stdin="\n".join([requires[1], "editables"]))
    )  # fmt: skip


def read_pins(requirements: str) -> Pins:
    """The pins of a requirements file."""
    lines = [match for line in requirements.splitlines() if (match := PIN.match(line))]
    names = Counter(match[1] for match in lines)
    return frozenset(
        f"{match[1]}=={match[2]}" + (f" ; {match[3]}" if names[match[1]] > 1 else "")
        for match in lines
    )


def read_hashes(requirements: str) -> Hashes:
    """The hashes below each pinned line."""
    hashes: dict[str, set[str]] = {}
    pin = ""
    for line in requirements.splitlines():
        if match := PIN.match(line):
            pin = f"{match[1]}=={match[2]}"
            hashes[pin] = set()
        elif match := HASH.search(line):
            hashes[pin].add(match[1])
    return {pin: frozenset(found) for pin, found in hashes.items()}


def read_array(project: str, key: str) -> Pins:
    """The pins in an array of pyproject.toml."""
    return frozenset(re.findall(r'^    "([^"]+)",$', _array(project, key)[0], re.MULTILINE))


def write_array(project: str, key: str, pins: Pins) -> str:
    """pyproject.toml with another content of an array; the rest stays as it is."""
    match = _array(project, key)
    lines = "".join(f'    "{pin}",\n' for pin in sorted(pins))
    return project[: match.start()] + f"{key} = [\n{lines}]\n" + project[match.end() :]


def _array(project: str, key: str) -> re.Match[str]:
    match = re.search(rf"^{key} = \[\n(?:    .*\n)*\]\n", project, re.MULTILINE)
    if match is None:
        raise SystemExit(f"pyproject.toml: {key} is not an array of one line per package")
    return match


def uv(*arguments: str, stdin: str | None = None) -> str:
    """Run uv in the project and return what it printed."""
    done = subprocess.run(
        ["uv", *arguments], cwd=ROOT, input=stdin, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _report(wrong: list[str]) -> int:
    for sentence in wrong:
        print(sentence)
    print("`python -m tools.pins` mends it" if wrong else "pins: current")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
