"""Ten broken mapping files in one run: every mistake has its line, and nothing is left out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk

BROKEN = Path(__file__).parent / "broken"


def told(text: str) -> str:
    """Without the columns that no mapping reads: they change with each that a table gets."""
    return re.sub(r"(No mapping reads these columns of \w+: )[\w, ]+", r"\1…", text)


def test_check_names_every_mistake_of_ten_broken_mappings(desk: Desk, org: LocalOrg) -> None:
    shutil.rmtree(desk.mappings)
    shutil.copytree(BROKEN, desk.mappings, ignore=shutil.ignore_patterns("*.txt"))
    assert len(list(desk.mappings.iterdir())) == 10
    ran = desk.run("check")
    assert (ran.code, ran.err) == (1, "")
    first, _, findings = ran.out.partition("\n")
    assert first == f"Local org ({org.org_id}, local), target local, user {org.username}"
    assert told(findings) == told((BROKEN / "expected.txt").read_text(encoding="utf-8"))
    asked = [sub for call in org.calls for sub in (call.subrequests or [])]
    assert asked
    assert {sub["method"] for sub in asked} == {"GET"}, "a check reads only"
