"""What an org's describe says of its settings: addresses by picklist, currencies, person accounts.

In: a mapping and the object's facts. Out: findings. Nothing is asked, so it holds offline as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from crm_sync.mapping.event_rules import ALL_DAY, DAY, ENDS, STARTS
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["CURRENCY", "has_person_accounts", "setting_findings"]

CURRENCY = "CurrencyIsoCode"


def setting_findings(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """What the org asks of a mapping."""
    yield from _unwritten(mapping, facts)
    yield from _event_times(mapping)
    yield from _idle_rule(mapping)
    yield from _address_picklists(mapping, facts)
    yield from _currencies(mapping, facts)


def _unwritten(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """Fields without which Salesforce refuses every create: REQUIRED_FIELD_MISSING (recorded)."""
    persons = {"Name"} if "IsPersonAccount" in facts.fields else set[str]()
    for field in facts.fields.values():
        is_needed = field.createable and not field.nillable and not field.defaulted
        if not is_needed or field.type == "boolean" or field.name in persons:
            continue
        if field.name not in mapping.rules and field.name != mapping.external_id.field:
            yield said_of(
                mapping, ("fields",), "required-field",
                f"{mapping.object}.{field.name} is required, and the mapping does not write it: "
                "Salesforce refuses every new record.",
                f"Add {field.name} to fields.",
            )  # fmt: skip


def _event_times(mapping: Mapping) -> Iterator[Finding]:
    """An event takes place: without a start it is refused, and so is a timed one without an end
    (Object Reference, Event; `event_rules.py` says so of a row).
    """
    if mapping.object != "Event":
        return
    is_maybe_all_day = ALL_DAY in mapping.fields
    starts = {*STARTS, DAY} if is_maybe_all_day else set(STARTS)
    needs = [(starts, "a start", STARTS[0])]
    if not is_maybe_all_day:
        needs.append((set(ENDS), "a duration or an end", ENDS[0]))
    for names, what, first in needs:
        if not names & mapping.fields.keys():
            yield said_of(
                mapping, ("fields",), "required-field",
                f"An event needs {what}, and the mapping writes none: Salesforce refuses every new "
                "record.",
                f"Add {first} to fields.",
            )  # fmt: skip


def _idle_rule(mapping: Mapping) -> Iterator[Finding]:
    """An assignment rule for an object that has none; said for all by the defaults it is no fault
    of this mapping.
    """
    path = ("assignment_rule",)
    is_own = mapping.where(*path).partition(":")[0].endswith(f"{mapping.name}.yaml")
    if mapping.assignment_rule != mapping.rule_that_runs and is_own:
        yield said_of(
            mapping, path, "assignment-rule",
            f"{mapping.object} has no assignment rules; only Account, Case and Lead have: it does "
            "nothing.",
            "Take assignment_rule out.", severity="warning",
        )  # fmt: skip


def _address_picklists(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """State and country picklists are on where the describe has StateCode and CountryCode beside
    the texts. A text that they do not list is then refused: FIELD_INTEGRITY_EXCEPTION, "There's a
    problem with this state, even though it may appear correct", and so is a state without its
    country (third party, several logs).
    """
    for name in mapping.fields:
        for part in ("State", "Country"):
            code = f"{name}Code"
            if not name.endswith(part) or code not in facts.fields:
                continue
            yield said_of(
                mapping, ("fields", name), "address-picklist",
                f"State and country picklists are on: {mapping.object}.{name} takes only texts "
                "that they list, and Salesforce refuses a row with any other.",
                f"Send ISO codes to {code}, or map the texts with values.", severity="warning",
            )  # fmt: skip
    for name in mapping.fields:
        country = name.replace("State", "Country")
        is_state = name.endswith(("State", "StateCode")) and country != name
        has_picklists = f"{name.removesuffix('Code')}Code" in facts.fields
        if not is_state or not has_picklists:
            continue
        base = country.removesuffix("Code")
        if not {base, f"{base}Code"} & mapping.fields.keys():
            yield said_of(
                mapping, ("fields", name), "address-picklist",
                f"State and country picklists are on, and {mapping.object}.{name} is sent without "
                "its country: Salesforce refuses such a row.",
                f"Map {base}Code, too.", severity="warning",
            )  # fmt: skip


def _currencies(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """With several currencies a record has a CurrencyIsoCode, a field that is there only then
    (Object Reference, CurrencyType and the objects' CurrencyIsoCode).
    """
    currency = facts.fields.get(CURRENCY)
    amounts = [
        n for n in mapping.fields if n in facts.fields and facts.fields[n].type == "currency"
    ]
    if currency is None or CURRENCY in mapping.rules or not amounts or len(currency.values) == 1:
        return
    listed = f" ({', '.join(currency.values)})" if currency.values else ""
    yield said_of(
        mapping, ("fields", amounts[0]), "currency",
        f"The org has several currencies{listed}, and nothing says which one "
        f"{mapping.object}.{amounts[0]} is in: Salesforce takes a default.",
        f"Map {CURRENCY}, from a column or as a constant.", severity="warning",
    )  # fmt: skip


def has_person_accounts(mapping: Mapping, facts: ObjectFacts) -> bool:
    """Whether a mapping writes the name of accounts in an org with person accounts, whose names are
    made of FirstName and LastName (Object Reference, Account: IsPersonAccount is there only then).
    """
    is_named = "Name" in mapping.fields
    return mapping.object == "Account" and is_named and "IsPersonAccount" in facts.fields
