"""Write every generated file of the repository anew, or say which are stale.

    uv run --group check python -m tools.regenerate            write them
    uv run --group check python -m tools.regenerate --check    exit 1 when one is not as it would be

The list below is the only one. A generator writes its files itself; one that prints instead has
`stdout` set. The check runs them all the same, compares, and puts the former content back.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Drawn from the SVG beside them; how a letter looks depends on the machine's fonts.
NOT_COMPARED = frozenset({".png"})


@dataclass(frozen=True)
class Generator:
    """What makes some files: a Python module with arguments, and the files or directories."""

    module: tuple[str, ...]
    makes: tuple[str, ...]
    stdout: bool = False


GENERATORS = (
    Generator(("crm_sync.sample", "--sql"), ("docs/sample-data.sql",), stdout=True),
    Generator(("crm_sync.mapping.json_schema",), ("docs/mapping.schema.json",), stdout=True),
    Generator(("crm_sync.report.json_schema",), ("docs/output.schema.json",), stdout=True),
    Generator(
        ("crm_sync.mapping.json_schema", "--defaults"), ("docs/defaults.schema.json",), stdout=True
    ),
    Generator(("crm_sync.mapping.refusal_document",), ("docs/predicted-refusals.md",), stdout=True),
    Generator(("tests.integration.mapping.golden",), ("tests/golden",)),
    Generator(("crm_sync", "docs"), ("docs/mapping-reference.md", "docs/salesforce-mapping.md")),
    Generator(("tools.record",), ("tests/recorded",)),
    Generator(("tools.er_diagram",), ("docs/architecture",)),
)


def main(arguments: list[str] | None = None) -> int:
    """Run every generator; 1 when one does not run, or with --check when a file is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.regenerate")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    is_check = parser.parse_args(arguments).check
    wrong: list[str] = []
    for generator in GENERATORS:
        before = snapshot(generator)
        try:
            run(generator)
            changed = difference(before, snapshot(generator))
            wrong += [f"{name} is stale" for name in changed if is_check]
            if not is_check:
                print("".join(f"{name}: written\n" for name in changed), end="")
        except subprocess.CalledProcessError as error:
            wrong.append(f"{' '.join(generator.module)} ended with code {error.returncode}")
        finally:
            if is_check:
                restore(before, snapshot(generator))
    for sentence in wrong:
        print(sentence)
    hint = "; `python -m tools.regenerate` writes them anew" if is_check and wrong else ""
    print(f"{len(GENERATORS)} generators, {len(wrong)} problems{hint}")
    return 1 if wrong else 0


def run(generator: Generator) -> None:
    """Let a generator write its files. Raises CalledProcessError when it does not get through."""
    command = [sys.executable, "-m", *generator.module]
    if generator.stdout:
        printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        (ROOT / generator.makes[0]).write_bytes(printed)
    else:
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def snapshot(generator: Generator) -> dict[Path, bytes]:
    """The generated files as they are now."""
    files: dict[Path, bytes] = {}
    for made in map(ROOT.joinpath, generator.makes):
        for path in made.rglob("*") if made.is_dir() else [made]:
            if path.is_file():
                files[path] = path.read_bytes()
    return files


def difference(before: dict[Path, bytes], after: dict[Path, bytes]) -> list[str]:
    """The names of files that are new, gone or other than before."""
    return [
        str(path.relative_to(ROOT))
        for path in sorted(before.keys() | after.keys())
        if path.suffix not in NOT_COMPARED and before.get(path) != after.get(path)
    ]


def restore(before: dict[Path, bytes], after: dict[Path, bytes]) -> None:
    """Put files back as they were."""
    for path in after.keys() - before.keys():
        path.unlink()
    for path, content in before.items():
        if after.get(path) != content:
            path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
