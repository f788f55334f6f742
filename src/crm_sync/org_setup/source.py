"""The same set-up as source that an administrator deploys: a project of the Salesforce CLI.

In: what is wanted. Out: a folder with sfdx-project.json, manifest/package.xml, the components in
source format, and a README with the commands. Source: Salesforce DX Developer Guide, Salesforce DX
Project Structure and Source Format; Metadata API Developer Guide, package.xml.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from crm_sync.errors import OutputError
from crm_sync.org_setup.wanted import SET, Wanted
from crm_sync.report.output import write
from crm_sync.salesforce.metadata import NAMESPACE, Document, to_xml

__all__ = ["DEPLOY", "documents", "source_files", "write_source"]

PACKAGE = "force-app/main/default"
DEPLOY = (
    "sf project deploy start --source-dir force-app --target-org ORG",
    f"sf org assign permset --name {SET} --target-org ORG --on-behalf-of USER",
)
"""What the administrator runs in the folder; ORG is his alias of the org, USER the sync's user."""


def documents(want: Wanted) -> tuple[Document, ...]:
    """Every component, in the order in which one rests on the other."""
    return (
        *(key.document for key in want.fields),
        want.permission_set,
        *(view.document for view in want.views),
    )


def source_files(want: Wanted, api_version: str, username: str | None) -> dict[str, str]:
    """The folder's files: path below it, and text."""
    made = documents(want)
    project = {
        "packageDirectories": [{"path": "force-app", "default": True}],
        "name": "crm-sync-org-setup",
        "sourceApiVersion": api_version,
    }
    files = {
        "sfdx-project.json": json.dumps(project, indent=2) + "\n",
        "manifest/package.xml": _package(made, api_version),
        "README.md": _readme(username),
    }
    for one in made:
        path, full_name = _place(one)
        files[f"{PACKAGE}/{path}"] = to_xml(one, full_name=full_name)
    return files


def _place(document: Document) -> tuple[str, str | None]:
    """Where a component stands, and how its file calls it."""
    owner, _, name = document.full_name.partition(".")
    match document.type:
        case "CustomField":
            return f"objects/{owner}/fields/{name}.field-meta.xml", name
        case "ListView":
            return f"objects/{owner}/listViews/{name}.listView-meta.xml", name
        case _:
            return f"permissionsets/{owner}.permissionset-meta.xml", None


def _package(made: Sequence[Document], api_version: str) -> str:
    types = "".join(
        "    <types>\n"
        + "".join(
            f"        <members>{one.full_name}</members>\n" for one in made if one.type == type_
        )
        + f"        <name>{type_}</name>\n    </types>\n"
        for type_ in dict.fromkeys(one.type for one in made)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Package xmlns="{NAMESPACE}">\n{types}'
        f"    <version>{api_version}</version>\n</Package>\n"
    )


def _readme(username: str | None) -> str:
    user = username or "USER"
    commands = "\n".join(f"    {line.replace('USER', user)}" for line in DEPLOY)
    return (
        "# What crm-sync needs of the org\n\n"
        "External ID fields, and a permission set that grants what the mappings read and write. "
        "Nothing that is there is changed, except a permission set of the same name: a deployment "
        f"replaces its content ({SET}).\n\n"
        "With the Salesforce CLI, in this folder. ORG is your alias of the org, USER the user name "
        f"of the sync:\n\n{commands}\n\n"
        "`--dry-run` behind the first says beforehand whether the org takes it.\n\n"
        "To take it back, remove the permission set's assignment and the permission set. The "
        "fields hold the links between records and the CRM's rows: leave them, or the next sync "
        "would create every record again.\n"
    )


def write_source(folder: Path, files: dict[str, str]) -> Path:
    """Writes the folder. One that holds other files is refused, also files of an earlier set-up
    that are no part of this one: they would be deployed, too. Raises OutputError.
    """
    target = folder.expanduser()
    try:
        held = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
        if others := sorted(held - files.keys()):
            raise OutputError(
                f"{target} holds other files ({others[0]}).", "Name a new or empty directory."
            )
        for path in files:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise OutputError(f"{target} cannot be written: {reason}.", "Name another place.") from None
    for path, text in files.items():
        write(target / path, text)
    return target.resolve()
