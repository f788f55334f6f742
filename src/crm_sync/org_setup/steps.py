"""One step of setting an org up, or of taking it back: what, why, and how it is done.

In: nothing of the project but documents. Out: `Step`, in the order in which steps can be done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crm_sync.salesforce.metadata import Document

__all__ = [
    "ASSIGNMENT",
    "FIELD",
    "HEADINGS",
    "KEY",
    "OBJECT",
    "PERMISSIONS",
    "PERMISSION_SET",
    "USER",
    "VIEW",
    "Plan",
    "Step",
]

KEY, PERMISSION_SET, USER, OBJECT = "key", "set", "user", "object"
FIELD, ASSIGNMENT, VIEW = "field", "assignment", "view"
PERMISSIONS = (PERMISSION_SET, USER, OBJECT, FIELD, ASSIGNMENT)
HEADINGS = {
    KEY: "External ID fields",
    PERMISSION_SET: "Permission set",
    USER: "User permissions",
    OBJECT: "Object permissions",
    FIELD: "Field permissions",
    ASSIGNMENT: "Assignment",
    VIEW: "List views",
}
"""What people call the kinds of steps."""


@dataclass(frozen=True)
class Step:
    """`document` or `remove` are for the Metadata API (what is made or changed; the full name that
    is removed); else `method`, `path` and `body` are a call of the REST API. `in_set`: the key of
    `body` that names the permission set, whose Id may not be known before.
    """

    kind: str
    name: str
    what: str
    why: str
    document: Document | None = None
    remove: str = ""
    method: str = ""
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    in_set: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True)
class Plan:
    """The steps, in order; `problems` need a person, `notes` are worth knowing. `set_id`: the
    permission set's, where it is there.
    """

    steps: tuple[Step, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    set_id: str = ""

    def of(self, *kinds: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind in kinds)
