"""The rows that carry the story, by name: for the demo, the documents and the tests.

In: nothing. Out: primary keys. Imports only `rows`.

The practice: Brückner Hale, four consultants in Hamburg and Bristol, three years of work. Two
clients make half of what was contracted; the third biggest has not been heard of for months; one
project runs past its end, one cost more than it brought in; one lead is won and nobody has made
its account yet.
"""

from __future__ import annotations

from crm_sync.sample.rows import key

__all__ = [
    "BIGGEST_CLIENT",
    "LEAD_WITHOUT_LAST_NAME",
    "LEAD_WITH_LONG_COMPANY",
    "LOSS_MAKING_PROJECT",
    "MEETING_WITHOUT_DURATION",
    "OVERDUE_PROJECT",
    "PROJECT_WITHOUT_END",
    "PROJECT_WITH_LONG_NAME",
    "QUIET_CLIENT",
    "SECOND_CLIENT",
    "WAITING_LEAD",
]

BIGGEST_CLIENT = key("accounts", 1)
"""Halbach Werkzeugbau; with `SECOND_CLIENT` half of the contracted revenue."""

SECOND_CLIENT = key("accounts", 2)
"""Northmoor Rail Freight."""

QUIET_CLIENT = key("accounts", 3)
"""Hafenkontor Möller: a good client, still called active, silent for more than half a year."""

OVERDUE_PROJECT = key("projects", "overdue")
"""Active, though its end date has passed."""

LOSS_MAKING_PROJECT = key("projects", "loss")
"""Completed at a fixed price that did not cover its cost; the description has the figures."""

PROJECT_WITHOUT_END = key("projects", "open-ended")
"""A retainer: active, `end_date` is null."""

PROJECT_WITH_LONG_NAME = key("projects", "long-name")
"""Account and project name together are longer than an Opportunity's Name (120)."""

WAITING_LEAD = key("leads", "waiting")
"""Won, but not converted: `converted_account_id` is null."""

LEAD_WITH_LONG_COMPANY = key("leads", "long-company")
"""The one row that Salesforce cannot take: a company name of more than 255 characters.

Nothing refers to it, so no other row is blocked by it.
"""

LEAD_WITHOUT_LAST_NAME = key("leads", "no-last-name")
"""`last_name` is null, which Salesforce's Lead requires: the mapping has a rule for it."""

MEETING_WITHOUT_DURATION = key("activities", "no-duration")
"""A meeting whose `duration_minutes` is null, which Salesforce's Event needs."""
