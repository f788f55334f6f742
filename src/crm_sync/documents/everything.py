"""Which documents there are, and what each is made of. Each file has one maker, and it is here.

In: settings, a target or saved describes. Out: the text of each by its name below `docs/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from crm_sync.documents.access import access_page
from crm_sync.documents.command_line import command_line_page
from crm_sync.documents.database import database_page
from crm_sync.documents.problems import problems_page
from crm_sync.er_diagram.catalog import Schema
from crm_sync.er_diagram.pictures import pictures
from crm_sync.mapping.document import commented_fields, document
from crm_sync.mapping.json_schema import defaults_schema_text, mapping_schema_text
from crm_sync.mapping.of_target import mappings_of
from crm_sync.mapping.reference import reference
from crm_sync.mapping.refusal_document import refusals_page
from crm_sync.report.json_schema import output_schema_text
from crm_sync.settings import Settings

__all__ = ["OF_THE_PROGRAM", "OF_THE_PROJECT", "Made", "of_the_program", "of_the_project"]

OF_THE_PROGRAM: dict[str, Callable[[], str]] = {
    "cli.md": command_line_page,
    "errors.md": problems_page,
    "mapping-reference.md": reference,
    "predicted-refusals.md": refusals_page,
    "mapping.schema.json": mapping_schema_text,
    "defaults.schema.json": defaults_schema_text,
    "output.schema.json": output_schema_text,
}
"""What changes with the program alone: made without a database."""

ARCHITECTURE = "architecture"
OF_THE_PROJECT = ("salesforce-mapping.md", "database.md", "access.md", f"{ARCHITECTURE}/*.svg")
"""What changes with the mappings and the schema of the project."""


@dataclass(frozen=True)
class Made:
    """Texts by name, and what could not be had."""

    texts: dict[str, str]
    notes: tuple[str, ...] = ()


def _tables(schemas: Iterable[Schema]) -> dict[str, str]:
    """The tables that a mapping could read, each with its comment."""
    (public,) = (schema for schema in schemas if schema.name == "public")
    return {table.name: table.comment for table in public.tables}


def of_the_program() -> Made:
    """The documents about the program itself."""
    return Made({name: make() for name, make in OF_THE_PROGRAM.items()})


def of_the_project(settings: Settings, target: str | None, describes: Path) -> Made:
    """The documents about the mappings and the database. Raises as `read_sources` does, and
    MappingError for a wrong mapping.
    """
    # What starts servers comes with an extra of the package, and the others need none.
    from crm_sync.documents.sources import read_sources

    mappings = mappings_of(settings, target)
    directory = settings.for_target(target).mappings if target else settings.mappings
    sources = read_sources(settings, mappings, target, describes)
    suggested = {
        mapping.name: commented_fields((directory / f"{mapping.name}.yaml").read_text("utf-8"))
        for mapping in mappings
    }
    drawn = pictures(sources.schemas)
    texts = {
        "salesforce-mapping.md": document(
            mappings, sources.facts, sources.examples, suggested, _tables(sources.schemas)
        ),
        "database.md": database_page(sources.schemas, drawn),
        "access.md": access_page(sources.schemas),
        **{f"{ARCHITECTURE}/{name}": svg for name, svg in drawn.items()},
    }
    return Made(texts, sources.notes)
