"""`init` and its options, which are the answers to its questions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crm_sync.cli.options import Debug, Quiet, Select, not_empty

__all__ = ["init"]


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
