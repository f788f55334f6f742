"""Settings: `crm-sync.toml` (no secrets), the environment, `.env`; read once, at the entry point.

An environment variable is `CRM_SYNC_` and the key, with `__` between levels:
`CRM_SYNC_TARGETS__PRODUCTION__CLIENT_SECRET`. The environment wins over `.env`, and both over the
file. `.env.example` lists every key.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from crm_sync.errors import SettingsError
from crm_sync.names import nearest

__all__ = ["Settings", "Target", "load_settings"]

PREFIX = "CRM_SYNC_"
SECRETS = ("client_secret", "access_token", "database_url", "owner_database_url")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Strict):
    """A named Salesforce org that we push to, and how to sign in there. Times are in seconds."""

    instance_url: str = Field(description="My Domain, https://….my.salesforce.com")
    auth: Literal["client_credentials", "access_token"] = "client_credentials"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    api_version: str = Field(default="60.0", pattern=r"^\d{2}\.0$")
    ca_bundle: Path | None = None
    default_owner: str | None = Field(default=None, description="a user name; used on create only")
    connect_timeout: float = Field(default=10, gt=0, le=300)
    read_timeout: float = Field(default=120, gt=0, le=900)
    total_timeout: float = Field(default=300, gt=0, le=3600)
    attempts: int = Field(default=5, ge=1, le=20)

    @field_validator("instance_url")
    @classmethod
    def _https(cls, url: str) -> str:
        if not re.fullmatch(r"https://[^/\s]+/?", url):
            raise ValueError("must be https://host without a path")
        return url.rstrip("/")


class Settings(_Strict):
    """All settings. `targets` by name; `target` is used where `--target` is not given."""

    database_url: SecretStr | None = None
    owner_database_url: SecretStr | None = None
    mappings: Path = Path("mappings")
    target: str | None = None
    targets: dict[str, Target] = Field(default_factory=dict)
    history_days: int = Field(default=400, ge=1)

    def database(self) -> str:
        """The database URL. Raises SettingsError where none is set."""
        if self.database_url is None:
            raise SettingsError(
                "No database is named.",
                f"Set {PREFIX}DATABASE_URL to postgresql://user:password@host:5432/name.",
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
                "Write [targets.NAME] with instance_url and client_id into crm-sync.toml.",
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
        return name, self.targets[name]


def load_settings(
    directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Reads the settings of a directory and an environment (default: the current ones).

    Raises SettingsError, naming file and line, for a wrong or unknown key (with the nearest valid
    one) and for a secret in `crm-sync.toml`. No message repeats a value.
    """
    directory = directory or Path.cwd()
    file = directory / "crm-sync.toml"
    content, text = _read_toml(file)
    for path in _secrets(content):
        raise SettingsError(
            f"{_where(file, text, path)}: {'.'.join(path)} is a secret.",
            f"Put it into .env or the environment as {PREFIX}{'__'.join(path).upper()}.",
        )
    dotenv = _read_dotenv(directory / ".env")
    merged = content
    for origin in (dotenv, environment if environment is not None else os.environ):
        for key, value in origin.items():
            if key.upper().startswith(PREFIX):
                _put(merged, key.upper().removeprefix(PREFIX).lower().split("__"), value, key)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise _explained(error, file, text) from None
    if not settings.mappings.is_absolute():
        settings = settings.model_copy(update={"mappings": directory / settings.mappings})
    return settings


def _read_toml(file: Path) -> tuple[dict[str, Any], str]:
    if not file.exists():
        return {}, ""
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        where = f"{file.name}:{found[1]}:{found[2]}" if found else file.name
        what = str(error).split(" (at ")[0]
        raise SettingsError(f"{where}: This is not TOML: {what}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}.") from None


def _read_dotenv(file: Path) -> dict[str, str]:
    """Lines KEY=value; blank lines and lines that start with # are passed over."""
    if not file.exists():
        return {}
    result: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        bare = line.strip().removeprefix("export ").strip()
        if not bare or bare.startswith("#"):
            continue
        key, sign, value = bare.partition("=")
        if not sign or not re.fullmatch(r"\w+", key.strip()):
            raise SettingsError(f".env:{number}:1: This line is not KEY=value.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        result[key.strip()] = value
    return result


def _secrets(content: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    if isinstance(content, dict):
        for key, value in content.items():
            if key in SECRETS:
                yield (*path, key)
            yield from _secrets(value, (*path, key))


def _put(content: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part in path[:-1]:
        inner = content.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{name} names a level that is not there.")
        content = inner
    content[path[-1]] = value


def _where(file: Path, text: str, path: tuple[str, ...]) -> str:
    """`crm-sync.toml:line:column` of a key, as well as its text can be found."""
    section = ".".join(path[:-1])
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[([^\]]+)\]", line):
            here = found[1].strip()
            if path and here == ".".join(path):
                return f"{file.name}:{number}:{line.index('[') + 1}"
        elif here == section and re.match(rf"\s*{re.escape(path[-1])}\s*=", line):
            return f"{file.name}:{number}:{len(line) - len(line.lstrip()) + 1}"
    return ""


def _explained(error: ValidationError, file: Path, text: str) -> SettingsError:
    first = error.errors(include_input=False, include_url=False)[0]
    path = tuple(str(part) for part in first["loc"])
    where = _where(file, text, path) or f"{PREFIX}{'__'.join(path).upper()}"
    if first["type"] == "extra_forbidden":
        known = Target.model_fields if path[0] == "targets" else Settings.model_fields
        return SettingsError(f"{where}: {path[-1]} is not a setting." + nearest(path[-1], known))
    if first["type"] == "missing":
        section = ".".join(path[:-1])
        return SettingsError(
            f"{_where(file, text, path[:-1]) or section}: {section} lacks {path[-1]}.",
            f"Set it in {file.name}, or as {PREFIX}{'__'.join(path).upper()}.",
        )
    sentence = str(first["msg"]).removeprefix("Value error, ")
    return SettingsError(f"{where}: {'.'.join(path)}: {sentence}.")
