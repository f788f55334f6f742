"""What hung on a lead stays where Salesforce moved it when people converted the lead.

In: the loaded source, and leads that were converted on both sides. Out: `found_record` of what
named them, so that the plan leaves the links alone that the conversion gave (Salesforce moves a
lead's activities to the contact, and lets them be about the opportunity or the account).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map

from psycopg.types.json import Jsonb

from crm_sync.mapping.model import Mapping
from crm_sync.sync.scope import Scope

__all__ = ["keep_links"]


def keep_links(scope: Scope, lead: Mapping, became: Map[str, Iterable[str]]) -> None:
    """`became`: by the Id of a lead that is none in the database any more, the Ids of what people
    made of it.
    """
    for child in scope.mappings:
        # The lookups of parents that we push stand in source_row.lookups in this order.
        fields = [name for name, lookup in child.lookups.items() if lookup.branches]
        for number, name in enumerate(fields):
            if all(branch.mapping != lead.name for branch in child.lookups[name].branches):
                continue
            others = [n for n in range(len(fields)) if n != number]
            scope.run(
                "keep", "links", child=child.name, field=name, number=number,
                others=[fields[n] for n in others], numbers=others,
                leads=list(became), made=[Jsonb(sorted(ids)) for ids in became.values()],
            )  # fmt: skip
