"""Rules that a text can break: its length, the values of a picklist, the form of an address or Id.

See `rules.py`, which asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map

from psycopg import sql

from crm_sync.mapping import refusals
from crm_sync.mapping.parts import FieldRule
from crm_sync.mapping.saying import Say, both, length
from crm_sync.mapping.values import written
from crm_sync.salesforce.describe import FieldFacts

__all__ = ["picklist_problems", "text_problems"]


def text_problems(
    rule: FieldRule, facts: FieldFacts, sent: sql.Composable, say: Say
) -> Iterable[sql.Composable]:
    if facts.length:
        # No text has fewer bytes than Salesforce counts characters: mostly the first test decides.
        limit = sql.Literal(facts.length)
        too_long = both(
            sql.SQL("octet_length({}) > {}").format(sent, limit),
            sql.SQL("{} > {}").format(length(sent), limit),
        )
        counted = f"{say.subject} has %s characters; {say.field} takes {facts.length:,}"
        if rule.too_long == "truncate":
            yield say(
                refusals.TRUNCATED, too_long, counted + " and is cut.", "",
                length_of=sent, sent=[say.name],
            )  # fmt: skip
        else:
            yield say(
                refusals.LINK_TOO_LONG if facts.type == "url" else refusals.TOO_LONG,
                too_long,
                counted + ".",
                f"Shorten {say.origin}, or let {say.mapping}.yaml say too_long: truncate.",
                length_of=sent,
                sent=[say.name],
            )
    if facts.type == "email":
        yield from _email_problems(sent, say)
    if facts.type == "url":
        yield say(
            refusals.ODD_LINK,
            sql.SQL("{} !~ '^[^[:space:]]*[^[:space:].][.][^[:space:].][^[:space:]]*$'").format(
                sent
            ),
            f"{say.subject} does not look like a web address; Salesforce keeps it as it is.",
            f"Correct {say.origin}.",
            sent=[say.name],
        )
    if facts.type == "reference":
        yield say(
            refusals.NO_ID,
            sql.SQL("{} !~ '^[0-9A-Za-z]{{15}}([0-9A-Za-z]{{3}})?$'").format(sent),
            f"{say.subject} is not the Id of a Salesforce record.",
            f"Correct {say.origin}: an Id has 15 or 18 letters and digits.",
            sent=[say.name],
        )


def picklist_problems(
    rule: FieldRule, facts: FieldFacts, sent: sql.Composable, say: Say
) -> Iterable[sql.Composable]:
    """A value that the org does not list; of several values, which semicolons separate, one.

    Upper and lower case alone make no new value of an unrestricted picklist (Object Reference,
    Field Types, Picklist). Where the mapping's own texts are all that can be sent, and the org
    lists them, no row is looked at.
    """
    texts = _written_alone(rule)
    if not facts.values or (texts is not None and texts <= set(facts.values)):
        return
    is_other = _is_none_of(facts, sent, {v: sql.Literal(v) for v in facts.values})
    # PostgreSQL lowers what is not ASCII: it and Python need not agree about every letter.
    lowered = {
        v: sql.Literal(v.lower()) if v.isascii() else sql.SQL("lower({})").format(sql.Literal(v))
        for v in facts.values
    }
    in_no_case = _is_none_of(facts, sql.SQL("lower({})").format(sent), lowered)
    mend = f"Use one of the org's values, or map it with values in {say.mapping}.yaml."
    if not facts.restricted:
        yield say(
            refusals.UNLISTED,
            in_no_case,
            f"{say.field} does not list the value that {say.source} gives; Salesforce takes it.",
            mend,
            sent=[say.name],
        )
        return
    yield say(
        refusals.NOT_LISTED,
        both(is_other, in_no_case),
        f"{say.field} takes listed values only, and {say.source} gives another.",
        mend,
        sent=[say.name],
    )
    yield say(
        refusals.CASE_DIFFERS,
        both(is_other, sql.SQL("not ({})").format(in_no_case)),
        f"{say.source} gives a value that {say.field} lists in other upper and lower case.",
        mend,
        sent=[say.name],
    )


def _is_none_of(
    facts: FieldFacts, text: sql.Composable, values: Map[str, sql.Composable]
) -> sql.Composable:
    """Whether a text is none of these; several in one text, whether any is none."""
    if facts.type != "multipicklist":
        return sql.SQL("{} not in ({})").format(text, _wrapped(values))
    parts = sql.SQL(r"array_remove(regexp_split_to_array({}, '\s*;\s*'), '')").format(text)
    return sql.SQL("not {} <@ array[{}]").format(parts, _wrapped(values))


def _wrapped(values: Map[str, sql.Composable]) -> sql.Composed:
    """A list in lines that a person can read; each value by the text that it shows."""
    lines: list[list[sql.Composable]] = [[]]
    width = 0
    for shown, value in values.items():
        width += len(shown) + len("'', ")
        if width > LONGEST_LINE and lines[-1]:
            lines.append([])
            width = len(shown)
        lines[-1].append(value)
    return sql.SQL(",\n                    ").join(sql.SQL(", ").join(line) for line in lines)


LONGEST_LINE = 90


def _written_alone(rule: FieldRule) -> set[str] | None:
    """Every text that the mapping can send, where it writes them all itself; else None."""
    if rule.constant is not None:
        return {written(rule.constant)}
    if rule.values is None or rule.otherwise == "keep":
        return None
    default = [] if rule.if_null is None else [written(rule.if_null)]
    return {text for text in [*rule.values.values(), rule.other_value, *default] if text}


# As Salesforce Help describes it: a name that does not begin with a dot and has no blank, quote,
# comment or other sign that RFC 5322 keeps for itself; behind the @ letters, digits, hyphens and
# dots. Letters beyond ASCII are allowed on both sides.
_EMAIL = sql.SQL(
    r"""'^(?!\.)[^\x01- "(),:;<>@[\\\]\x7F]+"""
    r"""@(?!\.)[^\x01-,/:-@[-`{{-\x7F]+\.[^\x01-,./:-@[-`{{-\x7F]+$'"""
)
# Quotes, comments, blanks beyond ASCII, and labels of the domain that are empty or have a hyphen at
# their edge.
_ODD_EMAIL = sql.SQL(r"""'["(\u0080-\u00BF\u2000-\u206F\u3000]|@.*([.-]\.|\.-|-$)|@-'""")


def _email_problems(sent: sql.Composable, say: Say) -> Iterable[sql.Composable]:
    # Quotes and comments, which are allowed, may hold anything.
    is_wrong = both(
        sql.SQL("{} !~ {}").format(sent, _EMAIL.format()),
        sql.SQL("({0} !~ '[\"(]' or {0} !~ '^.+@.+$')").format(sent),
    )
    is_odd = both(
        sql.SQL("{} ~ {}").format(sent, _ODD_EMAIL),
        sql.SQL("not ({})").format(is_wrong),
    )
    yield say(
        refusals.BAD_EMAIL,
        is_wrong,
        f"{say.subject} is not an e-mail address.",
        f"Correct {say.origin}.",
        sent=[say.name],
    )
    yield say(
        refusals.ODD_EMAIL,
        is_odd,
        f"{say.subject} is an unusual e-mail address, which Salesforce may refuse.",
        f"Correct {say.origin}, unless the address is right.",
        sent=[say.name],
    )
