"""The commands in groups: `db`, `target`, `org`. Each imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_sync.cli.exits import EPILOG, PLAIN_EPILOG, SERVE_EPILOG
from crm_sync.cli.options import Debug, Quiet

__all__ = ["database", "org", "target"]


def _group(says: str) -> typer.Typer:
    return typer.Typer(help=says, epilog=EPILOG, no_args_is_help=True, rich_markup_mode=None)


database = _group("The CRM database: its schema, its sample data.")
target = _group("The Salesforce orgs that we push to.")
org = _group("A Salesforce org on this machine, to try things.")


@database.command(name="apply", epilog=PLAIN_EPILOG)
def apply_schema(quiet: Quiet = False, debug: Debug = False) -> int:
    """Applies schema.sql and views.sql, as the owner.

    Can be repeated without harm. Signs in with owner_database_url, else database_url.
    """
    from crm_sync.cli import databases

    return databases.apply(quiet=quiet)


@database.command(epilog=PLAIN_EPILOG)
def seed(quiet: Quiet = False, debug: Debug = False) -> int:
    """Loads the sample data into an empty database.

    Refuses a database that holds rows. Signs in with owner_database_url, else database_url.
    """
    from crm_sync.cli import databases

    return databases.seed(quiet=quiet)


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
