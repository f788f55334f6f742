"""A keyring for tests."""

from __future__ import annotations

from keyring.backend import KeyringBackend

__all__ = ["Memory"]


class Memory(KeyringBackend):
    """Keeps its secrets in memory, by service and user name."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password
