"""Every field that the local org offers, beside its recorded describe: all that is told of it."""

from pathlib import Path

import pytest

from .compare import differences, read, unexplained
from .describes import DESCRIBES, by_name, offered
from .differences import DIFFERENCES
from .exchanges import Callers

pytestmark = pytest.mark.recordings

ASKED = {
    "type", "length", "precision", "scale", "digits", "nillable", "createable", "updateable",
    "idLookup", "externalId", "unique", "caseSensitive", "restrictedPicklist", "picklistValues",
    "referenceTo", "relationshipName",
}  # fmt: skip
"""What a whole describe must at least have told of each field."""


@pytest.mark.parametrize("name", DESCRIBES)
def test_every_offered_field_is_described_as_recorded(
    name: str, callers: Callers, recordings: Path
) -> None:
    answer = callers.client.call("GET", f"/sobjects/{DESCRIBES[name]}/describe")
    assert answer.status_code == 200
    ours = by_name(answer.json())
    theirs = offered(by_name(read(recordings / name)), ours)
    if "reduced" not in name:
        assert all(facts.keys() >= ASKED for facts in theirs["fields"].values())
    found = [*differences(ours, theirs)]
    assert unexplained(found, DIFFERENCES.get(name, {})) == []
