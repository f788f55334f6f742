"""Which fields and labels are not shown: what a mapping calls sensitive, wherever it is read.

In: mappings, field facts, and whether all e-mail addresses and phone numbers are masked. Out:
`Sensitive`. Pure. A column that one sensitive field reads is sensitive in every other field and
label that reads it, through a join, too. Where SQL leaves a doubt, it is sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["EVERYTHING", "Sensitive", "columns_read", "sensitive"]

CONTACT_TYPES = frozenset({"email", "phone"})

_STRINGS = re.compile(r"""(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'""", re.DOTALL)
_NAME = re.compile(
    r"""(?:(?P<of>"(?:[^"]|"")+"|[A-Za-z_][\w$]*)\s*\.\s*)?
        (?P<name>"(?:[^"]|"")+"|[A-Za-z_][\w$]*(?![\w$])|\*)(?!\s*\()""",
    re.VERBOSE,
)
_WORDS = frozenset(
    """
    all and any array as asc at between by case cast collate current_date desc distinct else end
    false from ilike in interval is isnull like not notnull null nulls on or order over partition
    similar some symmetric then to true unknown using when zone bigint boolean char character
    date decimal double int integer numeric precision real smallint text time timestamp
    timestamptz uuid varchar
    """.split()  # noqa: SIM905 - a list of them is a screen long
)
"""Words of SQL; a column that has such a name stands in quotes."""
EVERYTHING = "*"

Column = tuple[str, str]
"""A table and a column of it; `*` for all of them."""


@dataclass(frozen=True)
class Sensitive:
    """What is masked. `fields`: by mapping; `labels`: mappings whose label is; `contacts`: whether
    addresses and numbers are masked within other texts. `named`: every field that a mapping names;
    of others nobody knows whether they are sensitive.
    """

    fields: dict[str, frozenset[str]]
    labels: frozenset[str]
    contacts: bool
    named: dict[str, frozenset[str]]

    @property
    def is_used(self) -> bool:
        """Whether anything is masked at all."""
        return self.contacts or any(self.fields.values())

    def masks(self, mapping: str, field: str, type_: str) -> bool:
        """Whether this field's values are masked; also where no mapping tells of them any more. An
        Id says nothing by itself and is told from its type.
        """
        if field in self.fields.get(mapping, ()):
            return True
        is_known = field in self.named.get(mapping, ())
        return self.is_used and not is_known and type_ not in ("reference", "id")

    def masks_label(self, mapping: str) -> bool:
        """Whether the labels of a mapping's rows are masked."""
        return mapping in self.labels or (self.is_used and mapping not in self.named)


def sensitive(
    mappings: Iterable[Mapping], facts: Map[str, ObjectFacts], *, contacts: bool
) -> Sensitive:
    """What is masked of these mappings. `contacts`: every field of type email or phone."""
    mappings = tuple(mappings)
    columns: set[Column] = set()
    fields: dict[str, set[str]] = {m.name: set() for m in mappings}
    for mapping in mappings:
        known = facts[mapping.object].fields if mapping.object in facts else {}
        for name, rule in mapping.fields.items():
            is_contact = contacts and (name not in known or known[name].type in CONTACT_TYPES)
            if rule.sensitive or is_contact:
                fields[mapping.name].add(name)
            if rule.sensitive or (is_contact and name in known):
                columns.update(columns_read(mapping, rule.column, rule.sql))
        for name, lookup in mapping.lookups.items():
            if lookup.sensitive:
                fields[mapping.name].add(name)
                for origin in lookup.origins:
                    columns.update(columns_read(mapping, origin.column, origin.sql))
    for mapping in mappings:
        for name, rule in mapping.fields.items():
            if _meet(columns_read(mapping, rule.column, rule.sql), columns):
                fields[mapping.name].add(name)
    return Sensitive(
        fields={name: frozenset(found) for name, found in fields.items()},
        labels=frozenset(
            m.name for m in mappings if _meet(columns_read(m, None, m.label.sql), columns)
        ),
        contacts=contacts,
        named={m.name: frozenset((*m.rules, *m.on_delete.values)) for m in mappings},
    )


def columns_read(mapping: Mapping, column: str | None, sql: str | None) -> Iterator[Column]:
    """The columns that a rule reads: of its own row, or of a join by its name. A name that is
    followed by a parenthesis is a function's."""
    table = mapping.source.table
    if column is not None:
        yield table, column
    tables = {table: table, **mapping.source.join}
    for found in _NAME.finditer(_STRINGS.sub("''", sql or "")):
        of, name = found["of"], found["name"]
        if of is not None:
            yield tables.get(_plain(of), table), _plain(name)
        elif _plain(name) in tables:  # the row as a whole, or a column of that name
            yield tables[_plain(name)], EVERYTHING
            yield table, _plain(name)
        elif name == EVERYTHING:  # a multiplication
            continue
        elif name.lower() not in _WORDS:
            yield table, _plain(name)


def _meet(read: Iterable[Column], columns: set[Column]) -> bool:
    return any(
        (table, column) in columns
        or (column == EVERYTHING and any(of == table for of, _ in columns))
        or (table, EVERYTHING) in columns
        for table, column in read
    )


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
