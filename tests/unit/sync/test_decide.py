"""What an answer means: a table of cases."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.sync.decide import Decision, Fate, Verdict, decide, fate, last_word, results

ID = "001000000000001AAA"


def refusal(code: str, **more: Any) -> dict[str, Any]:
    return {
        "success": False,
        "errors": [{"statusCode": code, "message": "…", "fields": [], **more}],
    }


@pytest.mark.parametrize(
    ("action", "code", "verdict"),
    [
        ("create", "REQUIRED_FIELD_MISSING", Verdict.REFUSED),
        ("create", "STRING_TOO_LONG", Verdict.REFUSED),
        ("create", "DUPLICATE_VALUE", Verdict.REFUSED),
        ("create", "DUPLICATES_DETECTED", Verdict.REFUSED),
        ("create", "DUPLICATE_EXTERNAL_ID", Verdict.REFUSED),
        ("update", "A_CODE_THAT_NOBODY_KNOWS", Verdict.REFUSED),
        ("update", "UNABLE_TO_LOCK_ROW", Verdict.REPEAT),
        ("create", "SERVER_UNAVAILABLE", Verdict.REPEAT),
        ("create", "UNKNOWN_EXCEPTION", Verdict.REPEAT),
        ("create", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Verdict.HALVE),
        ("update", "CANNOT_EXECUTE_FLOW_TRIGGER", Verdict.HALVE),
        ("update", "ENTITY_IS_DELETED", Verdict.LOOK),
        ("update", "INVALID_CROSS_REFERENCE_KEY", Verdict.LOOK),
        ("update", "CANNOT_UPDATE_CONVERTED_LEAD", Verdict.LOOK),
        ("delete", "ENTITY_IS_DELETED", Verdict.DELETED),
        ("delete", "INVALID_CROSS_REFERENCE_KEY", Verdict.LOOK),
        ("create", "INVALID_FIELD", Verdict.STOP_OBJECT),
        ("update", "INVALID_FIELD_FOR_INSERT_UPDATE", Verdict.STOP_OBJECT),
        ("create", "STORAGE_LIMIT_EXCEEDED", Verdict.STOP_OBJECT),
        ("delete", "REQUEST_LIMIT_EXCEEDED", Verdict.STOP_RUN),
    ],
)
def test_a_code_has_one_meaning_for_an_action(action: str, code: str, verdict: Verdict) -> None:
    assert decide(action, refusal(code)).verdict is verdict


@pytest.mark.parametrize(
    "message", ["Required fields are missing", "Campos obrigatórios ausentes", ""]
)
def test_a_message_is_shown_and_decides_nothing(message: str) -> None:
    decision = decide("create", refusal("REQUIRED_FIELD_MISSING", message=message, fields=["Name"]))
    assert decision == Decision(
        Verdict.REFUSED, code="REQUIRED_FIELD_MISSING", message=message, fields=("Name",)
    )


def test_success_is_read_by_its_key() -> None:
    assert decide("create", {"success": True, "id": ID, "created": True, "errors": []}) == Decision(
        Verdict.RECORDED, salesforce_id=ID
    )
    assert decide("create", {"success": True, "id": ID, "created": False}).met is True
    assert decide("update", {"success": True, "id": ID}).met is False
    assert decide("delete", {"success": True, "id": ID}).verdict is Verdict.DELETED


@pytest.mark.parametrize("result", [{}, {"success": False}, {"success": False, "errors": []},
                                    {"errors": None}])  # fmt: skip
def test_a_result_that_says_nothing_leaves_the_row_unknown(result: dict[str, Any]) -> None:
    assert decide("create", result).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, [{"success": True}, {"success": False}], [{"success": True}, {"success": False}]),
        (200, [{"success": True}], [{}, {}]),
        (200, [{"success": True}, None], [{"success": True}, {}]),
        (200, None, [{}, {}]),
        (200, {"records": []}, [{}, {}]),
        (304, None, [{}, {}]),
        (500, [{"errorCode": "UNKNOWN_EXCEPTION"}], [{}, {}]),
        (503, "<html>", [{}, {}]),
        (429, None, [{}, {}]),
        (408, None, [{}, {}]),
    ],
)
def test_each_row_has_its_result_or_none(status: int, body: Any, expected: list[Any]) -> None:
    assert results(status, body, 2) == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([{"errorCode": "NOT_FOUND", "message": "…"}], "NOT_FOUND"),
        ("<html>", "HTTP_404"),
        ([], "HTTP_404"),
        (["odd"], "HTTP_404"),
    ],
)
def test_a_request_that_was_refused_as_a_whole_refuses_each_row(body: Any, code: str) -> None:
    assert [decide("create", r).code for r in results(404, body, 2)] == [code, code]


def test_a_passing_trouble_is_a_refusal_in_the_end_and_the_rest_stays_as_it_is() -> None:
    for verdict in Verdict:
        final = last_word(Decision(verdict, code="X")).verdict
        passing = verdict in (Verdict.REPEAT, Verdict.HALVE)
        assert final is (Verdict.REFUSED if passing else verdict)


@pytest.mark.parametrize(
    ("record", "became"),
    [
        (None, Fate.GONE),
        ({"Id": ID}, Fate.ALIVE),
        ({"Id": ID, "IsDeleted": False, "IsConverted": False}, Fate.ALIVE),
        ({"Id": ID, "IsDeleted": True, "MasterRecordId": None}, Fate.GONE),
        ({"Id": ID, "IsDeleted": True, "MasterRecordId": ID}, Fate.MERGED),
        ({"Id": ID, "IsDeleted": False, "IsConverted": True}, Fate.CONVERTED),
        ({"Id": ID, "IsDeleted": True, "IsConverted": True}, Fate.GONE),
    ],
)
def test_what_became_of_a_record_is_read_from_its_flags(record: Any, became: Fate) -> None:
    assert fate(record) is became
