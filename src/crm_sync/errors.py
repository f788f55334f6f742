"""Every error that crosses a module border. The branch says who must act and what ends.

    CrmSyncError                    one sentence, and how to mend it
    ├── SetupError                  the user acts; nothing was done
    │   ├── SettingsError           crm-sync.toml, .env or the environment
    │   ├── MappingError            a mapping file, with file:line:column
    │   ├── DatabaseError           PostgreSQL cannot be used as it is
    │   │   └── NotApplied          a file and what stands in the database do not go together
    │   ├── OutputError             a report or document cannot be written
    │   └── DecisionsError          lines of a file of decisions cannot be followed
    ├── OrgError                    Salesforce's administrator acts; nothing was sent
    │   ├── SignInError             no session
    │   ├── OrgAccessError          a field or permission is missing in the org
    │   │   └── SetupNotAllowed     our user may not change the org's set-up
    │   └── OrgChangedError         another org, or another database, than the state belongs to
    └── RunStopped                  the run ended early; what was not sent stays planned
        ├── AlreadyRunning          another run works on this org
        ├── LockLost                this run is no longer the newest, or its connection is gone
        ├── GuardStopped            too much at once, or the first time; a person decides
        ├── LimitReached            Salesforce's daily API limit, or our share of it
        └── OrgUnreachable          no answer from Salesforce after the last attempt

A row that Salesforce refuses is not an error but an outcome: see `crm_sync.sync.decide`.

The first paragraph of a class says what it means, the second what to do about it: people read both
in `docs/errors.md`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AlreadyRunning",
    "CrmSyncError",
    "DatabaseError",
    "DecisionsError",
    "GuardStopped",
    "LegacySignIn",
    "LimitReached",
    "LockLost",
    "MappingError",
    "NotApplied",
    "OrgAccessError",
    "OrgChangedError",
    "OrgError",
    "OrgUnreachable",
    "OutputError",
    "RunStopped",
    "SettingsError",
    "SetupError",
    "SetupNotAllowed",
    "SignInError",
    "missing_extra",
]


class CrmSyncError(Exception):
    """Something a person must know: one sentence, and how to mend it, without any secret.

    Do what the message says. Where it says nothing, `--debug` shows where the error arose.
    """

    def __init__(self, sentence: str, mend: str = "") -> None:
        super().__init__(f"{sentence} {mend}".strip())
        self.sentence = sentence
        self.mend = mend


class SetupError(CrmSyncError):
    """The user must act before anything can be done.

    Mend what the message names on your side: a file, a setting, the database, an installation.
    """


class SettingsError(SetupError):
    """A setting is missing, unknown or wrong.

    Correct the key that the message names, in `crm-sync.toml`, in `.env` or in the environment.
    """


class MappingError(SetupError):
    """A mapping is wrong; the message begins with `file:line:column`.

    Correct the file at that place; `crm-sync check` shows all that is wrong at once.

    `where` is that place, `what` the sentence without it.
    """

    def __init__(self, sentence: str, mend: str = "", where: str = "") -> None:
        super().__init__(f"{where}: {sentence}" if where else sentence, mend)
        self.where = where
        self.what = sentence


class DatabaseError(SetupError):
    """PostgreSQL is out of reach, refuses us, lacks the schema, or stands behind a wrong pooler.

    Check the database's URL and its server; apply the schema with `crm-sync db apply`.
    """


class NotApplied(DatabaseError):
    """A file met something that is not as it made it; nothing of the file was kept.

    Run the SQL that `crm-sync db apply` shows, which brings the database in line, and apply again.

    `remaining`: what differs (`crm_sync.schema.difference`), as far as the file does not mend it.
    """

    def __init__(self, sentence: str, mend: str, remaining: tuple[Any, ...]) -> None:
        super().__init__(sentence, mend)
        self.remaining = remaining


class OutputError(SetupError):
    """A report or document cannot be written, or a written one not be read.

    Name another place, or free the one that the message names.
    """


class DecisionsError(SetupError):
    """Lines of the file of decisions for `crm-sync adopt` cannot be followed, so nothing was done;
    each is told with `file:line:column`.

    Correct them and run again.

    `lines` says what is wrong with each of them.
    """

    def __init__(self, sentence: str, mend: str, lines: tuple[str, ...]) -> None:
        super().__init__(sentence, mend)
        self.lines = lines


def missing_extra(package: str, extra: str) -> SetupError:
    """What to tell whoever lacks a package that only an extra of ours brings."""
    return SetupError(
        f"This needs the package {package}, which is not installed.",
        f"The extra {extra} brings it. In a clone of the project: `uv sync`, "
        f"or `pip install '.[{extra}]'`.",
    )


class OrgError(CrmSyncError):
    """Salesforce's administrator must act; nothing was sent.

    Hand the message to the org's administrator, then run again.
    """


class SignInError(OrgError):
    """Salesforce gave no session.

    Check the target's address and credentials, and the app and user that sign in there.
    """


class LegacySignIn(UserWarning):
    """A warning, not an error: a way to sign in that Salesforce is going to end."""


class OrgAccessError(OrgError):
    """The org lacks a field or permission that the mappings need.

    Create the field or let a permission set grant it, or take it out of the mapping.
    """


class SetupNotAllowed(OrgAccessError):
    """The user may not change the org's set-up, which `org setup` is about to do.

    Let an administrator run it, or give them the page and the folder that it writes. The Metadata
    API wants *Modify Metadata Through Metadata API Functions* or *Modify All Data* (Metadata API
    Developer Guide, Metadata API Edit Access).
    """


class OrgChangedError(OrgError):
    """The target leads to another org, or the state belongs to another database.

    If that is meant (a refreshed sandbox, a restored copy): `crm-sync target accept NAME`, for a
    copy of the database with `--database`. Else correct the target's address or the database's.
    """


class RunStopped(CrmSyncError):
    """The run ended before its plan was done; what was not sent stays planned.

    Nothing is lost: once the reason is gone, the next sync continues.
    """


class AlreadyRunning(RunStopped):
    """Another run works on this org.

    Wait for it; `crm-sync status --watch` shows where it stands.
    """


class LockLost(RunStopped):
    """This run is not the newest any more, or its connection is gone: it must not write.

    Let the newer run finish, or run again.
    """


class GuardStopped(RunStopped):
    """A person decides first: more would be deleted or changed than a run may unasked, a first load
    could double records that the org holds already, sample data would go to somebody's org, the org
    has no room, it is the first sync there and nobody agreed, or the plan is not the expected one.

    Look at `crm-sync dry-run`; if it is meant, run with the flag that the message names, or expect
    its digest. `crm-sync adopt` matches records that the org holds.
    """


class LimitReached(RunStopped):
    """The org's daily API limit is used up, or what a run may take of it.

    Run again when calls are free (Salesforce counts 24 hours back), or let a run take more:
    `--max-api-calls`, `api_reserve_percent`.
    """


class OrgUnreachable(RunStopped):
    """Salesforce gave no answer after the last attempt.

    Check the network and https://status.salesforce.com, then run again.
    """
