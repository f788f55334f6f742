"""Numbers and booleans: what the compiled SQL says of a row is what Python says of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import example, given
from hypothesis import strategies as st

from tests.integration.mapping.conftest import ROWS
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping, planned

Connection = psycopg.Connection[Any]
OUTSIDE = "NUMBER_OUTSIDE_VALID_RANGE"

EDGES = (
    None, "0", "-0", "0.00", "100", "100.0", "100.00", "1e2", "-1.50", "0.01", "0.001", "99.99",
    "100.01", "999.99", "1000", "-999.99", "-1000", "999.994", "99999999", "100000000", "NaN",
    "Infinity", "-Infinity", "1e131071", "-1e131071", "1e-16383", "9999999999999999.99", "1e16",
    "0.1000000000000000000000000000000000000001", "123456789012345678901234567890",
)  # fmt: skip
numbers = st.one_of(
    st.sampled_from(EDGES),
    st.decimals(-1100, 1100, places=2).map(str),
    st.decimals(-(10**20), 10**20, places=3).map(str),
    st.builds(
        lambda digits, exponent: f"{digits}e{exponent}",
        st.integers(-(10**30), 10**30),
        st.integers(-5000, 5000),
    ),
)

FACTS = thing(
    [
        field("Amount", "currency", precision=18, scale=2),
        field("Small", "double", precision=5, scale=2),
        field("Share", "percent", precision=2, scale=2),
        field("Whole", "int", digits=8),
        field("Needed", "double", precision=18, scale=2, nillable=False),
        field("Default", "double", precision=18, scale=2),
        field("Unknown", "double"),
        field("Text", length=255),
    ]
)
MAPPING = mapping(
    {
        "Amount": "n",
        "Small": "n",
        "Share": "n",
        "Whole": "n",
        "Needed": "n",
        "Default": {"column": "n", "if_null": "07.50"},
        "Unknown": "n",
        "Text": {"constant": "012"},
    }
)
DIGITS = {"Amount": (16, 2), "Small": (3, 2), "Share": (0, 2), "Whole": (8, 0), "Needed": (16, 2),
          "Default": (16, 2)}  # fmt: skip


def in_json(number: Decimal | None) -> Decimal | None:
    """JSON has finite numbers only."""
    return number if number is not None and number.is_finite() else None


def decimals(number: Decimal) -> int:
    """How many digits behind the point matter."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    written = "".join(map(str, digits)).rstrip("0")
    return max(0, -(exponent + len(digits) - len(written))) if written else 0


def is_outside(number: Decimal | None, before: int, *, is_whole: bool) -> bool:
    """Fields with decimals hold a double, whole numbers are whole."""
    if number is None:
        return False
    if not number.is_finite():
        return True
    size = abs(number) if is_whole else Decimal(abs(float(number)))
    return size >= Decimal(10) ** before


def is_longer(number: Decimal | None, behind: int) -> bool:
    return number is not None and number.is_finite() and decimals(number) > behind


def kept(number: Decimal | None, behind: int) -> Decimal | None:
    """What Salesforce keeps of a number: it cuts off decimals, and does not round."""
    if number is None or not is_longer(number, behind):
        return number
    whole, _, more = f"{number:f}".partition(".")
    return Decimal(f"{whole}.{more[:behind]}")


