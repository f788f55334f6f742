"""The commands of the first hour: `init`, whose options answer its questions, and `adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from crm_sync.cli.options import (
    Debug,
    Quiet,
    Select,
    Separator,
    Target,
    none_empty,
    not_empty,
)

__all__ = ["adopt", "init"]


def _answer(flag: str, metavar: str, says: str) -> Any:
    return typer.Option(flag, metavar=metavar, callback=not_empty, help=says)


def init(
    database_url: Annotated[
        str | None, _answer("--database-url", "URL", "The database, as the role crm_sync.")
    ] = None,
    owner_database_url: Annotated[
        str | None, _answer("--owner-database-url", "URL", "Its owner, for `db apply`.")
    ] = None,
    target: Annotated[
        str | None, _answer("--target", "NAME", "What the org is called in crm-sync.toml.")
    ] = None,
    instance_url: Annotated[
        str | None, _answer("--instance-url", "URL", "The org: https://….my.salesforce.com.")
    ] = None,
    auth: Annotated[
        str | None,
        _answer(
            "--auth",
            "WAY",
            "client_credentials, jwt_bearer, access_token, sf_cli or password.",
        ),
    ] = None,
    client_id: Annotated[
        str | None, _answer("--client-id", "KEY", "The app's consumer key.")
    ] = None,
    username: Annotated[
        str | None, _answer("--username", "NAME", "The user, for jwt_bearer and password.")
    ] = None,
    sf_org: Annotated[
        str | None, _answer("--sf-org", "ALIAS", "The org of the Salesforce CLI, for sf_cli.")
    ] = None,
    secret_file: Annotated[
        str | None,
        _answer("--secret-file", "FILE", "Client secret, private key, token or password."),
    ] = None,
    ca_bundle: Annotated[
        str | None, _answer("--ca-bundle", "FILE", "Certificates to trust; for a local org.")
    ] = None,
    select: Select = None,
    copy_mappings: Annotated[
        bool | None,
        typer.Option(
            "--copy-mappings/--no-copy-mappings", help="Copy the shipped mappings into ./mappings."
        ),
    ] = None,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Secrets into the system's keyring, not into .env.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; keep what is not answered.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Sets up this folder: database, org and mappings.

    Asks for what no option says, tests each answer at once, writes crm-sync.toml (no secrets) and
    .env, and says what to run next. Can be run again.
    """
    from crm_sync.cli import initial

    return initial.init(
        database_url=database_url,
        owner_database_url=owner_database_url,
        target=target,
        instance_url=instance_url,
        auth=auth,
        client_id=client_id,
        username=username,
        sf_org=sf_org,
        secret_file=secret_file,
        ca_bundle=ca_bundle,
        mappings=tuple(select or ()),
        copy_mappings=copy_mappings,
        keyring=keyring,
        yes=yes,
        quiet=quiet,
    )


def adopt(
    target: Target = None,
    select: Select = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELDS",
            callback=none_empty,
            help="Compare by these fields: Name,Website, or account:Name,Website for one mapping.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is found, and write nothing.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a self-contained HTML page.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the ambiguous rows as CSV, to be decided."),
    ] = None,
    separator: Annotated[
        Separator,
        typer.Option("--csv-separator", help="What parts the cells of --csv."),
    ] = Separator.COMMA,
    decisions: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Read what you decided of ambiguous rows.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    debug: Debug = False,
) -> int:
    """Matches rows with records that an org holds already.

    Shows which record is certainly whose, and writes our key to these records, nothing else. What
    is ambiguous is listed, never guessed.
    """
    from crm_sync.adopt.story import Choice
    from crm_sync.cli import adopting

    choice = Choice(
        select=tuple(select or ()),
        by=tuple(by or ()),
        decisions=decisions,
        dry_run=dry_run,
        is_asked=not yes,
    )
    return adopting.run(target, choice, adopting.Outputs(html, csv, separator.sign), yes=yes)
