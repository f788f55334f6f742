"""The commands. Exit codes: 0 all well, 1 finished with problems, 2 could not run or was stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app", "run"]

OK, PROBLEMS, STOPPED, INTERRUPTED = 0, 1, 2, 130

EPILOG = "Exit codes: 0 all well, 1 finished with problems, 2 could not run or was stopped."

app = typer.Typer(
    name="crm-sync",
    help="Pushes a consultant's CRM in PostgreSQL one way to Salesforce.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
database = typer.Typer(help="The CRM database.", no_args_is_help=True)
target_app = typer.Typer(help="The Salesforce orgs that we push to.", no_args_is_help=True)
org_app = typer.Typer(help="The local Salesforce org.", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(target_app, name="target")
app.add_typer(org_app, name="org")

Target = Annotated[
    str | None, typer.Option("--target", "-t", help="The target's name in crm-sync.toml.")
]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", "-s", help="Only this mapping; may be given more than once."),
]
Full = Annotated[
    bool, typer.Option("--full", help="Compare every row and describe the org afresh.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
RetryRefused = Annotated[
    bool, typer.Option("--retry-refused", help="Send again what Salesforce refused.")
]
Resend = Annotated[bool, typer.Option("--resend", help="Send every field of every record again.")]


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave database and org running, and say how to reach them.")
    ] = False,
    stop: Annotated[
        Path | None, typer.Option("--stop", help="End what --keep left running in this directory.")
    ] = None,
    debug: Debug = False,
) -> int:
    """The whole product on sample data, with a database and an org of its own."""
    from crm_sync.demo import story

    return story.stop(stop) if stop else story.tell(keep=keep)


@app.command(name="dry-run")
def dry_run(
    target: Target = None,
    select: Select = None,
    full: Full = False,
    rows: Annotated[int, typer.Option(help="Rows shown per object and action.", min=0)] = 5,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary.")] = None,
    retry_refused: RetryRefused = False,
    resend: Resend = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """What a sync would create, change and delete, field by field. Sends nothing."""
    from crm_sync.cli import show

    options = show.options(select, full=full, retry_refused=retry_refused, resend=resend)
    return show.dry_run(
        target, options, rows=rows, html=html, markdown=markdown, as_json=as_json, quiet=quiet
    )


@app.command()
def sync(
    target: Target = None,
    select: Select = None,
    full: Full = False,
    retry_refused: RetryRefused = False,
    resend: Resend = False,
    allow_deletions: Annotated[
        bool, typer.Option("--allow-deletions", help="Let this run delete more than the guard allows.")
    ] = False,
    expect: Annotated[
        str | None, typer.Option(help="Send only if the plan has this digest (see dry-run).")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Sends what changed to Salesforce, and records each row's outcome."""
    from crm_sync.cli import show

    options = show.options(
        select,
        full=full,
        retry_refused=retry_refused,
        resend=resend,
        allow_deletions=allow_deletions,
        expect=expect,
    )
    return show.sync(target, options, as_json=as_json, quiet=quiet)


@app.command()
def status(target: Target = None, as_json: Json = False, debug: Debug = False) -> int:
    """Each org: its last run, its rows by state, and the size of the state."""
    from crm_sync.cli import show_state

    return show_state.status(target, as_json=as_json)


@app.command()
def problems(
    target: Target = None,
    select: Select = None,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """The rows that are not in order after the last run: why, and how to mend them."""
    from crm_sync.cli import show_state

    return show_state.problems(target, select or [], as_json=as_json)


@app.command()
def history(
    key: Annotated[str, typer.Argument(help="The key of a row (its id in the table).")],
    target: Target = None,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """What was sent of one row: when, by which run, which fields, with what outcome."""
    from crm_sync.cli import show_state

    return show_state.history(target, key, as_json=as_json)


@app.command()
def docs(
    out: Annotated[
        Path, typer.Option(help="Where the document goes.")
    ] = Path("docs/salesforce-mapping.md"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where the document is stale.")
    ] = False,
    target: Target = None,
    debug: Debug = False,
) -> int:
    """Writes docs/salesforce-mapping.md from the mappings."""
    from crm_sync.cli import documents

    return documents.mapping_document(out, target=target, check=check)


@database.command(name="apply")
def apply_schema(quiet: Quiet = False, debug: Debug = False) -> int:
    """Applies schema.sql and views.sql as the owner; can be repeated without harm."""
    from crm_sync.cli import databases

    return databases.apply(quiet=quiet)


@database.command()
def seed(quiet: Quiet = False, debug: Debug = False) -> int:
    """Loads the sample data into an empty database."""
    from crm_sync.cli import databases

    return databases.seed(quiet=quiet)


@target_app.command()
def accept(
    name: Annotated[str, typer.Argument(help="The target.")],
    this_database: Annotated[
        bool, typer.Option("--database", help="This copy of the database takes over the org's state.")
    ] = False,
    debug: Debug = False,
) -> int:
    """Binds a target to the org that it leads to now, or an org's state to this database."""
    from crm_sync.cli import databases

    return databases.accept(name, this_database=this_database)


@org_app.command(
    name="serve",
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    },
    add_help_option=False,
)
def serve(context: typer.Context) -> int:
    """Runs a local Salesforce org; its first line says how to reach it. `--help` lists options."""
    from crm_sync.localorg.serve import main

    return main(context.args)


def run(arguments: list[str]) -> int:
    """Runs one command. A known error becomes one line on standard error; `--debug` raises it."""
    from crm_sync.errors import CrmSyncError

    try:
        return int(app(args=arguments, standalone_mode=False) or OK)
    except CrmSyncError as error:
        if "--debug" in arguments:
            raise
        print(f"crm-sync: {error}", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        print("crm-sync: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except typer.Abort:
        return INTERRUPTED
    except typer.Exit as ended:
        return ended.exit_code
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]  # whoever read us has gone
        return OK
    except Exception as error:
        return _usage_or_bug(error, debug="--debug" in arguments)


def _usage_or_bug(error: Exception, *, debug: bool) -> int:
    """A wrong option explains itself; anything else is our mistake, and says so."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
        return STOPPED
    if debug:
        raise error
    missing = isinstance(error, ModuleNotFoundError) and error.name
    if missing:
        print(
            f"crm-sync: this needs the package {error.name}. "
            "Install the extra that brings it: demo, org or flows.",
            file=sys.stderr,
        )
        return STOPPED
    print(
        f"crm-sync: an unexpected error: {type(error).__name__}. "
        "Run again with --debug and report what it shows.",
        file=sys.stderr,
    )
    return STOPPED