@ROWS
@given(st.lists(st.tuples(numbers), min_size=50, max_size=100))
@example([(number,) for number in EDGES])
def test_a_number_arrives_exactly_or_its_row_says_why_not(
    connection: Connection, generated: list[tuple[str | None]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "n numeric")
    found = planned(connection, MAPPING, FACTS, generated)
    for (text,), row in zip(generated, found, strict=True):
        number = None if text is None else Decimal(text)
        default = Decimal("7.5") if number is None else number
        values = dict.fromkeys(DIGITS, number) | {"Default": default}
        problems = {
            (name, OUTSIDE)
            for name, (before, behind) in DIGITS.items()
            if is_outside(values[name], before, is_whole=name == "Whole")
            or (name == "Whole" and is_longer(values[name], behind))
        }
        problems |= {
            (name, "DECIMALS_CUT")
            for name, (_, behind) in DIGITS.items()
            if name != "Whole" and is_longer(values[name], behind)
        }
        if number is None:
            problems |= {("Needed", "REQUIRED_FIELD_MISSING"), ("Default", "DEFAULT_SENT")}
        elif not number.is_finite():
            problems.add(("Unknown", OUTSIDE))
        expected = {name: in_json(value) for name, value in values.items()}
        expected |= {
            name: kept(value, DIGITS[name][1])
            for name, value in expected.items()
            if name != "Whole"
        }
        assert row.payload == {**expected, "Unknown": in_json(number), "Text": "012"}, text
        assert row.problems == problems, text
        for value in row.payload.values():
            assert not isinstance(value, Decimal) or not has_surplus_zeros(value), text


def has_surplus_zeros(number: Decimal) -> bool:
    """Whether it was written with zeros at the end of its decimals."""
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and exponent < 0 and digits[-1] == 0


@ROWS
@given(st.lists(st.tuples(st.floats() | st.none(), st.integers(-(2**31), 2**31 - 1)), min_size=50))
def test_binary_numbers_arrive_with_the_digits_that_a_person_sees(
    connection: Connection, generated: list[tuple[float | None, int]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "f double precision, i integer")
    facts = thing(
        [field("Floating", "double"), field("Whole", "int", digits=9), field("Text", length=30)]
    )
    mapped = mapping({"Floating": "f", "Whole": "i", "Text": "i"})
    session = {"extra_float_digits": "-10"}
    found = planned(connection, mapped, facts, generated, session)
    for (number, whole), row in zip(generated, found, strict=True):
        # PostgreSQL makes a numeric of 15 digits of a double precision.
        value = None if number is None else in_json(Decimal(f"{number:.15g}"))
        assert row.payload == {"Floating": value, "Whole": whole, "Text": str(whole)}
        assert (("Floating", OUTSIDE) in row.problems) == (number is not None and value is None)
        assert (("Whole", OUTSIDE) in row.problems) == (abs(whole) >= 10**9)


@ROWS
@given(st.lists(st.tuples(st.sampled_from([None, "true", "false"])), min_size=20, max_size=20))
def test_a_boolean_is_a_boolean_a_text_or_what_a_value_map_makes_of_it(
    connection: Connection, generated: list[tuple[str | None]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "b boolean")
    facts = thing(
        [field("Flag", "boolean", nillable=False), field("Sure", "boolean"),
         field("Turned", "boolean"), field("Text", length=5), field("Word", length=5)]
    )  # fmt: skip
    mapped = mapping(
        {
            "Flag": "b",
            "Sure": {"column": "b", "if_null": False},
            "Turned": {"column": "b", "values": {"true": "false", "false": "true"}},
            "Text": "b",
            "Word": {"column": "b", "values": {"true": "Yes", "false": "No"}},
        }
    )
    for (text,), row in zip(generated, planned(connection, mapped, facts, generated), strict=True):
        flag = None if text is None else text == "true"
        assert row.payload == {
            "Flag": flag,
            "Sure": bool(flag),
            "Turned": None if flag is None else not flag,
            "Text": text,
            "Word": None if flag is None else "Yes" if flag else "No",
        }
        assert row.problems == ({("Sure", "DEFAULT_SENT")} if flag is None else set())


NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")


def test_what_is_no_number_makes_its_row_invalid_and_no_other(connection: Connection) -> None:
    """As numeric, as double precision, and as a text that is cast to a number."""
    create_table(connection, "n numeric, f double precision, t text")
    limited = {"Amount": "n", "Float": "f", "Text": {"sql": "t::numeric"}}
    facts = thing(
        [field("Amount", "currency", precision=18, scale=2), field("Float", "double"),
         field("Text", "int", digits=8)]
    )  # fmt: skip
    rows = [("1", "1", "1"), *((text, text, text) for text in NOT_NUMBERS)]
    first, *others = planned(connection, mapping(limited), facts, rows)
    assert first.is_valid
    for row in others:
        assert not row.is_valid
        assert row.problems == {(name, OUTSIDE) for name in limited}
        assert set(row.sentences) == {
            "thing.n is too large, or no number; Thing__c.Amount takes 16 digits before the point.",
            "thing.f is not a finite number.",
            "The SQL of Text is too large, or no number; Thing__c.Text takes 8 digits before the "
            "point.",
        }
