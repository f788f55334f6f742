"""Makes docs/cli.md: every command with its options, exit codes and an example, and every setting.

In: the objects that Typer parses a command line with, the parser of `org serve`, and the models of
the settings; so the page says what `--help` says. Out: Markdown. Only the examples and what stands
around them is written here.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from crm_sync.cli.app import app
from crm_sync.localorg.commandline import parser_of
from crm_sync.mapping.markdown import anchor, code, marked, table
from crm_sync.settings import Settings
from crm_sync.settings_sources import variable
from crm_sync.targets import Target

__all__ = ["EXAMPLES", "FROM_SETTINGS", "Command", "command_line_page", "commands"]

PROGRAM = "crm-sync"
NONE = "\N{EN DASH}"
INTRODUCTION = """\
# The command line

This page is made by `crm-sync docs` from the program itself: it says what `crm-sync COMMAND --help`
says. In a clone of the project, write `uv run crm-sync` where it says `crm-sync`. Which
version it is, `crm-sync --version` says.

Settings come from `crm-sync.toml`, `.env` and the environment, in that order: the later wins, and
an option of a command wins over all three. They are listed [below](#settings). Where a
table has no column *Environment*, no variable stands for an option of that command.
"""
SETTINGS = """\
## Settings

In `crm-sync.toml` a key stands by its name, a target's keys below `[targets.NAME]`. As an
environment variable, also in `.env`, it is `CRM_SYNC_` and the key, with `__` between levels. An
empty variable counts as not set. Secrets stand in `.env` or the environment, in a file that the key
with `_file` names, or in the system's keyring, never in `crm-sync.toml`: [where secrets may
stand](how-to/sign-in.md#where-secrets-may-stand). Times are in seconds.
"""
OTHERS = """\
Other programs' variables that count, too: `NO_COLOR` switches colours off; `HTTPS_PROXY` is
honoured, except for an org on this machine; where `GITHUB_ACTIONS` is `true`, `check` prints
annotations.
"""
FROM_SETTINGS: dict[tuple[str, str], tuple[str, ...]] = {
    **{
        (command, "target"): ("target",)
        for command in (
            "dry-run",
            "sync",
            "adopt",
            "problems",
            "history",
            "check",
            "describe",
            "org setup",
        )
    },
    ("sync", "max_api_calls"): ("targets", "NAME", "max_api_calls"),
}
"""(command, option): the setting that counts where the option is not given."""
EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("crm-sync demo --open",),
    "init": (
        "crm-sync init",
        "crm-sync init --target sandbox --sf-org work --yes",
    ),
    "dry-run": (
        "crm-sync dry-run --target sandbox --html report.html",
        "crm-sync dry-run --select account --rows 20",
    ),
    "sync": (
        "crm-sync sync --target sandbox",
        "crm-sync sync --expect 3f9c2a71d0b45e68",
    ),
    "adopt": (
        "crm-sync adopt --dry-run --html adopt.html --csv decisions.csv",
        "crm-sync adopt --select account --by Name,Website --decisions decisions.csv",
    ),
    "status": ("crm-sync status --watch",),
    "problems": ("crm-sync problems --select lead",),
    "history": ("crm-sync history 1610fd07-4f49-5c4c-bd6f-b56dcbf00245",),
    "check": ("crm-sync check --strict", "crm-sync check --offline --format github"),
    "describe": ("crm-sync describe Account Lead", "crm-sync describe --save"),
    "docs": ("crm-sync docs", "crm-sync docs --check"),
    "db apply": ("crm-sync db apply --dry-run", "crm-sync db apply"),
    "db login": ("crm-sync db login crm_sync", "crm-sync db login powerbi_reader"),
    "db seed": ("crm-sync db seed",),
    "target accept": ("crm-sync target accept sandbox",),
    "org setup": ("crm-sync org setup --dry-run", "crm-sync org setup --undo"),
    "org serve": ("crm-sync org serve --data org.sqlite --port 8443",),
}
"""By command: what one types. A test parses each."""


@dataclass(frozen=True)
class Command:
    """A command: the words that one types for it, and Typer's object."""

    path: str
    typed: Any

    @property
    def title(self) -> str:
        """Its heading on the page, without marks."""
        return f"{PROGRAM} {self.path}"


def commands() -> list[Command]:
    """Every command, those of groups behind the others, as the help lists them."""
    return list(_below(get_command(app), ()))


def _below(group: Any, path: tuple[str, ...]) -> Iterator[Command]:
    for name, one in group.commands.items():
        if getattr(one, "commands", None):
            yield from _below(one, (*path, name))
        elif not one.hidden:
            yield Command(" ".join((*path, name)), one)


def command_line_page() -> str:
    """The page."""
    found = commands()
    blocks = [INTRODUCTION.rstrip(), _overview(found)]
    for command in found:
        blocks += _command(command)
    blocks += [SETTINGS.rstrip(), *_settings(), OTHERS.rstrip()]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _overview(found: Iterable[Command]) -> str:
    return table(
        ("Command", "What it does"),
        (
            (f"[`{c.path}`](#{anchor(c.title)})", marked(_paragraphs(c.typed.help)[0]))
            for c in found
        ),
    )


def _command(command: Command) -> Iterable[str]:
    yield f"## `{command.title}`"
    yield "\n\n".join(map(marked, _paragraphs(command.typed.help)))
    if command.path == "org serve":
        yield from _parsed_by_argparse()
    else:
        yield _fenced(_usage(command))
        yield from _parameters(command)
    yield marked(" ".join(_paragraphs(command.typed.epilog)))
    yield f"For example:\n\n{_fenced(*EXAMPLES[command.path])}"


def _usage(command: Command) -> str:
    context = _context(command)
    return " ".join([command.title, *command.typed.collect_usage_pieces(context)])


def _context(command: Command) -> Any:
    # As the whole program hands it down: without, a command does not know its option --help.
    parent = get_command(app).make_context(PROGRAM, [], resilient_parsing=True)
    return type(parent)(command.typed, info_name=command.path, parent=parent)


def _parameters(command: Command) -> Iterable[str]:
    params = command.typed.get_params(_context(command))
    arguments = [p for p in params if p.param_type_name == "argument"]
    if arguments:
        yield table(
            ("Argument", "Needed", "What it is"),
            (
                (code(p.metavar or p.name), "yes" if p.required else "no", marked(p.help or ""))
                for p in arguments
            ),
        )
    options = [p for p in params if p.param_type_name == "option"]
    variables = [_environment(command, p) for p in options]
    yield table(
        ("Option", "Default", "Environment", "What it does"),
        (
            (_names(p), _default(command, p), named or NONE * any(variables), marked(_help(p)))
            for p, named in zip(options, variables, strict=True)
        ),
    )


def _names(option: Any) -> str:
    """`-t`, `--target NAME`: short forms first, as the help has them."""
    choices = () if option.is_flag else getattr(option.type, "choices", ())
    takes = "" if option.is_flag or choices else option.metavar or "VALUE"
    return _option([*option.opts, *option.secondary_opts], takes, choices)


def _option(names: Iterable[str], takes: str, choices: Iterable[str]) -> str:
    shown = sorted(names, key=len)
    shown[-1] = f"{shown[-1]} {takes}".rstrip()
    listed = " or ".join(map(code, choices))
    return f"{', '.join(map(code, shown))} {listed}".rstrip()


def _help(option: Any) -> str:
    text = option.help or ""
    least = getattr(option.type, "min", None)
    return f"{text} At least {least}." if least else text


def _default(command: Command, option: Any) -> str:
    if option.is_flag:
        return "off"
    if setting := FROM_SETTINGS.get((command.path, option.name)):
        return f"the setting {code('.'.join(setting))}"
    return NONE if option.default is None else code(str(option.default))


def _environment(command: Command, option: Any) -> str:
    setting = FROM_SETTINGS.get((command.path, option.name))
    named = variable(*setting) if setting else option.envvar
    return code(named) if named else ""


def _parsed_by_argparse() -> Iterable[str]:
    made = parser_of(f"{PROGRAM} org serve")
    yield _fenced(f"{made.prog} [OPTIONS]")
    yield table(
        ("Option", "Default", "What it does"),
        (
            (_argparse_names(action), _argparse_default(action), _argparse_help(made, action))
            for action in made._actions
        ),
    )


def _argparse_names(action: argparse.Action) -> str:
    choices = tuple(map(str, action.choices or ()))
    takes = "" if action.nargs == 0 or choices else str(action.metavar or action.dest.upper())
    return _option(action.option_strings, takes, choices)


def _argparse_default(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "off"
    return NONE if action.default in (None, [], argparse.SUPPRESS) else code(str(action.default))


def _argparse_help(made: argparse.ArgumentParser, action: argparse.Action) -> str:
    said = " ".join((action.help or "").split())
    # As the others say it: a sentence.
    return marked(f"{said[:1].upper()}{said[1:].rstrip('.')}.")


def _settings() -> Iterable[str]:
    yield _keys(Settings, ())
    yield "A target's keys, below `[targets.NAME]`; NAME is yours to choose:"
    yield _keys(Target, ("targets", "NAME"))


def _keys(model: type[BaseModel], path: tuple[str, ...]) -> str:
    return table(
        ("Key", "Environment", "Default", "What it says"),
        (
            (
                code(name),
                code(variable(*path, name, *(["MAPPING"] if name == "where" else []))),
                _default_of(field),
                marked(_sentence(field.description or "")),
            )
            for name, field in model.model_fields.items()
            if name != "targets"
        ),
    )


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    if field.default is None:
        return NONE
    said = str(field.default)
    return code(said.lower() if isinstance(field.default, bool) else said)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _paragraphs(text: str | None) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", (text or "").strip())]


def _fenced(*lines: str) -> str:
    return "\n".join(("```shell", *lines, "```"))
