"""Which way rows go: by their number, as asked, and as their mapping allows."""

from __future__ import annotations

import pytest

from crm_sync.mapping.model import Mapping
from crm_sync.sync.batches import Row
from crm_sync.sync.route import Api, Routes


def mapping(name: str, **more: str) -> Mapping:
    return Mapping.model_validate(
        {
            "name": name,
            "object": name.title(),
            "source": {"table": f"{name}s"},
            "label": "id",
            "fields": {"Name": "id"},
            **more,
        }
    )


MAPPINGS = (mapping("account"), mapping("lead", assignment_rule="active"))
PLANNED = [("account", "create", 2_001), ("account", "update", 2_000), ("lead", "create", 9_000)]


@pytest.mark.parametrize(
    ("api", "bulk"),
    [
        (None, {("account", "create")}),
        ("bulk", {("account", "create"), ("account", "update")}),
        ("composite", set[tuple[str, str]]()),
    ],
)
def test_an_action_goes_by_bulk_above_a_number_and_never_where_bulk_lacks_what_it_needs(
    api: Api | None, bulk: set[tuple[str, str]]
) -> None:
    assert Routes.of(PLANNED, MAPPINGS, api, 2_000).bulk == bulk


def test_a_row_that_bulk_gave_back_goes_by_composite() -> None:
    routes = Routes.of(PLANNED, MAPPINGS, None, 2_000)
    assert routes.is_bulk(Row("account", "1", "create"))
    assert not routes.is_bulk(Row("account", "1", "create", by_composite=True))
    assert not routes.is_bulk(Row("account", "1", "update"))


def test_calls_and_time_are_those_of_the_jobs_and_of_the_composite_calls() -> None:
    routes = Routes.of([("account", "create", 250_000)], MAPPINGS, None, 2_000)
    calls, seconds = routes.calls_and_seconds([("account", "create", 250_000)], 4)
    assert calls == 4 + 3 * 20
    assert seconds > 250_000 / 1_000
    assert Routes.of([], MAPPINGS, None, 2_000).calls_and_seconds([], 0) == (0, 0)
