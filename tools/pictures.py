"""The pictures of README and docs, made anew from the demo: by hand when the output changed.

    uv run python -m tools.pictures

The terminal is drawn by rich; the report is a screenshot by Chromium, which must be installed
(Debian: apt-get install chromium).
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def main() -> int:
    """Draws the pictures. Gives 1 where Chromium is missing."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("The screenshot needs Chromium (Debian: apt-get install chromium).")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        told = subprocess.run(
            [sys.executable, "-m", "crm_sync", "demo"],
            cwd=here, check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout  # fmt: skip
        _terminal(told.replace(str(here.resolve()) + "/", ""))
        report = (here / "crm-sync-report-2.html").resolve().as_uri()
        _screenshot(browser, here, report, "dry-run-report.png", "1200,1500")
        _page_of_the_local_org(browser, here)
    return 0


def _page_of_the_local_org(browser: str, here: Path) -> None:
    """The org as the demo leaves it."""
    demo = [sys.executable, "-m", "crm_sync", "demo"]
    told = subprocess.run(
        [*demo, "--keep"], cwd=here, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout
    page, kept = re.search(r"The org's page: (.+)", told), re.search(r"demo --stop (.+)", told)
    if kept is None or page is None:
        raise SystemExit("`demo --keep` does not say where its page is and how to stop it.")
    try:
        _screenshot(browser, here, page[1], "local-org.png", "1200,900")
    finally:
        subprocess.run([*demo, "--stop", kept[1]], check=True, stdout=subprocess.DEVNULL)


def _screenshot(browser: str, here: Path, address: str, name: str, size: str) -> None:
    subprocess.run(
        [
            browser, *CHROMIUM, f"--user-data-dir={here / 'profile'}", f"--window-size={size}",
            f"--screenshot={IMAGES / name}", address,
        ],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _terminal(text: str) -> None:
    """The demo's words as a terminal window."""
    console = Console(record=True, width=102, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ uv run crm-sync demo", style="bold green"))
    for line in text.splitlines():
        console.print(Text(line, style="bold" if line[:1].isdigit() else ""), no_wrap=True)
    svg = console.export_svg(title="crm-sync demo", theme=MONOKAI, unique_id="demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # no font from elsewhere
    (IMAGES / "demo.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
