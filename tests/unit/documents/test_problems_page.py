"""docs/errors.md has an entry for everything that a message can carry."""

from __future__ import annotations

import inspect
import re
from typing import get_args

import pytest

from crm_sync import errors
from crm_sync.documents.problems import FOLLOWS, problems_page
from crm_sync.errors import CrmSyncError
from crm_sync.mapping.finding_kinds import KINDS, Kind
from crm_sync.mapping.load import load_mapping
from crm_sync.mapping.markdown import marked
from crm_sync.mapping.problem_codes import PROBLEMS, mend_of
from crm_sync.mapping.refusal_document import UNFORETOLD
from crm_sync.mapping.refusals import RULES
from crm_sync.salesforce.refusals import ANY_WORDS, CODES, WORDS
from crm_sync.sync import decide, explain
from crm_sync.sync.decide import Decision, Fate, Verdict
from tests.support.postgres import ROOT
from tests.unit.sync.test_explain import ROW

PAGE = problems_page()
SOURCE = ROOT / "src" / "crm_sync"
WRITTEN = re.compile(r"""['"]code['"](?:,|:)\s*['"]([A-Z][A-Za-z_]+)['"]""")
"""A code that stands in SQL, or in a problem made by Python."""


def rows(first: str, page: str = PAGE) -> list[str]:
    return [line for line in page.splitlines() if line.startswith(f"| `{first}` |")]


def error_classes() -> list[type[CrmSyncError]]:
    found: list[type[CrmSyncError]] = []
    waiting: list[type[CrmSyncError]] = [CrmSyncError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__name__.startswith("_"):
            found.append(kind)
    return found


def test_every_error_class_is_of_one_file_and_on_the_page() -> None:
    for kind in error_classes():
        assert kind.__module__ == errors.__name__, kind
        assert len(rows(kind.__name__)) == 1, kind
        assert f"── {kind.__name__} " in PAGE or kind is CrmSyncError


def test_every_error_says_what_it_means_and_what_to_do() -> None:
    for kind in error_classes():
        means, mend, *_ = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
        assert means.endswith("."), kind
        assert mend.endswith("."), kind


def codes_in_the_source() -> set[str]:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("mapping", "sync")
        for pattern in ("*.py", "*.sql")
        for path in (SOURCE / folder).rglob(pattern)
    ]
    return {code for text in texts for code in WRITTEN.findall(text)}


def codes_that_python_makes() -> set[str]:
    """What becomes of a record, and a parent's fate, as they are told."""
    mapping = load_mapping(ROOT / "mappings" / "lead.yaml")
    told = [
        explain.record_ended(mapping, ROW, fate, None) for fate in Fate if fate is not Fate.ALIVE
    ]
    told.append(explain.followed(Fate.MERGED, "001x", "001y"))
    told.append(explain.taken_elsewhere(mapping, "00Qx", "001x", ("account", "1")))
    told.append(explain.parent_ended("lead", "x", "WhoId", Fate.GONE))
    told.append(explain.problem(mapping, ROW, Decision(Verdict.REFUSED)))
    return {one["code"] for one in told}


def test_every_code_that_the_source_writes_has_an_entry() -> None:
    found = codes_in_the_source()
    assert {"UNKNOWN_OUTCOME", "CHILDREN_REMAIN", "PARENT_NOT_READY"} <= found
    assert found | codes_that_python_makes() <= PROBLEMS.keys()


def test_every_code_that_is_foretold_or_decided_on_has_an_entry() -> None:
    foretold = {rule.code for rule in RULES if rule.severity != "stop"}
    answered = {answer for rule in RULES for answer in rule.answers}
    unforetold = {code for one in UNFORETOLD for code in one.codes}
    tables = (decide.TRANSIENT, decide._SMALLER, decide._GONE, decide._CONFIGURATION)
    decided = {"REQUEST_LIMIT_EXCEEDED"}.union(*tables)
    assert foretold | answered | unforetold | decided <= PROBLEMS.keys()


def test_no_entry_is_of_a_code_that_nobody_knows() -> None:
    foretold = {rule.code for rule in RULES} | {a for rule in RULES for a in rule.answers}
    decided = {"REQUEST_LIMIT_EXCEEDED"}.union(
        decide.TRANSIENT, decide._SMALLER, decide._GONE, decide._CONFIGURATION
    )
    unforetold = {code for one in UNFORETOLD for code in one.codes}
    made = codes_in_the_source() | codes_that_python_makes()
    explained = {code for code in PROBLEMS if mend_of(code) != mend_of("")}
    known = foretold | decided | unforetold | made | explained
    assert PROBLEMS.keys() - known == {"HTTP_nnn"}  # of which decide makes HTTP_400 and so on


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_code_is_on_the_page_with_meaning_and_mend(code: str) -> None:
    # Some are also codes of a refused sign-in, in a table of its own without what they mean.
    found = rows(code, PAGE.partition("\n## Problems of rows\n")[2])
    assert found
    for row in found:
        *_, means, mend, _ = row.split(" | ") if row.endswith(" | ") else [*row.split(" | "), ""]
        assert means.endswith("."), row
        assert mend.rstrip(" |").endswith("."), row
        assert "{" not in row, row
        assert "  |" not in row, row


def test_a_refusal_is_told_with_the_mend_of_the_page() -> None:
    mapping = load_mapping(ROOT / "mappings" / "lead.yaml")
    told = explain.problem(mapping, ROW, Decision(Verdict.REFUSED, code="INACTIVE_OWNER_OR_USER"))
    assert told["mend"] in rows("INACTIVE_OWNER_OR_USER")[0]


def test_what_follows_from_an_answer_is_explained() -> None:
    for words in FOLLOWS.values():
        assert f"\n- *{words}*: " in PAGE
        assert f" | {words} | " in PAGE


def test_every_kind_of_finding_has_an_entry_and_is_on_the_page() -> None:
    assert set(get_args(Kind)) == set(KINDS)
    for kind, said in KINDS.items():
        [row] = rows(kind)
        assert marked(said.means) in row
        assert marked(said.mend) in row
        for severity in said.severity:
            assert severity in row


def test_what_a_refused_sign_in_means_is_on_the_page() -> None:
    for said, mend in (*WORDS, *CODES.items()):
        assert f"| `{said}` | {marked(mend)} |" in rows(said)
    for auth, mend in ANY_WORDS.items():
        assert f"| `invalid_grant` with `{auth}` | {marked(mend)} |" in PAGE


def test_links_of_the_page_lead_to_its_headings_and_to_other_made_pages() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    for place, name in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", PAGE):
        assert (ROOT / "docs" / place).exists() if place else name in headings
