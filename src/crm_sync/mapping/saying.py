"""One problem as SQL: a CASE that is null where all is well, else the problem as JSON.

The JSON is what `sync.plan.problems` holds: code, severity, field, column, sentence, mend, and
the fields that an update must send to break the rule (see `decide` of `sync/plan.sql`): one of
`sent`, or all that stand in `together`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import FieldRule, Lookup
from crm_sync.mapping.refusals import Rule

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


class Say:
    """Composes the problems of one field, naming field, column and mend.

    `source` is the column as people name it, or what stands for it in a sentence; `subject` the
    same at the beginning of one.
    """

    def __init__(self, mapping: Mapping, name: str, rule: FieldRule | Lookup | None) -> None:
        origins = rule.origins if isinstance(rule, Lookup) else (rule,) if rule else ()
        columns = [o.column for o in origins if o.column]
        is_plain = len(columns) == len(origins) == 1
        self.mapping = mapping.name
        self.name = name
        self.field = f"{mapping.object}.{name}"
        self.column = f"{mapping.source.table}.{columns[0]}" if is_plain else None
        self.source = self.column or f"the SQL of {name}"
        self.subject = self.column or f"The SQL of {name}"

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
                "format(\n                    {},\n                    {}\n                )"
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
