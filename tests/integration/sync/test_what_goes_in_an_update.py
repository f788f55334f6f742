"""Only what changed goes; a null is left out of a create and clears the field in an update."""

from __future__ import annotations

from tests.integration.sync.practice import Practice


def test_an_update_holds_the_changed_fields_and_the_id_only(practice: Practice) -> None:
    key = practice.add("accounts", phone="+49 555 0101", website="a.example")
    practice.sync()
    practice.org.calls.clear()
    practice.change("accounts", key, phone="+49 555 0202")
    practice.sync()
    record = practice.record("Account", key)
    assert practice.sent() == [{"Id": record["Id"], "Phone": "+49 555 0202"}]
    assert practice.writes()[0]["url"].endswith("/composite/sobjects")
    practice.assert_same()


def test_a_null_is_left_out_of_a_create_and_cleared_in_an_update(practice: Practice) -> None:
    key = practice.add("accounts", phone="+49 555 0101")
    practice.sync()
    assert "Website" not in practice.sent()[0]
    practice.change("accounts", key, phone=None)
    practice.sync()
    assert practice.sent()[-1]["Phone"] is None
    assert practice.record("Account", key)["Phone"] is None
    practice.assert_same()


def test_an_empty_text_is_a_null(practice: Practice) -> None:
    key = practice.add("accounts", phone="")
    practice.sync()
    practice.change("accounts", key, phone=None)
    report = practice.sync()
    assert practice.count(report, "account").recorded == 0


def test_a_field_that_people_own_after_creation_is_not_written_again(practice: Practice) -> None:
    file = practice.mappings / "lead.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace(
            "LeadSource: lead_source", "LeadSource: {column: lead_source, write: on_create}"
        ),
        "utf-8",
    )
    key = practice.add("leads", last_name="Ng", lead_source="Web")
    practice.sync()
    practice.change("leads", key, lead_source="Phone", title="Pilot")
    practice.sync()
    record = practice.record("Lead", key)
    assert (record["LeadSource"], record["Title"]) == ("Web", "Pilot")


def test_updates_of_several_objects_go_in_one_request_sorted_by_type(practice: Practice) -> None:
    account = practice.add("accounts")
    lead = practice.add("leads", last_name="Ng")
    practice.sync()
    practice.org.calls.clear()
    practice.change("leads", lead, title="Pilot")
    practice.change("accounts", account, phone="+49 555 0101")
    practice.sync()
    (request,) = practice.writes()
    types = [record["attributes"]["type"] for record in request["body"]["records"]]
    assert sorted(types) == ["Account", "Lead"]


def test_a_removed_field_is_no_longer_sent_and_never_cleared(practice: Practice) -> None:
    key = practice.add("accounts", phone="+49 555 0101")
    practice.sync()
    file = practice.mappings / "account.yaml"
    file.write_text(file.read_text("utf-8").replace("  Phone: phone\n", ""), "utf-8")
    practice.change("accounts", key, phone=None, website="a.example")
    practice.sync()
    record = practice.record("Account", key)
    assert (record["Phone"], record["Website"]) == ("+49 555 0101", "a.example")
