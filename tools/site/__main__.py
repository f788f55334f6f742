"""Build the documentation site into site/, and refuse it when something in it is broken.

    uv run --group site python -m tools.site             check docs/, build, check what was built
    uv run --group site python -m tools.site --serve     look at it while writing, at localhost:8000

Exit code 1 names each finding with its file and line.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.site import built, diagrams, sources

ROOT = Path(__file__).parents[2]
WORKERS = '<script src="https://unpkg.com/iframe-worker/shim" type="text/javascript"></script>'
"""What Zensical puts into pages that are to work from a disk; ours is docs/assets/worker.js."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ZENSICAL = (sys.executable, "-m", "zensical")  # as a module: it then finds tools.site.diagrams


def main(arguments: list[str] | None = None) -> int:
    """Build and check, or serve."""
    parser = argparse.ArgumentParser(description="Build and check the documentation site.")
    parser.add_argument(
        "--serve", action="store_true", help="a preview that follows what you write"
    )
    if parser.parse_args(arguments).serve:
        return subprocess.run([*ZENSICAL, "serve"], cwd=ROOT).returncode
    site = sources.read_site(ROOT)
    findings = (
        sources.check(site)
        or diagrams.check(site)
        or build(ROOT)
        or built.check(site, ROOT / "site")
    )
    for finding in findings:
        print(finding)
    print(f"{len(site.pages)} pages, {len(findings)} findings")
    return 1 if findings else 0


def build(root: Path) -> list[str]:
    """Build site/ afresh; what Zensical complains about."""
    for made in ("site", ".cache"):
        shutil.rmtree(root / made, ignore_errors=True)
    done = subprocess.run(
        [*ZENSICAL, "build", "--strict"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = COLOURS.sub("", done.stdout.split("Traceback (most recent call last)")[0]).strip()
    if done.returncode or "warning" in said.lower():
        return [said or f"zensical build: exit code {done.returncode}"]
    bring_own_workers(root / "site")
    return []


def bring_own_workers(made: Path) -> None:
    """Let pages that are opened from a disk ask nobody for what their search needs."""
    for page in made.rglob("*.html"):
        up = "../" * (len(page.relative_to(made).parts) - 1)
        own = f'<script src="{up}assets/worker.js"></script>'
        page.write_text(page.read_text("utf-8").replace(WORKERS, own), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
