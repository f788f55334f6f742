"""A target: a named Salesforce org that we push to, and how to sign in there.

What its keys mean and what may stand in them. Where a secret is kept, `credentials` knows; how a
session is had, `salesforce.connect`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator

__all__ = ["Auth", "Strict", "Target"]

ADDRESS = re.compile(
    r"https://(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?"
)
SF_ORG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")
"""An alias or user name that can stand in a command line of any system as it is."""

Auth = Literal["client_credentials", "jwt_bearer", "access_token", "sf_cli", "password"]


class Strict(BaseModel):
    """Settings that know their keys, and never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(Strict):
    """A named Salesforce org that we push to, and how to sign in there. Times are in seconds.

    Of each secret, `…_file` names a file that holds it, for where no variable gives it.
    """

    instance_url: str = Field(description="My Domain, https://….my.salesforce.com")
    auth: Auth = "client_credentials"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    username: str | None = Field(default=None, description="jwt_bearer and password")
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    audience: str | None = Field(default=None, description="jwt_bearer: whom the assertion is for")
    access_token: SecretStr | None = None
    access_token_file: Path | None = None
    sf_org: str | None = Field(default=None, description="sf_cli: alias or user name")
    password: SecretStr | None = None
    password_file: Path | None = None
    security_token: SecretStr | None = None
    security_token_file: Path | None = None
    api_version: str = "60.0"
    ca_bundle: Path | None = Field(default=None, description="certificates to trust; local org")
    default_owner: str | None = Field(default=None, description="a user name; used on create only")
    connect_timeout: float = Field(default=10, gt=0, le=300)
    read_timeout: float = Field(default=120, gt=0, le=900)
    total_timeout: float = Field(default=300, gt=0, le=3600)
    attempts: int = Field(default=5, ge=1, le=20)
    bulk_above: int = Field(
        default=2_000, ge=0, description="rows of one action that still go by Composite"
    )
    max_api_calls: int | None = Field(default=None, ge=1, description="calls of one sync")
    api_reserve_percent: int = Field(
        default=10, ge=0, le=99, description="of the org's daily calls, left to others"
    )

    _keyring: bool = PrivateAttr(default=False)

    @property
    def uses_keyring(self) -> bool:
        """Whether secrets that nothing else gives are looked for in the system's keyring."""
        return self._keyring

    @field_validator("instance_url", "audience")
    @classmethod
    def _https(cls, url: str | None) -> str | None:
        if url is None:
            return None
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

    @field_validator("sf_org")
    @classmethod
    def _one_word(cls, text: str | None) -> str | None:
        if text is not None and not SF_ORG.fullmatch(text):
            raise ValueError("should be an alias or user name of letters, digits and _ . @ + -")
        return text
