"""Chromium without a window, driven through its own driver; nothing is downloaded for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_INSTALL = (
    "they need Chromium and chromedriver (Debian: apt-get install chromium chromium-driver)"
)


@cache
def installed(wanted: Path | None) -> tuple[Path, Path] | None:
    """A browser and its driver; None where none is installed and none was asked for.

    Raises pytest.UsageError when the one that was asked for cannot be used.
    """
    found = str(wanted) if wanted else next(filter(None, map(shutil.which, NAMES)), None)
    beside = str(Path(found).parent) if found else ""
    driver = shutil.which("chromedriver", path=beside) or shutil.which("chromedriver")
    if wanted is not None and (not os.access(wanted, os.X_OK) or driver is None):
        raise pytest.UsageError(f"--browser: {wanted} or its chromedriver cannot be run")
    return (Path(found), Path(driver)) if found and driver else None


@contextmanager
def browser(binary: Path, driver: Path) -> Iterator[Chrome]:
    """A browser with a fresh profile, ended with the block."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(binary)
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--no-first-run", "--no-proxy-server",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(str(driver)))
    try:
        yield opened
    finally:
        opened.quit()


def sized(chrome: Chrome, width: int, scheme: str) -> None:
    """A window of this width, for a reader who prefers `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
