"""Secrets, from wherever they are kept: a variable, a file, the system's keyring; in this order.

In: a setting with a secret and where else it may be. Out: the secret, read when it is needed. No
message repeats one, nor a part of it.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from crm_sync.errors import SettingsError, missing_extra
from crm_sync.settings_sources import variable
from crm_sync.targets import Target

__all__ = ["NEEDED", "SERVICE", "complete", "keep_in_keyring", "secret"]

SERVICE = "crm-sync"
"""Under which the keyring has our secrets; the user name there is the setting's path."""
NEEDED = {
    "client_credentials": ("client_secret",),
    "jwt_bearer": ("private_key",),
    "access_token": ("access_token",),
    "sf_cli": (),
    "password": ("password", "security_token"),
}
"""The secrets that each way to sign in asks for. `security_token` may be missing."""


def complete(name: str, target: Target) -> Target:
    """The target with the secrets that its way to sign in needs, where they are to be found.

    Raises SettingsError for a file that cannot be read, and for a keyring that cannot be asked.
    """
    found: dict[str, SecretStr] = {}
    for key in NEEDED[target.auth]:
        value = secret(
            ("targets", name, key),
            getattr(target, key),
            getattr(target, f"{key}_file"),
            keyring=target.uses_keyring,
        )
        if value is not None:
            found[key] = value
    return target.model_copy(update=found)


def secret(
    path: tuple[str, ...], given: SecretStr | None, file: Path | None, *, keyring: bool
) -> SecretStr | None:
    """The secret of one setting, or None where no place has it. Raises SettingsError."""
    if given is not None:
        return given
    if file is not None:
        return SecretStr(_read(path, file))
    return _from_keyring(path) if keyring else None


def _read(path: tuple[str, ...], file: Path) -> str:
    said = ".".join((*path[:-1], f"{path[-1]}_file"))
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{said}: {file} is not UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(
            f"{said}: {file} cannot be read: {reason}.",
            f"Correct the path, or set {variable(*path)} instead.",
        ) from None
    if not text:
        raise SettingsError(f"{said}: {file} is empty.", "Write the secret into it.")
    return text


def _from_keyring(path: tuple[str, ...]) -> SecretStr | None:
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        raise missing_extra("keyring", "keyring") from None
    try:
        value = keyring.get_password(SERVICE, ".".join(path))
    except keyring.errors.KeyringError as error:
        raise _no_keyring(path, error) from None
    return SecretStr(value) if value else None


def keep_in_keyring(path: tuple[str, ...], value: str) -> None:
    """Puts a secret into the system's keyring. Raises SettingsError where there is none."""
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        raise missing_extra("keyring", "keyring") from None
    try:
        keyring.set_password(SERVICE, ".".join(path), value)
    except keyring.errors.KeyringError as error:
        raise _no_keyring(path, error) from None


def _no_keyring(path: tuple[str, ...], error: Exception) -> SettingsError:
    return SettingsError(
        f"The system's keyring cannot be used for {'.'.join(path)} ({type(error).__name__}).",
        f"Unlock it, or set up one; or set {variable(*path)}, or leave out keyring = true.",
    )
