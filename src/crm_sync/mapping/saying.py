"""One problem as SQL: a CASE that is null where all is well, else the problem as JSON.

The JSON is what `sync.plan.problems` holds: code, severity, field, column, sentence, mend, and
the fields that an update must send to break the rule (see `decide` of `sync/plan.sql`): one of
`sent`, or all that stand in `together`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Branch, FieldRule, Lookup, Reference
from crm_sync.mapping.refusals import Rule
from crm_sync.mapping.sensitive import EVERYTHING, columns_read

__all__ = ["Say", "both", "length", "listed"]

# Salesforce is written in Java, where a character outside the basic plane counts twice (U).
_TWICE = sql.SQL(r"regexp_count({}, '[\U00010000-\U0010FFFF]')")


def length(text: sql.Composable) -> sql.Composable:
    """The length of a text as Salesforce counts it."""
    return sql.SQL("char_length({}) + {}").format(text, _TWICE.format(text))


def both(*conditions: sql.Composable) -> sql.Composable:
    """All of these conditions."""
    return sql.SQL("\n                and ").join(conditions)


def listed(texts: Iterable[str]) -> sql.Composed:
    """Texts as IN takes them."""
    return sql.SQL(", ").join(sql.Literal(text) for text in texts)


# What stands in extract(year from …), trim(both …) and the like, and is no column.
_WORDS_OF_CALLS = frozenset(
    {"both", "century", "day", "decade", "dow", "doy", "epoch", "for", "hour", "isodow", "isoyear",
     "leading", "millennium", "minute", "month", "placing", "quarter", "second", "trailing",
     "week", "year"}
)  # fmt: skip


def _read(mapping: Mapping, origins: Iterable[FieldRule | Branch | Reference]) -> list[str]:
    """The columns that a field is made of, `table.column`, each once, in the order of reading."""
    found = [
        f"{table}.{column}"
        for origin in origins
        for table, column in columns_read(mapping, origin.column, origin.sql)
        if column not in (EVERYTHING, *mapping.source.join)
        and (origin.column is not None or column not in _WORDS_OF_CALLS)
    ]
    return list(dict.fromkeys(found))


class Say:
    """Composes the problems of one field, naming field, column and mend.

    `column` is what a person looks at: the column, or all that the field's SQL reads. `source` is
    the column as people name it, or what stands for it in a sentence; `subject` the same at the
    beginning of one; `origin` names, in a mend, what there is to correct.
    """

    def __init__(self, mapping: Mapping, name: str, rule: FieldRule | Lookup | None) -> None:
        origins = rule.origins if isinstance(rule, Lookup) else (rule,) if rule else ()
        read = _read(mapping, origins)
        is_plain = len(read) == len(origins) == 1 and origins[0].column is not None
        self.mapping = mapping.name
        self.name = name
        self.field = f"{mapping.object}.{name}"
        self.column = ", ".join(read) or None
        self.source = read[0] if is_plain else f"the SQL of {name}"
        self.subject = read[0] if is_plain else f"The SQL of {name}"
        self.origin = self.source
        if read and not is_plain:
            first, last = ", ".join(read[:-1]), read[-1]
            self.origin = f"{first} or {last}" if first else last

    def __call__(
        self,
        rule: Rule,
        when: sql.Composable,
        sentence: str,
        mend: str,
        *,
        severity: str | None = None,
        length_of: sql.Composable | None = None,
        sent: Sequence[str] | sql.Composable = (),
        together: Sequence[str] = (),
    ) -> sql.Composable:
        """The problem where `when` holds. `length_of`: the text whose length %s stands for; `sent`,
        `together`: the fields of which an update must send one, or all, to break the rule.
        """
        said: sql.Composable = sql.Literal(sentence)
        if length_of is not None:
            said = sql.SQL(
                "format(\n                    {},\n"
                "                    to_char(\n                        {},\n"
                "                        'FM999,999,999,999')\n                )"
            ).format(said, length(length_of))
        column = sql.SQL("null") if self.column is None else sql.Literal(self.column)
        depends: sql.Composable = sql.SQL("")
        if sent:
            fields = (
                sent
                if isinstance(sent, sql.Composable)
                else sql.SQL("jsonb_build_array({})").format(listed(sent))
            )
            depends = sql.SQL(",\n                'sent', {}").format(fields)
        if together:
            depends = sql.SQL(",\n                'together', jsonb_build_array({})").format(
                listed(together)
            )
        return sql.SQL(
            "case\n"
            "            when {}\n"
            "            then jsonb_build_object(\n"
            "                'code', {}, 'severity', {},\n"
            "                'field', {}, 'column', {},\n"
            "                'sentence', {},\n"
            "                'mend', {}{}\n"
            "            )\n"
            "        end"
        ).format(
            when, sql.Literal(rule.code), sql.Literal(severity or rule.severity),
            sql.Literal(self.name), column, said, sql.Literal(mend), depends,
        )  # fmt: skip
