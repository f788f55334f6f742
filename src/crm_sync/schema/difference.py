# ruff: noqa: S608 - names and expressions are the catalog's own, and a person reads what is made here
"""What a database has otherwise than the files, and the SQL that mends it.

In: two pictures, and what the rows say that a change would meet. Out: differences, each with a
sentence and SQL for the database's owner. Pure: `Rows` asks the database.

What a person added (a column, a table, a view, a policy) is not a difference: it is listed apart.
What the files made once and make no more is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crm_sync.schema.picture import Picture, Thing
from crm_sync.schema.writing import (
    add_column,
    add_labels,
    create_policy,
    drop,
    literal,
    retype,
)

__all__ = ["Difference", "Rows", "added_by_hand", "differences"]

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as in the files: what, and the SQL that mends it. Lines of the SQL that
    begin with `--` say what to do or to know before.
    """

    thing: Thing
    sentence: str
    sql: str


class Rows(Protocol):
    """What the rows and what stands on a column say to a change."""

    def has_rows(self, table: str) -> bool:
        """Whether a table holds a row."""

    def without_value(self, table: str, column: str) -> int:
        """How many rows have no value in a column."""

    def breaking(self, table: str, check: str) -> int | None:
        """How many rows break a check; None where that cannot be computed yet."""

    def standing_on(self, table: str, column: str) -> tuple[list[str], list[str]]:
        """The views and the generated columns of its table that stand on a column."""


SHAPE = ("type", "column", "constraint", "index")
"""Kinds that the files make together with their table only, and do not change later."""


def differences(
    wanted: Picture, live: Picture, made: Collection[str], rows: Rows
) -> Iterator[Difference]:
    """What is missing or other than wanted, in the order in which it can be mended; last what the
    files once `made` and make no more. Things of a table that is missing are left out: the table
    comes with them.
    """
    for thing, facts in wanted.items():
        if thing.table and Thing("table", "", thing.table) not in live:
            continue
        yield from _differs(thing, facts, live.get(thing), wanted, live, rows)
    for thing in sorted(live, key=lambda t: (_DROPPED_FIRST.index(t.kind), str(t))):
        if thing not in wanted and str(thing) in made and not _goes_with_its_table(thing, wanted):
            values = " Its values go with it." if thing.kind in ("column", "table") else ""
            yield Difference(
                thing, f"The files no longer have the {thing}.{values}", drop(thing) + ";"
            )


_DROPPED_FIRST = ("view", "trigger", "policy", "constraint", "index", "column", "function", "table",
                  "type")  # fmt: skip


def added_by_hand(wanted: Picture, live: Picture, made: Collection[str]) -> list[str]:
    """What stands in the database and never came from the files."""
    own = [
        str(thing)
        for thing in live
        if thing not in wanted
        and str(thing) not in made
        and not _goes_with_its_table(thing, wanted)
    ]
    for thing, facts in wanted.items():
        has = live.get(thing)
        if has is not None and thing.kind == "type":
            more = [label for label in has["labels"] if label not in facts["labels"]]
            own += [f"value {literal(label)} of {thing}" for label in more]
        if has is not None and thing.kind == "function" and has != facts:
            own.append(f"body of {thing}")  # made only where it is missing, to be changed
    return own


def _goes_with_its_table(thing: Thing, wanted: Picture) -> bool:
    return bool(thing.table) and Thing("table", "", thing.table) not in wanted


def _differs(
    thing: Thing, facts: Facts, has: Facts | None, wanted: Picture, live: Picture, rows: Rows
) -> Iterator[Difference]:
    if has == facts:
        return
    match thing.kind:
        case "type" if has is not None:
            missing = [label for label in facts["labels"] if label not in has["labels"]]
            if missing:
                named = ", ".join(map(literal, missing))
                yield Difference(
                    thing, f"The {thing} lacks {named}.", add_labels(thing.name, facts, has)
                )
        case "column":
            yield from (
                _missing_column(thing, facts, rows)
                if has is None
                else _other_column(thing, facts, has, wanted, rows)
            )
        case "constraint":
            yield _constraint(thing, facts, has, rows)
        case "index":
            said, first = _is_other(has), "" if has is None else f"{drop(thing)};\n"
            yield Difference(thing, f"The {thing} {said}.", f"{first}{facts['definition']};")
        case "trigger" if has is not None and has["definition"] == facts["definition"]:
            yield Difference(
                thing, f"The {thing} is switched off.",
                f"alter table {thing.table} enable trigger {thing.name};",
            )  # fmt: skip
        case "trigger" | "view" | "policy":
            first = "" if has is None else f"{drop(thing)};\n"
            yield Difference(thing, f"The {thing} {_is_other(has)}.", first + _made(thing, facts))
        case "table" if has is not None:
            yield from _table(thing, facts, has)
        case _:
            return  # a table, type or function that is missing comes with the files


