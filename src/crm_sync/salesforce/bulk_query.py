"""Bulk API 2.0 query: many records in few calls, whatever their number.

In: a signed-in `Client` and SOQL. Out: records as dictionaries of texts, one after the other; an
empty text is null. Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query" (Create
a Query Job, Get Information About a Query Job, Get Results for a Query Job).
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from collections.abc import Iterator
from typing import Any, cast

import requests

from crm_sync.errors import OrgAccessError, OrgUnreachable
from crm_sync.salesforce.bulk import accepted, pauses
from crm_sync.salesforce.client import Client, NoAnswer

__all__ = ["bulk_query"]

_MEND = "Give the integration user read access to the object and its fields."

PAGE = 100_000
"""Records of one page of results: the fewer pages, the fewer calls. Each lies in a file on its way,
so memory does not grow with it."""
_CHUNK = 1 << 16


def bulk_query(client: Client, soql: str) -> Iterator[dict[str, str]]:
    """The records of a query. The job is deleted at the end.

    Raises OrgAccessError where Salesforce refuses it, OrgUnreachable where no answer comes: nothing
    was changed then, and the question may be asked again.
    """
    try:
        wanted = json.dumps({"operation": "query", "query": soql}).encode()
        job = str(_told(client.request("POST", "jobs/query", wanted))["id"])
        _wait(client, job)
        locator = ""
        while locator != "null":
            page = f"jobs/query/{job}/results?maxRecords={PAGE}"
            if locator:
                page += f"&locator={locator}"
            with client.request("GET", page, stream=True, more=600.0) as answer:
                _accepted(answer)
                locator = answer.headers.get("Sforce-Locator") or "null"
                yield from _records(answer)
        client.request("DELETE", f"jobs/query/{job}")
    except NoAnswer as error:
        raise client.unreachable(error) from None


def _wait(client: Client, job: str) -> None:
    for pause in pauses():
        told = _told(client.request("GET", f"jobs/query/{job}"))
        if told["state"] == "JobComplete":
            return
        if told["state"] in ("Failed", "Aborted"):
            raise OrgAccessError(
                f"Salesforce ended a Bulk query as {told['state']}.",
                _MEND,
            )
        time.sleep(pause)


def _records(answer: requests.Response) -> Iterator[dict[str, str]]:
    """A page's records, once it is here as a whole."""
    with tempfile.TemporaryFile("w+b") as file:
        try:
            for piece in answer.iter_content(_CHUNK):
                file.write(piece)
        except (requests.RequestException, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from None
        file.seek(0)
        yield from csv.DictReader(_lines(file))


def _lines(file: Any) -> Iterator[str]:
    for line in file:
        yield line.decode("utf-8")


def _told(answer: requests.Response) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", _accepted(answer).json())
    except ValueError:
        raise OrgUnreachable(
            "Salesforce's answer about a Bulk query cannot be read.",
            "Check instance_url and what stands between; run again.",
        ) from None


def _accepted(answer: requests.Response) -> requests.Response:
    return accepted(answer, "Bulk query", _MEND)
