"""Decisions of a person, through the command line: template, bad lines, what follows."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.integration.adopt.by_hand import by_hand, forty, keys
from tests.integration.sync.practice import Practice
from tests.support.command_line import Desk

ADOPT = ("adopt", "--select", "account")


def decide(desk: Desk, *lines: tuple[str, str, str]) -> None:
    with (desk.folder / "decisions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("mapping", "key", "salesforce_id"), *lines])


def test_the_whole_way_from_forty_accounts_to_a_sync(desk: Desk, practice: Practice) -> None:
    rows = forty(practice)
    assert desk.refused("sync").startswith("This is the first load of account")
    ran = desk.run(*ADOPT, "--dry-run", "--csv", "todo.csv", "--html", "adopt.html")
    assert (ran.code, ran.err) == (1, "")
    assert "20 of 31 rows have a certain record; 9 are ambiguous and 2 are unmatched." in ran.out
    assert "same Website; other Name" in ran.out
    with Path("todo.csv").open(encoding="utf-8-sig", newline="") as file:
        todo = list(csv.DictReader(file))
    ambiguous = dict(rows["ambiguous"])
    assert {line["key"] for line in todo} == ambiguous.keys()
    for line in todo:
        assert line["salesforce_id"] == ""
        assert all(given in line["records"] for given in ambiguous[line["key"]])
    page = Path("adopt.html").read_text(encoding="utf-8")
    assert all(given in page for ids in ambiguous.values() for given in ids)
    assert all(key in page for key, _ in rows["certain"] + rows["unmatched"])

    ran = desk.run(*ADOPT, "--yes")
    assert ran.code == 1
    assert "account is still open: 9 rows undecided." in ran.out
    assert desk.refused("sync").startswith("This is the first load of account")

    chosen = {key: ids[0] for key, ids in rows["ambiguous"][:-1]}
    torn = rows["ambiguous"][-1][0]
    decide(desk, *(("account", k, i) for k, i in chosen.items()), ("account", torn, "create"))
    ran = desk.run(*ADOPT, "--yes", "--decisions", "decisions.csv")
    assert (ran.code, ran.err) == (0, "")
    assert "8 records of Local org adopted." in ran.out
    assert keys(practice, *chosen.values()) == list(chosen)

    before = practice.org.store.count("Account")
    ran = desk.run("dry-run")
    assert "3 records will be created" in ran.out
    ran = desk.run("sync")
    assert (ran.code, ran.err) == (0, "")
    assert practice.org.store.count("Account") == before + 3
    practice.assert_same()

    # The same file again changes nothing: what it says is done.
    ran = desk.run(*ADOPT, "--yes", "--decisions", "decisions.csv")
    assert (ran.code, ran.err, ran.out.splitlines()[-1]) == (
        0, "", "0 records of Local org adopted.",
    )  # fmt: skip


def test_decisions_that_the_org_or_the_rows_do_not_bear_are_told_line_by_line(
    desk: Desk, practice: Practice
) -> None:
    sent = practice.add("accounts", company_name="Sent")
    practice.sync()
    key = practice.add("accounts", company_name="A")
    others = [practice.add("accounts", company_name=f"B{n}") for n in range(4)]
    (lead,) = by_hand(practice.org, "Lead", [{"LastName": "L", "Company": "C"}])
    gone, free = by_hand(practice.org, "Account", [{"Name": "Gone"}, {"Name": "Free"}])
    practice.org.delete(gone)
    ours = practice.record("Account", sent)["Id"]
    decide(
        desk,
        ("account", sent, free),
        ("account", "no-such-key", "create"),
        ("account", key, lead),
        ("account", others[0], gone),
        ("account", others[1], ours),
        ("account", others[2], "Acme"),
    )
    bad = desk.run(*ADOPT, "--yes", "--decisions", "decisions.csv")
    assert bad.code == 2
    assert bad.err.splitlines()[0].startswith("crm-sync: decisions.csv:7:")
    decide(
        desk,
        ("account", sent, free),
        ("account", "no-such-key", "create"),
        ("account", key, lead),
        ("account", others[0], gone),
        ("account", others[1], ours),
        ("account", others[2], "create"),
    )
    bad = desk.run(*ADOPT, "--yes", "--decisions", "decisions.csv")
    at = len("account,") + 1
    given = at + len(key) + 1
    assert (bad.code, bad.err.splitlines()) == (
        2,
        [
            f"crm-sync: decisions.csv:2:{at}: The row {sent} of account has the record {ours} "
            "already. Take the line out.",
            f"crm-sync: decisions.csv:3:{at}: account has no row no-such-key that waits for a "
            "record. Copy the key from the template (--csv).",
            f"crm-sync: decisions.csv:4:{given}: {lead} is no Account that our user sees. Name a "
            "record that is not ours yet, or write create.",
            f"crm-sync: decisions.csv:5:{given}: {gone} was deleted in Salesforce. Name a record "
            "that is not ours yet, or write create.",
            f"crm-sync: decisions.csv:6:{given}: {ours} has an external ID already: it belongs to "
            "another row. Name a record that is not ours yet, or write create.",
            "crm-sync: decisions.csv: 5 lines cannot be followed, so nothing was done. Correct "
            "them and run again.",
        ],
    )
    assert keys(practice, free) == [None]


def test_a_decision_beats_what_is_certain(desk: Desk, practice: Practice) -> None:
    one, other = (
        practice.add("accounts", company_name=name, website=f"{name}.example") for name in "AB"
    )
    a, b = by_hand(practice.org, "Account", [{"Name": n, "Website": f"{n}.example"} for n in "AB"])
    decide(desk, ("account", one, b), ("account", other, "create"))
    ran = desk.run(*ADOPT, "--yes", "--decisions", "decisions.csv")
    assert ran.code == 0, ran
    assert keys(practice, a, b) == [None, one]


def test_without_a_terminal_nothing_is_written_unasked(desk: Desk, practice: Practice) -> None:
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    (given,) = by_hand(
        practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}]
    )
    assert desk.refused(*ADOPT) == (
        "Nothing was written: there is no terminal to ask on. Add --yes to go on unasked."
    )
    assert keys(practice, given) == [None]


def test_a_file_of_decisions_is_not_overwritten(desk: Desk, practice: Practice) -> None:
    decide(desk)
    assert "decisions.csv exists, and may hold decisions" in desk.refused(
        *ADOPT, "--dry-run", "--csv", "decisions.csv"
    )
    assert "holds your decisions" in desk.refused(
        *ADOPT, "--dry-run", "--csv", "decisions.csv", "--decisions", "./decisions.csv"
    )


def test_sensitive_values_are_masked_everywhere(desk: Desk, practice: Practice) -> None:
    desk.edit_mapping(
        "account", "  Website: website", "  Website: {column: website, sensitive: true}"
    )
    desk.edit_mapping("account", "label: company_name", "label: id")
    practice.add("accounts", company_name="Nordwind", website="secret.example")
    by_hand(practice.org, "Account", [{"Name": "Other", "Website": "www.secret.example"}])
    ran = desk.run(*ADOPT, "--dry-run", "--csv", "todo.csv", "--html", "adopt.html")
    assert ran.code == 1, ran
    written = ran.out + Path("todo.csv").read_text("utf-8") + Path("adopt.html").read_text("utf-8")
    assert "secret" not in written
    assert "[web address, 14 characters]" in written


def test_what_a_spreadsheet_or_a_browser_would_run_is_only_text(
    desk: Desk, practice: Practice
) -> None:
    practice.add("accounts", company_name="=1+1", website="x.example")
    by_hand(
        practice.org, "Account", [{"Name": "<script>alert(1)</script>", "Website": "x.example"}]
    )
    desk.run(*ADOPT, "--dry-run", "--csv", "todo.csv", "--html", "adopt.html")
    assert '"=1+1"' not in Path("todo.csv").read_text("utf-8")
    page = Path("adopt.html").read_text("utf-8")
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_history_tells_of_the_adoption_and_of_what_the_record_held(
    desk: Desk, practice: Practice
) -> None:
    key = practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    by_hand(practice.org, "Account", [{"Name": "NORDWIND", "Website": "nordwind.example"}])
    desk.run(*ADOPT, "--yes")
    assert "1 adopted" in desk.run("status").out
    desk.run("sync")
    told = desk.run("history", key).out
    assert "adopt recorded" in told
    assert f"CRM_Id__c  — → {key}" in told
    assert "NORDWIND → Nordwind" in told
    assert desk.run("history", key, "--json").code == 0
