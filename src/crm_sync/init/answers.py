"""What a person may answer beforehand, by flags, and what comes of all answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Changes", "Flags"]

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Flags:
    """The options of `crm-sync init`. None: not given."""

    database_url: str | None = field(default=None, repr=False)
    owner_database_url: str | None = field(default=None, repr=False)
    target: str | None = None
    instance_url: str | None = None
    auth: str | None = None
    client_id: str | None = None
    username: str | None = None
    sf_org: str | None = None
    secret_file: str | None = None
    ca_bundle: str | None = None
    mappings: tuple[str, ...] = ()
    copy_mappings: bool | None = None
    keyring: bool = False
    yes: bool = False
    quiet: bool = False


@dataclass
class Changes:
    """What is to be written: settings, secrets, files; nothing that is so already.

    `settings` of crm-sync.toml by their path; `secrets` by the path of their setting; `files` that
    are new or get another text; `of_environment`: variables that a secret was taken from, which is
    not written; `notes` for the person; `next_command` to go on with.
    """

    settings: dict[Path_, str | bool] = field(default_factory=dict)
    secrets: dict[Path_, str] = field(default_factory=dict, repr=False)
    files: dict[Path, str] = field(default_factory=dict)
    next_command: str = "crm-sync check"
    of_environment: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.settings or self.secrets or self.files)
