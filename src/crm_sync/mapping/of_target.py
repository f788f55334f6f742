"""The mappings of one target: those of its own folder, and narrowed as it says.

In: settings and the name of a target. Out: mappings. What `[targets.NAME.where]` says of a mapping
stands beside the mapping's own `where` and is judged like it, with its place in crm-sync.toml. A
row that leaves either counts as deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crm_sync.errors import SettingsError
from crm_sync.mapping.load import Loaded, load_mappings, read_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Narrowing
from crm_sync.names import nearest
from crm_sync.settings import Settings
from crm_sync.targets import Target

__all__ = ["mappings_of", "narrowings", "read_mappings_of"]


def mappings_of(settings: Settings, name: str | None) -> tuple[Mapping, ...]:
    """As `load_mappings`; without a target those that all share. Raises SettingsError where the
    target narrows a mapping that it does not have.
    """
    if name is None:
        return load_mappings(settings.mappings)
    directory = settings.for_target(name).mappings
    mappings = load_mappings(directory)
    return _narrowed(mappings, name, settings.targets[name], directory)


def read_mappings_of(settings: Settings, name: str | None) -> Loaded:
    """As `read_mappings`. Raises as `mappings_of`."""
    if name is None:
        return read_mappings(settings.mappings)
    directory = settings.for_target(name).mappings
    loaded = read_mappings(directory)
    target = settings.targets[name]
    return replace(
        loaded,
        mappings=_narrowed(loaded.mappings, name, target, directory),
        parts=_narrowed(loaded.parts, name, target, directory),
    )


def narrowings(mappings: Sequence[Mapping]) -> list[str]:
    """What a target leaves out, a sentence for each mapping."""
    return [
        f"Of {m.name} the target {m.narrowed.target} receives only rows where {m.narrowed.sql}."
        for m in mappings
        if m.narrowed
    ]


def _narrowed(
    mappings: Sequence[Mapping], name: str, target: Target, directory: Path
) -> tuple[Mapping, ...]:
    files = {file.stem for file in directory.glob("*.yaml")}
    where = target.where or {}
    for key in where:
        if key not in files:
            raise SettingsError(
                f"{_place(target, key)}: targets.{name}.where.{key} narrows a mapping that is not "
                f"there.{nearest(key, files)}",
                f"Known: {', '.join(sorted(files))}.",
            )
    return tuple(_one(m, where[m.name], name, target) if m.name in where else m for m in mappings)


def _one(mapping: Mapping, condition: str, name: str, target: Target) -> Mapping:
    path = ("targets", name, "where", mapping.name)
    return mapping.model_copy(
        update={
            "narrowed": Narrowing(sql=condition, target=name),
            "lines": {**mapping.lines, path: _place(target, mapping.name)},
        }
    )


def _place(target: Target, key: str) -> str:
    return target.places.get(key, "crm-sync.toml")
