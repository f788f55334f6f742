"""The commands in groups: `db`, `target`, `org`. Each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crm_sync.cli.exits import APPLY_EPILOG, EPILOG, PLAIN_EPILOG, SERVE_EPILOG, SETUP_EPILOG
from crm_sync.cli.options import Debug, Login, Quiet, Target, not_empty

__all__ = ["database", "org", "target"]


def _group(says: str) -> typer.Typer:
    return typer.Typer(help=says, epilog=EPILOG, no_args_is_help=True, rich_markup_mode=None)


database = _group("The CRM database: its schema, its roles, its sample data.")
target = _group("The Salesforce orgs that we push to.")
org = _group("Sets a Salesforce org up; runs one on this machine.")


@database.command(name="apply", epilog=APPLY_EPILOG)
def apply_schema(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would change, and change nothing.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Applies schema.sql and views.sql, as the owner.

    Can be repeated without harm. Upgrades schema sync; then compares the database with the files,
    and shows the SQL for what they do not bring. Signs in with owner_database_url, else
    database_url.
    """
    from crm_sync.cli import databases

    return databases.apply(quiet=quiet, dry_run=dry_run)


@database.command(epilog=SETUP_EPILOG)
def login(
    role: Annotated[
        Login, typer.Argument(metavar="ROLE", help="crm_sync (the sync) or powerbi_reader.")
    ],
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Gives the sync's role, or Power BI's, a password.

    Asks for it, or reads CRM_SYNC_LOGIN_PASSWORD, or a file that CRM_SYNC_LOGIN_PASSWORD_FILE
    names; the server is sent a SCRAM verifier, never the password. Then tries to sign in, and says
    what to enter in .env or in Power BI. Signs in with owner_database_url, else database_url.
    """
    from crm_sync.cli import logging_in

    return logging_in.login(role.value, quiet=quiet)


@database.command(epilog=PLAIN_EPILOG)
def seed(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the sample data instead, and nothing else.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Loads the sample data into an empty database.

    Refuses a database that holds rows. Signs in with owner_database_url, else database_url. Its
    rows go to a local org only, unless `sync --with-sample-data` sends them elsewhere.
    """
    from crm_sync.cli import databases

    return databases.unseed(quiet=quiet) if remove else databases.seed(quiet=quiet)


@target.command(epilog=PLAIN_EPILOG)
def accept(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The target.")],
    this_database: Annotated[
        bool,
        typer.Option("--database", help="This copy of the database takes over the org's state."),
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Binds a target to the org that it leads to now.

    With --database: binds the org's state to this database. Either way the next plan looks in
    Salesforce for records of ours before it counts a row as new.
    """
    from crm_sync.cli import databases

    return databases.accept(name, this_database=this_database, quiet=quiet)


@org.command(epilog=SETUP_EPILOG)
def setup(
    target: Target = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Remove what this command made, and that alone.")
    ] = False,
    with_fields: Annotated[
        bool,
        typer.Option("--with-fields", help="With --undo: the external ID fields, too."),
    ] = False,
    list_views: Annotated[
        bool,
        typer.Option("--list-views", help='Also a list view "Pushed from the CRM" per object.'),
    ] = False,
    assign_to: Annotated[
        str | None,
        typer.Option(
            metavar="USERNAME",
            callback=not_empty,
            help="Who gets the permission set. Default: the user that is signed in.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page for the administrator, as HTML."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(metavar="DIRECTORY", help="Write the same as a folder that sf deploys."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without an org: only write --page and --source.")
    ] = False,
    describes: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --offline: describes that `describe --save` wrote."),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Do not ask; in production it is asked all the same."),
    ] = False,
    debug: Debug = False,
) -> int:
    """Makes what the mappings need of an org.

    External ID fields, a permission set with what the mappings use, and its assignment. Shows each
    step and asks; can be repeated without harm, and taken back.
    """
    from crm_sync.cli import setting_up

    if with_fields and not undo:
        raise typer.BadParameter("--with-fields goes with --undo")
    if undo and (page or source or offline):
        raise typer.BadParameter("--undo goes without --page, --source and --offline")
    if offline and not (page or source):
        raise typer.BadParameter("--offline writes --page or --source; give one of them")
    if describes and not offline:
        raise typer.BadParameter("--describes goes with --offline")
    return setting_up.setup(
        setting_up.Choice(
            target=target,
            dry_run=dry_run,
            back=undo,
            with_fields=with_fields,
            list_views=list_views,
            assign_to=assign_to,
            yes=yes,
            page=page,
            source=source,
            offline=offline,
            describes=describes,
        )
    )


@org.command(
    name="serve",
    epilog=SERVE_EPILOG,
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    },
    add_help_option=False,
)
def serve(context: typer.Context) -> int:
    """Runs a local Salesforce org until Ctrl-C.

    Its first line of output says how to reach it.
    """
    from crm_sync.demo import leftovers
    from crm_sync.localorg.process import main

    leftovers.clear_leftovers()  # also of an org that was killed
    return main(context.args, leftovers.owned_directory)
