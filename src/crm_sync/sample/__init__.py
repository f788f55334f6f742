"""Sample data: a fictional consulting practice with three years of work.

In: today. Out: rows (`generate`), a loaded database (`load`) and one without them again (`remove`),
or a SQL script (`script`, also `python -m crm_sync.sample --sql`, which is how
`docs/sample-data.sql` is made). Imports only `crm_sync.errors` and psycopg.

60 accounts, 180 leads with 44 won, 150 projects, 1,200 activities and every status change that
led there. The story, and the keys of the rows that carry it, are in `crm_sync.sample.story`.
Dates are relative to today and follow the practice's working time (`workdays`): weekdays, office
hours, a quiet August and December. All people, firms, addresses and figures are made up; e-mail
addresses are at example.com, .org and .net, telephone numbers from ranges kept for fiction.

Exactly one row is one that Salesforce cannot take: the lead `LEAD_WITH_LONG_COMPANY`, whose
company name is longer than the 255 characters of Lead.Company. Nothing refers to it. A lead
without last name, a meeting without duration and a project without end are there too; the
mappings have rules for them.
"""

from __future__ import annotations

from crm_sync.sample.data import SampleData, SampleRow, generate
from crm_sync.sample.load import load
from crm_sync.sample.remove import remove
from crm_sync.sample.script import script

__all__ = ["SampleData", "SampleRow", "generate", "load", "remove", "script"]
