"""Reads mapping files: YAML 1.2 in, `Mapping` models and findings out, each with file:line:column.

The YAML is composed to nodes and converted here, so that each value keeps its place in the file
and the keys and values of a value map stay the text that was written (`no`, `012`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crm_sync.errors import MappingError
from crm_sync.mapping import model
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest

__all__ = ["Loaded", "load_mapping", "load_mappings", "read_mappings", "select"]

Path_ = tuple[str, ...]
OURS = frozenset({"name", "lines"})
"""What a mapping has besides the keys of its file."""
DEEPEST = 8
"""Levels of keys; a YAML alias of its own parent would have no end."""


@dataclass(frozen=True)
class Loaded:
    """A directory of mappings: those whose form is right, parents first, and what is wrong with
    the others and between them.
    """

    mappings: tuple[Mapping, ...]
    findings: tuple[Finding, ...]


def load_mappings(directory: Path) -> tuple[Mapping, ...]:
    """Every `*.yaml` of a directory, parents before children.

    Raises MappingError for a missing directory, a wrong file, two mappings that write one record,
    an unknown parent, or lookups that form a circle.
    """
    loaded = read_mappings(directory)
    raise_first(loaded.findings)
    return loaded.mappings


def read_mappings(directory: Path) -> Loaded:
    """Every `*.yaml` of a directory, with all that is wrong with them.

    Raises MappingError where there is no directory, or no mapping in it.
    """
    if not directory.is_dir():
        raise MappingError(
            f"The mapping directory {directory} does not exist.",
            "Name it with `mappings` in crm-sync.toml.",
        )
    findings = [
        Finding(
            "file-name",
            "error",
            str(file),
            "A mapping file ends in .yaml; this one would be ignored.",
            f"Rename it to {file.stem}.yaml.",
        )
        for file in sorted(directory.glob("*.yml"))
    ]
    files = sorted(directory.glob("*.yaml"))
    if not files and not findings:
        raise MappingError(f"{directory} holds no mapping (*.yaml).", "Add one, or name another.")
    mappings: list[Mapping] = []
    for file in files:
        found = read_mapping(file)
        if isinstance(found, Mapping):
            mappings.append(found)
        else:
            findings += found
    # Whoever names a mapping whose file is wrong is not wrong himself.
    findings += _between(mappings, {file.stem for file in files})
    return Loaded(_in_order(mappings), tuple(findings))


def load_mapping(file: Path) -> Mapping:
    """One mapping file. Raises MappingError with the place of what is wrong."""
    found = read_mapping(file)
    if isinstance(found, Mapping):
        return found
    raise_first(found)
    raise AssertionError("a file is a mapping or wrong")


def read_mapping(file: Path) -> Mapping | list[Finding]:
    """One mapping file, or all that is wrong with its form, what a person mends first at first."""
    lines: dict[Path_, str] = {}
    try:
        content = _content(file, lines)
    except MappingError as error:
        return [Finding.of_error("yaml", error)]
    ours = [
        Finding(
            "unknown-key",
            "error",
            lines[key,],
            f"{key} is not a key of a mapping; a mapping is called as its file is.",
        )
        for key in sorted(OURS & content.keys())
    ]
    if ours:
        return ours
    try:
        return Mapping.model_validate({**content, "name": file.stem, "lines": lines})
    except ValidationError as error:
        return _explained(error, file, lines)


def _content(file: Path, lines: dict[Path_, str]) -> dict[str, Any]:
    """The keys of a file. Raises MappingError for what is not YAML, or no set of keys."""
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
    content: dict[str, Any] = _value(node, (), file, lines)
    return content


def _between(mappings: Sequence[Mapping], names: Collection[str]) -> Iterator[Finding]:
    """What is wrong between mappings: records with two writers, parents that are none of `names`,
    two heirs of one mapping, lookups that form a circle.
    """
    by_name = {m.name: m for m in mappings}
    writers: dict[tuple[str, str, str], Mapping] = {}
    for m in mappings:
        record = (m.object, m.external_id.field, m.external_id.prefix)
        if other := writers.get(record):
            yield said_of(
                m,
                ("external_id",),
                "two-writers",
                f"{other.name} and {m.name} both write {m.object} records with the external ID "
                f"prefix {m.external_id.prefix!r}.",
                "Give each its own prefix.",
            )
        writers[record] = m
        for field, lookup in m.lookups.items():
            for number, branch in enumerate(lookup.branches):
                if branch.mapping not in names:
                    part = (str(number),) if len(lookup.branches) > 1 else ()
                    yield said_of(
                        m,
                        ("lookups", field, *part),
                        "unknown-mapping",
                        f"{field} names the mapping {branch.mapping!r}, which does not exist.",
                        nearest(branch.mapping, names),
                    )
    yield from _heirs(mappings)
    try:
        _sorted(mappings)
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield said_of(
            by_name[circle[0]],
            ("lookups",),
            "circle",
            f"These lookups form a circle: {' → '.join(circle)}.",
            "Take one of them out; a record cannot be created before its own parent.",
        )


def _in_order(mappings: Sequence[Mapping]) -> tuple[Mapping, ...]:
    """Parents first, as their lookups demand; as they came where these form a circle."""
    try:
        order = _sorted(mappings)
    except CycleError:
        return tuple(mappings)
    by_name = {m.name: m for m in mappings}
    return tuple(by_name[name] for name in order if name in by_name)


def _sorted(mappings: Sequence[Mapping]) -> list[str]:
    return list(TopologicalSorter({m.name: sorted(m.parents) for m in mappings}).static_order())


def _heirs(mappings: Sequence[Mapping]) -> Iterator[Finding]:
    heirs: dict[str, str] = dict.fromkeys((m.name for m in mappings), "a mapping of that name")
    for m in mappings:
        if m.formerly and m.formerly in heirs:
            yield said_of(
                m,
                ("formerly",),
                "two-heirs",
                f"{m.name} was formerly {m.formerly}, and there is {heirs[m.formerly]}.",
                "Records have one heir: take one of the two out.",
            )
        elif m.formerly:
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
    return _scalar(node, text=path[:1] == ("fields",) and path[2:3] == ("values",))


def _scalar(node: Any, *, text: bool) -> Any:
    """A scalar by its YAML 1.2 type; inside a value map as the text that was written.

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
}
"""What the patterns of `model.py` stand for."""
SCALARS = frozenset({"str", "int", "float", "bool"})


