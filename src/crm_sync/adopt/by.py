"""By which fields rows and records are compared: what a person said, else what suits the object.

In: the words of `--by`, the mappings that were chosen, field facts. Out: for each mapping its
fields. Raises SetupError for a field that the mapping does not write or our user does not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm_sync.errors import OrgAccessError, SetupError
from crm_sync.mapping import model
from crm_sync.names import nearest
from crm_sync.report.headline import listed
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["DEFAULTS", "SHOWN", "checked", "chosen_fields"]

DEFAULTS = {
    "Account": ("Name", "Website"),
    "Contact": ("Email",),
    "Lead": ("Email",),
    "Opportunity": ("Name", "AccountId"),
}
"""What tells two records of an object apart in most orgs. Of other objects nobody can know it."""

SHOWN = ("Name", "FirstName", "LastName", "Company", "Subject")
"""Fields that a person knows a record by; shown beside those that are compared."""


def chosen_fields(
    words: Iterable[str], mappings: Sequence[model.Mapping], *, selected: bool
) -> dict[str, tuple[str, ...]]:
    """The fields of each mapping that is looked at. `words`: `Name,Website`, for every mapping that
    is looked at, or `account:Name,Website` for one. Where none was `selected`, mappings that no
    field is known for are left out.
    """
    said = _said(words, mappings)
    found: dict[str, tuple[str, ...]] = {}
    without: list[model.Mapping] = []
    for mapping in mappings:
        fields = said.get(mapping.name) or said.get("") or _default(mapping)
        if fields:
            found[mapping.name] = fields
        else:
            without.append(mapping)
    if without and (selected or not found):
        names = listed([m.name for m in without])
        raise SetupError(
            f"By which fields {names} should be compared is not known.",
            f"Say it: --by {without[0].name}:FIELD,FIELD",
        )
    return found


def _default(mapping: model.Mapping) -> tuple[str, ...]:
    fields = DEFAULTS.get(mapping.object, ())
    return fields if all(f in mapping.rules for f in fields) else ()


def _said(words: Iterable[str], mappings: Sequence[model.Mapping]) -> dict[str, tuple[str, ...]]:
    names = [m.name for m in mappings]
    said: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, colon, rest = word.rpartition(":")
        fields = tuple(f.strip() for f in rest.split(","))
        if colon and name not in names:
            raise SetupError(
                f"--by {word}: {name} is none of the mappings that are looked at."
                f"{nearest(name, names)}",
                f"They are {listed(names)}.",
            )
        if not all(fields) or len(set(fields)) < len(fields):
            raise SetupError(
                f"--by {word}: a field is empty or stands twice.", "Write --by Name,Website"
            )
        if name in said:
            raise SetupError(f"--by {word}: its fields were given before.", "Give them once.")
        said[name] = fields
    return said


def checked(
    mapping: model.Mapping, fields: Sequence[str], facts: Mapping[str, ObjectFacts]
) -> dict[str, str]:
    """The fields with their types, for comparing.

    Raises SetupError for one that the mapping does not write, OrgAccessError for one that the org
    does not let our user read, or an external ID that it does not let him write.
    """
    known = facts[mapping.object].fields
    for name in fields:
        if name not in mapping.rules:
            raise SetupError(
                f"--by {name}: {mapping.name}.yaml does not write {mapping.object}.{name}."
                f"{nearest(name, list(mapping.rules))}",
                "Name fields that the mapping writes.",
            )
        if name not in known:
            raise OrgAccessError(
                f"Our user does not see {mapping.object}.{name}, by which records are compared.",
                "Let a permission set grant it, or name other fields with --by.",
            )
    key = known[mapping.external_id.field]
    if not key.updateable:
        raise OrgAccessError(
            f"Our user may not write {mapping.object}.{key.name}, the external ID.",
            "Let a permission set grant it: crm-sync org setup shows which.",
        )
    return {name: known[name].type for name in fields}
