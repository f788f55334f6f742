"""Reads mapping files: YAML 1.2 in, `Mapping` models out, every error with file:line:column.

The YAML is composed to nodes and converted here, so that each value keeps its place in the file
and the keys and values of a value map stay the text that was written (`no`, `012`).
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crm_sync.errors import MappingError
from crm_sync.mapping import model
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest

__all__ = ["in_order", "load_mapping", "load_mappings", "select"]

Path_ = tuple[str, ...]


def load_mappings(directory: Path) -> tuple[Mapping, ...]:
    """Every `*.yaml` of a directory, parents before children.

    Raises MappingError for a missing directory, a wrong file, two mappings that write one record,
    an unknown parent, or lookups that form a circle.
    """
    if not directory.is_dir():
        raise MappingError(
            f"The mapping directory {directory} does not exist.",
            "Name it with `mappings` in crm-sync.toml.",
        )
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise MappingError(f"{directory} holds no mapping (*.yaml).", "Add one, or name another.")
    return in_order([load_mapping(file) for file in files])


def load_mapping(file: Path) -> Mapping:
    """One mapping file. Raises MappingError with the place of what is wrong."""
    lines: dict[Path_, str] = {}
    try:
        node = YAML().compose(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise MappingError(f"This is not YAML: {error.problem}.", where=where) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"The file cannot be read: {error}.", where=str(file)) from None
    if not isinstance(node, MappingNode):
        raise MappingError("A mapping file is a set of keys.", where=f"{file}:1:1")
    content = _value(node, (), file, lines)
    content["name"] = file.stem
    content["lines"] = lines
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise _explained(error, file, lines) from None


def in_order(mappings: Sequence[Mapping]) -> tuple[Mapping, ...]:
    """The enabled and disabled mappings, parents first, as their lookups demand."""
    by_name = {m.name: m for m in mappings}
    writers: dict[tuple[str, str, str], Mapping] = {}
    for m in mappings:
        record = (m.object, m.external_id.field, m.external_id.prefix)
        if other := writers.get(record):
            raise MappingError(
                f"{other.name} and {m.name} both write {m.object} records with the external ID "
                f"prefix {m.external_id.prefix!r}.",
                "Give each its own prefix.",
                m.where("external_id"),
            )
        writers[record] = m
        for field, lookup in m.lookups.items():
            for branch in lookup.branches:
                if branch.mapping not in by_name:
                    raise MappingError(
                        f"{field} names the mapping {branch.mapping!r}, which does not exist."
                        + nearest(branch.mapping, by_name),
                        where=m.where("lookups", field),
                    )
    try:
        order = TopologicalSorter({m.name: sorted(m.parents) for m in mappings}).static_order()
        return tuple(by_name[name] for name in order)
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        raise MappingError(
            f"These lookups form a circle: {' → '.join(circle)}.",
            "Take one of them out; a record cannot be created before its own parent.",
            by_name[circle[0]].where("lookups"),
        ) from None


def select(mappings: Sequence[Mapping], names: Sequence[str]) -> tuple[Mapping, ...]:
    """The enabled mappings, or those of them that are named."""
    enabled = tuple(m for m in mappings if m.enabled)
    known = {m.name for m in enabled}
    for name in names:
        if name not in known:
            raise MappingError(
                f"There is no enabled mapping {name!r}." + nearest(name, known),
                f"Known: {', '.join(sorted(known))}.",
            )
    return tuple(m for m in enabled if not names or m.name in names)


def _value(node: Any, path: Path_, file: Path, lines: dict[Path_, str]) -> Any:
    mark = node.start_mark
    lines.setdefault(path, f"{file}:{mark.line + 1}:{mark.column + 1}")
    if isinstance(node, MappingNode):
        result: dict[str, Any] = {}
        for key, value in node.value:
            here = f"{file}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            name = str(key.value)
            if not isinstance(key, ScalarNode):
                raise MappingError("A key is plain text.", where=here)
            if name in result:
                raise MappingError(f"{name} stands twice.", "Keep one of them.", here)
            lines[(*path, name)] = here
            result[name] = _value(value, (*path, name), file, lines)
        return result
    if isinstance(node, SequenceNode):
        return [_value(v, (*path, str(i)), file, lines) for i, v in enumerate(node.value)]
    return _scalar(node, text=len(path) > 1 and path[-2] == "values")


def _scalar(node: Any, *, text: bool) -> Any:
    """A scalar by its YAML 1.2 type; inside a value map as the text that was written."""
    kind = str(node.tag).rsplit(":", 1)[-1]
    written = str(node.value)
    if kind == "null":
        return None
    if text or kind == "str":
        return written
    if kind == "bool":
        return written.lower() == "true"
    try:
        return int(written, 0) if kind == "int" and written[:2] in ("0x", "0o") else _number(written)
    except ValueError:
        return written


def _number(written: str) -> int | float:
    try:
        return int(written)
    except ValueError:
        return float(written)


def _explained(error: ValidationError, file: Path, lines: dict[Path_, str]) -> MappingError:
    """The first complaint of pydantic, in one sentence, with its place and the nearest name."""
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    where = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), str(file))
    name = path[-1] if path else file.stem
    inside = ".".join(path[:-1]) or "a mapping"
    if first["type"] == "extra_forbidden":
        known = _known_keys(path)
        return MappingError(f"{name} is not a key of {inside}." + nearest(name, known), where=where)
    if first["type"] == "missing":
        return MappingError(f"{inside} lacks {name}.", where=where)
    sentence = str(first["msg"]).removeprefix("Value error, ")
    return MappingError(f"{'.'.join(path)}: {sentence}." if path else f"{sentence}.", where=where)


def _known_keys(path: Path_) -> list[str]:
    """The keys that are allowed where `path` ends, for the hint."""
    kinds: dict[str, type[model.Strict]] = {
        "fields": model.FieldRule,
        "lookups": model.Branch,
        "source": model.Source,
        "external_id": model.ExternalId,
        "on_delete": model.OnDelete,
    }
    kind = kinds.get(path[0], Mapping) if len(path) > 1 else Mapping
    extra = ["object", "by", "required", "write"] if kind is model.Branch else []
    return [*kind.model_fields, *extra]
