"""The command line of an org as a process: its options and how wrong use is told.

Apart from ``process.py``, which needs what serves the org: these options are listed in documents.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from crm_sync.localorg.options import add_arguments


class Parser(argparse.ArgumentParser):
    """Wrong use is one line, as of every other command."""

    def error(self, message: str) -> NoReturn:
        message = message[:1].upper() + message[1:].rstrip(".")
        self.exit(self.refused(f"{message}. Try: {self.prog} --help"))

    def refused(self, sentence: str) -> int:
        """Say why nothing is done; the exit code."""
        self.say(sentence)
        return 2

    def say(self, sentence: str) -> None:
        """One line on standard error, as the program says everything."""
        print(f"{self.prog.split()[0]}: {sentence}", file=sys.stderr)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


def parser_of(command: str) -> Parser:
    """The options, as `command` takes them."""
    parser = Parser(prog=command, description="A local Salesforce org on 127.0.0.1.")
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free one")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, help="SQLite file that keeps the org")
    where.add_argument("--memory", action="store_true", help="keep nothing (the default)")
    parser.add_argument("--reset", action="store_true", help="start the data file afresh")
    parser.add_argument("--http", action="store_true", help="plain HTTP instead of TLS")
    parser.add_argument(
        "--page-port", type=_port, help="serve the page there too, over plain HTTP; 0: a free port"
    )
    parser.add_argument("--verbose", action="store_true", help="a line for each request")
    parser.add_argument(
        "--stop-with-stdin", action="store_true", help="stop when standard input closes"
    )
    add_arguments(parser)
    return parser
