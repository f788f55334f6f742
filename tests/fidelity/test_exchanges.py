"""Each recorded answer beside the local org's own to the same request."""

from pathlib import Path

import pytest

from tests.unit.localorg import metadata_calls

from .compare import differences, parsed, read, replaced, unexplained
from .differences import DIFFERENCES
from .exchanges import EXCHANGES, Answer, Callers, Exchange, send

pytestmark = pytest.mark.recordings


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_org_answers_as_recorded(name: str, callers: Callers, recordings: Path) -> None:
    exchange = EXCHANGES[name]
    theirs = read(recordings / name, exchange.names)
    answer = _ask(exchange, callers, recordings, theirs)
    assert answer.status_code == exchange.status, answer.text
    assert answer.headers["Content-Type"] == exchange.content_type
    found = [*differences(parsed(answer.text), theirs, exchange.own)]
    assert unexplained(found, DIFFERENCES.get(name, {})) == [], answer.text


def _ask(exchange: Exchange, callers: Callers, recordings: Path, theirs: object) -> Answer:
    if exchange.ask is not None:
        return exchange.ask(callers, theirs)
    documents = [(recordings / name).read_text(encoding="utf-8") for name in exchange.requests]
    return [send(callers, replaced(each, exchange.names)) for each in documents][-1]


def test_a_recorded_permission_set_is_kept_as_it_was_sent(
    callers: Callers, recordings: Path
) -> None:
    exchange = EXCHANGES["metadata/write-permissionset-response.xml"]
    _ask(exchange, callers, recordings, None)
    [document] = metadata_calls.read(
        callers.admin, "PermissionSet", "IntegrationCustomFieldVisibility"
    )
    assert document["label"] == "Custom Field Visibility for Integration"
    fields = {each["field"] for each in document["fieldPermissions"]}
    assert fields == {
        f"Account.{name}__c" for name in ("Connection", "Hobby", "IsReady", "Birthday")
    }
