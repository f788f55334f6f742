"""Every error that crosses a module border. The branch says who must act and what ends.

    CrmSyncError                    one sentence, and how to mend it
    ├── SetupError                  the user acts; nothing was done
    │   ├── SettingsError           crm-sync.toml, .env or the environment
    │   ├── MappingError            a mapping file, with file:line:column
    │   ├── DatabaseError           PostgreSQL cannot be used as it is
    │   └── OutputError             a report or document cannot be written
    ├── OrgError                    Salesforce's administrator acts; nothing was sent
    │   ├── SignInError             no session
    │   ├── OrgAccessError          a field or permission is missing in the org
    │   └── OrgChangedError         another org, or another database, than the state belongs to
    └── RunStopped                  the run ended early; what was not sent stays planned
        ├── AlreadyRunning          another run works on this org
        ├── LockLost                this run is no longer the newest, or its connection is gone
        ├── GuardStopped            too much would be deleted; a person decides
        ├── LimitReached            Salesforce's daily API limit, or our share of it
        └── OrgUnreachable          no answer from Salesforce after the last attempt

A row that Salesforce refuses is not an error but an outcome: see `crm_sync.sync.decide`.
"""

from __future__ import annotations

__all__ = [
    "AlreadyRunning",
    "CrmSyncError",
    "DatabaseError",
    "GuardStopped",
    "LegacySignIn",
    "LimitReached",
    "LockLost",
    "MappingError",
    "OrgAccessError",
    "OrgChangedError",
    "OrgError",
    "OrgUnreachable",
    "OutputError",
    "RunStopped",
    "SettingsError",
    "SetupError",
    "SignInError",
    "missing_extra",
]


class CrmSyncError(Exception):
    """Something a person must know: one sentence, and how to mend it. Never holds a secret."""

    def __init__(self, sentence: str, mend: str = "") -> None:
        super().__init__(f"{sentence} {mend}".strip())
        self.sentence = sentence
        self.mend = mend


class SetupError(CrmSyncError):
    """The user must act before anything can be done."""


class SettingsError(SetupError):
    """A setting is missing, unknown or wrong."""


class MappingError(SetupError):
    """A mapping is wrong. `where` is `file:line:column`; `what` is the sentence without it."""

    def __init__(self, sentence: str, mend: str = "", where: str = "") -> None:
        super().__init__(f"{where}: {sentence}" if where else sentence, mend)
        self.where = where
        self.what = sentence


class DatabaseError(SetupError):
    """PostgreSQL is out of reach, refuses us, lacks the schema, or stands behind a wrong pooler."""


class OutputError(SetupError):
    """A report or document cannot be written."""


def missing_extra(package: str, extra: str) -> SetupError:
    """What to tell whoever lacks a package that only an extra of ours brings."""
    return SetupError(
        f"This needs the package {package}, which is not installed.",
        f"The extra {extra} brings it. In a clone of the project: `uv sync`, "
        f"or `pip install '.[{extra}]'`.",
    )


class OrgError(CrmSyncError):
    """Salesforce's administrator must act; nothing was sent."""


class SignInError(OrgError):
    """Salesforce gave no session."""


class LegacySignIn(UserWarning):
    """A warning, not an error: a way to sign in that Salesforce is going to end."""


class OrgAccessError(OrgError):
    """The org lacks a field or permission that the mappings need."""


class OrgChangedError(OrgError):
    """The target leads to another org, or the state belongs to another database."""


class RunStopped(CrmSyncError):
    """The run ended before its plan was done; what was not sent stays planned."""


class AlreadyRunning(RunStopped):
    """Another run works on this org."""


class LockLost(RunStopped):
    """This run is not the newest any more, or its connection is gone: it must not write."""


class GuardStopped(RunStopped):
    """More would be deleted than a run may delete unasked."""


class LimitReached(RunStopped):
    """The org's daily API limit is used up, or what a run may take of it."""


class OrgUnreachable(RunStopped):
    """Salesforce gave no answer after the last attempt."""
