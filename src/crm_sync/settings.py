"""Settings: `crm-sync.toml` (no secrets), `.env`, the environment; read once, at the entry point.

An environment variable is `CRM_SYNC_` and the key, with `__` between levels:
`CRM_SYNC_TARGETS__PRODUCTION__CLIENT_SECRET`. The environment wins over `.env`, and both over the
file; an empty or blank variable counts as not set. `.env.example` and `crm-sync.example.toml` show
every key.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)

from crm_sync.errors import SettingsError
from crm_sync.files import mappings_directory
from crm_sync.names import nearest
from crm_sync.settings_sources import (
    PREFIX,
    Given,
    Path_,
    from_dotenv,
    from_environment,
    from_toml,
)

__all__ = ["Settings", "Target", "load_settings", "variable"]

FILE = "crm-sync.toml"
DOTENV = ".env"
TARGET_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""So that a target's name fits into an environment variable, whose levels `__` divides."""
ADDRESS = re.compile(
    r"https://(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?"
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Strict):
    """A named Salesforce org that we push to, and how to sign in there. Times are in seconds."""

    instance_url: str = Field(description="My Domain, https://….my.salesforce.com")
    auth: Literal["client_credentials", "access_token"] = Field(
        default="client_credentials",
        description="how to sign in: client_credentials (an External Client App that runs as an "
        "integration user) or access_token",
    )
    client_id: str | None = Field(
        default=None, description="the app's consumer key, for client_credentials"
    )
    client_secret: SecretStr | None = Field(
        default=None, description="the app's consumer secret, for client_credentials; a secret"
    )
    access_token: SecretStr | None = Field(
        default=None, description="a session's token, for access_token; a secret"
    )
    api_version: str = Field(default="60.0", description="version of the REST API")
    ca_bundle: Path | None = Field(
        default=None,
        description="a file of certificates to trust instead of the usual ones; "
        "the local org prints where its own is",
    )
    default_owner: str | None = Field(
        default=None, description="user name of whoever owns what is created; on create only"
    )
    connect_timeout: float = Field(
        default=10, gt=0, le=300, description="how long to wait for a connection"
    )
    read_timeout: float = Field(
        default=120, gt=0, le=900, description="how long to wait for each piece of an answer"
    )
    total_timeout: float = Field(
        default=300, gt=0, le=3600, description="how long to wait for a whole answer"
    )
    attempts: int = Field(
        default=5, ge=1, le=20, description="how often a call without an answer is sent"
    )
    bulk_above: int = Field(
        default=2_000,
        ge=0,
        description="rows of one action that still go by Composite; more go by Bulk API 2.0",
    )
    max_api_calls: int | None = Field(
        default=None,
        ge=1,
        description="calls of one sync, which stops there; as many as it takes"
        " where nothing is said",
    )
    api_reserve_percent: int = Field(
        default=10,
        ge=0,
        le=99,
        description="how much of the org's daily calls is left to others, in percent",
    )

    @field_validator("instance_url")
    @classmethod
    def _https(cls, url: str) -> str:
        found = ADDRESS.fullmatch(url)
        if found is None or int(found[1] or 443) > 65535:
            raise ValueError("should be https://host, without a path")
        return url.rstrip("/")

    @field_validator("api_version")
    @classmethod
    def _version(cls, text: str) -> str:
        if not re.fullmatch(r"\d{2}\.0", text):
            raise ValueError("should be written like 60.0")
        return text


