"""Reads the semantic model with Microsoft's parser: ``python -m tests.powerbi.parse_model DIR``.

DIR is where tests.clients.install put Node; the parser is installed into DIR/powerbi-parser. Exits
with 1 when the parser refuses the model, or does not refuse a spoiled copy of it.

A command of its own and no test: the parser comes with Microsoft's "Power BI Modeling MCP Server",
a preview under a licence that allows developing and testing with it, forbids passing it on, lets
it collect usage data, and ends 30 days after a commercial release. So nobody runs it unasked.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.clients import install

PINS = Path(__file__).parent / "parser"
MODEL = Path(__file__).parents[2] / "docs" / "powerbi" / "ConsultingCRM.SemanticModel"
PROGRAM = "node_modules/@microsoft/powerbi-modeling-mcp-linux-x64/dist/powerbi-modeling-mcp"
SPOILED, FAULT = "definition/relationships.tmdl", "\tfromColumn: Lead.'No such column'\n"


class Parser:
    """The running server; a context manager that ends it."""

    def __init__(self, program: Path) -> None:
        # Read-only, and its own words go nowhere: standard output carries the protocol.
        self._process = subprocess.Popen(
            [program, "--readonly"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._number = 0
        client = {"name": "tests", "version": "1"}
        self._call(
            "initialize",
            {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client},
        )

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, model: Path) -> str:
        """What the parser says of a folder X.SemanticModel."""
        ask = {"operation": "ConnectFolder", "folderPath": str(model.resolve())}
        answer = self._call(
            "tools/call", {"name": "connection_operations", "arguments": {"request": ask}}
        )
        return str(answer["content"][0]["text"])

    def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._number += 1
        call = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters}
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._number:
                return answer["result"]
        raise SystemExit("The parser ended without an answer.")


def is_loaded(said: str) -> bool:
    """Whether the parser took a model."""
    return "Successfully loaded" in said


def main(clients: Path) -> int:
    """Read the model, and a copy with one fault. 1 when either is not judged as it must be."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        print("The parser is installed for Linux on x64 only; the model was not read.")
        return 0
    home = clients / "powerbi-parser"
    home.mkdir(exist_ok=True)
    install.install_node_packages(install.node_home(clients), PINS, home)
    with Parser(home / PROGRAM) as parser, tempfile.TemporaryDirectory() as folder:
        said = parser.read(MODEL)
        print(said)
        copy = Path(shutil.copytree(MODEL, Path(folder) / MODEL.name))
        with (copy / SPOILED).open("a", encoding="utf-8") as file:
            file.write(f"\nrelationship spoiled\n{FAULT}\ttoColumn: Account.'Account Key'\n")
        of_spoiled = parser.read(copy)
    if is_loaded(of_spoiled):
        print("The parser takes a model with a relation from a column that is not there.")
    return 0 if is_loaded(said) and not is_loaded(of_spoiled) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.powerbi.parse_model DIRECTORY_OF_CLIENTS")
    directory = Path(sys.argv[1]).absolute()
    if not install.is_installed(directory):
        raise SystemExit(f"{directory} lacks Node: python -m tests.clients.install {directory}")
    try:
        sys.exit(main(directory))
    except (subprocess.CalledProcessError, OSError) as error:
        raise SystemExit(f"The parser could not be installed or started: {error}") from None
