"""Findings of a check for people, for programs, and for GitHub Actions.

In: findings. Out: text, line by line. The JSON says `"version"` (it grows when a key changes its
meaning or goes) and `"kind": "check"`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from crm_sync.mapping.finding import Finding
from crm_sync.mapping.finding_kinds import Severity
from crm_sync.report.headline import counted
from crm_sync.report.values import visible

__all__ = ["VERSION", "as_json", "in_order", "lines", "summary", "workflow_commands"]

VERSION = 1
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")
_PLACE = re.compile(r"(.+?):(\d+):(\d+)")
_COMMANDS = {"error": "error", "warning": "warning", "information": "notice"}
"""Workflow commands (GitHub Docs, Workflow commands for GitHub Actions)."""

Place = tuple[str, int, int]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, by file, line and column; what is in no file comes last."""
    return sorted(dict.fromkeys(findings), key=_rank)


def _rank(finding: Finding) -> tuple[bool, str, int, int, int]:
    place = place_of(finding)
    file, line, column = place or (finding.where, 0, 0)
    return place is None, file, line, column, SEVERITIES.index(finding.severity)


def place_of(finding: Finding) -> Place | None:
    """File, line and column; None where the finding is about no file."""
    found = _PLACE.fullmatch(finding.where)
    return (found[1], int(found[2]), int(found[3])) if found else None


def lines(findings: Iterable[Finding]) -> Iterable[str]:
    """`file:line:column: severity: what: how to mend`, a line each."""
    for finding in findings:
        yield f"{finding.where}: {finding.severity}: {_said(finding)}"


def _said(finding: Finding) -> str:
    sentence = finding.sentence
    if finding.mend:
        sentence = f"{sentence.rstrip('.')}: {finding.mend}"
    return " ".join(visible(sentence).split())


def summary(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning, 3 notes`; or that there is nothing."""
    counts = Counter(finding.severity for finding in findings)
    words: dict[Severity, str] = {"error": "error", "warning": "warning", "information": "note"}
    said = [counted(counts[s], words[s]) for s in SEVERITIES if counts[s]]
    return f"{', '.join(said)}." if said else "Nothing is wrong."


def workflow_commands(findings: Iterable[Finding]) -> Iterable[str]:
    """Workflow commands by which GitHub Actions shows findings at their lines of a change."""
    for finding in findings:
        place = place_of(finding)
        properties = [f"title=crm-sync {finding.kind}"]
        if place is not None:
            file, line, column = place
            properties = [f"file={_property(file)}", f"line={line}", f"col={column}", *properties]
        text = _said(finding) if place else f"{finding.where}: {_said(finding)}"
        yield f"::{_COMMANDS[finding.severity]} {','.join(properties)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_json(findings: Sequence[Finding]) -> str:
    """All of them in one JSON object."""
    counts = Counter(finding.severity for finding in findings)
    whole = {
        "version": VERSION,
        "kind": "check",
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "findings": [_object(finding) for finding in findings],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _object(finding: Finding) -> dict[str, object]:
    file, line, column = place_of(finding) or (None, None, None)
    return {
        "severity": finding.severity,
        "kind": finding.kind,
        "file": file,
        "line": line,
        "column": column,
        "about": None if file else finding.where,
        "key": ".".join(finding.path) or None,
        "sentence": finding.sentence,
        "mend": finding.mend or None,
    }
