"""An expression reads its own row: what is refused, and what only looks like it."""

from __future__ import annotations

import pytest

from crm_sync.mapping.expression import complaint

REFUSED = {
    "select count(*) from accounts": "select is refused",
    "(SELECT 1)": "select is refused",
    "exists (select from leads)": "select is refused",
    "array(Select id from leads)": "select is refused",
    "(table leads)": "table is refused",
    "(delete from leads returning 1)": "delete is refused",
    "a -- comment": "a comment",
    "a /* comment */": "a comment",
    "a /**/ || b": "a comment",
    "a; drop table leads": "a semicolon",
    "$$text$$": "a $ does not belong",
    "$tag$text$tag$": "a $ does not belong",
    "$1": "a $ does not belong",
    "'open": "a quote is not closed",
    "'it''s": "a quote is not closed",
    '"open': "a quote is not closed",
    '"a""b': "a quote is not closed",
    r"E'\'": "a quote is not closed",
    "(a": "its parentheses do not match",
    "a)": "its parentheses do not match",
    ") + (": "its parentheses do not match",
    "')' + (": "its parentheses do not match",
    "a[1": "its parentheses do not match",
    "a, b": "a comma parts two expressions",
    "f(a, b), c": "a comma parts two expressions",
    "": "it is empty",
    "  \n": "it is empty",
    # The e of `name` makes no escape string: the text ends at the second quote.
    r"name'\' || (select 1) || ''": "select is refused",
    r"a$e'\' || (select 1) || ''": "a $ does not belong",
    "'' (select 1) ''": "select is refused",
    "e'' || (select 1)": "select is refused",
    '"a" || (select 1) || "b"': "select is refused",
    r"U&'\' || (select 1) || ''": "select is refused",
}

FINE = (
    "company_name",
    "account.company_name || ' / ' || project_name",
    "'please select; -- not /* $1 */ ('",
    "'it''s (fine'",
    r"E'it\'s (select'",
    r"e'\\' || 'select'",
    r"'\' || company_name",
    '"select" || "a;b" || "x""y("',
    "'a' \"select\" 'b'",
    "extract(year from created_at)",
    "a is distinct from b",
    "substring(a from 1 for 3)",
    "trim(both ' ' from a)",
    "overlay(a placing b from 2)",
    "position(a in b)",
    "case when a then b else c end",
    'selected || into_account || "table"',
    "a - -b",
    "a::numeric(14, 2) / 3",
    "(a) + (b)",
    "f(a, b) || array[c, d] || ','",
    "a -> 'b' ->> 'c'",
    "'100%' || '{}'",
    "date'2026-01-01'",
)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_no_plain_expression_is_refused(sql: str) -> None:
    said = complaint(sql)
    assert said is not None
    assert said.startswith(REFUSED[sql])


@pytest.mark.parametrize("sql", FINE)
def test_a_plain_expression_is_welcome(sql: str) -> None:
    assert complaint(sql) is None
