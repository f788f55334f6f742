"""What is right of a file whose form is wrong, so that the rest of it is checked in the same run.

In: what a file says, and the complaints of pydantic. Out: the same without the parts that are
complained of. A plan never uses it: `crm-sync check` alone does.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crm_sync.mapping.parts import Strict

__all__ = ["right_part", "sound_content"]

_Model = TypeVar("_Model", bound=Strict)
_ROUNDS = 4
"""What contradicts itself is seen when each part for itself is in order, so once is not enough."""
_STAND_INS: dict[str, Any] = {"label": {"sql": "''"}, "fields": {}}
"""For a key that a mapping must have, and whose absence hides nothing else."""


def right_part(model: type[_Model], content: dict[str, Any]) -> _Model | None:
    """The model of what is right; None where nothing can be made of it: without a table, say."""
    try:
        return model.model_validate(sound_content(model, content))
    except ValidationError:
        return None


def sound_content(model: type[Strict], content: dict[str, Any]) -> dict[str, Any]:
    """The content without what its model complains of."""
    left = deepcopy(content)
    for _ in range(_ROUNDS):
        try:
            model.model_validate(left)
        except ValidationError as error:
            for one in error.errors():
                _take_out(left, one)
        else:
            break
    return left


def _take_out(content: dict[str, Any], one: ErrorDetails) -> None:
    loc = tuple(map(str, one["ctx"]["path"] if one["type"] == "placed" else one["loc"]))
    if one["type"] == "missing" and len(loc) == 1:
        if loc[0] in _STAND_INS:
            content[loc[0]] = _STAND_INS[loc[0]]
        return
    holder: Any = content
    for key in loc[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if one["type"] == "extra_forbidden" and isinstance(holder, dict) and loc[-1] in holder:
        del holder[loc[-1]]
        return
    match loc:
        case ("fields" | "lookups" | "not_mapped" as part, name, *_):
            group = content.get(part)
            if isinstance(group, dict):
                group.pop(name, None)
                _forget_set(content, name)
            else:
                content.pop(part, None)
        case (part, *_):
            content.pop(part, None)
        case _:
            content.clear()


def _forget_set(content: dict[str, Any], name: str) -> None:
    """`on_delete` may set a field that is taken out: then nobody can say whether it is mapped."""
    on_delete = content.get("on_delete")
    if isinstance(on_delete, dict) and name in (on_delete.get("set") or {}):
        del content["on_delete"]
