"""DDL for single things of a picture. In: a thing and its facts. Out: SQL as text, to be read and
run by a person; names in pictures are quoted where they need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_sync.schema.picture import Picture, Thing

__all__ = ["add_column", "add_labels", "create_policy", "drop", "literal", "retype"]

Facts = Mapping[str, Any]


def literal(text: str) -> str:
    """A text as SQL has it. PostgreSQL takes a backslash as it is (standard_conforming_strings)."""
    return "'" + text.replace("'", "''") + "'"


def drop(thing: Thing) -> str:
    """DROP, without its semicolon."""
    if thing.kind in ("column", "constraint"):
        return f"alter table {thing.table} drop {thing.kind} {thing.name}"
    if thing.kind in ("trigger", "policy"):
        return f"drop {thing.kind} {thing.name} on {thing.table}"
    if thing.kind == "index":
        return f"drop index {thing.table.split('.')[0]}.{thing.name}"
    return f"drop {thing.kind} {thing.name}"


def add_labels(name: str, facts: Facts, has: Facts) -> str:
    """ALTER TYPE for each value that is missing, at its place among those that are there."""
    there: list[str] = list(has["labels"])
    lines = [
        "-- Alone and before the rest: a value can be used once its own transaction has ended."
    ]
    for place, label in enumerate(facts["labels"]):
        if label in there:
            continue
        before = [other for other in facts["labels"][:place] if other in there]
        behind = [other for other in facts["labels"][place + 1 :] if other in there]
        where = f" after {literal(before[-1])}" if before else ""
        if not before and behind:
            where = f" before {literal(behind[0])}"
        lines.append(f"alter type {name} add value if not exists {literal(label)}{where};")
        there.append(label)
    return "\n".join(lines)


def add_column(thing: Thing, facts: Facts, *, again: bool = False) -> str:
    """ALTER TABLE … ADD COLUMN. `again`: it may be there."""
    words = ["if not exists"] if again else []
    words += [thing.name, facts["type"]]
    if facts["collation"]:
        words.append(f"collate {facts['collation']}")
    if facts["generated"] is not None:
        words.append(f"generated always as ({facts['generated']}) stored")
    if facts["default"] is not None:
        words.append(f"default {facts['default']}")
    if facts["identity"] is not None:
        words.append(f"generated {facts['identity']} as identity")
    if facts["required"]:
        words.append("not null")
    return f"alter table {thing.table} add column {' '.join(words)};"


def retype(
    thing: Thing, facts: Facts, has: Facts, wanted: Picture, standing: tuple[list[str], list[str]]
) -> str:
    """Gives a column another type or another way to be computed. PostgreSQL wants what stands on
    it to go first: our views come back with the files, generated columns are made again here, and
    a view of one's own is left to its owner.
    """
    views, computed = standing
    ours = [name for name in views if Thing("view", "", name) in wanted]
    own = [name for name in views if name not in ours]
    again = [Thing("column", thing.table, name) for name in computed]
    lines = [
        f"-- {name} stands on it: drop it first, and make it again afterwards." for name in own
    ]
    if ours:
        lines.append("-- The views come back with `crm-sync db apply`.")
        lines.append(f"drop view if exists {', '.join(ours)};")
    lines += [
        f"alter table {other.table} drop column if exists {other.name};"
        for other in again
        if other in wanted
    ]
    alter = f"alter table {thing.table} alter column {thing.name}"
    if facts["generated"] is not None:
        lines += [f"{drop(thing)};", add_column(thing, facts)]
    else:
        collate = f" collate {facts['collation']}" if facts["collation"] else ""
        if has["default"] is not None:
            lines.append(f"{alter} drop default;")
        using = _using(thing.name, facts["type"], has["type"], wanted)
        lines.append(f"{alter} type {facts['type']}{collate}{using};")
        if facts["default"] is not None:
            lines.append(f"{alter} set default {facts['default']};")
    lines += [add_column(other, wanted[other], again=True) for other in again if other in wanted]
    return "\n".join(lines)


_TEXTS = ("text", "character varying", "character")


def _using(name: str, type_: str, before: str, wanted: Picture) -> str:
    """How values go over, where PostgreSQL does not know by itself. Into a text it does, and then
    refuses one that is too long, which an explicit cast would cut.
    """
    is_enum = Thing("type", "", type_) in wanted
    was_text = before.split("(")[0] in _TEXTS
    if type_.split("(")[0] in _TEXTS or not (is_enum or was_text):
        return ""
    return f" using {name}::text::{type_}"


_COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}


def create_policy(thing: Thing, facts: Facts) -> str:
    """CREATE POLICY."""
    words = [
        f"create policy {thing.name} on {thing.table}",
        "as permissive" if facts["permissive"] else "as restrictive",
        f"for {_COMMANDS[facts['command']]} to {', '.join(facts['roles'] or ['public'])}",
    ]
    if facts["using"] is not None:
        words.append(f"using ({facts['using']})")
    if facts["check"] is not None:
        words.append(f"with check ({facts['check']})")
    return " ".join(words) + ";"
