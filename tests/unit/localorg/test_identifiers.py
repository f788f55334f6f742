"""Record Ids."""

import pytest

from crm_sync.localorg.records import identifiers


@pytest.mark.parametrize(
    "id18",
    # Ids of real records, as recorded by other projects
    ["001ak00000OQTieAAH", "003ak00000luKU1AAM", "005ak000005hvjJAAQ", "00Qak00000696HFEAY"],
)
def test_the_checksum_is_that_of_real_ids(id18: str) -> None:
    assert identifiers.normalize(id18[:15]) == id18
    assert identifiers.normalize(id18) == id18


@pytest.mark.parametrize("text", ["", "24", "001ak00000OQTieAAX", "001ak00000OQTi!", "0" * 17])
def test_a_text_that_is_no_id_is_recognised(text: str) -> None:
    assert identifiers.normalize(text) is None


def test_a_built_id_has_prefix_org_and_number() -> None:
    assert identifiers.build("001", "aB9", 61) == identifiers.normalize("001aB900000000z")
