"""The org as a process of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running org and its first line; stopped at the end if it still runs."""
    command = [sys.executable, "-m", "crm_sync.localorg", *arguments]
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        yield running, json.loads(running.stdout.readline())
    finally:
        if running.poll() is None:
            running.terminate()
        running.communicate(timeout=10)


def send(
    told: dict[str, Any],
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.request(
        method,
        told["instance_url"] + path,
        headers={"Authorization": f"Bearer {told['access_token']}", **(headers or {})},
        verify=told["ca_bundle"] or True,
        timeout=10,
        **body,
    )


def get(told: dict[str, Any], path: str) -> requests.Response:
    return send(told, "GET", path)


def test_its_first_line_says_how_to_reach_it_and_a_signal_ends_it() -> None:
    with process() as (running, told):
        assert set(told) == {
            "instance_url", "client_id", "client_secret", "access_token", "ca_bundle", "org_id",
            "page",
            "username", "password", "security_token", "admin_username", "admin_password",
            "private_key_file",
        }  # fmt: skip
        assert told["instance_url"].startswith("https://127.0.0.1:")
        assert get(told, "/services/data/v60.0/limits").status_code == 200
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=10) == 0
    assert not Path(told["ca_bundle"]).exists()


def test_it_can_do_without_tls() -> None:
    with process("--http") as (_, told):
        assert told["instance_url"].startswith("http://127.0.0.1:")
        assert told["ca_bundle"] is None
        assert get(told, "/services/data").status_code == 200


def test_it_ends_when_its_standard_input_closes() -> None:
    with process("--stop-with-stdin") as (running, _):
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(timeout=10) == 0
        running.stdin = None


def test_a_port_in_use_is_one_clear_line_and_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "crm_sync.localorg", "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        f"local-salesforce-org: Port {port} cannot be used: it is already in use. "
        "Name another one; 0 takes a free one.\n"
    )


def test_a_data_file_that_is_none_is_one_clear_line_and_code_2(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    data.write_text("this is no database, but it is long enough to be looked at" * 20)
    command = [sys.executable, "-m", "crm_sync.localorg", "--data", str(data)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"local-salesforce-org: {data} cannot be used: file is not a database. "
        "Name a file of a local org, or a new one.\n"
    )


def test_records_secrets_and_certificate_survive_a_kill_and_a_restart(tmp_path: Path) -> None:
    data = str(tmp_path / "an org.db")
    with process("--data", data) as (running, first):
        created = requests.post(
            first["instance_url"] + "/services/data/v60.0/sobjects/Account",
            json={"Name": "Kept"},
            headers={"Authorization": f"Bearer {first['access_token']}"},
            verify=first["ca_bundle"],
            timeout=10,
        )
        assert created.status_code == 201
        os.kill(running.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        running.wait(timeout=10)
    with process("--data", data) as (_, second):
        same = ("client_id", "client_secret", "org_id", "ca_bundle")
        assert [second[key] for key in same] == [first[key] for key in same]
        kept = {**second, "access_token": first["access_token"]}
        record = get(kept, f"/services/data/v60.0/sobjects/Account/{created.json()['id']}")
        assert record.json()["Name"] == "Kept"
    with process("--data", data, "--reset") as (_, third):
        assert third["org_id"] != first["org_id"]
        counts = get(third, "/local/counts").json()
        assert counts["Account"] == 0


def test_a_request_is_a_line_when_asked_for() -> None:
    with process("--verbose") as (running, told):
        get(told, "/services/data/v60.0/limits")
        assert running.stdout is not None
        assert running.stdout.readline() == "200 GET /services/data/v60.0/limits\n"


@pytest.mark.parametrize("arguments", [["--data", "x.db", "--memory"], ["--port", "many"]])
def test_wrong_options_are_refused(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "crm_sync.localorg", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2


def ended(*command: str) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def test_it_has_a_command_of_its_own() -> None:
    found = shutil.which("local-salesforce-org", path=str(Path(sys.executable).parent))
    assert found is not None
    assert ended(found, "--port", "abc") == (
        2,
        "",
        "local-salesforce-org: Argument --port: 'abc' is not a number from 0 to 65535. "
        "Try: local-salesforce-org --help\n",
    )


def test_what_the_package_alone_does_not_bring_is_said_in_one_line() -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None; "
        "from crm_sync.localorg.__main__ import run; sys.exit(run())"
    )
    assert ended(sys.executable, "-c", code) == (
        2,
        "",
        "local-salesforce-org: This needs the package uvicorn, which is not installed. The extra "
        "org brings it: pip install '.[org]' in a clone of the project.\n",
    )
