"""Ids of 15 and 18 characters."""

from __future__ import annotations

import pytest

from crm_sync.salesforce.connect import long_id


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("00D000000000062", "00D000000000062EAA"),  # simple-salesforce's documentation
        ("001A0000006Vm9u", "001A0000006Vm9uIAC"),  # Salesforce Help, converting Ids
        ("000000000000000", "000000000000000AAA"),
        ("AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaAAA"),
    ],
)
def test_three_characters_hold_the_case_of_the_others(short: str, long: str) -> None:
    assert long_id(short) == long
    assert long_id(long) == long


@pytest.mark.parametrize("text", ["", "00D", "0" * 16])
def test_what_is_no_id_stays_as_it_is(text: str) -> None:
    assert long_id(text) == text
