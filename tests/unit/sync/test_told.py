"""What a problem says of a row, with and without its values."""

from __future__ import annotations

import pytest

from crm_sync.sync.told import problem_of

LABEL = "Öhlund, which, is invalid"


@pytest.mark.parametrize(
    ("code", "sentence", "reason"),
    [
        ("STRING_TOO_LONG", "leads.title has 300 characters; Lead.Title takes 128.",
         "leads.title has 300 characters; Lead.Title takes 128."),
        ("STRING_TOO_LONG", "Salesforce refused it: Title: Öhlund (max length=128).",
         "Salesforce refused it."),
        ("PARENT_NOT_READY", f"Waits for the lead {LABEL}, which was refused by Salesforce.",
         "Waits for the lead, which was refused by Salesforce."),
        ("PARENT_NOT_READY", f"Waits for the event {LABEL} that takes its place, which is blocked.",
         "Waits for the event that takes its place, which is blocked."),
        ("RECORD_DELETED", "Its record 00Q000000000001AAA was deleted in Salesforce.",
         "Its record 00Q000000000001AAA was deleted in Salesforce."),
        ("SOMETHING_NEW", "It may hold Öhlund.", ""),
    ],
)  # fmt: skip
def test_the_reason_is_the_sentence_without_a_value(code: str, sentence: str, reason: str) -> None:
    problem = problem_of({"code": code, "sentence": sentence})
    assert (problem.sentence, problem.reason, problem.severity) == (sentence, reason, "error")
