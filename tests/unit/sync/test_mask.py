"""Rows as reports see them: sensitive values by kind and length, in fields, labels, sentences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crm_sync.mapping.sensitive import Sensitive
from crm_sync.report.model import FieldChange, Masked, PlanRow, Problem
from crm_sync.sync.mask import WITHHELD, Mask

REFUSED = "Salesforce refused it: Last Name: data value too large: Öhlund-van Grün (max 80)."


def mask(contacts: bool = False, labels: frozenset[str] = frozenset({"lead"})) -> Mask:
    return Mask(
        Sensitive(
            fields={"lead": frozenset({"LastName", "Score"}), "account": frozenset()},
            labels=labels,
            contacts=contacts,
            named={
                "lead": frozenset({"LastName", "Score", "Title", "Company", "AccountId"}),
                "account": frozenset({"Name"}),
            },
        )
    )


def row(*changes: FieldChange, **more: Any) -> PlanRow:
    given: dict[str, Any] = {
        "mapping": "lead", "object": "Lead", "table": "leads", "key": "k", "label": "Öhlund",
        "action": "update", "state": "planned", "salesforce_id": None, "changes": changes,
    }  # fmt: skip
    return PlanRow(**{**given, **more})


def problem(sentence: str, code: str = "X", mend: str = "") -> Problem:
    return Problem(code=code, sentence=sentence, mend=mend)


def said(sentence: str, *, of: Mask | None = None, **more: Any) -> str:
    masked = (of or mask()).row(row(problems=(problem(sentence),), **more))
    return masked.problems[0].sentence


def test_a_masked_value_tells_its_kind_and_length_before_and_after() -> None:
    masked = mask().row(
        row(
            FieldChange("LastName", "string", "Öhlund", "Grün", is_edited=True, current="x"),
            FieldChange("Title", "string", "Pilot", "Captain"),
        )
    )
    name, title = masked.changes
    assert (name.before, name.after) == (Masked("text", 6), Masked("text", 4))
    assert name.current == Masked("text", 1)
    assert str(name.current) == "[text, 1 character]"
    assert (title.before, title.after) == ("Pilot", "Captain")
    assert masked.label == "[text, 6 characters]"


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("email", "a@b.example", "[e-mail, 11 characters]"),
        ("phone", "+49 30 1", "[phone, 8 characters]"),
        ("currency", Decimal("1200.50"), "[amount, 7 characters]"),
        ("picklist", "Hot", "[choice, 3 characters]"),
        ("boolean", True, "[yes or no]"),
        ("date", "2026-01-01", "[date]"),
        ("datetime", "2026-01-01T00:00:00Z", "[date and time]"),
        ("textarea", "x" * 1200, "[text, 1,200 characters]"),
    ],
)
def test_kinds_are_called_as_people_call_them(type_: str, value: Any, shown: str) -> None:
    [change] = mask().row(row(FieldChange("Score", type_, None, value))).changes
    assert str(change.after) == shown
    assert change.before is None, "nothing is told as nothing"


def test_a_parent_that_is_not_there_yet_is_named_by_our_key_unless_the_lookup_is_masked() -> None:
    parent = {"mapping": "account", "key": "77"}
    changes = (
        FieldChange("AccountId", "reference", None, parent),
        FieldChange("Score", "reference", None, parent),
    )
    shown, hidden = mask().row(row(*changes)).changes
    assert shown.after == parent
    assert str(hidden.after) == "[Id]"


def test_a_sentence_does_not_name_the_parent_of_a_masked_lookup() -> None:
    waits = "Waits for the account Alpha, which is invalid."
    masked = mask().row(
        row(problems=(Problem("X", waits, field="Score"), Problem("X", waits, field="AccountId")))
    )
    hidden, shown = (problem.sentence for problem in masked.problems)
    assert hidden == "Waits for the account [text, 5 characters], which is invalid."
    assert shown == waits


def test_salesforce_s_own_words_are_not_repeated_of_a_row_with_masked_values() -> None:
    assert said(REFUSED) == WITHHELD
    assert said(REFUSED, mapping="account", label="A") == REFUSED


def test_a_parent_s_label_is_masked_in_the_sentence_of_a_row_that_waits_for_it() -> None:
    waits = "Waits for the lead Öhlund, which, is invalid; x, which was refused by Salesforce."
    shown = "Waits for the lead [text, 28 characters], which was refused by Salesforce."
    assert said(waits, mapping="account", label="A") == shown
    moves = "Waits for the lead Grün that takes its place, which is invalid."
    assert "Grün" not in said(moves, mapping="account", label="A")
    plain = "Waits for the account Alpha, which is invalid."
    assert said(plain) == plain


def test_a_masked_value_is_taken_out_of_any_other_sentence_and_mend() -> None:
    change = FieldChange("LastName", "string", "Öhlund", "Grün-Weiß")
    told = problem("“Grün-Weiß” is not listed; it was Öhlund.", mend="Replace Grün-Weiß.")
    [masked] = mask().row(row(change, problems=(told,))).problems
    assert masked.sentence == "“[text, 9 characters]” is not listed; it was [text, 6 characters]."
    assert masked.mend == "Replace [text, 9 characters]."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to jo.ann+x@fjord.example, soon", "Write to [e-mail, 22 characters], soon"),
        ("Call +49 30 23125-001.", "Call [phone, 16 characters]."),
        ("Call (030) 23125 001 or 0043 316 5550142",
         "Call [phone, 15 characters] or [phone, 16 characters]"),
        ("Due 01.02.2026, 2026-01-02, at 09:00", "Due 01.02.2026, 2026-01-02, at 09:00"),
        ("Order 4711 for 12,500.00", "Order 4711 for 12,500.00"),
        ("Invoice 2026-000123", "Invoice 2026-000123"),
        ("(212) 555-0123", "[phone, 14 characters]"),
        ("212-555-0123 or 212.555.0123", "[phone, 12 characters] or [phone, 12 characters]"),
        ("1-800-555-0123; 1 (416) 555-0199", "[phone, 14 characters]; [phone, 16 characters]"),
        ("Tel.0301234567x12, 030 1234567 ext. 12",
         "Tel.[phone, 13 characters], [phone, 19 characters]"),
        ("\uff10\uff13\uff10 \uff11\uff12\uff13\uff14\uff15 or +49\u00a030\u201112345",
         "[phone, 9 characters] or [phone, 12 characters]"),
        ('"quoted x"@x.de and a@[10.0.0.1]', "[e-mail, 15 characters] and [e-mail, 12 characters]"),
        ("030 1234567 / 040 7654321", "[phone, 11 characters] / [phone, 11 characters]"),
        ("On 01.02.2026 0301234567", "On 01.02.2026 [phone, 10 characters]"),
        ("06.12.34.56.78", "[phone, 14 characters]"),
    ],
)  # fmt: skip
def test_the_setting_masks_addresses_and_numbers_within_other_texts(text: str, shown: str) -> None:
    of = mask(contacts=True, labels=frozenset())
    [change] = of.row(row(FieldChange("Title", "textarea", text, text))).changes
    assert (change.before, change.after) == (shown, shown)
    assert of.row(row(label=text)).label == shown
    assert said(text, of=of, label="-") == shown
    [kept] = mask().row(row(FieldChange("Title", "textarea", text, text))).changes
    assert kept.after == text


@pytest.mark.parametrize(
    "text",
    [
        "1,234,567.89 and 12.500.000,00 and 1 234 567",
        "Id 0015g00000AbCdEQAV, 4711-0815, 192.168.10.1",
        "00001234567890123456; 0.123456789",
        "24/11/2026 and 2026-11-24T09:00:00Z",
    ],
)
def test_dates_amounts_and_ids_within_a_text_stay_readable(text: str) -> None:
    of = mask(contacts=True, labels=frozenset())
    assert of.row(row(label=text)).label == text


def test_ids_and_dates_are_no_phone_numbers() -> None:
    of = mask(contacts=True)
    changes = (
        FieldChange("AccountId", "reference", None, "001000000000001AAA"),
        FieldChange("Title", "datetime", None, "2026-01-01T00:00:00Z"),
    )
    assert of.row(row(*changes)).changes == changes


def test_a_key_stays_what_it_is_unless_it_is_an_address() -> None:
    of = mask(contacts=True)
    key = "cd613e30-0123-0456-0789-584a2265b1f5"
    assert of.row(row(key=key)).key == key
    assert of.row(row(key="a@b.example")).key == "[e-mail, 11 characters]"


def test_without_anything_sensitive_a_row_is_what_it_was() -> None:
    nothing = Mask(Sensitive({"lead": frozenset()}, frozenset(), False, {"lead": frozenset()}))
    whole = row(
        FieldChange("LastName", "string", "a@b.example", "+49 30 23125"),
        problems=(problem(REFUSED),),
    )
    assert nothing.row(whole) == whole
