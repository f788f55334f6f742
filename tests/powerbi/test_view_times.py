"""The benchmark of the views runs, and its page has every table of the model."""

from __future__ import annotations

from tests.benchmarks import machine, views
from tests.support.postgres import Server
from tools.powerbi.model import Model


def test_every_table_of_the_model_is_measured_and_stands_on_the_page(
    server: Server, template: str, model: Model
) -> None:
    size = views.Size(40)
    figures = views.run(server, size)
    assert {figure.table: figure.view for figure in figures} == {
        table.name: table.view for table in model.tables.values()
    }
    rows = {figure.view: figure.rows for figure in figures}
    assert rows["project_detail"] == 40
    assert rows["activity_timeline"] == 200
    assert rows["lead"] == 20
    assert rows["account"] == 1
    assert rows["workload_by_month"] > 0
    page = views.page(machine.describe(server.admin_url), size, figures)
    assert "--projects 40 --write" in page
    for figure in figures:
        assert f"| {figure.table} | `{figure.view}` | {figure.rows:,} |" in page
