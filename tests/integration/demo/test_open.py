"""`crm-sync demo --open`: two pages in a browser, and servers that stay until Enter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from dotenv import dotenv_values

from crm_sync.demo import browse

BROWSER = "import sys; open('opened', 'a').write(sys.argv[1] + chr(10))"


@contextmanager
def demo(folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The demo in that folder, ended with its input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_sync", "demo", "--open"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, **environment},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.communicate()  # closes its input
        assert process.returncode == 0


def lines_until(process: subprocess.Popen[str], last: str) -> str:
    """What it says up to a line."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if last in line:
            return said
    raise AssertionError(said)


@pytest.mark.skipif(os.name == "nt", reason="a browser is named otherwise on Windows")
def test_the_page_and_the_report_open_and_one_can_edit_and_sync_again(tmp_path: Path) -> None:
    (tmp_path / "browser.py").write_text(BROWSER)
    command = f"{sys.executable} {tmp_path / 'browser.py'} %s"
    with demo(tmp_path, {"BROWSER": command}) as process:
        said = lines_until(process, "Enter ends both servers.")
        page, report = (tmp_path / "opened").read_text().splitlines()
        assert report == (tmp_path / "crm-sync-report-2.html").resolve().as_uri()
        assert f"open in your browser: {page}" in said
        settings = re.search(r"--env-file (\S+) crm-sync sync --target my --resend", said)
        assert settings is not None
        session = requests.Session()
        session.trust_env = False
        listed = session.get(f"{page}page/objects/Lead?sort=Name", timeout=10).text
        found = re.search(r"/page/records/(00Q\w{15})", listed)
        assert found is not None
        address = f"{page}page/records/{found[1]}"
        form = session.get(f"{address}/edit", timeout=10).text
        company = re.search(r'name="Company" value="([^"]+)"', form)
        assert company is not None
        changed = session.post(
            f"{address}/edit",
            data={"shown": '{"Company": "?"}', "Company": "Someone was here"},
            headers={"Origin": page.rstrip("/")},
            timeout=10,
        )
        assert "Someone was here" in changed.text
        given = {k: v for k, v in dotenv_values(settings[1], interpolate=False).items() if v}
        subprocess.run(
            [sys.executable, "-m", "crm_sync", "sync", "--target", "my", "--resend",
             "--allow-changes", "--quiet"],
            cwd=tmp_path, env={**os.environ, **given}, check=True,
        )  # fmt: skip
        assert company[1] in session.get(address, timeout=10).text
    assert not Path(settings[1]).exists()
    with pytest.raises(requests.ConnectionError):
        session.get(page, timeout=10)


@pytest.mark.parametrize("name", ["/usr/bin/w3m", "lynx", None])
def test_without_a_browser_of_its_own_window_both_addresses_stand_in_one_line(
    name: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the place of what is installed: a browser that would take the terminal, or none."""

    def get() -> webbrowser.BaseBrowser:
        if name is None:
            raise webbrowser.Error("none")
        return webbrowser.GenericBrowser(name)

    monkeypatch.setattr(webbrowser, "get", get)
    report = tmp_path / "report.html"
    browse.offer("http://127.0.0.1:1/", [report], tmp_path / ".env")
    [line] = [x for x in capsys.readouterr().out.splitlines() if "http://127.0.0.1:1/" in x]
    assert report.resolve().as_uri() in line
