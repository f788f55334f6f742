"""The commands and their options (those of groups: `groups.py`). Each imports what it needs when it
runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crm_sync.cli.exits import (
    CHECK_EPILOG,
    EPILOG,
    FINDINGS_EPILOG,
    PLAIN_EPILOG,
    SETUP_EPILOG,
)
from crm_sync.cli.first import adopt, init
from crm_sync.cli.groups import database, org, target
from crm_sync.cli.options import (
    CreateAnyway,
    Debug,
    Describes,
    Format,
    Full,
    Json,
    Overwrite,
    Quiet,
    Resend,
    RetryRefused,
    Select,
    Separator,
    Target,
    Way,
    named_row,
    not_empty,
)

__all__ = ["app"]

app = typer.Typer(
    name="crm-sync",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.add_typer(database, name="db")
app.add_typer(target, name="target")
app.add_typer(org, name="org")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"crm-sync {version('consulting-crm-backend')}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Pushes a consultant's CRM in PostgreSQL one way to Salesforce."""


@app.command(epilog=EPILOG)
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave both servers running, and say how to reach them.")
    ] = False,
    stop: Annotated[
        Path | None,
        typer.Option("--stop", metavar="DIRECTORY", help="End what --keep left running there."),
    ] = None,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Then open the org's page and the report in a browser."),
    ] = False,
    debug: Debug = False,
) -> int:
    """The whole product on sample data; needs no account.

    Starts a database and a Salesforce org of its own on this machine, and ends them.
    """
    from crm_sync.demo import story

    return story.stop(stop) if stop else story.tell(keep=keep, and_open=open_)


app.command(epilog=PLAIN_EPILOG)(init)


@app.command(name="dry-run", epilog=EPILOG)
def dry_run(
    target: Target = None,
    select: Select = None,
    full: Full = False,
    rows: Annotated[
        int, typer.Option(metavar="N", help="Rows shown per object and action.", min=0)
    ] = 5,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a self-contained HTML report.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a Markdown summary.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write every row as CSV, one file for each object."),
    ] = None,
    separator: Annotated[
        Separator,
        typer.Option(
            "--csv-separator",
            help="What parts the cells of --csv: semicolon where Excel's list separator is one.",
        ),
    ] = Separator.COMMA,
    open_: Annotated[
        bool,
        typer.Option(
            "--open", help="Open the HTML report; without --html it is crm-sync-report.html here."
        ),
    ] = False,
    against_org: Annotated[
        bool,
        typer.Option(
            "--against-org", help="Also read what people edited in Salesforce since the last push."
        ),
    ] = False,
    create_anyway: CreateAnyway = False,
    retry_refused: RetryRefused = False,
    resend: Resend = False,
    overwrite: Overwrite = None,
    api: Way = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """What a sync would send, field by field.

    Sends nothing and leaves nothing behind; works beside a running sync.
    """
    from crm_sync.cli import show

    options = show.options(
        select,
        full=full,
        retry_refused=retry_refused,
        resend=resend,
        api=api.value if api else None,
        against_org=against_org,
        overwrite=tuple(overwrite or ()),
        create_anyway=create_anyway,
    )
    outputs = show.Outputs(rows, html, markdown, csv, separator.sign, open_, as_json, quiet)
    return show.dry_run(target, options, outputs)


