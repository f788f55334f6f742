"""Two targets, two orgs: each receives the rows that it is meant to, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.errors import MappingError, SettingsError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.settings import Settings
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support.postgres import Database

NORTH = {
    "account": "billing_city = 'Oslo'",
    "lead": "owner_email = 'north@example.com'",
}
SOUTH = {
    "account": "billing_city is distinct from 'Oslo'",
    "lead": "owner_email is distinct from 'north@example.com'",
}


@dataclass
class TwoClients(Practice):
    """`own`: by target, further settings of it."""

    own: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def settings(self) -> Settings:
        settings = super().settings()
        targets = {
            name: target.model_copy(update=self.own.get(name, {}))
            for name, target in settings.targets.items()
        }
        return settings.model_copy(update={"targets": targets})

    def names(self, target: str, name: str = "Account") -> set[str]:
        """Names of an org's records with our key."""
        return {
            r.get("Name") or r["Subject"]
            for r in self.orgs[target].store.records(name)
            if r["CRM_Id__c"]
        }


@pytest.fixture
def clients(
    database: Database, connection: psycopg.Connection[Any], org: LocalOrg, tmp_path: Path
) -> Iterator[TwoClients]:
    with LocalOrg(data=None) as other:
        yield TwoClients(
            database, connection, {"north": org, "south": other}, shipped_mappings(tmp_path),
            own={"north": {"where": NORTH}, "south": {"where": SOUTH}},
        )  # fmt: skip


def filled(clients: TwoClients) -> dict[str, str]:
    """An account with a project and a call for each client, and a lead."""
    keys: dict[str, str] = {}
    for name, city in (("Nord", "Oslo"), ("Sud", "Rome")):
        keys[name] = clients.add("accounts", company_name=name, billing_city=city)
        clients.add("projects", account_id=keys[name], project_name=name, start_date="2026-01-05")
        clients.add("activities", account_id=keys[name], subject=f"Call {name}")
    clients.add("leads", last_name="Nansen", owner_email="north@example.com")
    clients.add("leads", last_name="Rossi")
    return keys


def test_each_org_receives_its_own_rows_and_no_child_of_the_others(clients: TwoClients) -> None:
    filled(clients)
    for target in ("north", "south"):
        assert clients.sync(target).status == "finished with problems"
    assert (clients.names("north"), clients.names("south")) == ({"Nord"}, {"Sud"})
    assert clients.names("north", "Lead") == {"Nansen"}
    assert clients.names("south", "Lead") == {"Rossi"}
    for target, own in (("north", "Nord"), ("south", "Sud")):
        assert {n.split(" ")[0] for n in clients.names(target, "Opportunity")} == {own}
        assert clients.names(target, "Task") == {f"Call {own}"}


def test_a_child_whose_parent_goes_elsewhere_waits_and_says_so(clients: TwoClients) -> None:
    filled(clients)
    [project] = [r for r in clients.plan("north") if r.mapping == "opportunity" and r.problems]
    assert (project.state, project.label) == ("blocked", "Sud")
    assert project.problems[0].code == "PARENT_NOT_READY"
    assert project.problems[0].sentence.endswith("which is not part of what is synced.")
    assert project.problems[0].mend == (
        "If the account is to be sent, let --select or its where take it in; else leave this row "
        "out by a where of its own mapping."
    )
    clients.sync("north")
    assert clients.sync("north").status == "finished with problems"
    assert "Sud" not in str([dict(r) for r in clients.orgs["north"].store.records("Task")])


def test_children_may_be_narrowed_by_a_join(clients: TwoClients) -> None:
    filled(clients)
    clients.own["north"]["where"] = {**NORTH, "opportunity": "account.billing_city = 'Oslo'"}
    rows = [r for r in clients.plan("north") if r.mapping == "opportunity"]
    assert [(r.label, r.state) for r in rows] == [("Nord", "planned")]


def test_a_row_that_comes_and_goes_counts_as_created_and_deleted(clients: TwoClients) -> None:
    keys = [clients.add("accounts", company_name=f"A{n}", billing_city="Oslo") for n in range(5)]
    clients.sync("north")
    clients.sync("south")
    clients.change("accounts", keys[0], billing_city="Rome")
    assert [(r.key, r.action) for r in clients.plan("north")] == [(keys[0], "delete")]
    assert [(r.key, r.action) for r in clients.plan("south")] == [(keys[0], "create")]
    clients.sync("north")
    clients.sync("south")
    assert clients.names("north") == {"A1", "A2", "A3", "A4"}
    assert clients.names("south") == {"A0"}


