from __future__ import annotations

import io
from dataclasses import replace

import pytest

from crm_sync.report.model import FieldChange
from crm_sync.report.terminal import dry_run, rows_in_full, run_summary
from tests.unit.report.plans import INVALID, RENAMED, everything, finished, many, ordinary, plan


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def said(out: io.TextIOWrapper) -> str:
    out.flush()
    raw = out.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(out.encoding)


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_dry_run_says_headline_counts_rows_and_problems() -> None:
    out = stream()
    dry_run(ordinary(), out)
    text = said(out)
    assert text.startswith(
        "1 record will be created and 1 changed in Acme production; nothing will be deleted."
    )
    assert "1 row is not sent: 1 invalid." in text
    assert ["Object", "Create", "Update", "Delete", "Unchanged", "Invalid"] in table(text)
    assert ["Total", "1", "1", "0", "0", "1"] in table(text)
    assert "cd613e30-d8f1-4adf-91b7-584a2265b1f5 · 0015g00000AbCdEQAV" in " ".join(text.split())
    assert "Müller Maschinenbau GmbH → Müller [& Söhne ]Maschinenbau GmbH" in text
    assert "Phone          — → +43 316 5550 142" in text
    assert "AnnualRevenue  48,000.00 → 62,500.50" in text
    assert "INVALID_EMAIL_ADDRESS: “jo(at)fjord” is not an e-mail address" in text
    assert "→ Correct leads.email." in text
    assert "2 API calls are needed to send this, besides what a run looks up." in text


def test_a_create_shows_the_whole_payload_but_no_empty_field() -> None:
    out = stream()
    dry_run(ordinary(), out)
    text = said(out)
    assert "LastName   <script>alert('lead')</script>" in text
    assert "AccountId  account 77 (no Id yet)" in text
    assert "Title" not in text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp437", "ascii", "utf-16", "shift_jis"])
def test_no_console_encoding_breaks_a_report(encoding: str) -> None:
    row = replace(
        RENAMED,
        label="東京 GmbH — “Žižek” 👩\u200d💻",
        changes=(FieldChange("Name", "string", "a\nb → c", "a\nb → d ✓ 東京"),),
    )
    out = stream(encoding)
    dry_run(plan(row, INVALID, notes=("Ünïcode → …",)), out)
    run_summary(finished(), out)
    text = said(out)
    assert "1 record will change in Acme production" in text
    assert "GmbH" in text


def test_an_arrow_that_the_encoding_lacks_becomes_two_letters() -> None:
    out = stream("cp1252")
    dry_run(ordinary(), out)
    assert "48,000.00 -> 62,500.50" in said(out)


def test_nothing_is_wider_than_asked_for() -> None:
    long = replace(
        RENAMED,
        label="A company with a very long name " * 5,
        changes=(FieldChange("Description", "textarea", "word " * 300, "word " * 299 + "end"),),
    )
    for width in (100, 72):
        out = stream()
        dry_run(plan(long, INVALID), out, width=width)
        assert max(len(line) for line in said(out).splitlines()) <= width


def test_plain_text_outside_a_terminal_has_no_escape_and_no_blank_at_a_line_end() -> None:
    out = stream()
    dry_run(ordinary(), out)
    text = said(out)
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_terminal_gets_colours_and_no_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Terminal()
    rows_in_full([RENAMED], out)
    assert "\x1b[" in out.getvalue()
    assert "[& Söhne ]" not in out.getvalue()


def test_no_color_gives_plain_text_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    rows_in_full([RENAMED], out)
    assert "\x1b" not in out.getvalue()
    assert "[& Söhne ]" in out.getvalue()


def test_a_value_cannot_steer_the_terminal() -> None:
    evil = replace(RENAMED, label="\x1b[2Jgone", changes=(FieldChange("A", "string", "x", "\x07"),))
    out = stream()
    rows_in_full([evil], out)
    assert "\x1b" not in said(out)
    assert r"\x1b[2Jgone" in said(out)


def test_only_the_first_rows_of_a_group_are_shown_and_the_rest_is_counted() -> None:
    out = stream()
    dry_run(many(12), out, limit=3, hint="--rows 12 shows all.")
    text = said(out)
    assert "Lead number 2" in text
    assert "Lead number 3" not in text
    assert "… and 9 more" in text
    assert text.endswith("--rows 12 shows all.\n")


def test_a_long_text_is_folded_and_a_line_break_shows() -> None:
    row = replace(
        RENAMED,
        action="create",
        changes=(FieldChange("Description", "textarea", None, "one\ntwo" + " more" * 200),),
    )
    out = stream()
    rows_in_full([row], out)
    assert "one ↵ two more" in said(out)
    assert "(1,007 characters)" in " ".join(said(out).split())
    whole = stream()
    rows_in_full([row], whole, longest=2000)
    assert "characters)" not in said(whole)
    assert said(whole).count("more") == 200


def test_a_row_that_moves_says_where_to() -> None:
    out = stream()
    rows_in_full([replace(RENAMED, action="delete", pair="event")], out)
    assert "moves to event" in said(out)


def test_a_finished_run_says_counts_calls_time_and_problems() -> None:
    out = stream()
    run_summary(finished(), out)
    text = said(out)
    assert text.startswith("12 records created and 1 changed in Acme production.")
    assert ["Object", "Created", "Updated", "Deleted", "Invalid"] in table(text)
    assert ["Lead", "12", "0", "0", "1"] in table(text)
    assert "Run 41 finished with problems · 3 API calls · 4.2 s" in text
    assert "Correct leads.email." in text


def test_a_stopped_run_says_why() -> None:
    out = stream()
    run_summary(finished(status="stopped", message="The daily API limit is used up."), out)
    assert "The daily API limit is used up." in said(out)
    assert "Run 41 stopped" in said(out)


def test_a_dry_run_says_what_it_takes_by_object_and_what_people_edited() -> None:
    out = stream()
    dry_run(everything(), out)
    text = said(out)
    assert ["Object", "Goes", "by", "Calls", "Time", "Run", "before"] in table(text)
    assert ["Lead", "Composite", "1", "about", "5", "s", "1", "refused"] in table(text)
    assert "The run before (40, on 23 Nov 2026, 09:12 UTC, finished with problems)" in text
    assert "    would overwrite: Stage, changed in Salesforce to Prospecting" in text
    assert "    its record is not in Salesforce any more" in text
    assert "Email  [e-mail, 20 characters]" in text


def test_an_id_is_a_link_on_a_terminal_and_elsewhere_the_address_is_said() -> None:
    out = stream()
    dry_run(ordinary(), out)
    assert "A record opens at https://acme.my.salesforce.com/ and its Id." in said(out)
    terminal = Terminal()
    dry_run(ordinary(), terminal)
    assert "A record opens at" not in terminal.getvalue()
    assert ";https://acme.my.salesforce.com/0015g00000AbCdEQAV\x1b\\" in terminal.getvalue()
