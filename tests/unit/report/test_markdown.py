from __future__ import annotations

from dataclasses import replace

from crm_sync.report.markdown import dry_run_markdown, escaped, sync_markdown
from tests.unit.report.plans import (
    FORMER,
    INVALID,
    RENAMED,
    WAYS,
    everything,
    finished,
    ordinary,
    plan,
)


def test_a_dry_run_in_markdown_has_counts_and_problems_but_no_row_value() -> None:
    text = dry_run_markdown(ordinary())
    assert "| Object | create | update | delete | invalid |" in text
    assert "| **Total** | **1** | **1** | **0** | **1** |" in text
    assert "- **Lead** (leads `5bc8fbbc-bde5-4099-8164-d8399f767c45`): invalid" in text
    assert "`INVALID_EMAIL_ADDRESS`, column `email`" in text
    assert "Mend: Correct leads.email." in text
    assert "jo(at)fjord" not in text
    assert "Lindqvist" not in text


def test_the_reason_is_said_in_a_sentence_without_a_value() -> None:
    reason = "leads.email is not an e-mail address."
    told = replace(INVALID.problems[0], reason=reason)
    text = dry_run_markdown(plan(replace(INVALID, problems=(told,))))
    assert f"`INVALID_EMAIL_ADDRESS`, column `email`: {reason}" in text.replace("\\", "")
    assert "jo(at)fjord" not in text


def test_row_values_appear_where_asked_for() -> None:
    text = dry_run_markdown(ordinary(), values=True)
    assert "**Lead Jo Lindqvist**" in text
    assert "Email: — → jo(at)fjord" in text


def test_problems_beyond_the_first_few_are_counted() -> None:
    rows = [replace(INVALID, key=str(n)) for n in range(8)]
    text = dry_run_markdown(plan(*rows), problems=3)
    assert text.count("invalid, Salesforce would refuse it") == 3
    assert "… and 5 more" in text


def test_a_sync_in_markdown_says_what_was_done() -> None:
    text = sync_markdown(finished())
    assert text.startswith("**12 records created and 1 changed in Acme production.**")
    assert "Run 41 finished with problems, 3 API calls, 4.2 s." in text
    assert "| Lead | 12 | 0 | 0 | 1 |" in text


def test_text_cannot_become_markup() -> None:
    assert escaped("a|b\n<b> *x* [y](z) `c`") == r"a\|b &lt;b> \*x\* \[y\](z) \`c\`".replace(
        ">", r"\>"
    )


def test_markdown_says_what_it_takes_and_links_the_records_that_need_a_person() -> None:
    held = replace(RENAMED, state="held", problems=INVALID.problems)
    text = dry_run_markdown(plan(held, former=FORMER, ways=WAYS))
    assert "| Object | goes by | calls | time | run before |" in text
    assert "The run before (40, on 23 Nov 2026, 09:12 UTC, finished with problems)" in text
    link = "[0015g00000AbCdEQAV](https://acme.my.salesforce.com/0015g00000AbCdEQAV)"
    assert f"(accounts `{RENAMED.key}`, {link}): held" in text
    assert "Salesforce was asked for" in dry_run_markdown(everything())