@app.command(epilog=EPILOG)
def sync(
    target: Target = None,
    select: Select = None,
    full: Full = False,
    retry_refused: RetryRefused = False,
    resend: Resend = False,
    overwrite: Overwrite = None,
    allow_deletions: Annotated[
        bool,
        typer.Option("--allow-deletions", help="Let this run delete more than the guard allows."),
    ] = False,
    allow_changes: Annotated[
        bool,
        typer.Option("--allow-changes", help="Let this run change more than the guard allows."),
    ] = False,
    ignore_storage: Annotated[
        bool,
        typer.Option("--ignore-storage", help="Create more than the org seems to have room for."),
    ] = False,
    with_sample_data: Annotated[
        bool,
        typer.Option("--with-sample-data", help="Send rows of the sample data to a real org, too."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before the first sync to an org.")
    ] = False,
    create_anyway: CreateAnyway = False,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST",
            callback=not_empty,
            help="Send only the plan that dry-run showed with this.",
        ),
    ] = None,
    api: Way = None,
    max_api_calls: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Stop before this run makes more API calls than N. Default: the target's setting.",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Sends what changed to Salesforce.

    The first time, shows how much would go to this org, and asks. Records each row's outcome. After
    Ctrl-C, or a crash, the next sync continues.
    """
    from crm_sync.cli import show

    options = show.options(
        select,
        full=full,
        retry_refused=retry_refused,
        resend=resend,
        allow_deletions=allow_deletions,
        allow_changes=allow_changes,
        ignore_storage=ignore_storage,
        with_sample_data=with_sample_data,
        yes=yes,
        create_anyway=create_anyway,
        expect=expect,
        api=api.value if api else None,
        max_api_calls=max_api_calls,
        overwrite=tuple(overwrite or ()),
    )
    return show.sync(target, options, as_json=as_json, quiet=quiet)


app.command(epilog=SETUP_EPILOG)(adopt)


@app.command(epilog=PLAIN_EPILOG)
def status(
    target: Target = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="While a run is at work, show where it stands."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Each org: its last runs, the one at work, and its rows by state."""
    from crm_sync.cli import show_state

    if watch and as_json:
        raise typer.BadParameter("--watch is for people; leave it out with --json")
    return show_state.status(target, watch=watch, as_json=as_json, quiet=quiet)


@app.command(epilog=EPILOG)
def problems(
    target: Target = None,
    select: Select = None,
    rows: Annotated[int, typer.Option(metavar="N", help="Rows shown.", min=0)] = 20,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """The rows that are not in order: why, and how to mend them.

    As the last sync left them; `dry-run` looks at the rows as they are now.
    """
    from crm_sync.cli import show_state

    return show_state.problems(target, select or [], rows=rows, as_json=as_json, quiet=quiet)


@app.command(epilog=PLAIN_EPILOG)
def history(
    row: Annotated[
        list[str],
        typer.Argument(
            metavar="[TABLE] KEY",
            callback=named_row,
            help="A row's key (its id), external ID, or Salesforce Id of 15 or 18 characters; "
            "before it the table or mapping, if rows of several have the key.",
        ),
    ],
    target: Target = None,
    rows: Annotated[int, typer.Option(metavar="N", help="Newest entries shown.", min=0)] = 20,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """What was sent of one row, newest first.

    Each change with its time, run, and fields, old and new; each refusal; what people had edited.
    """
    from crm_sync.cli import show_state

    *table, key = row
    return show_state.history(target, *table, key=key, rows=rows, as_json=as_json)


@app.command(epilog=FINDINGS_EPILOG)
def check(
    target: Target = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Without an org, against describes that `describe --save` wrote."
        ),
    ] = False,
    describes: Describes = Path("describes"),
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for a warning, too.")] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="A line each, or GitHub annotations. Default: annotations in GitHub Actions.",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Finds mistakes in the mappings, all at once.

    Each mapping against the database and the org: a line with file:line:column, how bad it is, what
    is wrong and how to mend it. Reads only.
    """
    from crm_sync.cli import checking

    return checking.check(
        target,
        saved=describes if offline else None,
        strict=strict,
        as_json=as_json,
        github=None if form is None else form is Format.GITHUB,
        quiet=quiet,
    )


@app.command(epilog=PLAIN_EPILOG)
def describe(
    objects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OBJECT]...", help="Objects; those of the mappings if not given."),
    ] = None,
    target: Target = None,
    save: Annotated[
        bool, typer.Option("--save", help="Write the describes to files, for `check --offline`.")
    ] = False,
    describes: Describes = Path("describes"),
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Fields of Salesforce objects, and what our user may write."""
    from crm_sync.cli import checking

    return checking.describe(objects or [], target, save=save, directory=describes, quiet=quiet)


@app.command(epilog=CHECK_EPILOG)
def docs(
    out: Annotated[Path, typer.Option(metavar="DIRECTORY", help="Where the documents go.")] = Path(
        "docs"
    ),
    target: Target = None,
    describes: Describes = Path("describes"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where a document is stale.")
    ] = False,
    debug: Debug = False,
) -> int:
    """Writes the documents made from mappings, schema and program.

    What becomes of every column in Salesforce; the mapping language; the database, with pictures;
    commands, errors, and the schemas for editors. Types come from the target's org if one is named,
    else from saved describes, else from a local org. The database is made of schema.sql and
    views.sql in this folder, else of the package's. Examples are sample data, never your rows.
    """
    from crm_sync.cli import documents

    return documents.documents(out, target, describes, check=check)
