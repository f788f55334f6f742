"""Reads mapping files: YAML 1.2 in, `Mapping` models out, every error with file:line:column.

What stands in `defaults.yaml` becomes part of each mapping, with its place in that file.

The YAML is composed to nodes and converted here, so that each value keeps its place in the file
and the keys and values of a value map stay the text that was written (`no`, `012`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crm_sync.errors import MappingError
from crm_sync.mapping import model
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.names import nearest

__all__ = ["DEFAULTS", "in_order", "load_mapping", "load_mappings", "select"]

Path_ = tuple[str, ...]
DEFAULTS = "defaults.yaml"
"""The file beside the mappings that says what they share."""
JOINED = frozenset({"external_id", "fields", "lookups", "not_mapped"})
"""Keys of `Defaults` that a mapping's own do not replace, but add to."""
OURS = frozenset({"name", "lines"})
"""What a mapping has besides the keys of its file."""
DEEPEST = 8
"""Levels of keys; a YAML alias of its own parent would have no end."""


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
    for file in sorted(directory.glob("*.yml")):
        raise MappingError("A mapping file ends in .yaml; this one would be ignored.",
                           f"Rename it to {file.stem}.yaml.", str(file))  # fmt: skip
    files = [file for file in sorted(directory.glob("*.yaml")) if file.name != DEFAULTS]
    if not files:
        raise MappingError(f"{directory} holds no mapping (*.yaml).", "Add one, or name another.")
    shared = _load_defaults(directory / DEFAULTS)
    return in_order([load_mapping(file, shared) for file in files])


@dataclass(frozen=True)
class _Read:
    """What a file says, and where each part of it stands, by its path in the file."""

    content: dict[str, Any]
    lines: dict[Path_, str]


NOTHING = _Read({}, {})


def load_mapping(file: Path, shared: _Read = NOTHING) -> Mapping:
    """One mapping file, with what it shares with others. Raises MappingError with the place of what
    is wrong.
    """
    read = _joined(shared, _read(file))
    content = {**read.content, "name": file.stem, "lines": read.lines}
    return _validated(Mapping, content, file, read.lines)


def _load_defaults(file: Path) -> _Read:
    """What `defaults.yaml` says; nothing where there is none. Raises MappingError."""
    if not file.exists():
        return NOTHING
    read = _read(file)
    for key in read.content:
        if key in Mapping.model_fields and key not in Defaults.model_fields:
            raise MappingError(
                f"{key} cannot be shared; a mapping says it.", where=read.lines[key,]
            )
    _validated(Defaults, read.content, file, read.lines)
    return read


def _joined(shared: _Read, own: _Read) -> _Read:
    """A mapping's own words beside the shared ones, which they take the place of."""
    content, lines = {**shared.content, **own.content}, dict(own.lines)
    for key in JOINED & shared.content.keys():
        if isinstance(ours := own.content.get(key, {}), dict):
            content[key] = {**shared.content[key], **ours}
    for kind, other in (("fields", "lookups"), ("lookups", "fields")):
        for name in _names(own, other) & _names(shared, kind):
            if isinstance(content[kind], dict):
                del content[kind][name]
    for path, place in shared.lines.items():
        part = path[:2] if path[:1] and path[0] in JOINED else path[:1]
        if part and part not in own.lines:
            lines.setdefault(path, place)
    return _Read(content, lines)


def _names(read: _Read, key: str) -> set[str]:
    said = read.content.get(key)
    return set(said) if isinstance(said, dict) else set()


