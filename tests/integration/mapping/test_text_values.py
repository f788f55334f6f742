"""Texts: what the compiled SQL says of a row is what a few lines of Python say of it."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.integration.mapping.conftest import ROWS
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping, planned

Connection = psycopg.Connection[Any]
LENGTH = 8
MAP = {"a": "A", "no": "012", "b ": "", "": "Empty", "c'\\": 'x"%s{}', "gone": None}
PICKLIST = ("A", "012", 'x"%s{}', "ü;ß")
MULTIPLE = ("A", "B", "C d")
NOT_LISTED = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"

EDGES = (
    None, "", " ", "\t\n", "a", "no", "b ", "gone", "c'\\", "null", "NULL", "'", "''", '"', "\\",
    "\\N", "\\n", "%s", "%", "{}", "$1", "\r\n", "line\nline", "\u00df", "e\u0301", "\u05e9\u05dc",
    "\u202eabc", "\U0001f469\u200d\U0001f4bb", "\U0001f600" * 4, "\U0001f600" * 5,
    "1234567\U0001f600", "123456\U0001f600", "12345678", "123456789", "\ud7ff\ue000\uffff",
    "\U00010000\U0010ffff",
    "verve", "v", "\v v\v",
    "\ufeff", "\u00a0", "\x01\x7f\x85", "A", "012", "A;B", "A;;B", ";", "A;x", "C d", "c D; b",
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(EDGES),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.text("ab\U0001f600'\\ ", max_size=12),
)
rows = st.lists(st.tuples(texts), min_size=50, max_size=120)

FACTS = thing(
    [
        field("Plain", length=LENGTH),
        field("Cut", length=LENGTH),
        field("Needed", length=255, nillable=False),
        field("Default", length=255),
        field("Mapped", "picklist", length=255, restricted=True, values=PICKLIST, nillable=False),
        field("Kept", length=255),
        field("Dropped", length=255),
        field("Filled", length=255),
        field("KeptFilled", length=255),
        field("Other", length=255),
        field("OtherFilled", length=255),
        field("Listed", "picklist", restricted=True, values=PICKLIST),
        field("Free", "picklist", values=PICKLIST),
        field("Several", "multipicklist", restricted=True, values=MULTIPLE),
        field("Joined", length=255),
    ]
)
MAPPING = mapping(
    {
        "Plain": "t",
        "Cut": {"column": "t", "too_long": "truncate"},
        "Needed": "t",
        "Default": {"column": "t", "if_null": "it's \\ %s {} \U0001f600"},
        "Mapped": {"column": "t", "values": MAP},
        "Kept": {"column": "t", "values": MAP, "otherwise": "keep"},
        "Dropped": {"column": "t", "values": MAP, "otherwise": "blank"},
        "Filled": {"column": "t", "values": MAP, "otherwise": "blank", "if_null": 7},
        "KeptFilled": {"column": "t", "values": MAP, "otherwise": "keep", "if_null": True},
        "Other": {"column": "t", "values": MAP, "otherwise": "it's other"},
        "OtherFilled": {"column": "t", "values": MAP, "otherwise": "Other", "if_null": "None"},
        "Listed": "t",
        "Free": "t",
        "Several": "t",
        "Joined": {"sql": "'100% {} ''' || t || E'\\'\\\\'"},
    }
)


def is_none(text: str | None) -> bool:
    """Whether the picklist lists it in no upper or lower case."""
    return text is not None and text.lower() not in [v.lower() for v in PICKLIST]


def differs_in_case(text: str | None) -> bool:
    return text is not None and text not in PICKLIST and not is_none(text)


def units(text: str) -> int:
    """The length of a text in UTF-16, as Java counts it."""
    return len(text.encode("utf-16-le")) // 2


def trimmed(text: str | None) -> str:
    """A text without white space at its ends, as Salesforce keeps it."""
    return (text or "").strip(" \t\n\v\f\r")


def expected(t: str | None) -> tuple[dict[str, str | None], set[tuple[str, str]]]:
    """Payload (without Cut) and problems of a row with this text."""
    sent = trimmed(t) or None
    mapped = None if t is None else (MAP.get(t) or None)
    kept = None if t is None else (MAP.get(t, trimmed(t)) or None)
    other = MAP.get(t, "it's other" if sent else None) if t is not None else None
    payload = {
        "Plain": sent,
        "Needed": sent,
        "Default": sent or "it's \\ %s {} \U0001f600",
        "Mapped": mapped,
        "Kept": kept,
        "Dropped": mapped,
        "Filled": mapped or "7",
        "KeptFilled": kept or "true",
        "Other": other or None,
        "OtherFilled": ("Other" if other == "it's other" else other) or "None",
        "Listed": sent,
        "Free": sent,
        "Several": sent,
        "Joined": None if t is None else f"100% {{}} '{t}'\\",
    }
    is_unlisted = t is not None and t not in MAP
    parts = [p for p in re.split(r"\s*;\s*", sent or "", flags=re.ASCII) if p]
    problems = {
        ("Plain", "STRING_TOO_LONG"): sent is not None and units(sent) > LENGTH,
        ("Cut", "TRUNCATED"): sent is not None and units(sent) > LENGTH,
        ("Needed", "REQUIRED_FIELD_MISSING"): sent is None,
        ("Default", "DEFAULT_SENT"): sent is None,
        ("Mapped", "UNMAPPED_VALUE"): is_unlisted,
        ("Mapped", "REQUIRED_FIELD_MISSING"): mapped is None and not is_unlisted,
        ("Mapped", NOT_LISTED): is_none(mapped),
        ("Filled", "DEFAULT_SENT"): mapped is None,
        ("KeptFilled", "DEFAULT_SENT"): kept is None,
        ("OtherFilled", "DEFAULT_SENT"): not other,
        ("Mapped", "PICKLIST_CASE"): differs_in_case(mapped),
        ("Listed", NOT_LISTED): is_none(sent),
        ("Listed", "PICKLIST_CASE"): differs_in_case(sent),
        ("Free", "UNLISTED_PICKLIST_VALUE"): is_none(sent),
        ("Several", NOT_LISTED): not {p.lower() for p in parts} <= {v.lower() for v in MULTIPLE},
        ("Several", "PICKLIST_CASE"): (
            {p.lower() for p in parts} <= {v.lower() for v in MULTIPLE}
            and not set(parts) <= set(MULTIPLE)
        ),
    }
    return payload, {problem for problem, holds in problems.items() if holds}


@ROWS
@given(rows)
@example([(text,) for text in EDGES])
def test_a_text_arrives_as_it_is_or_its_row_says_why_not(
    connection: Connection, generated: list[tuple[str | None]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "t text")
    found = planned(connection, MAPPING, FACTS, generated)
    assert len(found) == len(generated)
    for (text,), row in zip(generated, found, strict=True):
        payload, problems = expected(text)
        cut = row.payload.pop("Cut")
        assert row.payload == payload, repr(text)
        assert row.problems == problems, repr(text)
        notes = ("TRUNCATED", "DEFAULT_SENT", "PICKLIST_CASE", "UNLISTED_PICKLIST_VALUE")
        assert row.is_valid == all(code in notes for _, code in problems)
        assert_is_cut(cut, beginning(trimmed(text) or None, LENGTH))
        if ("Plain", "STRING_TOO_LONG") in problems:
            counted = (
                f"thing.t has {units(trimmed(text))} characters; Thing__c.Plain takes {LENGTH}."
            )
            assert counted in row.sentences


def beginning(text: str | None, length: int) -> str | None:
    """The longest beginning of a text with no more UTF-16 units than this, without blanks at its
    end."""
    if text is None or units(text) <= length:
        return text
    taken = 0
    for number, sign in enumerate(text):
        taken += units(sign)
        if taken > length:
            return text[:number].rstrip(" \t\n\v\f\r")
    return text


def assert_is_cut(cut: str | None, expected: str | None) -> None:
    """The sign that cutting uses goes where a text has it of its own right at the cut."""
    if expected is not None and expected.endswith("\x01"):
        assert cut in (expected, expected[:-1])
    else:
        assert cut == expected


NOT_IN_NAMES = set(' "(),:;<>@[\\]\x7f') | {chr(n) for n in range(0x21)}


def is_plain_address(text: str) -> bool:
    """As Salesforce Help describes it, without quotes and comments."""
    name, at, host = text.partition("@")
    *labels, last = host.split(".")
    allowed = [c for c in host if c.isalnum() or c in "-." or ord(c) > 0x7F]
    return (
        at == "@"
        and name != ""
        and not name.startswith(".")
        and not set(name) & NOT_IN_NAMES
        and len(allowed) == len(host)
        and labels != []
        and labels[0] != ""
        and last != ""
    )


def is_sent(text: str) -> bool:
    """Quotes and comments may hold anything, if there is something on both sides of an @."""
    if set(text) & set('"('):
        return "@" in text[1:-1]
    return is_plain_address(text)


addresses = st.one_of(
    st.none(),
    st.text("a@. \n\u00fc\U0001f600'+(-_,", max_size=8),
    st.sampled_from(
        ["a@b.c", "a@b", "@b.c", "a@b.", "a@.c", "a@..c", "a@b..c", "a@@b.c", "a@b.c\n", " a@b.c",
         "a.b+c@d-e.example.com", "ü@ü.example", ".a@b.c", "a..b@c.d", "a.@b.c", "a,b@c.d",
         '"a b"@c.d', "a@(at home)b.c", "a@b_c.d", "a@-b.c", "a@b-.c", "a@b.c-", "a\u00a0@b.c"]
    ),
)  # fmt: skip
USUAL = ("a@b.c", "a.b+c@d-e.example.com", "ü@ü.example", "a..b@c.d", "a.@b.c")
UNUSUAL = (
    '"a b"@c.d', "a@(at home)b.c", "a@b..c", "a@-b.c", "a@b-.c", "a@b.c-", "a\u00a0@b.c",
)  # fmt: skip


@ROWS
@given(st.lists(st.tuples(addresses), min_size=50, max_size=150))
@example([(text,) for text in (*USUAL, *UNUSUAL)])
def test_an_address_is_sent_only_where_it_looks_like_one(
    connection: Connection, generated: list[tuple[str | None]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "t text")
    facts = thing([field("Email", "email", length=80)])
    found = planned(connection, mapping({"Email": "t"}), facts, generated)
    for (text,), row in zip(generated, found, strict=True):
        sent = trimmed(text)
        assert row.payload == {"Email": sent or None}
        assert row.is_valid == (not sent or is_sent(sent)), repr(text)
        if text in USUAL:
            assert not row.problems, text
        if text in UNUSUAL:
            assert row.problems == {("Email", "UNUSUAL_EMAIL_ADDRESS")}, text


LONG = 131_072
long_texts = st.builds(
    lambda piece, times, tail: (piece * times)[: LONG + 2] + tail,
    st.sampled_from(["a", "\u00fc", "\U0001f600", "\x01", "a \n", "\\", '"', "\u2028", "e\u0301"]),
    st.sampled_from([32_000, LONG // 2, LONG // 2 + 1, LONG, LONG + 1]),
    st.sampled_from(["", " ", "b", "\U0001f600"]),
)


@settings(ROWS, max_examples=8)  # each row is as long as a hundred others
@given(st.lists(st.tuples(long_texts), min_size=1, max_size=3))
@example([("\U0001f600" * (LONG // 2),), ("\U0001f600" * (LONG // 2) + "b",)])
def test_a_very_long_text_arrives_whole_or_is_cut_between_two_characters(
    connection: Connection, generated: list[tuple[str]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "t text")
    facts = thing([field("Whole", "textarea", length=LONG), field("Cut", "textarea", length=LONG)])
    mapped = mapping({"Whole": "t", "Cut": {"column": "t", "too_long": "truncate"}})
    for (text,), row in zip(generated, planned(connection, mapped, facts, generated), strict=True):
        sent = trimmed(text) or None
        is_long = sent is not None and units(sent) > LONG
        assert row.payload["Whole"] == sent
        assert row.problems == (
            {("Whole", "STRING_TOO_LONG"), ("Cut", "TRUNCATED")} if is_long else set()
        )
        assert_is_cut(row.payload["Cut"], beginning(sent, LONG))


CONTROLS = [chr(code) for code in (*range(1, 32), *range(127, 160), 0x2028, 0x2029, 0xFEFF, 0xFFFE)]


def test_every_control_character_inside_a_text_arrives(connection: Connection) -> None:
    """PostgreSQL holds no NUL; of the others those at the ends that are blank are cut off."""
    create_table(connection, "t text")
    facts = thing([field("Text", length=255)])
    rows = [(f"a{sign}b",) for sign in CONTROLS]
    found = planned(connection, mapping({"Text": "t"}), facts, rows)
    assert [row.payload["Text"] for row in found] == [text for (text,) in rows]
    assert all(row.is_valid for row in found)
