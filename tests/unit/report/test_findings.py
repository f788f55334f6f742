"""Findings of a check as lines, as workflow commands and as JSON."""

from __future__ import annotations

import json

from crm_sync.mapping.finding import Finding
from crm_sync.report.findings import as_json, in_order, lines, summary, workflow_commands

ERROR = Finding("unknown-column", "error", "my maps/a.yaml:10:3", "t has no column a.", "Did you?")
EARLIER = Finding("currency", "warning", "my maps/a.yaml:9:40", "No currency.")
ELSEWHERE = Finding("power-bi", "information", "database", "Nothing is here.", "Apply it.")


def test_they_come_once_each_and_by_their_place() -> None:
    given = [ELSEWHERE, ERROR, EARLIER, ERROR]
    assert in_order(given) == [EARLIER, ERROR, ELSEWHERE], "lines are numbers, not texts"


def test_a_line_has_place_severity_what_and_mend() -> None:
    assert list(lines([ERROR, EARLIER, ELSEWHERE])) == [
        "my maps/a.yaml:10:3: error: t has no column a: Did you?",
        "my maps/a.yaml:9:40: warning: No currency.",
        "database: information: Nothing is here: Apply it.",
    ]


def test_a_line_is_one_line_whatever_the_org_calls_its_things() -> None:
    wild = Finding("duplicate-rule", "error", "a.yaml:1:1", "Rule \x1b[31m\nred\u202e is active.")
    [line] = lines([wild])
    assert not any(sign in line for sign in ("\n", "\x1b", "\u202e"))


def test_a_workflow_command_escapes_what_would_end_it() -> None:
    odd = Finding("currency", "warning", "maps,100%/a:b.yaml:1:2", "100% wrong, or: not.")
    assert list(workflow_commands([odd, ELSEWHERE])) == [
        "::warning file=maps%2C100%25/a%3Ab.yaml,line=1,col=2,title=crm-sync currency"
        "::100%25 wrong, or: not.",
        "::notice title=crm-sync power-bi::database: Nothing is here: Apply it.",
    ]


def test_the_summary_counts_by_severity() -> None:
    assert summary([ERROR, ERROR, EARLIER, ELSEWHERE]) == "2 errors, 1 warning, 1 note."
    assert summary([]) == "Nothing is wrong."


def test_json_tells_a_place_in_parts_or_what_it_is_about() -> None:
    told = json.loads(as_json([ERROR, ELSEWHERE]))
    assert [(f["file"], f["line"], f["column"], f["about"]) for f in told["findings"]] == [
        ("my maps/a.yaml", 10, 3, None),
        (None, None, None, "database"),
    ]
    assert told["counts"] == {"error": 1, "warning": 0, "information": 1}
