"""Look whether every pinned package has a wheel for every system and Python that we promise.

A package without a wheel makes `uv run` look for a compiler on a newcomer's machine.

    uv run --group check python -m tools.wheels

Asks uv what it installs where by default and for the checks, reads from uv.lock which wheels there
are, prints a table of missing wheels per system and Python, and exits 1 when one is missing.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

from tools.pins import PIN, ROOT, uv

PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))
GLIBC = 28  # 2.28: Debian 10, RHEL 8, Ubuntu 20.04
MACOS = (14, 0)


@dataclass(frozen=True)
class Pin:
    """A package, and where it is installed."""

    name: str
    version: str
    marker: Marker | None


@dataclass(frozen=True)
class System:
    """A platform: how wheels call it, and how markers see it."""

    name: str
    platforms: tuple[str, ...]
    sys_platform: str
    platform_system: str
    os_name: str
    machine: str

    def tags(self, python: tuple[int, int]) -> frozenset[Tag]:
        """Every wheel tag that installs here."""
        abi = f"cp{python[0]}{python[1]}"
        own = cpython_tags(python, abis=[abi], platforms=self.platforms)
        pure = compatible_tags(python, interpreter=abi, platforms=self.platforms)
        return frozenset((*own, *pure))

    def environment(self, python: tuple[int, int]) -> dict[str, str]:
        """What a marker is judged by."""
        version = f"{python[0]}.{python[1]}"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{version}.0",
            "os_name": self.os_name,
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": self.platform_system,
            "python_full_version": f"{version}.0",
            "python_version": version,
            "sys_platform": self.sys_platform,
        }


def linux(machine: str) -> System:
    """A Linux with glibc."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)]
    tags += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return System(f"Linux {machine}", tuple(tags), "linux", "Linux", "posix", machine)


def macos(machine: str) -> System:
    """A macOS that still gets updates."""
    tags = tuple(mac_platforms(MACOS, machine))
    return System(f"macOS {machine}", tags, "darwin", "Darwin", "posix", machine)


SYSTEMS = (
    linux("x86_64"),
    linux("aarch64"),
    macos("x86_64"),
    macos("arm64"),
    System("Windows x86_64", ("win_amd64",), "win32", "Windows", "nt", "AMD64"),
)


def main() -> int:
    """Print the table; 1 when a wheel is missing."""
    exported = uv("export", "--quiet", "--all-groups", "--no-emit-project", "--no-hashes")
    lines = exported.splitlines()
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    pins = list(read_pins(lines))
    missing = find_missing(pins, read_wheels(lock), SYSTEMS, PYTHONS)
    print(f"{len(pins)} packages; missing wheels per system and Python:")
    print(f"{'':16}" + "".join(f"{major}.{minor:<6}" for major, minor in PYTHONS))
    for system in SYSTEMS:
        cells = [len(missing.get((system.name, python), [])) or "-" for python in PYTHONS]
        print(f"{system.name:16}" + "".join(f"{cell!s:8}" for cell in cells))
    for (system_name, python), packages in missing.items():
        print(f"{system_name}, Python {python[0]}.{python[1]}: {', '.join(packages)}")
    return 1 if missing else 0


def find_missing(
    pins: Sequence[Pin],
    wheels: dict[tuple[str, str], frozenset[Tag]],
    systems: Iterable[System],
    pythons: Iterable[tuple[int, int]],
) -> dict[tuple[str, tuple[int, int]], list[str]]:
    """The packages without a fitting wheel, per system and Python where there are any."""
    missing: dict[tuple[str, tuple[int, int]], list[str]] = {}
    for system in systems:
        for python in pythons:
            tags, environment = system.tags(python), system.environment(python)
            lacking = [
                pin.name
                for pin in pins
                if (pin.marker is None or pin.marker.evaluate(environment))
                and not wheels.get((pin.name, pin.version), frozenset()) & tags
            ]
            if lacking:
                missing[system.name, python] = lacking
    return missing


def read_pins(requirements: Iterable[str]) -> Iterator[Pin]:
    """Each pinned package and the marker that says where it is installed."""
    for line in requirements:
        if match := PIN.match(line):
            marker = Marker(match[3]) if match[3] else None
            yield Pin(canonicalize_name(match[1]), match[2], marker)


def read_wheels(lock: dict[str, Any]) -> dict[tuple[str, str], frozenset[Tag]]:
    """The tags of all wheels of each package and version in uv.lock."""
    return {
        (canonicalize_name(package["name"]), package["version"]): frozenset(
            tag
            for wheel in package.get("wheels", [])
            for tag in parse_wheel_filename(wheel["url"].rsplit("/", 1)[-1])[3]
        )
        for package in lock["package"]
        if "version" in package
    }


if __name__ == "__main__":
    sys.exit(main())