class Settings(_Strict):
    """All settings. `targets` by name; `target` is used where `--target` is not given."""

    database_url: SecretStr | None = Field(
        default=None, description="the database, as the role crm_sync; a secret"
    )
    owner_database_url: SecretStr | None = Field(
        default=None,
        description="the same as its owner, for db apply and db seed; database_url where nothing "
        "is said; a secret",
    )
    mappings: Path = Field(
        default=Path("mappings"), description="a folder of mapping files, seen from crm-sync.toml"
    )
    target: str | None = Field(
        default=None,
        description="the target where --target is not given; where nothing is said, the only one",
    )
    targets: dict[str, Target] = Field(default_factory=dict)
    history_days: int = Field(
        default=400, ge=1, le=36_500, description="how long sync.history is kept, in days"
    )
    mask_emails_and_phones: bool = Field(
        default=False,
        description="e-mail addresses and phone numbers are shown by kind and length alone",
    )

    _falls_back: bool = PrivateAttr(default=False)

    @property
    def mappings_note(self) -> str:
        """A sentence where nobody named mappings, so the package's own count, else nothing."""
        if not self._falls_back:
            return ""
        return f"Mappings: the ones that ship with the package, in {self.mappings}."

    def require_mappings(self) -> None:
        """Raises SettingsError where nobody named mappings: a sync that was started in another
        folder than usual would push by others than usual.
        """
        if self._falls_back:
            raise SettingsError(
                "No mappings are named, and this folder has none.",
                f"Set {PREFIX}MAPPINGS, or mappings in crm-sync.toml, to their folder; those that "
                f"ship with the package lie in {self.mappings}.",
            )

    def database(self) -> str:
        """The database URL. Raises SettingsError where none is set."""
        if self.database_url is None:
            raise SettingsError(
                "No database is named.",
                f"Set {PREFIX}DATABASE_URL to postgresql://user:password@host:5432/name, "
                f"in the environment or in {DOTENV}.",
            )
        return self.database_url.get_secret_value()

    def owner_database(self) -> str:
        """The URL by which the owner of the tables signs in: for `db apply` and `db seed`."""
        if self.owner_database_url is None:
            return self.database()
        return self.owner_database_url.get_secret_value()

    def chosen(self, name: str | None) -> tuple[str, Target]:
        """The target of this run. Raises SettingsError where it is unknown or not clear."""
        if not self.targets:
            raise SettingsError(
                "No target is named.",
                f"Write [targets.NAME] with instance_url and client_id into {FILE}.",
            )
        name = name or self.target
        if name is None:
            if len(self.targets) > 1:
                raise SettingsError(
                    f"There are {len(self.targets)} targets: {', '.join(sorted(self.targets))}.",
                    "Say which one with --target.",
                )
            name = next(iter(self.targets))
        if name not in self.targets:
            raise SettingsError(
                f"There is no target {name!r}." + nearest(name, self.targets),
                f"Known: {', '.join(sorted(self.targets))}.",
            )
        target = self.targets[name]
        if target.ca_bundle is not None:
            _check_certificates(name, target.ca_bundle)
        return name, target


SECRETS = frozenset(
    name
    for model in (Settings, Target)
    for name, field in model.model_fields.items()
    if "SecretStr" in str(field.annotation)
)
"""Keys that do not belong in a file which may be committed."""


def variable(*path: str) -> str:
    """The environment variable of a key: `variable("targets", "sandbox", "client_secret")`."""
    return PREFIX + "__".join(path).upper()


