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
from typing import Any, TypeVar

from pydantic import Field, PrivateAttr, SecretStr, ValidationError

from crm_sync.credentials import secret
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
    variable,
)
from crm_sync.targets import Strict, Target

__all__ = [
    "DOTENV",
    "FILE",
    "TARGET_NAME",
    "Settings",
    "certificates_problem",
    "check_certificates",
    "load_settings",
]

FILE = "crm-sync.toml"
DOTENV = ".env"
TARGET_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""So that a target's name fits into an environment variable, whose levels `__` divides."""


class Settings(Strict):
    """All settings. `targets` by name; `target` is used where `--target` is not given."""

    database_url: SecretStr | None = Field(
        default=None, description="the database, as the role crm_sync; a secret"
    )
    database_url_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
    )
    owner_database_url: SecretStr | None = Field(
        default=None,
        description="the same as its owner, for db apply, db login and db seed; database_url where "
        "nothing is said; a secret",
    )
    owner_database_url_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
    )
    login_password: SecretStr | None = Field(
        default=None,
        description="the password that `db login` gives a role where nobody can be asked; a secret",
    )
    login_password_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
    )
    keyring: bool = Field(
        default=False,
        description="secrets that neither a variable nor a file gives stand in the system's "
        "keyring; needs the extra keyring",
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

    def for_target(self, name: str) -> Settings:
        """The same with the mappings of a target, where it names its own."""
        own = self.targets[name].mappings
        if own is None:
            return self
        settings = self.model_copy(update={"mappings": own})
        settings._falls_back = False
        return settings

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
        url = self._secret("database_url")
        if url is None:
            raise SettingsError(
                "No database is named.",
                f"Set {PREFIX}DATABASE_URL to postgresql://user:password@host:5432/name, "
                f"in the environment or in {DOTENV}.",
            )
        return url.get_secret_value()

    @property
    def names_database(self) -> bool:
        """Whether there is a database URL, wherever it is kept."""
        return self._secret("database_url") is not None

    @property
    def names_owner(self) -> bool:
        """Whether the owner of the tables has a URL of its own."""
        return self._secret("owner_database_url") is not None

    def owner_database(self) -> str:
        """The URL by which the owner of the tables signs in: for `db apply` and `db seed`."""
        url = self._secret("owner_database_url")
        return self.database() if url is None else url.get_secret_value()

    def password_for_login(self) -> str | None:
        """The password that `db login` gives a role, where somebody wrote it down: a variable or a
        file, never the keyring, which would keep it for another role.
        """
        given = secret(
            ("login_password",), self.login_password, self.login_password_file, keyring=False
        )
        return None if given is None else given.get_secret_value()

    def _secret(self, key: str) -> SecretStr | None:
        return secret(
            (key,), getattr(self, key), getattr(self, f"{key}_file"), keyring=self.keyring
        )

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
            check_certificates(name, target.ca_bundle)
        return name, target


SECRETS = frozenset(
    name
    for model in (Settings, Target)
    for name, field in model.model_fields.items()
    if "SecretStr" in str(field.annotation)
)
"""Keys that do not belong in a file which may be committed."""


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
    placed = _with_full_paths(settings, directory)
    for name, target in placed.targets.items():
        for mapping in target.where or ():
            path = ("targets", name, "where", mapping)
            target._places[mapping] = given[path].place(path)
    return placed


def check_certificates(name: str, bundle: Path) -> None:
    """Raises SettingsError where a target's ca_bundle is no file of certificates."""
    problem = certificates_problem(bundle)
    if problem:
        raise SettingsError(
            f"The ca_bundle of target {name} {problem}: {bundle}.",
            "Name a file of PEM certificates, or leave ca_bundle out: Salesforce's need none.",
        )


def certificates_problem(bundle: Path) -> str | None:
    """Why nothing can be trusted by a file: it `is not there`, `holds no certificate`, …"""
    if not bundle.is_file():
        return "is not there"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(bundle)
    except ssl.SSLError:
        return "holds no certificate"
    except OSError as error:
        return f"cannot be read ({(error.strerror or type(error).__name__).lower()})"
    return None


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
    if is_target and path[2:3] == ("where",):
        _check_where(given)
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


def _check_where(given: Given) -> None:
    """Raises SettingsError where a target's `where` is no SQL by mapping."""
    path = given.path
    if (len(path) == 3 and given.value != {}) or len(path) > 4:
        raise SettingsError(
            f"{given.place(path)}: where has the SQL of each mapping by its name.",
            f'Write a table [{".".join(path[:3])}] with lines such as lead = "…".',
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
    targets = {name: _placed(target, directory) for name, target in settings.targets.items()}
    for target in targets.values():
        target._keyring = settings.keyring
    mappings = directory / settings.mappings
    if "mappings" not in settings.model_fields_set and not mappings.exists():
        mappings = mappings_directory()
        settings._falls_back = True
    placed = _placed(settings, directory)
    return placed.model_copy(update={"mappings": mappings, "targets": targets})


_M = TypeVar("_M", Settings, Target)


def _placed(of: _M, directory: Path) -> _M:
    """With the files that it names as paths from the directory."""
    files = {
        key: directory / value
        for key in type(of).model_fields
        if (key in ("ca_bundle", "mappings") or key.endswith("_file"))
        and (value := getattr(of, key))
    }
    return of.model_copy(update=files)
