"""Field facts of Salesforce objects, described by the org at most once a day.

In: names of objects and a signed-in client. Out: `ObjectFacts` by name; `sync.describe` keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.errors import OrgAccessError
from crm_sync.report.model import Org
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.salesforce.refusals import mend_of_object
from crm_sync.sync.statements import statements

__all__ = ["read_facts"]


def read_facts(
    connection: psycopg.Connection[Any],
    client: Client,
    org: Org,
    objects: Iterable[str],
    *,
    refresh: bool,
    keep: bool,
) -> dict[str, ObjectFacts]:
    """Field facts of objects: from `sync.describe` where younger than a day, else from the org.

    Raises OrgAccessError where the org describes an object to our user not at all.
    """
    facts: dict[str, ObjectFacts] = {}
    wanted = list(dict.fromkeys(objects))
    if not refresh:
        for name, content in connection.execute(
            statements("facts")["recall"], {"org": org.id, "objects": wanted}
        ):
            facts[name] = ObjectFacts.model_validate(content)
    missing = [name for name in wanted if name not in facts]
    facts |= _described(client, missing)
    if keep and missing:
        with connection.transaction():
            for name in missing:
                content = Jsonb(facts[name].model_dump(mode="json", by_alias=True))
                connection.execute(
                    statements("facts")["keep"],
                    {"org": org.id, "object": name, "facts": content},
                )
    return facts


def _described(client: Client, names: list[str]) -> dict[str, ObjectFacts]:
    answers = client.describe(names)
    for name, answer in answers.items():
        if not answer.ok:
            raise OrgAccessError(
                f"Salesforce does not describe {name} to our user: {answer.code}.",
                mend_of_object(name),
            )
    return {name: ObjectFacts.from_describe(answer.body) for name, answer in answers.items()}
