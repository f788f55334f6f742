"""Bulk API 2.0: jobs that take or give many records as CSV, worked on in the background.

ingest, query   the HTTP side: a request creates, feeds, closes, reads or ends a job
jobs, files     what a job is, and where it and its files are kept
worker          the thread that works on jobs, one step of each in turn
load, extract   the steps: rows of an upload into records, records into result rows
dialect, columns, querying   CSV as text, a header as fields, SOQL as columns
"""

from crm_sync.localorg.bulk.service import Bulk

__all__ = ["Bulk"]
