"""What is left to do in an org: what we want, less what is there.

In: `Wanted`, `Present`, the user who gets the permission set. Out: a plan. Pure. Adds only: what
others put into the permission set stays, and a field of theirs is not changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from crm_sync.org_setup.present import Assignee, Present, SetThere
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
from crm_sync.org_setup.views import VIEW_LABEL
from crm_sync.org_setup.wanted import DESCRIPTION, LABEL, MARK, SET, Wanted

__all__ = ["difference"]


def difference(want: Wanted, there: Present, who: Assignee) -> Plan:
    """The steps to what is wanted. A second time there are none."""
    problems = list(want.problems)
    steps = [*_keys(want, there, problems)]
    notes = list(want.notes)
    if there.sees_permissions:
        permissions = list(_permissions(want, there.set, who))
        if there.set is not None and not there.set.is_ours and permissions:
            problems.append(
                f"The permission set {SET} was not made by this command, so nothing is added to "
                f"it: give it another name, or let its description begin with {MARK!r}."
            )
            permissions = []
        steps += permissions
        if there.set is not None and (extra := _unused(want, there.set)):
            notes.append(
                f"{SET} also grants what the mappings do not use; that is kept: {', '.join(extra)}."
            )
    else:
        steps += list(_permissions(want, None, who))
        notes.append(
            "Permission sets were not compared: our user lacks View Setup and Configuration."
        )
    steps += [
        Step(
            VIEW, view.full_name, f"list view {VIEW_LABEL!r} with {', '.join(view.columns)}",
            f"records that carry {view.key}", document=view.document,
        )
        for view in want.views
        if view.full_name not in there.views
    ]  # fmt: skip
    return Plan(tuple(steps), tuple(problems), tuple(notes), there.set.id if there.set else "")


def _keys(want: Wanted, there: Present, problems: list[str]) -> Iterator[Step]:
    for key in want.fields:
        found = there.fields.get(key.full_name)
        what = f"Text({key.length}), External ID, Unique (case-sensitive)"
        if found is None:
            served = f"; serves {' and '.join(key.objects)}" if len(key.objects) > 1 else ""
            yield Step(KEY, key.full_name, what, key.why + served, document=key.document)
        elif found.lacks and found.is_ours:
            yield Step(
                KEY, key.full_name, f"change to {what}", f"it {' and '.join(found.lacks)}",
                document=key.document,
            )  # fmt: skip
        elif found.lacks:
            problems.append(
                f"{key.full_name} {' and '.join(found.lacks)}. It was not made by this command, so "
                f"it is left alone: change it in Setup to {what}, or name another field in the "
                "mapping (external_id)."
            )


def _permissions(want: Wanted, there: SetThere | None, who: Assignee) -> Iterator[Step]:
    if there is None:
        yield Step(
            PERMISSION_SET, SET, f"label {LABEL!r}", "everything below stands in it",
            method="POST", path="sobjects/PermissionSet",
            body={"Name": SET, "Label": LABEL, "Description": DESCRIPTION},
        )  # fmt: skip
    for user in want.users:
        if there is None or user.name not in there.users:
            yield Step(
                USER, user.label, "on", user.why,
                method="PATCH", path="sobjects/PermissionSet/{set}",
                body={f"Permissions{user.name}": True},
            )  # fmt: skip
    yield from _objects(want, there)
    yield from _fields(want, there)
    if there is None or who.id not in there.assigned:
        yield Step(
            ASSIGNMENT, who.username, f"gets {SET}", "this user reads and writes for the sync",
            method="POST", path="sobjects/PermissionSetAssignment",
            body={"AssigneeId": who.id}, in_set="PermissionSetId",
        )  # fmt: skip


def _objects(want: Wanted, there: SetThere | None) -> Iterator[Step]:
    for one in want.objects:
        found = there.objects.get(one.name) if there else None
        lacking = [r for r in one.rights if found is None or r not in found.rights]
        rights = {f"Permissions{right}": True for right in lacking}
        if found is None:
            body = {"SobjectType": one.name, **rights}
            yield Step(
                OBJECT, one.name, one.words, one.why, method="POST",
                path="sobjects/ObjectPermissions", body=body, in_set="ParentId",
            )  # fmt: skip
        elif lacking:
            yield Step(
                OBJECT, one.name, f"{', '.join(lacking).lower()} besides", one.why,
                method="PATCH", path=f"sobjects/ObjectPermissions/{found.id}", body=rights,
            )  # fmt: skip


def _fields(want: Wanted, there: SetThere | None) -> Iterator[Step]:
    for one in want.grants:
        found = there.fields.get(one.name) if there else None
        if found is None:
            body = {
                "SobjectType": one.name.partition(".")[0],
                "Field": one.name,
                "PermissionsRead": True,
                "PermissionsEdit": one.edit,
            }
            yield Step(
                FIELD, one.name, one.words, one.why, method="POST",
                path="sobjects/FieldPermissions", body=body, in_set="ParentId",
            )  # fmt: skip
        elif one.edit and not found.edit:
            yield Step(
                FIELD, one.name, "edit besides", one.why,
                method="PATCH", path=f"sobjects/FieldPermissions/{found.id}",
                body={"PermissionsEdit": True},
            )  # fmt: skip


def _unused(want: Wanted, there: SetThere) -> list[str]:
    """What the set grants beyond the mappings: of former ones, or added by someone."""
    return sorted(
        [
            *(there.objects.keys() - {one.name for one in want.objects}),
            *(there.fields.keys() - {one.name for one in want.grants}),
            *(there.users - {one.name for one in want.users}),
        ]
    )
