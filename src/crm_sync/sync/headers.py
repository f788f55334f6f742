"""Headers that a mapping asks for: what Salesforce runs beside a write, or lets pass.

In Composite they stand in every subrequest, since those of the whole call are not handed down
(REST API Developer Guide, Composite).
"""

from __future__ import annotations

from collections.abc import Iterator

from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping

__all__ = ["header_findings", "write_headers"]

DUPLICATES_FROM = 52.0
"""The API version that first reads Sforce-Duplicate-Rule-Header."""


def write_headers(mapping: Mapping) -> dict[str, str]:
    """The headers of every create, update and delete of a mapping's records.

    Without the first, Salesforce runs the active assignment rule and may take the owner away (REST
    API Developer Guide, Assignment Rule Header). Without the second, a duplicate rule that alerts
    refuses the row; one that blocks does so with it, too (Duplicate Rule Header, from API 52 on).
    """
    rule = mapping.rule_that_runs
    headers = {"Sforce-Auto-Assign": {"none": "FALSE", "active": "TRUE"}.get(rule, rule)}
    if mapping.duplicate_rule == "allow":
        headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    return headers


def header_findings(mapping: Mapping, api_version: str) -> Iterator[Finding]:
    """Whether the API version of the target reads what is asked for: else the header would be
    ignored, and the rows refused.
    """
    if mapping.duplicate_rule == "allow" and float(api_version) < DUPLICATES_FROM:
        yield said_of(
            mapping, ("duplicate_rule",), "api-version",
            f"duplicate_rule: allow needs API version {DUPLICATES_FROM}, and the target's "
            f"api_version is {api_version}.",
            "Raise api_version in crm-sync.toml, or take duplicate_rule out.",
        )  # fmt: skip