def _explained(error: ValidationError, file: Path, lines: dict[Path_, str]) -> list[Finding]:
    """The complaints of pydantic, each in one sentence, with its place and the nearest name.

    A misspelt key is also a missing one; the misspelling alone is told, and first.
    """
    found = error.errors()
    extra = [one for one in found if one["type"] == "extra_forbidden"]
    parents = {one["loc"][:-1] for one in extra}
    others = [
        one
        for one in found
        if one["type"] != "extra_forbidden"
        and not (one["type"] == "missing" and one["loc"][:-1] in parents)
    ]
    told = [_complaint(one, file, lines) for one in (*extra, *others)]
    return list(dict.fromkeys(told))


def _complaint(one: ErrorDetails, file: Path, lines: dict[Path_, str]) -> Finding:
    kind, given = one["type"], one["input"]
    path = tuple(str(part) for part in one["loc"])
    if kind == "missing":
        path = (*_in_file(path[:-1], lines), path[-1])
    elif kind == "placed":
        path = one["ctx"]["path"]
    else:
        path = _in_file(path, lines)
    places = (lines.get(path[:length]) for length in range(len(path), -1, -1))
    where = next((place for place in places if place), str(file))
    name = path[-1] if path else file.stem
    inside = ".".join(path[:-1]) or "a mapping"
    if kind == "extra_forbidden":
        near = nearest(name, _known_keys(path)).strip()
        said = f"{name} is not a key of {inside}."
        return Finding("unknown-key", "error", where, said, near, path)
    if kind == "missing":
        return Finding("missing-key", "error", where, f"{inside} lacks {name}.", path=path)
    if path == ("name",):
        said = f"The file's name {given!r} is not {NAMES[one['ctx']['pattern']]}."
        mend = "The mapping is called as its file is."
        return Finding("file-name", "error", where, said, mend)
    if kind == "string_pattern_mismatch":
        said = f"{given!r} is not {NAMES[one['ctx']['pattern']]}"
    elif kind == "literal_error":
        said = f"{given!r} is not {one['ctx']['expected']}"
    elif name in SCALARS and path not in lines:
        path, said = path[:-1], "give a text, a number, true or false"
    elif kind == "placed":
        return Finding("wrong-key", "error", where, f"{one['msg']}.", path=path)
    elif kind == "value_error":
        said = str(one["msg"]).removeprefix("Value error, ")
    else:
        said = one["msg"][:1].lower() + one["msg"][1:]
    sentence = f"{'.'.join(path)}: {said}." if path else f"{said}."
    return Finding("wrong-value", "error", where, sentence, path=path)


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


def _known_keys(path: Path_) -> list[str]:
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
            kinds = [Mapping]
    return [key for kind in kinds for key in kind.model_fields if key not in OURS]
