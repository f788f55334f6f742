"""Chunks as sObject Collections requests: URL, headers and body. Pure text, no network.

Create is an upsert by external ID with the whole payload; update goes by the recorded Id with the
changed fields, since an upsert would bring a record that someone deleted back as a torso; delete
goes by Id (REST API Developer Guide, sObject Collections).
"""

from __future__ import annotations

import json
from collections.abc import Mapping as Map
from collections.abc import Sequence

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Subrequest
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.batches import Chunk
from crm_sync.sync.headers import write_headers

__all__ = ["objects_json", "to_subrequest"]


def to_subrequest(chunk: Chunk, by_name: Map[str, Mapping], bodies: Sequence[str]) -> Subrequest:
    """One collection request for the rows of a chunk, whose JSON texts are `bodies`."""
    mapping = by_name[chunk.rows[0].mapping]
    headers = write_headers(mapping)
    if chunk.action == "delete":
        ids = ",".join(str(row.salesforce_id) for row in chunk.rows)
        return Subrequest("DELETE", f"composite/sobjects?ids={ids}&allOrNone=false", None, headers)
    body = f'{{"allOrNone": false, "records": [{", ".join(bodies)}]}}'
    if chunk.action == "create":
        path = f"composite/sobjects/{mapping.object}/{mapping.external_id.field}"
        return Subrequest("PATCH", path, body, headers)
    return Subrequest("PATCH", "composite/sobjects", body, headers)


def objects_json(mappings: Sequence[Mapping], facts: Map[str, ObjectFacts]) -> str:
    """What `push.sql` needs of each mapping to write a body: object, external ID, lookups."""
    return json.dumps(
        {
            m.name: {
                "object": m.object,
                "external_id": m.external_id.field,
                "prefix": m.external_id.prefix,
                "lookups": {
                    name: {
                        "relationship": facts[m.object].fields[name].relationship,
                        "polymorphic": len(facts[m.object].fields[name].reference_to) > 1,
                    }
                    for name in m.lookups
                    if m.object in facts and name in facts[m.object].fields
                },
            }
            for m in mappings
        }
    )