def test_a_wider_or_narrower_target_compares_every_row_again(clients: TwoClients) -> None:
    for number in range(8):
        clients.add(
            "accounts", company_name=f"A{number}", billing_city=("Oslo", "Rome")[number > 6]
        )
    clients.sync("north")
    with clients.planned("north") as report:
        assert report.mode == "incremental"
    clients.own["north"]["where"] = {}
    assert [(r.label, r.action) for r in clients.plan("north")] == [("A7", "create")]
    clients.own["north"]["where"] = {"account": "company_name <> 'A0' and billing_city = 'Oslo'"}
    assert [(r.label, r.action) for r in clients.plan("north")] == [("A0", "delete")]


def test_the_dry_run_says_what_the_target_leaves_out(clients: TwoClients) -> None:
    clients.own["south"] = {}
    filled(clients)
    said = "Of account the target north receives only rows where billing_city = 'Oslo'."
    with clients.planned("north") as report:
        assert said in report.notes
    with clients.planned("south") as report:
        assert not any("receives only" in note for note in report.notes)


def test_a_target_has_mappings_of_its_own(clients: TwoClients, tmp_path: Path) -> None:
    own = tmp_path / "south"
    own.mkdir()
    text = (clients.mappings / "account.yaml").read_text("utf-8")
    assert "  Name: company_name\n" in text
    (own / "account.yaml").write_text(
        text.replace("  Name: company_name\n", "  Name: {sql: upper(company_name)}\n"), "utf-8"
    )
    clients.own = {"south": {"mappings": own}}
    filled(clients)
    clients.sync("north")
    clients.sync("south")
    assert clients.names("north") == {"Nord", "Sud"}
    assert clients.names("south") == {"NORD", "SUD"}
    assert clients.orgs["south"].store.count("Task") == 0
    assert clients.sync("north").calls == 0
    assert clients.sync("south").calls == 0


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "billing_cty = 'Oslo'",
            'targets.north.where.account: PostgreSQL says: column "billing_ct',
        ),
        ("true) or (true", "targets.north.where.account: "),
        ("exists (select from leads)", "targets.north.where.account: "),
        ("created_at > now()", "targets.north.where.account: now() depends on more than the row"),
        ("random() > 0.5", "targets.north.where.account: random() gives another value each time"),
        ("billing_city", "targets.north.where.account: PostgreSQL says: "),
    ],
)
def test_a_wrong_condition_is_told_with_its_place_and_sends_nothing(
    clients: TwoClients, said: str, sentence: str
) -> None:
    filled(clients)
    clients.own["north"]["where"] = {"account": said}
    for attempt in (clients.sync, clients.plan):
        with pytest.raises(MappingError) as caught:
            attempt("north")
        assert str(caught.value).startswith(f"crm-sync.toml: {sentence}"), caught.value
    assert clients.writes() == []


def test_a_condition_that_fails_for_a_row_is_told_with_its_place(clients: TwoClients) -> None:
    clients.add("accounts", company_name="x", phone="none")
    clients.own["north"]["where"] = {"account": "phone::integer > 0"}
    with pytest.raises(MappingError, match=r"^crm-sync.toml: targets.north.where.account: Postgre"):
        clients.sync("north")


def test_a_mapping_that_is_not_there_cannot_be_narrowed(clients: TwoClients) -> None:
    clients.own["north"]["where"] = {"acount": "true"}
    with pytest.raises(SettingsError) as caught:
        clients.sync("north")
    assert str(caught.value).startswith(
        "crm-sync.toml: targets.north.where.acount narrows a mapping that is not there. Did you "
        "mean 'account'?"
    )


def test_records_that_a_row_leaves_behind_keep_their_values(clients: TwoClients) -> None:
    """on_delete: ignore; the row is still in its table, so nothing of it must be forgotten."""
    file = clients.mappings / "account.yaml"
    text = file.read_text("utf-8")
    assert "on_delete: delete" in text
    file.write_text(text.replace("on_delete: delete", "on_delete: ignore"), "utf-8")
    key = clients.add("accounts", company_name="Nord", billing_city="Oslo", phone="1")
    clients.add("accounts", company_name="Other", billing_city="Oslo")
    clients.sync("north")
    clients.change("accounts", key, billing_city="Rome")
    clients.sync("north")
    kept = "select payload ->> 'Phone' from sync.record where key = %s and org_id = %s"
    assert clients.value(kept, key, clients.orgs["north"].org_id) == "1"


def test_two_targets_of_one_org_are_one_org(clients: TwoClients) -> None:
    """State belongs to the org: the second target's rows are what the org is to hold from now on,
    and the guard stands before it.
    """
    for number in range(8):
        clients.add(
            "accounts", company_name=f"A{number}", billing_city=("Oslo", "Rome")[number % 2]
        )
    clients.orgs["south"] = clients.orgs["north"]
    clients.sync("north")
    both = replace(clients)
    with both.planned("south") as report:
        assert "records of account would be deleted" in report.stops
