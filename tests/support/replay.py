"""Recorded exchanges, answered again: Salesforce's side of a sync without any server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import responses
from requests import PreparedRequest
from responses.registries import OrderedRegistry

from tools.record import BLANK, HOST, RECORDED, exchange_body

__all__ = ["recorded", "replayed"]


def recorded(name: str) -> Any:
    """The content of a recording."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


@contextmanager
def replayed(exchanges: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Inside, these requests in this order get their answers, and no other gets any.

    Gives the bodies as they are sent, secrets blanked; at the end every exchange has taken place.
    """
    sent: list[Any] = []
    with responses.RequestsMock(registry=OrderedRegistry) as salesforce:
        for exchange in exchanges:
            salesforce.add(
                exchange["method"], HOST + exchange["path"], json=exchange["answer"],
                status=exchange["status"],
            )  # fmt: skip
        yield sent
        sent.extend(_body(call.request) for call in salesforce.calls)


def _body(request: PreparedRequest) -> Any:
    assert request.headers["Sforce-Call-Options"] == "client=crm-sync"
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    if request.headers.get("Content-Type") == "application/x-www-form-urlencoded":
        return exchange_body(dict(parse_qsl(body)))
    assert request.headers["Authorization"] == f"Bearer {BLANK}"
    return json.loads(body)
