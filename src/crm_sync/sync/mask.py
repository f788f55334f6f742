"""Takes what is sensitive out of what is told of a row, before any report sees it.

In: rows and history entries as they were read, and `Sensitive`. Out: the same with each masked
value by its kind and length, in fields, labels and sentences. Every output of a dry run, a sync,
`problems` and `history` is made of what comes out here.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.sensitive import Sensitive, sensitive
from crm_sync.report.model import FieldChange, Masked, PlanRow, Problem, Value
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.contacts import without_addresses, without_contacts
from crm_sync.sync.explain import REFUSED
from crm_sync.sync.told import PARENT

__all__ = ["Mask", "Masking"]

KINDS = {
    "email": "e-mail", "phone": "phone", "url": "web address", "picklist": "choice",
    "multipicklist": "choice", "combobox": "choice", "currency": "amount", "double": "number",
    "percent": "number", "int": "number", "long": "number", "reference": "Id", "id": "Id",
    "date": "date", "datetime": "date and time", "time": "time", "boolean": "yes or no",
}  # fmt: skip
"""What people call values of a field type; all others are texts."""
OF_ONE_LENGTH = frozenset({"date", "datetime", "time", "boolean"})
"""Their length tells nothing, or the value itself."""
NO_TEXT = frozenset({*OF_ONE_LENGTH, "reference", "id"})
SHORTEST = 3
"""Characters; shorter values stand in any sentence by chance."""

WITHHELD = f"{REFUSED}. Its words are not shown: they may repeat a masked value."


@dataclass(frozen=True)
class Masking:
    """What a person wants masked: what `mappings` (all files, those that are not enabled, too) call
    sensitive, and with `contacts` every e-mail address and phone number. Without any mapping, every
    value is: nobody knows which are sensitive.
    """

    mappings: tuple[Mapping, ...]
    contacts: bool

    def mask(self, facts: Map[str, ObjectFacts]) -> Mask:
        """The mask in an org with these facts."""
        return Mask(sensitive(self.mappings, facts, contacts=self.contacts))


@dataclass(frozen=True)
class Mask:
    """Masks rows by what is sensitive in their mappings."""

    sensitive: Sensitive

    def row(self, row: PlanRow) -> PlanRow:
        """A planned row without sensitive values."""
        if not self.sensitive.is_used:
            return row
        label = row.label
        if row.label != row.key:
            label = self._label(row.mapping, row.label)
        problems = row.problems
        if problems:
            told = (*row.changes, *row.left_alone)
            problems = tuple(self.problem(row.mapping, p, told, row.label) for p in problems)
        return replace(
            row,
            key=self.key(row.key),
            label=label,
            changes=self.changes(row.mapping, row.changes),
            left_alone=self.changes(row.mapping, row.left_alone),
            problems=problems,
        )

    def changes(self, mapping: str, changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
        """Fields of a row of this mapping without sensitive values."""
        return tuple(self._change(mapping, change) for change in changes)

    def problem(
        self, mapping: str, problem: Problem, told: Iterable[FieldChange], label: str = ""
    ) -> Problem:
        """A problem whose sentence repeats no sensitive value. `told`: the row's fields as they
        were read.
        """
        if not self.sensitive.is_used:
            return problem
        sentence, mend = problem.sentence, problem.mend
        if sentence.startswith(REFUSED) and self._hides_anything(mapping):
            sentence = WITHHELD
        elif found := PARENT.fullmatch(sentence):
            named = self._label(found["mapping"], found["label"])
            # Not every sentence about a parent says which lookup names it.
            lookups = [problem.field] if problem.field else [c.field for c in told if _names(c)]
            if any(self.sensitive.masks(mapping, name, "reference") for name in lookups):
                named = str(Masked("text", len(found["label"])))
            sentence = f"{found['head']}{named}{found['tail']}"
        for value, shown in self._hidden(mapping, told, label):
            if len(value) >= SHORTEST:
                sentence, mend = sentence.replace(value, shown), mend.replace(value, shown)
        if self.sensitive.contacts:
            sentence, mend = without_contacts(sentence), without_contacts(mend)
        return replace(problem, sentence=sentence, mend=mend)

    def _change(self, mapping: str, change: FieldChange) -> FieldChange:
        if self.sensitive.masks(mapping, change.field, change.type):
            shown = {n: _masked(getattr(change, n), change.type) for n in _VALUES}
        elif self.sensitive.contacts and change.type not in NO_TEXT:
            shown = {n: _cleaned(getattr(change, n)) for n in _VALUES}
        else:
            return change
        return replace(change, **shown)  # type: ignore[arg-type]

    def _label(self, mapping: str, label: str) -> str:
        if self.sensitive.masks_label(mapping):
            return str(Masked("text", len(label)))
        return without_contacts(label) if self.sensitive.contacts else label

    def _hides_anything(self, mapping: str) -> bool:
        return bool(self.sensitive.fields.get(mapping)) or self.sensitive.masks_label(mapping)

    def _hidden(
        self, mapping: str, changes: Iterable[FieldChange], label: str
    ) -> list[tuple[str, str]]:
        """Masked values as a sentence may repeat them, and what stands for each; long ones first,
        since they may hold others.
        """
        found = {
            str(value): str(_masked(value, change.type))
            for change in changes
            if self.sensitive.masks(mapping, change.field, change.type)
            for value in (change.before, change.after, change.current)
            if value is not None and not isinstance(value, bool | dict | Masked)
        }
        if label and self.sensitive.masks_label(mapping):
            found[label] = self._label(mapping, label)
        return sorted(found.items(), key=lambda pair: -len(pair[0]))

    def key(self, key: str) -> str:
        """A key, by which every output calls a row; only an e-mail address is masked in it."""
        return without_addresses(key) if self.sensitive.contacts else key


_VALUES = ("before", "after", "current")


def _names(change: FieldChange) -> bool:
    return change.type == "reference"


def _masked(value: Value, type_: str) -> Value:
    """A value by its kind and length. Nothing stays nothing; a parent that is not there yet has no
    Id, and so no length.
    """
    if value is None or value == "" or isinstance(value, Masked):
        return value
    length = None if type_ in OF_ONE_LENGTH or isinstance(value, dict) else len(str(value))
    return Masked(KINDS.get(type_, "text"), length)


def _cleaned(value: Value) -> Value:
    return without_contacts(value) if isinstance(value, str) else value
