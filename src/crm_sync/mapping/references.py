"""Lookups to records that are not ours, against what the org says of those records' objects.

In: a mapping and the facts of the objects that it writes and names. Out: findings with the line of
the mapping file.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map

from crm_sync.errors import OrgAccessError
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["no_field", "reference_findings"]

Path_ = tuple[str, ...]
TEXTS = frozenset(
    {
        "combobox",
        "email",
        "encryptedstring",
        "id",
        "phone",
        "picklist",
        "reference",
        "string",
        "url",
    }
)
"""Types whose values a query compares with text (SOQL and SOSL Reference, fieldExpression)."""


def reference_findings(
    mapping: Mapping,
    facts: Map[str, ObjectFacts],
    hidden: Map[str, frozenset[str]] | None = None,
) -> Iterator[Finding]:
    """Where a record could not be searched by the field that `by` names, and where a field that is
    never empty would be left empty. `hidden`: by object, fields that are there and that our user
    may not see; objects of which nobody asked are left out.
    """
    for name, reference in mapping.references.items():
        path = ("lookups", name)
        own = facts[mapping.object].fields.get(name)
        if reference.otherwise == "blank" and own is not None and not own.nillable:
            yield said_of(
                mapping, path, "never-empty",
                f"{mapping.object}.{name} cannot be empty, so it cannot be left blank.",
                "Say otherwise: default, or otherwise: error.",
            )  # fmt: skip
        known = facts.get(reference.object)
        if known is None:
            continue  # who asked for the describe says so
        field = known.fields.get(reference.by)
        if field is None:
            yield no_field(mapping, path, reference.by, known, (hidden or {}).get(reference.object))
        elif field.type not in TEXTS or not field.filterable:
            yield said_of(
                mapping, path, "not-searchable",
                f"{reference.object} records cannot be found by {reference.by}: Salesforce does "
                f"not search a {field.type} field for a text.",
                "Name a field that holds a short text, such as Email, Name or DeveloperName.",
            )  # fmt: skip


def no_field(
    mapping: Mapping, path: Path_, name: str, facts: ObjectFacts, hidden: frozenset[str] | None
) -> Finding:
    """A field that the object's describe lacks. `hidden`: fields that are there and that our user
    may not see, or None where nobody asked.
    """
    close = nearest(name, facts.fields)
    if hidden is None:
        return said_of(
            mapping, path, "unknown-field",
            f"{facts.name} has no field {name} in this org, or our user may not see it.",
            f"{close} Correct the name, or let a permission set grant the field.",
        )  # fmt: skip
    if name in hidden:
        return said_of(
            mapping, path, "hidden-field",
            f"{facts.name}.{name} is there, and our user may not see it.",
            "Let a permission set grant read and edit access to the field: crm-sync org setup.",
            error=OrgAccessError,
        )  # fmt: skip
    return said_of(
        mapping, path, "unknown-field", f"{facts.name} has no field {name} in this org.",
        f"{close} Correct the name, or create the field.",
    )  # fmt: skip
