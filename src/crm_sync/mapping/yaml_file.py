"""One YAML file as keys and values, with the place of each in the file.

The YAML is composed to nodes and converted here, so that each value keeps its place in the file
and the keys and values of a value map stay the text that was written (`no`, `012`).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crm_sync.errors import MappingError

__all__ = ["NOTHING", "Read", "read_file"]

Path_ = tuple[str, ...]
_QUOTE = (
    "Look at the line and the one before: brackets and quotes are closed, keys are indented with "
    "blanks, and a text with `: `, `#` or `[` in it stands in quotes."
)
DEEPEST = 8
"""Levels of keys; a YAML alias of its own parent would have no end."""


@dataclass(frozen=True)
class Read:
    """What a file says, and where each part of it stands, by its path in the file."""

    content: dict[str, Any]
    lines: dict[Path_, str]


NOTHING = Read({}, {})
"""A file that is not there."""


def read_file(file: Path) -> Read:
    """The keys of a file. Raises MappingError for what is not YAML, or no set of keys."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(
            f"The file cannot be read: {error}.",
            "Save it as UTF-8 text, for us to read.",
            str(file),
        ) from None
    return deepcopy(_parsed(file, text))


# A worker reads the same files run after run, and YAML is slow to read.
@lru_cache(maxsize=64)
def _parsed(file: Path, text: str) -> Read:
    lines: dict[Path_, str] = {}
    try:
        node = YAML().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise MappingError(f"This is not YAML: {error.problem}.", _QUOTE, where) from None
    except YAMLError as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise MappingError(f"This is not YAML: {said}.", _QUOTE, str(file)) from None
    if not isinstance(node, MappingNode):
        raise MappingError(
            "A mapping file is a set of keys.",
            "Begin with object, source, label and fields, each with a colon and what it is.",
            f"{file}:1:1",
        )
    return Read(_value(node, (), file, lines), lines)


def _value(node: Any, path: Path_, file: Path, lines: dict[Path_, str]) -> Any:
    mark = node.start_mark
    lines.setdefault(path, f"{file}:{mark.line + 1}:{mark.column + 1}")
    if len(path) > DEEPEST:
        raise MappingError(
            "This is nested too deeply for a mapping.",
            "Write out what stands here; nothing in a mapping lies so deep.",
            lines[path],
        )
    if isinstance(node, MappingNode):
        result: dict[str, Any] = {}
        for key, value in node.value:
            here = f"{file}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            name = str(key.value)
            if not isinstance(key, ScalarNode):
                raise MappingError("A key is plain text.", "Write it without brackets.", here)
            if name in result:
                raise MappingError(f"{name} stands twice.", "Keep one of them.", here)
            lines[(*path, name)] = here
            result[name] = _value(value, (*path, name), file, lines)
        return result
    if isinstance(node, SequenceNode):
        return [_value(v, (*path, str(i)), file, lines) for i, v in enumerate(node.value)]
    as_text = path[:1] == ("fields",) and path[2:3] in (("values",), ("otherwise",))
    return _scalar(node, text=as_text)


def _scalar(node: Any, *, text: bool) -> Any:
    """A scalar by its YAML 1.2 type; in a value map and beside it as the text that was written.

    A number that is written as no number is (`01234`, a postal code) stays text, too.
    """
    kind = str(node.tag).rsplit(":", 1)[-1]
    written = str(node.value)
    if kind == "null":
        return None
    if text or kind == "str":
        return written
    if kind == "bool":
        return written.lower() == "true"
    if kind == "int" and written[:2] in ("0x", "0o"):
        return int(written, 0)
    if kind == "int":
        return int(written) if str(int(written)) == written else written
    try:
        return float(written) if kind == "float" else written
    except ValueError:
        return written
