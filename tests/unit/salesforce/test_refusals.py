"""What is advised where Salesforce's words are unknown or in another language."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from crm_sync.salesforce.refusals import (
    CODES,
    GUIDE,
    WORDS,
    mend_of_call,
    mend_of_object,
    mend_of_sign_in,
)
from crm_sync.targets import Auth

ROOT = Path(__file__).parents[3]


def test_unknown_words_of_a_known_way_list_what_may_be_wrong() -> None:
    said = mend_of_sign_in("invalid_grant", "niemand", "client_credentials", "else")
    assert "no Run As user" in said
    assert "My Domain" in said
    assert "certificate" in mend_of_sign_in("invalid_grant", "", "jwt_bearer", "else")


def test_unknown_codes_get_what_the_caller_knows() -> None:
    assert mend_of_sign_in("brand_new", "words", "access_token", "else") == "else"
    assert mend_of_sign_in("invalid_grant", "words", "access_token", "else") == "else"


def test_only_codes_of_calls_are_explained_of_calls() -> None:
    assert "API Enabled" in mend_of_call("API_DISABLED_FOR_ORG")
    assert mend_of_call("INVALID_SESSION_ID") == ""
    assert mend_of_call("invalid_client") == ""
    assert mend_of_call("") == ""


def test_an_object_without_a_licence_names_licence_and_permission() -> None:
    said = mend_of_object("Opportunity")
    assert "Permission Set License Assignments" in said
    assert "Object Settings → Opportunity" in said


def test_the_guide_has_every_way_and_every_refusal() -> None:
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    for said in (*(code for code in CODES), *(words for words, _ in WORDS)):
        assert said in guide, said
    for way in get_args(Auth):
        assert f"`{way}`" in guide, way