def _is_other(has: Facts | None) -> str:
    return "is missing" if has is None else "is not as in the files"


def _made(thing: Thing, facts: Facts) -> str:
    match thing.kind:
        case "policy":
            return create_policy(thing, facts)
        case "view":
            return f"create view {thing.name} as\n{facts['definition']}"
        case _:
            return f"{facts['definition']};"


def _table(thing: Thing, facts: Facts, has: Facts) -> Iterator[Difference]:
    if facts["row_security"] and not has["row_security"]:
        yield Difference(
            thing, f"The {thing} has no row level security.",
            f"alter table {thing.name} enable row level security;",
        )  # fmt: skip


def _constraint(thing: Thing, facts: Facts, has: Facts | None, rows: Rows) -> Difference:
    definition = facts["definition"]
    if has is not None and has["definition"] == f"{definition} NOT VALID":
        said, change = "was never held against the rows that were there", (
            f"alter table {thing.table} validate constraint {thing.name};"
        )  # fmt: skip
    else:
        first = "" if has is None else f"drop constraint {thing.name}, "
        said = _is_other(has)
        change = f"alter table {thing.table} {first}add constraint {thing.name} {definition};"
    breaking = rows.breaking(thing.table, facts["check"]) if facts["check"] else 0
    if breaking:
        change = (
            f"-- {_rows(breaking)} this check; mend them first:\n"
            f"--   select * from {thing.table} where not {facts['check']};\n{change}"
        )
    return Difference(thing, f"The {thing} {said}: {definition}.", change)


def _rows(count: int) -> str:
    return f"{count:,} rows break" if count != 1 else "1 row breaks"


def _missing_column(thing: Thing, facts: Facts, rows: Rows) -> Iterator[Difference]:
    needs_value = (
        facts["required"]
        and facts["default"] is None
        and facts["generated"] is None
        and facts["identity"] is None
        and rows.has_rows(thing.table)
    )
    change = add_column(thing, {**facts, "required": facts["required"] and not needs_value})
    if needs_value:
        change += "\n" + _require(thing, facts, filled=False)
    yield Difference(thing, f"The {thing} is missing.", change)


def _require(thing: Thing, facts: Facts, *, filled: bool) -> str:
    """NOT NULL, behind what fills the rows that have no value."""
    column = f"alter table {thing.table} alter column {thing.name} set not null;"
    if filled:
        return column
    fill = f"update {thing.table} set {thing.name} ="
    where = f"where {thing.name} is null;"
    if facts["default"] is not None:
        return f"{fill} default {where}\n{column}"
    return (
        "-- Every row needs a value first. Write yours in place of the dots, and take the dashes "
        f"out:\n-- {fill} … {where}\n{column}"
    )


def _other_column(
    thing: Thing, facts: Facts, has: Facts, wanted: Picture, rows: Rows
) -> Iterator[Difference]:
    alter = f"alter table {thing.table} alter column {thing.name}"
    if facts["generated"] != has["generated"]:
        if facts["generated"] is None:
            yield Difference(
                thing,
                f"The {thing} is computed and should be written.",
                f"{alter} drop expression;",
            )
        else:
            change = retype(thing, facts, has, wanted, rows.standing_on(thing.table, thing.name))
            yield Difference(thing, f"The {thing} should be {facts['generated']}.", change)
        return
    shape = ("type", "collation")
    if any(facts[key] != has[key] for key in shape):
        now, then = (
            " collate ".join(filter(None, (one["type"], one["collation"]))) for one in (has, facts)
        )
        change = retype(thing, facts, has, wanted, rows.standing_on(thing.table, thing.name))
        yield Difference(thing, f"The {thing} is {now} and should be {then}.", change)
    elif facts["default"] != has["default"]:
        default = facts["default"]
        change = "drop default" if default is None else f"set default {default}"
        said = "no default" if default is None else f"the default {default}"
        yield Difference(thing, f"The {thing} should have {said}.", f"{alter} {change};")
    if facts["required"] and not has["required"]:
        empty = rows.without_value(thing.table, thing.name)
        said = f"; {empty:,} rows have none" if empty else ""
        yield Difference(
            thing, f"The {thing} should always have a value{said}.",
            _require(thing, facts, filled=not empty),
        )  # fmt: skip
    elif has["required"] and not facts["required"]:
        yield Difference(thing, f"The {thing} may be empty.", f"{alter} drop not null;")
    if facts["identity"] != has["identity"]:
        yield Difference(
            thing, f"The {thing} should number its rows: {facts['identity'] or 'no longer'}.",
            _identity(alter, facts, has),
        )  # fmt: skip


def _identity(alter: str, facts: Facts, has: Facts) -> str:
    if facts["identity"] is None:
        return f"{alter} drop identity;"
    if has["identity"] is None:
        return f"{alter} add generated {facts['identity']} as identity;"
    return f"{alter} set generated {facts['identity']};"
