# ruff: noqa: S608 - names of objects are those of mappings, and literals are escaped
"""Questions to the org that its describes do not answer; where it does not answer our user, either,
that is told as information.

In: a signed-in client, mappings, describes. Out: findings. What each question needs is the Object
Reference's word, in the docstring beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any
from urllib.parse import quote

from crm_sync.check.org_facts import has_person_accounts
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.finding_kinds import Kind, Severity
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest
from crm_sync.salesforce.client import Answer, Client, Subrequest
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.salesforce.refusals import mend_of_object
from crm_sync.sync.lookup import soql_text
from crm_sync.sync.room import room_for

__all__ = ["hidden_fields", "no_object", "org_findings", "storage_findings"]

SETUP = "our user lacks View Setup and Configuration"


def _query(client: Client, *soql: str) -> list[Answer]:
    """At most five queries, in one call; a refusal is an answer, too."""
    return client.read([Subrequest("GET", f"query?q={quote(text, safe='')}") for text in soql])


def _records(answer: Answer) -> list[dict[str, Any]] | None:
    """The records, or None where the org refuses the question."""
    return list(answer.body["records"]) if answer.ok else None


def hidden_fields(client: Client, wanted: Map[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """By object: fields that the org has and our user may not see, of those that describe lacks.

    FieldDefinition lists an object's fields whoever asks (as Salesforce Inspector relies on; the
    documentation names no permission). Objects whose list nobody gives are left out.
    """
    found: dict[str, frozenset[str]] = {}
    for name, fields in wanted.items():
        soql = (
            "SELECT QualifiedApiName FROM FieldDefinition"
            f" WHERE EntityDefinition.QualifiedApiName = {soql_text(name)}"
        )
        records = _records(_query(client, soql)[0])
        if records:
            there = {str(record["QualifiedApiName"]) for record in records}
            found[name] = frozenset(there & set(fields))
    return found


def no_object(
    client: Client, mapping: Mapping, path: tuple[str, ...], name: str, answer: Answer
) -> Finding:
    """An object that the org does not describe to our user: hidden, or not there. `path`: where the
    mapping names it.
    """
    soql = (
        f"SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName = {soql_text(name)}"
    )
    listed = client.read([Subrequest("GET", "sobjects")])[0]
    there = _records(_query(client, soql)[0])
    if there:
        return said_of(
            mapping, path, "hidden-object",
            f"{name} is there, and our user may not see it.",
            mend_of_object(name),
        )  # fmt: skip
    doubt = ", or our user may not see it" if there is None else ""
    names = [str(one["name"]) for one in listed.body["sobjects"]] if listed.ok else []
    return said_of(
        mapping, path, "unknown-object",
        f"There is no object {name} in this org{doubt} ({answer.code}).",
        nearest(name, names) or "Correct the name, or create the object.",
    )  # fmt: skip


def org_findings(
    client: Client,
    mappings: Sequence[Mapping],
    facts: Map[str, ObjectFacts],
    described: Map[str, Any],
) -> Iterator[Finding]:
    """Duplicate rules, and record types of person accounts."""
    yield from _duplicate_rules(client, mappings)
    named = [m for m in mappings if has_person_accounts(m, facts[m.object])]
    if named:
        yield from _person_accounts(client, named, described["Account"])


def _duplicate_rules(client: Client, mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """Active ones may refuse a row: DUPLICATES_DETECTED. They are seen with View Setup and
    Configuration only (Object Reference, DuplicateRule).
    """
    soql = "SELECT MasterLabel, SobjectType FROM DuplicateRule WHERE IsActive = true"
    records = _records(_query(client, soql)[0])
    if records is None:
        yield _not_done("duplicate-rule", client, "duplicate rules", SETUP)
        return
    for mapping in mappings:
        labels = sorted(
            str(r["MasterLabel"]) for r in records if r["SobjectType"] == mapping.object
        )
        if labels:
            rules = "rule is" if len(labels) == 1 else "rules are"
            is_allowed = mapping.duplicate_rule == "allow"
            passed = " where the rule blocks them" if is_allowed else ""
            allow = "" if is_allowed else "say duplicate_rule: allow if the rule only warns, "
            yield said_of(
                mapping, ("object",), "duplicate-rule",
                f"Duplicate {rules} active on {mapping.object} ({', '.join(labels)}): rows like a "
                f"record that is there may be refused (DUPLICATES_DETECTED){passed}.",
                f"Leave the integration user out of the rule's conditions, {allow}or mend such "
                "rows one by one as they are refused.",
                severity="warning",
            )  # fmt: skip


def _person_accounts(
    client: Client, mappings: Sequence[Mapping], described: Map[str, Any]
) -> Iterator[Finding]:
    """Whether accounts would get a record type of persons, whose Name nobody writes: it is composed
    of FirstName and LastName. IsPersonType is there where person accounts are on (Object Reference,
    RecordType).
    """
    soql = (
        "SELECT Id, DeveloperName FROM RecordType WHERE SobjectType = 'Account'"
        " AND IsPersonType = true AND IsActive = true"
    )
    records = _records(_query(client, soql)[0])
    if records is None:
        yield _not_done("person-account", client, "the record types of person accounts", "refused")
        return
    persons = {str(r["Id"])[:15]: str(r["DeveloperName"]) for r in records}
    default = next(
        (
            str(info.get("recordTypeId") or "")[:15]
            for info in described.get("recordTypeInfos") or ()
            if info.get("defaultRecordTypeMapping")
        ),
        "",
    )
    for mapping in mappings:
        named, is_certain = _record_type(mapping)
        chosen = default if named is None else named
        if chosen in persons or chosen in persons.values():
            why = "is our user's default" if named is None else "is what the mapping says"
            yield _person(
                mapping, f"The record type {persons.get(chosen, chosen)} of person accounts {why}"
            )
        elif not is_certain and persons:
            yield _person(mapping, "A row may name a record type of person accounts", "warning")


def _record_type(mapping: Mapping) -> tuple[str | None, bool]:
    """The record type that a mapping gives each record, if it says one for all, and whether what
    it says is the same for all rows.
    """
    lookup, rule = mapping.lookups.get("RecordTypeId"), mapping.fields.get("RecordTypeId")
    if lookup is not None and lookup.reference is not None:
        constant = lookup.reference.constant
        return constant or "", constant is not None
    if rule is not None:
        given = rule.constant
        return str(given or "")[:15], given is not None
    return None, True


def _person(mapping: Mapping, why: str, severity: Severity = "error") -> Finding:
    return said_of(
        mapping, ("fields", "Name"), "person-account",
        f"{why}, and of such an account Name cannot be written.",
        "Map FirstName and LastName for persons, or give RecordTypeId of business accounts.",
        severity=severity,
    )  # fmt: skip


def storage_findings(
    client: Client, mappings: Sequence[Mapping], rows: Map[str, int]
) -> Iterator[Finding]:
    """Whether the org has room for what a sync would create. `rows`: records to create, by mapping.

    Limits want View Setup and Configuration (REST API Developer Guide, Limits).
    """
    creates: dict[str, int] = {}
    for mapping in mappings:
        creates[mapping.object] = creates.get(mapping.object, 0) + rows.get(mapping.name, 0)
    room = room_for(client, creates)
    if room.left is None:
        yield _not_done("data-storage", client, "the data storage that is left", SETUP)
    elif not room.is_enough:
        largest = max(mappings, key=lambda m: rows.get(m.name, 0))
        yield said_of(
            largest, ("object",), "data-storage", room.sentence,
            "Make room in Salesforce, or sync fewer rows (where).", severity="warning",
        )  # fmt: skip


def _not_done(kind: Kind, client: Client, what: str, why: str) -> Finding:
    return Finding(
        kind, "information", client.name, f"Not checked: {what} ({why}).",
        "Let an administrator grant it to see them, or look in Setup.",
    )  # fmt: skip
