"""The recorded describes, and how the local org's own are laid beside them."""

import re
from typing import Any

DESCRIBES = {
    f"describe/{name}": name.partition(".")[0]
    for name in (
        "Account.json",
        "Event.json",
        "Lead.json",
        "Opportunity.json",
        "Task.reduced.json",
    )
}
"""Recorded file → object."""

_HOST_OR_VERSION = re.compile(r"^https?://[^/]+|(?<=^/services/data/)v[^/]+")


def by_name(described: dict[str, Any]) -> dict[str, Any]:
    """A describe with fields and child relationships by name, in their order, and its addresses
    without host and version, which are no fact about the object."""
    told = _anywhere(described)
    told["fields"] = {f["name"]: f for f in told["fields"]}
    if "childRelationships" in told:
        children = {f"{c['childSObject']}.{c['field']}": c for c in told["childRelationships"]}
        told["childRelationships"] = children
    return told


def _anywhere(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _anywhere(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_anywhere(each) for each in value]
    return _HOST_OR_VERSION.sub("", value) if isinstance(value, str) else value


def offered(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """The recorded describe without the fields and child relationships that the local org does
    not offer; each lookup without the targets that it does not have."""
    fields = {
        name: {**fact, "referenceTo": _known(fact["referenceTo"], ours["fields"][name])}
        for name, fact in theirs["fields"].items()
        if name in ours["fields"]
    }
    children = theirs.get("childRelationships", {})
    known = {name: told for name, told in children.items() if name in ours["childRelationships"]}
    return {**theirs, "fields": fields} | ({"childRelationships": known} if children else {})


def _known(targets: list[str], field: dict[str, Any]) -> list[str]:
    return [each for each in targets if each in field["referenceTo"]]
