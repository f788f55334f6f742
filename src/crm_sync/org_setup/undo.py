"""Taking back what was set up, and that alone.

In: `Wanted`, `Present`, the user, and how many records hold a value of each key. Out: a plan whose
steps remove. Pure. What we made says so itself: fields and the permission set in their description,
list views by their name; what others added is kept and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map

from crm_sync.org_setup.present import RIGHTS, Assignee, Present, SetThere
from crm_sync.org_setup.steps import (
    ASSIGNMENT,
    FIELD,
    KEY,
    OBJECT,
    PERMISSION_SET,
    USER,
    VIEW,
    Plan,
    Step,
)
from crm_sync.org_setup.wanted import MARK, SET, Wanted
from crm_sync.report.headline import counted

__all__ = ["undo"]


def undo(want: Wanted, there: Present, who: Assignee, held: Map[str, int | None] | None) -> Plan:
    """The steps back. `held`: records that hold a value, by field, None where nobody could count
    them; None instead of all where fields are kept anyway.
    """
    notes: list[str] = []
    problems: list[str] = []
    steps = [
        Step(VIEW, name, "remove", "made by this command", remove=name)
        for name in sorted(there.views)
    ]
    if there.set is not None and there.set.is_ours:
        steps += _permissions(want, there.set, who, notes)
    elif there.set is not None:
        notes.append(
            f"The permission set {SET} is kept: its description does not begin with {MARK!r}, so "
            "it is not ours."
        )
    elif not there.sees_permissions:
        problems.append(
            "Permission sets cannot be seen: our user lacks View Setup and Configuration."
        )
    steps += _keys(want, there, held, notes, problems)
    return Plan(tuple(steps), tuple(problems), tuple(notes), there.set.id if there.set else "")


def _keys(
    want: Wanted,
    there: Present,
    held: Map[str, int | None] | None,
    notes: list[str],
    problems: list[str],
) -> Iterator[Step]:
    for key in want.fields:
        found = there.fields.get(key.full_name)
        if found is None:
            continue
        if not found.is_ours:
            notes.append(f"{key.full_name} is kept: it was not made by this command.")
        elif held is None:
            notes.append(
                f"{key.full_name} is kept, with what it holds: without it the sync would not find "
                "its records again. To remove it, too: --with-fields."
            )
        elif (count := held.get(key.full_name)) is None:
            problems.append(
                f"{key.full_name} is kept: our user may not see it, so nobody knows how many "
                "records hold a value. Assign the permission set to this user first (crm-sync org "
                "setup), then undo again."
            )
        else:
            lost = (
                f"{counted(count, 'record')} {'hold' if count != 1 else 'holds'} a value, the "
                "recycle bin included; with the field they lose the link to their rows, and a sync "
                "would create them again"
                if count
                else "no record holds a value"
            )
            yield Step(KEY, key.full_name, "remove the field", lost, remove=key.full_name)


def _permissions(want: Wanted, there: SetThere, who: Assignee, notes: list[str]) -> Iterator[Step]:
    if assignment := there.assigned.get(who.id):
        yield Step(
            ASSIGNMENT, who.username, f"loses {SET}", "made by this command",
            method="DELETE", path=f"sobjects/PermissionSetAssignment/{assignment}",
        )  # fmt: skip
    if others := sorted(name for i, name in there.usernames.items() if i != who.id):
        # Salesforce does not delete a permission set that is assigned (Salesforce Help, Permission
        # Sets), and what is taken from it is taken from them.
        notes.append(
            f"{SET} is kept: it is assigned to {', '.join(others)}, too. If that was done by this "
            "command, name him with --assign-to."
        )
        return
    extra = list(_of_others(want, there))
    if not extra:
        yield Step(
            PERMISSION_SET, SET, "remove", "made by this command, and nobody added to it",
            method="DELETE", path="sobjects/PermissionSet/{set}",
        )  # fmt: skip
        return
    notes.append(
        f"{SET} is kept with what the mappings do not use, since someone added it, or a former "
        f"mapping: {', '.join(extra)}."
    )
    yield from _ours(want, there)


def _of_others(want: Wanted, there: SetThere) -> Iterator[str]:
    rights = {one.name: frozenset(one.rights) for one in want.objects}
    for name, one in sorted(there.objects.items()):
        if one.rights - rights.get(name, frozenset()):
            yield name
    yield from sorted(there.fields.keys() - {one.name for one in want.grants})
    yield from sorted(there.users - {one.name for one in want.users})


def _ours(want: Wanted, there: SetThere) -> Iterator[Step]:
    """An object's record to which someone added is his now, since its rights rest on each other."""
    why = "made by this command"
    for grant in want.grants:
        if found := there.fields.get(grant.name):
            yield Step(
                FIELD, grant.name, "remove", why,
                method="DELETE", path=f"sobjects/FieldPermissions/{found.id}",
            )  # fmt: skip
    others = set(_of_others(want, there))
    for one in want.objects:
        record = there.objects.get(one.name)
        if record and one.name not in others and record.rights <= frozenset(RIGHTS):
            yield Step(
                OBJECT, one.name, "remove", why,
                method="DELETE", path=f"sobjects/ObjectPermissions/{record.id}",
            )  # fmt: skip
    for user in reversed(want.users):
        if user.name in there.users:
            yield Step(
                USER, user.label, "off", why, method="PATCH", path="sobjects/PermissionSet/{set}",
                body={f"Permissions{user.name}": False},
            )  # fmt: skip
