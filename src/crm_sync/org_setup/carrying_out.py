"""Carries a plan out: the only part of setting up that writes to an org.

In: a client and a plan. Out: what was done and what was refused, step by step. Kinds of steps come
one after another, since one rests on the other; where a step of a kind is refused, or no answer
comes, what follows is left for the next time, which goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, cast

from crm_sync.errors import CrmSyncError, OrgUnreachable
from crm_sync.org_setup.steps import PERMISSION_SET, Plan, Step
from crm_sync.salesforce.client import SUBREQUESTS, Answer, NoAnswer, Subrequest
from crm_sync.salesforce.metadata import MetadataClient, Saved

__all__ = ["Outcome", "Refusal", "carry_out"]

_THERE_ALREADY = frozenset({"DUPLICATE_VALUE", "DUPLICATE_DEVELOPER_NAME"})
"""Of a record that is made: somebody was quicker, or a first answer was lost (recorded: a second
PermissionSetAssignment is refused so)."""
_GONE_ALREADY = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
"""Of what is removed."""


@dataclass(frozen=True)
class Refusal:
    """A step that Salesforce refused, with its code and words. Neither holds a value of a row."""

    step: Step
    code: str
    message: str


@dataclass
class Outcome:
    """How far it went. `ended`: what kept it from going on, besides refusals."""

    done: list[Step] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    remaining: list[Step] = field(default_factory=list)
    ended: CrmSyncError | None = None

    @property
    def is_whole(self) -> bool:
        return not self.refused and not self.remaining and self.ended is None


def carry_out(
    client: MetadataClient, plan: Plan, progress: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Does the steps in their order. `progress` is told each one that is done, in a sentence.

    Raises nothing of Salesforce's doing: that stands in the outcome.
    """
    outcome = Outcome()
    work = _Work(client, plan.set_id)
    kinds = [tuple(steps) for _, steps in groupby(plan.steps, key=lambda step: step.kind)]
    for number, steps in enumerate(kinds):
        try:
            for step, refusal in work.do(steps):
                if refusal is None:
                    outcome.done.append(step)
                    progress(step.sentence)
                else:
                    outcome.refused.append(refusal)
        except NoAnswer as error:
            outcome.ended = OrgUnreachable(
                f"Salesforce gave no answer after {client.target.attempts} attempts ({error}): it "
                "is not known whether the last step was done.",
                "Run again: it looks at what is there, and goes on.",
            )
        except CrmSyncError as error:
            outcome.ended = error
        if outcome.refused or outcome.ended:
            told = [*outcome.done, *(refusal.step for refusal in outcome.refused)]
            outcome.remaining = [s for some in kinds[number:] for s in some if s not in told]
            break
    return outcome


_Told = tuple[Step, Refusal | None]


class _Work:
    """The calls. Knows the permission set's Id as soon as there is one."""

    def __init__(self, client: MetadataClient, set_id: str) -> None:
        self._client = client
        self._set_id = set_id

    def do(self, steps: Sequence[Step]) -> Iterator[_Told]:
        """Steps of one kind, each with what was refused."""
        documents = [step.document for step in steps if step.document]
        if documents:
            yield from _of_metadata(steps, self._client.upsert_metadata(documents))
        elif steps[0].remove:
            names = [step.remove for step in steps]
            type_ = "ListView" if steps[0].kind == "view" else "CustomField"
            yield from _of_metadata(steps, self._client.delete_metadata(type_, names))
        else:
            for start in range(0, len(steps), SUBREQUESTS):
                yield from self._by_rest(steps[start : start + SUBREQUESTS])

    def _by_rest(self, steps: Sequence[Step]) -> Iterator[_Told]:
        answers = self._client.composite([self._subrequest(step) for step in steps])
        for step, answer in zip(steps, answers, strict=True):
            if step.kind == PERMISSION_SET and step.method == "POST" and answer.ok:
                self._set_id = str(answer.body["id"])
            yield step, _refusal(step, answer)

    def _subrequest(self, step: Step) -> Subrequest:
        given = {step.in_set: self._set_id} if step.in_set else {}
        body = json.dumps({**step.body, **given}) if step.body else None
        return Subrequest(step.method, step.path.replace("{set}", self._set_id), body)


def _refusal(step: Step, answer: Answer) -> Refusal | None:
    if answer.ok:
        return None
    is_new, code = step.method == "POST", answer.code
    if is_new and step.kind != PERMISSION_SET and code in _THERE_ALREADY:
        return None
    if step.method == "DELETE" and code in _GONE_ALREADY:
        return None
    body: Any = answer.body
    first = cast("dict[str, Any]", body[0]) if isinstance(body, list) and body else {}
    return Refusal(step, code or f"HTTP {answer.status}", str(first.get("message") or ""))


def _of_metadata(steps: Sequence[Step], saved: Sequence[Saved]) -> Iterator[_Told]:
    for step, one in zip(steps, saved, strict=True):
        is_gone = bool(step.remove) and one.code in _GONE_ALREADY
        yield step, None if one.ok or is_gone else Refusal(step, one.code, one.message)
