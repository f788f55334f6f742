"""docs/cli.md says of every command what its help says, and its examples can be typed."""

from __future__ import annotations

import re
import shlex
from typing import Any, cast

import pytest
from typer.main import get_command

from crm_sync.cli.app import app
from crm_sync.documents.command_line import (
    EXAMPLES,
    FROM_SETTINGS,
    Command,
    command_line_page,
    commands,
)
from crm_sync.localorg.commandline import parser_of
from crm_sync.settings import Settings
from crm_sync.settings_sources import variable
from crm_sync.targets import Target

PAGE = command_line_page()
COMMANDS = commands()


def section(command: Command) -> str:
    return PAGE.split(f"## `crm-sync {command.path}`\n")[1].split("\n## ")[0]


def test_the_groups_commands_are_there_as_well() -> None:
    paths = {command.path for command in COMMANDS}
    assert {"sync", "docs", "db apply", "target accept", "org serve"} <= paths
    assert paths == EXAMPLES.keys()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.path)
def test_a_command_has_its_help_options_exit_codes_and_an_example(command: Command) -> None:
    text = section(command)
    flat = " ".join(text.replace("`", "").replace("\\", "").split())
    for sentence in (command.typed.help, command.typed.epilog):
        assert " ".join(sentence.replace("`", "").split()) in flat
    assert "Exit codes:" in text
    for example in EXAMPLES[command.path]:
        assert example in text
    if command.path != "org serve":
        for param in command.typed.params:
            name = param.metavar if param.param_type_name == "argument" else param.opts[0]
            first = re.compile(rf"\| [^|]*`{re.escape(name)}[ `]")
            [row] = [line for line in text.splitlines() if first.match(line)]
            assert (param.help or "").replace("`", "") in row.replace("`", "").replace("\\", "")


def test_the_options_of_the_local_org_are_there() -> None:
    [command] = [c for c in COMMANDS if c.path == "org serve"]
    for action in parser_of("crm-sync org serve")._actions:
        for name in action.option_strings:
            assert f"`{name}" in section(command), name


@pytest.mark.parametrize("example", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_can_be_typed(example: str) -> None:
    program, *words = shlex.split(example)
    assert program == "crm-sync"
    name, group = program, cast("Any", get_command(app))
    context = group.make_context(program, [], resilient_parsing=True)
    while hasattr(group, "commands"):
        name, *words = words
        group = group.commands[name]
    if example.startswith("crm-sync org serve"):
        parser_of("crm-sync org serve").parse_args(words)
    else:
        group.make_context(name, words, parent=context)  # raises for what it does not know


@pytest.mark.parametrize(("model", "path"), [(Settings, ()), (Target, ("targets", "NAME"))])
def test_every_setting_stands_there_with_its_variable_and_a_meaning(
    model: type[Settings | Target], path: tuple[str, ...]
) -> None:
    for name, field in model.model_fields.items():
        if name == "targets":
            continue
        of_one = ["mapping"] if name == "where" else []
        start = f"| `{name}` | `{variable(*path, name, *of_one)}` |"
        [row] = [line for line in PAGE.splitlines() if line.startswith(start)]
        assert field.description, name
        assert "|  |" not in row


def test_a_setting_that_stands_for_an_option_is_one() -> None:
    by_path = {command.path: command for command in COMMANDS}
    for (path, option), setting in FROM_SETTINGS.items():
        assert option in {param.name for param in by_path[path].typed.params}
        assert setting[-1] in (Settings if len(setting) == 1 else Target).model_fields


def test_links_of_the_page_lead_to_its_headings() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    links = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert len(links) == len(COMMANDS) + 1
    assert set(links) <= headings
