"""Where Salesforce shows a record.

In: an org and an Id. Out: an address, or None where the Id or the org's address is none.
"""

from __future__ import annotations

from crm_sync.report.model import Org, Value

__all__ = ["record_link"]


def record_link(org: Org, value: Value) -> str | None:
    """The org's address and the Id."""
    if not isinstance(value, str) or not value.isalnum() or len(value) not in (15, 18):
        return None
    if not org.instance_url.startswith(("https://", "http://")):
        return None
    return f"{org.instance_url.rstrip('/')}/{value}"
