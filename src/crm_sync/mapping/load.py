"""Reads mapping files: YAML 1.2 in, `Mapping` models and findings out, each with file:line:column.

What stands in `defaults.yaml` becomes part of each mapping, with its place in that file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import ValidationError

from crm_sync.errors import MappingError
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.mapping.form import DEFAULTS, OURS, explained
from crm_sync.mapping.model import Defaults, Mapping
from crm_sync.mapping.salvage import right_part, sound_content
from crm_sync.mapping.yaml_file import NOTHING, Read, read_file
from crm_sync.names import nearest

__all__ = ["JOINED", "Loaded", "load_mapping", "load_mappings", "read_mappings", "select"]

JOINED = frozenset({"external_id", "fields", "lookups", "not_mapped"})
"""Keys of `Defaults` that a mapping's own do not replace, but add to."""


@dataclass(frozen=True)
class Loaded:
    """A directory of mappings: those whose form is right, parents first, and what is wrong with
    the others and between them. `parts`: what is right of the others, for a check only. Where what
    they share is wrong, nobody knows what they say as a whole: all are parts then.
    """

    mappings: tuple[Mapping, ...]
    findings: tuple[Finding, ...]
    parts: tuple[Mapping, ...] = ()


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
    files = [file for file in sorted(directory.glob("*.yaml")) if file.name != DEFAULTS]
    if not files and not findings:
        raise MappingError(f"{directory} holds no mapping (*.yaml).", "Add one, or name another.")
    shared, wrong = _read_defaults(directory / DEFAULTS)
    findings += wrong
    mappings: list[Mapping] = []
    parts: list[Mapping] = []
    for file in files:
        mapping, told = _read_mapping(file, shared)
        findings += [f for f in told if not wrong or _is_its_own(f, directory / DEFAULTS)]
        if mapping is not None:
            (parts if told or wrong else mappings).append(mapping)
    # Whoever names a mapping whose file is wrong is not wrong himself.
    names = {file.stem for file in files}
    findings += _between(mappings)
    findings += [f for m in (*mappings, *parts) for f in _unknown_parents(m, names)]
    # What contradicts itself in the defaults does so in each mapping.
    return Loaded(_in_order(mappings), tuple(dict.fromkeys(findings)), tuple(parts))


def load_mapping(file: Path) -> Mapping:
    """One mapping file by itself. Raises MappingError with the place of what is wrong."""
    mapping, found = _read_mapping(file, NOTHING)
    raise_first(found)
    if mapping is None:
        raise AssertionError("a file is a mapping or wrong")
    return mapping


def _read_mapping(file: Path, shared: Read) -> tuple[Mapping | None, list[Finding]]:
    """One mapping file with what it shares with others, and all that is wrong with its form, what a
    person mends first at first. Where something is, the mapping is what is right of it, or None.
    """
    try:
        own = read_file(file)
    except MappingError as error:
        return None, [Finding.of_error("yaml", error)]
    found = _ours(own)
    read = _joined(shared, own)
    said = {key: value for key, value in read.content.items() if key not in OURS}
    content = {**said, "name": file.stem, "lines": read.lines}
    try:
        return Mapping.model_validate(content), found
    except ValidationError as error:
        return right_part(Mapping, content), [*found, *explained(error, file, read.lines)]


def _read_defaults(file: Path) -> tuple[Read, list[Finding]]:
    """What `defaults.yaml` says, nothing where there is none, and what is wrong with it."""
    if not file.exists():
        return NOTHING, []
    try:
        read = read_file(file)
    except MappingError as error:
        return NOTHING, [Finding.of_error("yaml", error)]
    found = _ours(read)
    alone = (
        Mapping.model_fields.keys() - Defaults.model_fields.keys() - OURS
    ) & read.content.keys()
    found += [
        Finding(
            "wrong-key", "error", read.lines[key,], f"{key} cannot be shared; a mapping says it.",
            "Move it into the mappings.",
            path=(key,),
        )
        for key in read.content
        if key in alone
    ]  # fmt: skip
    content = {key: said for key, said in read.content.items() if key not in alone | OURS}
    try:
        Defaults.model_validate(content)
    except ValidationError as error:
        found += explained(error, file, read.lines)
        content = sound_content(Defaults, content)
    return Read(content, read.lines), found


def _ours(read: Read) -> list[Finding]:
    """Keys that a mapping has, and its file may not say."""
    return [
        Finding(
            "unknown-key",
            "error",
            read.lines[key,],
            f"{key} is not a key of a mapping; a mapping is called as its file is.",
            "Take it out.",
        )
        for key in sorted(OURS & read.content.keys())
    ]


def _is_its_own(finding: Finding, defaults: Path) -> bool:
    """Whether a mapping is wrong, whatever the defaults say once they are mended."""
    is_inherited = finding.where.startswith(f"{defaults}:")
    is_maybe_shared = finding.kind == "missing-key" and finding.path == ("fields",)
    return not is_inherited and not is_maybe_shared


def _joined(shared: Read, own: Read) -> Read:
    """A mapping's own words beside the shared ones, which they take the place of."""
    content, lines = {**shared.content, **own.content}, dict(own.lines)
    for key in JOINED & shared.content.keys():
        theirs, ours = shared.content[key], own.content.get(key, {})
        if isinstance(theirs, dict) and isinstance(ours, dict):
            content[key] = {**theirs, **ours}
    for kind, other in (("fields", "lookups"), ("lookups", "fields")):
        for name in _names(own, other) & _names(shared, kind):
            if isinstance(content[kind], dict):
                del content[kind][name]
    for path, place in shared.lines.items():
        part = path[:2] if path[:1] and path[0] in JOINED else path[:1]
        if part and part not in own.lines:
            lines.setdefault(path, place)
    return Read(content, lines)


def _names(read: Read, key: str) -> set[str]:
    said = read.content.get(key)
    return set(said) if isinstance(said, dict) else set()


def _unknown_parents(mapping: Mapping, names: Collection[str]) -> Iterator[Finding]:
    """Parents that are none of `names`."""
    for field, lookup in mapping.lookups.items():
        for number, branch in enumerate(lookup.branches):
            if branch.mapping not in names:
                part = (str(number),) if len(lookup.branches) > 1 else ()
                yield said_of(
                    mapping,
                    ("lookups", field, *part),
                    "unknown-mapping",
                    f"{field} names the mapping {branch.mapping!r}, which does not exist.",
                    nearest(branch.mapping, names) or f"Known: {', '.join(sorted(names))}.",
                )


def _between(mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """What is wrong between mappings: records with two writers, two heirs of one mapping, lookups
    that form a circle; and rows that two make a record of.
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
    yield from _heirs(mappings)
    yield from _doubles(mappings)
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


def _doubles(mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """Mappings that take the same rows and make a record of one object of each, under keys that
    differ. Whether mappings with another `where` share rows, the rows tell (`crm-sync check`).
    """
    first: dict[tuple[str | None, ...], Mapping] = {}
    for m in mappings:
        where = m.source.where.sql.split() if m.source.where else []
        rows = (m.object, m.source.table, m.source.key, " ".join(where))
        other = first.setdefault(rows, m) if m.enabled else m
        if other is not m and other.external_id != m.external_id:
            yield said_of(
                m,
                ("source",),
                "row-written-twice",
                f"{other.name} and {m.name} both make a {m.object} of every row of "
                f"{m.source.table}{' that `where` leaves' if where else ''}: each becomes two "
                "records.",
                "Take one of the two out, or give each a `where` that leaves the other's rows out.",
                severity="warning",
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
