"""Makes docs/errors.md: every error, every code of a problem, every kind of finding.

In: the classes of `errors.py`, and the tables that make the messages: `mapping/problem_codes.py`,
`mapping/refusals.py`, `mapping/finding_kinds.py`, `sync/decide.py`, `salesforce/refusals.py`.
Out: Markdown.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

from crm_sync import errors
from crm_sync.cli.exits import INTERRUPTED, OK, PROBLEMS, STOPPED
from crm_sync.errors import CrmSyncError
from crm_sync.mapping import problem_codes
from crm_sync.mapping.finding_kinds import KINDS, Subject
from crm_sync.mapping.markdown import code, marked, table
from crm_sync.mapping.problem_codes import GENERAL_MEND, Problem
from crm_sync.mapping.refusals import RULES
from crm_sync.salesforce.refusals import ANY_WORDS, CODES, WORDS
from crm_sync.sync.decide import Verdict, decide

__all__ = ["problems_page"]

INTRODUCTION = """\
# Errors, problems and findings

This page is made by `crm-sync docs` from the program itself; change that, not this.

- An [**error**](#errors) ends a command: one line on standard error says what is wrong, where, and
  how to mend it.
- A [**problem**](#problems-of-rows) belongs to a row: it is not sent, or Salesforce refused it, or
  it goes with a note. `dry-run`, `problems` and `history` show it with its code, its column, a
  sentence and how to mend it. The other rows go all the same.
- A [**finding**](#findings-of-a-check) belongs to a mapping, the database or the org:
  `crm-sync check` shows it with its kind.
"""
EXITS = """\
## Exit codes
"""
ERRORS = """\
## Errors

Each of them ends the command with exit code {stopped}. Who must act is said by the branch: the user
(`SetupError`), Salesforce's administrator (`OrgError`), or nobody, since the next run continues
(`RunStopped`; only of `GuardStopped` a person decides).
"""
ENDED = """\
A run that ends early for one of these, or by Ctrl-C, has recorded what was sent; the rest stays
planned. Any other exception is a mistake of the program: the command says `an unexpected error` and
ends with exit code {stopped}; run it again with `--debug` and report what it shows.
"""
SIGN_IN = """\
### When Salesforce refuses the sign-in

`SignInError` then has Salesforce's code and words, and `OrgAccessError` the code, where Salesforce
gives a session and refuses its calls. [Sign in to Salesforce](how-to/sign-in.md) goes through every
click. `SignInError` also stands for a target without what its `auth` needs. Signing in by user name
and password is told with a line that begins with `warning`, since Salesforce ends it.

The words say more than the code; with `invalid_grant` they are all there is:
"""
PROBLEMS_OF_ROWS = """\
## Problems of rows

A code is Salesforce's where Salesforce says it or would say it, else ours.

### What a plan finds

Told before anything is sent, by `dry-run` and by the plan of every `sync`. *Invalid* rows are not
sent; *blocked* ones wait for another row, *held* ones for a person; a *note* goes with a row that
is sent. The rules behind the codes, and who says that Salesforce behaves so:
[predicted-refusals.md](predicted-refusals.md).
"""
MET = """\
### What a sync meets

Found when a row is written, since people changed something in Salesforce.
"""
ANSWERED = """\
### What Salesforce answers

The problem shows Salesforce's own words. What follows:

- *refused*: the row is not sent again until the row, the mapping or the org's describe changes;
  besides once a day, and with `--retry-refused`.
- *repeated*: the same is sent again after a pause; what still does not go is refused, and goes
  with the next run.
- *halved*: the same is sent again in smaller parts, down to the row that causes it, which is
  refused.
- *looked up*: the record itself is read in Salesforce, which tells what became of it.
- *the object stops*: nothing more of this object is sent in this run; what is left stays planned.
- *the run stops*: nothing more is sent (`LimitReached`); what is left stays planned.

Salesforce has more codes than these: any other is shown as it is, and the row is refused.
"""
FOLLOWS = {
    Verdict.REFUSED: "refused",
    Verdict.REPEAT: "repeated",
    Verdict.HALVE: "halved",
    Verdict.LOOK: "looked up",
    Verdict.STOP_OBJECT: "the object stops",
    Verdict.STOP_RUN: "the run stops",
}
FINDINGS = """\
## Findings of a check

Each kind as `crm-sync check --json` names it. An *error*: a sync stops, every row of the mapping
is refused, or somebody reads what they must not. A *warning*: some rows will be refused, or arrive
other than meant. *Information*: worth knowing, or something that could not be checked, and why.
"""
SUBJECTS: dict[Subject, str] = {
    "files": "The form of the files",
    "source": "Tables and columns",
    "sql": "SQL of a mapping",
    "values": "Values that may not fit their field",
    "fields": "Objects and fields of the org",
    "org": "Settings and records of the org",
    "database": "The database as a whole",
    "unchecked": "What could not be checked",
}
PLACES = {"source": "the column's value", "file": "the mapping's file", "object": "the object"}


def problems_page() -> str:
    """The page."""
    blocks = [
        INTRODUCTION,
        EXITS,
        _exits(),
        ERRORS.format(stopped=STOPPED),
        _tree(),
        _errors(),
        ENDED.format(stopped=STOPPED),
        SIGN_IN,
        _refused_by_words(),
        "Where the words are others than these, the code tells:",
        _refused_by_code(),
        PROBLEMS_OF_ROWS,
        _told_by_plans(),
        MET,
        _met(),
        ANSWERED,
        _answered(),
        FINDINGS,
    ]
    for subject, title in SUBJECTS.items():
        blocks += [f"### {title}", _findings(subject)]
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _exits() -> str:
    return table(
        ("Code", "Means"),
        (
            (f"`{OK}`", "all well; for `check` and `docs --check`: nothing to mend"),
            (
                f"`{PROBLEMS}`",
                "the command finished, and something needs you: rows that are not in order, errors "
                "that a check found, a document that is stale",
            ),
            (f"`{STOPPED}`", "an error: the command could not run, or was stopped"),
            (f"`{INTERRUPTED}`", "interrupted by Ctrl-C"),
        ),
    )


def _classes() -> list[type[CrmSyncError]]:
    """Every error, each below what it is a kind of, as `errors.py` has them."""
    return [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, CrmSyncError)
    ]


def _tree() -> str:
    drawn = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    return "```text\n" + inspect.cleandoc(drawn) + "\n```"


def _errors() -> str:
    return table(
        ("Error", "Means", "What to do"),
        (
            (code(kind.__name__), *(" ".join(part.split()) for part in _paragraphs(kind)))
            for kind in _classes()
        ),
    )


def _paragraphs(kind: type[CrmSyncError]) -> tuple[str, str]:
    """What an error means, and what to do: the paragraphs of its docstring, in that order."""
    means, mend, *_ = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    return means, mend


def _refused_by_words() -> str:
    return table(("Words", "What to do"), ((code(words), marked(mend)) for words, mend in WORDS))


def _refused_by_code() -> str:
    of_a_way = {f"`invalid_grant` with `{auth}`": mend for auth, mend in ANY_WORDS.items()}
    told = of_a_way | {code(name): mend for name, mend in CODES.items()}
    return table(("Code", "What to do"), ((said, marked(mend)) for said, mend in told.items()))


def _of(origin: str) -> dict[str, Problem]:
    return {name: p for name, p in problem_codes.PROBLEMS.items() if p.origin == origin}


def _told_by_plans() -> str:
    return table(
        ("Code", "The row", "Means", "What to do"),
        ((code(c), _state(c), marked(p.means), _mend_of_plan(p)) for c, p in _of("plan").items()),
    )


def _state(name: str) -> str:
    """What becomes of a row with this code: the rules say so, where it is one of theirs."""
    found = {rule.severity for rule in RULES if rule.code == name}
    if name in ("PARENT_NOT_READY", "CHILDREN_REMAIN"):
        return "blocked"
    if name in ("EDITED_IN_SALESFORCE", "CONVERTED_ELSEWHERE"):
        return "held"
    if name == "UNKNOWN_OUTCOME":
        return "unknown, then sent again with a note"
    words = {"error": "invalid", "note": "note"}
    return " or ".join(words[severity] for severity in sorted(found))


def _met() -> str:
    return table(
        ("Code", "Means", "What to do"),
        ((code(c), marked(p.means), _mend(p.mend)) for c, p in _of("push").items()),
    )


def _answered() -> str:
    foretold = {answer for rule in RULES for answer in rule.answers}
    known = _of("salesforce") | {c: p for c, p in _of("plan").items() if c in foretold}
    return table(
        ("Code", "What follows", "Means", "What to do"),
        ((code(c), _follows(c), marked(p.means), _mend_of(c, p)) for c, p in sorted(known.items())),
    )


def _verdict(name: str) -> Verdict:
    return decide("update", {"errors": [{"statusCode": name}]}).verdict


def _follows(name: str) -> str:
    return FOLLOWS[_verdict(name)]


def _mend_of_plan(problem: Problem) -> str:
    """No administrator is asked before Salesforce has said anything."""
    return _mend("Correct {source}." if problem.mend == GENERAL_MEND else problem.mend)


def _mend_of(name: str, problem: Problem) -> str:
    if problem.mend == GENERAL_MEND and _verdict(name) is not Verdict.REFUSED:
        if _verdict(name) in (Verdict.REPEAT, Verdict.STOP_RUN):
            return "Wait; the next run sends it again."
        return "Ask the org's administrator."
    return _mend(problem.mend)


def _mend(text: str) -> str:
    said = marked(text.format(**PLACES))
    return said[:1].upper() + said[1:]


def _one_of(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _findings(subject: Subject) -> str:
    found: Iterable[tuple[str, ...]] = (
        (code(kind), _one_of(said.severity), marked(said.means), marked(said.mend))
        for kind, said in KINDS.items()
        if said.about == subject
    )
    return table(("Kind", "Severity", "Means", "What to do"), found)
