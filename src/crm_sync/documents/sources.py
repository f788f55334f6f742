"""What the documents about mappings and database are made of: one database, started once.

In: settings, mappings, and who describes the objects. Out: `Sources`. The database is made from the
project's own schema.sql and views.sql where it has one, else from those of the package; it holds
the sample data where they fit it, never the user's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.check.saved import read_described
from crm_sync.demo.servers import Servers, demo_servers
from crm_sync.demo.story import demo_settings
from crm_sync.er_diagram.catalog import Schema, read, schema_names
from crm_sync.errors import CrmSyncError, DatabaseError, SettingsError
from crm_sync.files import sql_file
from crm_sync.mapping.catalog import Catalog, read_catalog
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.sql_errors import said
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sample import load
from crm_sync.settings import Settings
from crm_sync.sync.plan import create_tables
from crm_sync.sync.prepare import plan_transaction

__all__ = ["Sources", "read_sources"]

SAMPLE_DAY = date(2026, 7, 1)
"""The examples' day: the documents change with the mappings, not with the calendar."""
API_ROLES = ("anon", "authenticated", "service_role")
"""Supabase's, which schema.sql gives rights where they exist."""
SCHEMA, VIEWS = "schema.sql", "views.sql"

Facts = dict[str, ObjectFacts]


@dataclass(frozen=True)
class Sources:
    """`examples`: per mapping one payload of the sample data. `notes`: what could not be had."""

    schemas: tuple[Schema, ...]
    facts: Facts
    examples: dict[str, dict[str, object]]
    notes: tuple[str, ...]


def read_sources(
    settings: Settings, mappings: Sequence[Mapping], target: str | None, describes: Path
) -> Sources:
    """Types and lengths come from the target's org where one is named, else from saved describes
    where they are, else from the local org.

    Raises SetupError where no embedded PostgreSQL starts, DatabaseError where it does not take
    schema.sql, and what signing in to the target raises.
    """
    objects = list(dict.fromkeys(mapping.object for mapping in mappings))
    known = _known(settings, target, describes, objects)
    asks_local_org = target is None and not known.keys() >= set(objects)
    notes = [settings.mappings_note] if settings.mappings_note else []
    with demo_servers(org=asks_local_org) as servers:
        _make_roles(servers)
        with psycopg.connect(servers.owner_url, autocommit=True) as owner:
            is_filled = _apply(owner, notes)
            schemas = tuple(read(owner, name) for name in schema_names(owner))
            if asks_local_org:
                missing = [name for name in objects if name not in known]
                known |= _of_local_org(servers, settings, missing)
            examples = _examples(owner, mappings, known, notes) if is_filled else {}
    notes += _undescribed(mappings, known)
    return Sources(schemas, known, examples, tuple(notes))


def _undescribed(mappings: Iterable[Mapping], known: Facts) -> Iterable[str]:
    """What no org told of: an object, or fields of one."""
    names = [
        f"{mapping.object}.{name}" if mapping.object in known else mapping.object
        for mapping in mappings
        for name in mapping.rules
        if mapping.object not in known or name not in known[mapping.object].fields
    ]
    if not (names := list(dict.fromkeys(names))):
        return
    its, it = ("its type is", "it") if len(names) == 1 else ("their types are", "them")
    yield (
        f"Nothing describes {', '.join(names)}: {its} left open. Name a --target that has {it}, or "
        f"save {'its describe' if len(names) == 1 else 'their describes'}: crm-sync describe --save"
    )


def _known(
    settings: Settings, target: str | None, describes: Path, objects: Sequence[str]
) -> Facts:
    if target is not None:
        return _described(Client(*settings.chosen(target)), objects)
    if not describes.is_dir() and describes == Path("describes"):  # nobody named it
        return {}
    saved, damaged = read_described(describes, objects)
    if damaged:
        raise SettingsError(
            f"{', '.join(map(str, damaged.values()))}: this is no saved describe.",
            "Save it anew: crm-sync describe --save",
        )
    return {name: ObjectFacts.from_describe(answer) for name, answer in saved.items()}


def _of_local_org(servers: Servers, settings: Settings, objects: Sequence[str]) -> Facts:
    return _described(Client(*demo_settings(servers, settings.mappings).chosen(None)), objects)


def _described(client: Client, objects: Sequence[str]) -> Facts:
    answers = client.describe(objects)
    return {n: ObjectFacts.from_describe(answer.body) for n, answer in answers.items() if answer.ok}


def _make_roles(servers: Servers) -> None:
    with psycopg.connect(servers.admin_url, autocommit=True) as admin:
        for role in API_ROLES:
            admin.execute(f"create role {role} nologin".encode())


def _apply(owner: psycopg.Connection[Any], notes: list[str]) -> bool:
    """Makes the tables and fills them; False where the sample data does not fit them."""
    is_own = Path(SCHEMA).is_file()
    files = [name for name in (SCHEMA, VIEWS) if not is_own or Path(name).is_file()]
    for name in files:
        try:
            text = Path(name).read_text(encoding="utf-8") if is_own else sql_file(name)
            owner.execute(text.encode())
        except (OSError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{name} cannot be read: {error}.", "Save it as UTF-8.") from None
        except psycopg.Error as error:
            raise DatabaseError(
                f"The embedded PostgreSQL does not take {name}: {said(error)}.",
                "It must run by itself in an empty database, as an owner who is no superuser.",
            ) from None
    try:
        load(owner, SAMPLE_DAY)
    except (DatabaseError, psycopg.Error):
        notes.append(f"Without examples: the sample data does not fit the tables of {SCHEMA}.")
        return False
    return True


def _examples(
    owner: psycopg.Connection[Any], mappings: Iterable[Mapping], facts: Facts, notes: list[str]
) -> dict[str, dict[str, object]]:
    """Per mapping the payload of the fullest sample row, completed from other rows."""
    examples: dict[str, dict[str, object]] = {}
    with plan_transaction(owner, keep=False):
        create_tables(owner)
        catalog = read_catalog(owner)
        for mapping in mappings:
            try:
                with owner.transaction():
                    examples[mapping.name] = _fullest(owner, mapping, catalog, facts)
            except CrmSyncError as error:
                hint = "" if Path(SCHEMA).is_file() else f" A {SCHEMA} in this folder would count."
                notes.append(f"Without an example of {mapping.name}: {error.sentence}{hint}")
            except psycopg.Error as error:
                notes.append(f"Without an example of {mapping.name}: {said(error)}.")
    return examples


def _fullest(
    owner: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: Facts
) -> dict[str, object]:
    known = facts.get(mapping.object, ObjectFacts(name=mapping.object, fields={}))
    """A payload without nulls; of a lookup to a parent, the key by the parent's mapping. What the
    fullest row lacks, and each further parent of a lookup, another row shows, the one without
    problems first.
    """
    rows: list[tuple[bool, int, str, dict[str, object]]] = []
    for _, key, _, payload, lookups, problems in owner.execute(
        compile_mapping(mapping, catalog, known)
    ):
        wrong = {problem.get("field") for problem in problems}
        whole: dict[str, object] = {
            f: v for f, v in payload.items() if v is not None and f not in wrong
        }
        for named in lookups:
            if named["key"] is not None:
                whole[named["field"]] = {named["mapping"]: named["key"]}
        rows.append((not problems, len(whole), str(key), whole))
    example: dict[str, object] = {}
    for *_, whole in sorted(rows, key=lambda row: row[:3], reverse=True):
        for field, value in whole.items():
            shown = example.setdefault(field, value)
            if isinstance(shown, dict) and isinstance(value, dict):
                example[field] = {**value, **shown}
    return example
