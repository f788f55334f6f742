"""A plan and its outcome in words, for the terminal.

In: plans, outcomes. Out: lines. What an administrator is told stands here once: the page says it in
its own form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crm_sync.org_setup.carrying_out import Outcome, Refusal
from crm_sync.org_setup.present import Assignee
from crm_sync.org_setup.steps import ASSIGNMENT, HEADINGS, KEY, PERMISSIONS, VIEW, Plan
from crm_sync.org_setup.wanted import SET
from crm_sync.report.headline import counted
from crm_sync.report.model import Org
from crm_sync.report.values import visible

__all__ = ["for_the_administrator", "outcome_lines", "plan_lines", "question"]

_NEEDS = {
    KEY: "Customize Application, and Modify Metadata Through Metadata API Functions",
    VIEW: "Customize Application, and Modify Metadata Through Metadata API Functions",
    ASSIGNMENT: "Assign Permission Sets",
}
"""What a user must have to do a step (Metadata API Developer Guide, Metadata API Edit Access;
Object Reference, PermissionSetAssignment)."""
_NEEDS_OF_SETS = "Manage Profiles and Permission Sets, and View Setup and Configuration"


def plan_lines(plan: Plan) -> Iterator[str]:
    """Each step under its kind, with its reason; then notes and problems."""
    for kind in dict.fromkeys(step.kind for step in plan.steps):
        steps = plan.of(kind)
        yield f"{HEADINGS[kind]}: {len(steps)}"
        for step in steps:
            yield f"  {step.sentence}; {step.why}"
    if plan.steps:
        yield f"{counted(len(plan.steps), 'step')} in all."
    for note in plan.notes:
        yield f"Note: {note}"
    for problem in plan.problems:
        yield f"Not in order: {problem}"


def question(org: Org, plan: Plan, *, back: bool) -> str:
    """What is asked before anything is written: it names the org and its kind."""
    what = counted(len(plan.steps), "step")
    verb = "Take back" if back else "Make"
    if org.kind == "production":
        return (
            f"{visible(org.name)} ({org.id}) is {_shouted(org)}. {verb} {what} there? "
            "Type the org's name to go on: "
        )
    return f"{verb} {what} in {visible(org.name)} ({org.id}, {org.called})? [y/N] "


def _shouted(org: Org) -> str:
    return org.kind.upper() if org.called == org.kind else f"a {org.called}, not a local org"


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """What was done, was refused, and remains."""
    yield f"{counted(len(outcome.done), 'step')} done."
    for refusal in outcome.refused:
        yield f"Refused: {refusal.step.sentence}: {_reason(refusal)}"
    if left := len(outcome.remaining) + len(outcome.refused):
        yield f"{counted(left, 'step')} {'remain' if left != 1 else 'remains'}:"
        for refusal in outcome.refused:
            yield f"  {refusal.step.sentence}"
        for step in outcome.remaining:
            yield f"  {step.sentence}"
        yield (
            "Run the same command again when that is mended: it goes on from here. --page and "
            "--source write the same for an administrator."
        )


def _reason(refusal: Refusal) -> str:
    message = " ".join(visible(refusal.message).split()).rstrip(".")
    said = f"{refusal.code} ({message})." if message else f"{refusal.code}."
    if refusal.code.startswith(("INSUFFICIENT_ACCESS", "CANNOT_INSERT_UPDATE", "INVALID_TYPE")) or (
        refusal.code == "NOT_FOUND"
    ):
        needs = _NEEDS.get(refusal.step.kind, _NEEDS_OF_SETS)
        return f"{said} It needs the user permissions {needs}."
    if refusal.step.kind in PERMISSIONS:
        return f"{said} The user's licence may lack what the permission set grants."
    return said


def for_the_administrator(
    who: Assignee | None, *, target: str, views: bool, written: Sequence[str]
) -> Iterator[str]:
    """The instruction where our user may not do it himself."""
    flag = f" --assign-to {who.username}" if who else ""
    flag += " --list-views" if views else ""
    yield "Nothing was changed: our user may not change the org's set-up. An administrator does it,"
    if written:
        yield f"  with what was written here: {', '.join(written)}; or"
    else:
        yield f"  by clicks:      crm-sync org setup --target {target} --page setup.html"
        yield f"  by deployment:  crm-sync org setup --target {target} --source org-setup"
    yield (
        f'  by this command, signed in as himself (a target with auth = "access_token"): '
        f"crm-sync org setup --target HIS_TARGET{flag}"
    )
    yield f"Then assign the permission set {SET} to the user of the sync, if it is not done yet."