def _read(file: Path) -> _Read:
    """A file's keys. Raises MappingError where it is no YAML, or no set of keys."""
    lines: dict[Path_, str] = {}
    try:
        node = YAML().compose(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise MappingError(f"This is not YAML: {error.problem}.", where=where) from None
    except YAMLError as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise MappingError(f"This is not YAML: {said}.", where=str(file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"The file cannot be read: {error}.", where=str(file)) from None
    if not isinstance(node, MappingNode):
        raise MappingError("A mapping file is a set of keys.", where=f"{file}:1:1")
    content = _value(node, (), file, lines)
    for key in OURS & content.keys():
        raise MappingError(
            f"{key} is not a key of a mapping; a mapping is called as its file is.",
            where=lines[key,],
        )
    return _Read(content, lines)


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(
    kind: type[_Model], content: dict[str, Any], file: Path, lines: dict[Path_, str]
) -> _Model:
    try:
        return kind.model_validate(content)
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
    _check_former_names(mappings, by_name)
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


def _check_former_names(mappings: Sequence[Mapping], by_name: dict[str, Mapping]) -> None:
    heirs: dict[str, str] = dict.fromkeys(by_name, "a mapping of that name")
    for m in mappings:
        if m.formerly and m.formerly in heirs:
            raise MappingError(
                f"{m.name} was formerly {m.formerly}, and there is {heirs[m.formerly]}.",
                "Records have one heir: take one of the two out.",
                m.where("formerly"),
            )
        if m.formerly:
            heirs[m.formerly] = f"another that says so, {m.name}"


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
    if len(path) > DEEPEST:
        raise MappingError("This is nested too deeply for a mapping.", where=lines[path])
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


NAMES = {
    "^[a-z_][a-z0-9_]*$": "a PostgreSQL name (small letters, digits, _)",
    "^[A-Za-z][A-Za-z0-9_]*$": "a Salesforce API name (letters, digits, _)",
    "^[a-z0-9:_-]*$": "a prefix (small letters, digits, : _ -)",
    "^(none|active|[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$": "none, active, or the Id of an assignment"
    " rule (15 or 18 letters and digits)",
}
"""What the patterns of `model.py` stand for."""
SCALARS = frozenset({"str", "int", "float", "bool"})


def _explained(error: ValidationError, file: Path, lines: dict[Path_, str]) -> MappingError:
    """The first complaint of pydantic, in one sentence, with its place and the nearest name."""
    found = error.errors()
    # A misspelt key is also a missing one; the misspelling says more.
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    kind, given = first["type"], first["input"]
    path = tuple(str(part) for part in first["loc"])
    if kind == "missing":
        path = (*_in_file(path[:-1], lines), path[-1])
    elif kind == "placed":
        path = first["ctx"]["path"]
    else:
        path = _in_file(path, lines)
    places = (lines.get(path[:length]) for length in range(len(path), -1, -1))
    where = next((place for place in places if place), str(file))
    name = path[-1] if path else file.stem
    is_shared = file.name == DEFAULTS
    inside = ".".join(path[:-1]) or ("the defaults" if is_shared else "a mapping")
    if kind == "extra_forbidden":
        known = _known_keys(path, Defaults if is_shared else Mapping)
        return MappingError(f"{name} is not a key of {inside}." + nearest(name, known), where=where)
    if kind == "missing":
        return MappingError(f"{inside} lacks {name}.", where=where)
    if path == ("name",):
        said = f"The file's name {given!r} is not {NAMES[first['ctx']['pattern']]}."
        return MappingError(said, "The mapping is called as its file is.", where)
    if kind == "string_pattern_mismatch":
        said = f"{given!r} is not {NAMES[first['ctx']['pattern']]}"
    elif kind == "literal_error":
        said = f"{given!r} is not {first['ctx']['expected']}"
    elif name in SCALARS and path not in lines:
        path, said = path[:-1], "give a text, a number, true or false"
    elif kind == "placed":
        return MappingError(f"{first['msg']}.", where=where)
    elif kind == "value_error":
        said = str(first["msg"]).removeprefix("Value error, ")
    else:
        said = first["msg"][:1].lower() + first["msg"][1:]
    return MappingError(f"{'.'.join(path)}: {said}." if path else f"{said}.", where=where)


def _in_file(path: Path_, lines: dict[Path_, str]) -> Path_:
    """Where the file holds what the model has at `path`: the short forms leave levels out."""
    path = path[:-1] if path[-1:] == ("[key]",) else path
    forms = [path]
    if path[:1] == ("lookups",) and path[2:3] in (("branches",), ("reference",)):
        forms += [path[:2] + path[3:], path[:2] + path[4:]]
    if path in (("label", "sql"), ("source", "where", "sql")):
        forms.append(path[:-1])
    if path[:2] == ("on_delete", "values"):
        forms.append(("on_delete", "set", *path[2:]))

    def distance(form: Path_) -> tuple[int, int]:
        known = max(n for n in range(len(form) + 1) if form[:n] in lines)
        return len(form) - known, -known

    return min(forms, key=distance)


def _known_keys(path: Path_, whole: type[model.Strict]) -> list[str]:
    """The keys that are allowed where `path` ends, for the hint."""
    match path:
        case ("fields", _, _):
            kinds: list[type[model.Strict]] = [model.FieldRule]
        case ("lookups", _, _):
            kinds = [model.Branch, model.Reference, model.Lookup]
        case ("lookups", _, "branches", *_) | ("lookups", _, _, _):
            kinds = [model.Branch]
        case ("lookups", *_):
            kinds = [model.Reference]
        case ("source", _):
            kinds = [model.Source]
        case ("source", "where", _) | ("label", _):
            kinds = [model.Expression]
        case ("external_id", _):
            kinds = [model.ExternalId]
        case _:
            kinds = [whole]
    return [key for kind in kinds for key in kind.model_fields if key not in OURS]