def load_settings(
    directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Reads the settings of a directory and an environment (default: the current ones).

    Raises SettingsError, naming file and line, for a wrong or unknown key (with the nearest valid
    one) and for a secret in `crm-sync.toml`. No message repeats a value.
    """
    directory = directory or Path()  # so that messages name files as people do, mappings/lead.yaml
    given: dict[Path_, Given] = {}
    for origin in (
        from_toml(directory / FILE),
        from_dotenv(directory / DOTENV),
        from_environment(os.environ if environment is None else environment),
    ):
        for one in origin:
            _check_known(one)
            if one.value is not None:
                given[one.path] = one
    try:
        settings = Settings.model_validate(_nested(given.values()))
    except ValidationError as error:
        raise _explained(error, given) from None
    return _with_full_paths(settings, directory)


def _check_certificates(name: str, bundle: Path) -> None:
    if not bundle.is_file():
        problem = "is not there"
    else:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(bundle)
        except ssl.SSLError:
            problem = "holds no certificate"
        except OSError as error:
            problem = f"cannot be read ({(error.strerror or type(error).__name__).lower()})"
        else:
            return
    raise SettingsError(
        f"The ca_bundle of target {name} {problem}: {bundle}.",
        "Name a file of PEM certificates, or leave ca_bundle out: Salesforce's need none.",
    )


def _check_known(given: Given) -> None:
    """Raises SettingsError for a key that is none, and for a secret where it does not belong."""
    path = given.path
    is_target = path[0] == "targets"
    if is_target and len(path) > 1 and not TARGET_NAME.fullmatch(path[1]):
        raise SettingsError(
            f"{given.place(path[:2])}: {path[1]!r} cannot be the name of a target.",
            "Write it with small letters, digits and single _ between them.",
        )
    if path == ("targets",) or (is_target and len(path) == 2):
        if given.is_variable or not isinstance(given.value, dict):
            raise SettingsError(
                f"{given.place(path)}: a target has keys.",
                f"Write {variable('targets', 'name', 'key')} or a table [targets.name].",
            )
        return
    known = Target.model_fields if is_target else Settings.model_fields
    depth = 3 if is_target else 1
    if path[depth - 1] not in known or len(path) > depth:
        raise _unknown(given, depth)
    if path[-1] in SECRETS and not given.is_variable:
        raise SettingsError(
            f"{given.place(path)}: {'.'.join(path)} is a secret.",
            f"Put it into {DOTENV} or the environment as {variable(*path)}.",
        )


def _unknown(given: Given, depth: int) -> SettingsError:
    path = given.path
    if given.is_variable:
        names = [variable(name) for name in Settings.model_fields if name != "targets"]
        if len(path) > 2:
            names += [variable("targets", path[1], name) for name in Target.model_fields]
        return SettingsError(
            f"{given.place(path)} is not a setting." + nearest(variable(*path), names)
        )
    at = path[:depth]
    known = Target.model_fields if depth == 3 else Settings.model_fields
    if at[-1] in known:  # [target.production]
        return SettingsError(
            f"{given.place(at)}: {at[-1]} has no keys below it." + nearest(at[-1], ["targets"])
        )
    return SettingsError(
        f"{given.place(at)}: {'.'.join(at)} is not a setting." + nearest(at[-1], known)
    )


def _nested(given: Iterable[Given]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for one in given:
        level = content
        for part in one.path[:-1]:
            level = level.setdefault(part, {})
        level.setdefault(one.path[-1], one.value)
    return content


def _explained(error: ValidationError, given: Mapping[Path_, Given]) -> SettingsError:
    first = error.errors(include_input=False, include_url=False)[0]
    path = tuple(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return _incomplete(path, given)
    sentence = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    place = given[path].place(path)
    said = "" if given[path].is_variable else f" {'.'.join(path)}"
    return SettingsError(f"{place}:{said} {sentence}.")


def _incomplete(path: Path_, given: Mapping[Path_, Given]) -> SettingsError:
    """A target without a key that it must have; often a misspelt name in a variable."""
    of_target = [one for key, one in given.items() if key[:2] == path[:2]]
    others = {key[1] for key in given if key[0] == "targets"} - {path[1]}
    only_variables = all(one.is_variable for one in of_target)
    return SettingsError(
        f"{of_target[0].place(path[:2])}: the target {path[1]} has no {path[-1]}."
        + (nearest(path[1], others) if only_variables else ""),
        f"Set it under [targets.{path[1]}] in {FILE}, or as {variable(*path)}.",
    )


def _with_full_paths(settings: Settings, directory: Path) -> Settings:
    """Paths are meant from where the settings stand. Outside a clone the mappings that ship with
    the package do, unless others are named.
    """
    targets = {
        name: target.model_copy(update={"ca_bundle": directory / target.ca_bundle})
        if target.ca_bundle
        else target
        for name, target in settings.targets.items()
    }
    mappings = directory / settings.mappings
    if "mappings" not in settings.model_fields_set and not mappings.exists():
        mappings = mappings_directory()
        settings._falls_back = True
    return settings.model_copy(update={"mappings": mappings, "targets": targets})
