"""Write every generated file of the repository anew, or say which are stale.

    uv run --group check python -m tools.regenerate            write them
    uv run --group check python -m tools.regenerate --check    exit 1 when one is not as it would be

The list below is the only one. A generator writes its files itself; one that prints instead has
`stdout` set. The check runs them all the same, compares, and puts the former content back; one that
checks its files itself, as `crm-sync docs --check` does, has `checks` set, and writes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWN = ("docs/architecture/er-diagram.png", "docs/architecture/er-diagram-sync.png")


@dataclass(frozen=True)
class Generator:
    """What makes some files: a Python module with arguments, and the files or directories.
    `checks`: the argument with which it says by itself which are stale, and exits with 1.
    """

    module: tuple[str, ...]
    makes: tuple[str, ...]
    stdout: bool = False
    checks: str = ""


GENERATORS = (
    Generator(("crm_sync.sample", "--sql"), ("docs/sample-data.sql",), stdout=True),
    Generator(("tools.migrations",), ("supabase/migrations",)),
    Generator(("tests.integration.mapping.golden",), ("tests/golden",)),
    Generator(
        ("crm_sync", "docs"),
        (
            "docs/cli.md",
            "docs/errors.md",
            "docs/mapping-reference.md",
            "docs/predicted-refusals.md",
            "docs/mapping.schema.json",
            "docs/defaults.schema.json",
            "docs/output.schema.json",
            "docs/salesforce-mapping.md",
            "docs/access.md",
            "docs/database.md",
            "docs/architecture/er-diagram.svg",
            "docs/architecture/er-diagram-sync.svg",
        ),
        checks="--check",
    ),
    Generator(("tools.record",), ("tests/recorded",)),
    Generator(("tools.er_diagram",), DRAWN),
    Generator(("tools.powerbi.preview",), ("docs/images/powerbi",)),
)


def main(arguments: list[str] | None = None) -> int:
    """Run every generator; 1 when one does not run, or with --check when a file is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.regenerate")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    is_check = parser.parse_args(arguments).check
    wrong: list[str] = []
    for generator in GENERATORS:
        if is_check and generator.checks:
            wrong += checked(generator)
            continue
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


def checked(generator: Generator) -> list[str]:
    """What a generator that checks its files itself says of those that are not current."""
    command = [sys.executable, "-m", *generator.module, generator.checks]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    said = [line for line in done.stdout.splitlines() if line.endswith((" stale.", " missing."))]
    name = " ".join(generator.module)
    failed = [*done.stderr.splitlines(), f"{name} ended with code {done.returncode}"]
    return [line.rstrip(".") for line in said] if done.returncode == 1 and said else failed


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
        if before.get(path) != after.get(path)
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
