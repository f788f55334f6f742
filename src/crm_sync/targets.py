"""A target: a named Salesforce org that we push to, and how to sign in there.

What its keys mean and what may stand in them. Where a secret is kept, `credentials` knows; how a
session is had, `salesforce.connect`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    field_validator,
)

__all__ = ["Auth", "Strict", "Target"]

ADDRESS = re.compile(
    r"https://(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?"
)
SF_ORG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")
"""An alias or user name that can stand in a command line of any system as it is."""

Condition = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""SQL that says whether a row counts."""

Auth = Literal["client_credentials", "jwt_bearer", "access_token", "sf_cli", "password"]


class Strict(BaseModel):
    """Settings that know their keys, and never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(Strict):
    """A named Salesforce org that we push to, and how to sign in there. Times are in seconds.

    Of each secret, `…_file` names a file that holds it, for where no variable gives it.
    """

    instance_url: str = Field(description="My Domain, https://….my.salesforce.com")
    auth: Auth = Field(
        default="client_credentials",
        description="how to sign in: client_credentials (an External Client App that runs as an "
        "integration user), jwt_bearer (its private key), access_token, sf_cli (the session of the "
        "Salesforce CLI), or `password` (which Salesforce ends)",
    )
    client_id: str | None = Field(
        default=None, description="the app's consumer key, for client_credentials and jwt_bearer"
    )
    client_secret: SecretStr | None = Field(
        default=None, description="the app's consumer secret, for client_credentials; a secret"
    )
    client_secret_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
    )
    username: str | None = Field(
        default=None, description="the user who signs in, for jwt_bearer and `password`"
    )
    private_key: SecretStr | None = Field(
        default=None, description="the private key in PEM form, for jwt_bearer; a secret"
    )
    private_key_file: Path | None = Field(
        default=None, description="its file, the usual way to give it"
    )
    audience: str | None = Field(
        default=None,
        description="whom the assertion is for, for jwt_bearer; where nothing is said, "
        "https://test.salesforce.com of a sandbox and https://login.salesforce.com of others",
    )
    access_token: SecretStr | None = Field(
        default=None, description="a session's token, for access_token; a secret"
    )
    access_token_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
    )
    sf_org: str | None = Field(
        default=None,
        description="the alias or user name that sf knows the org by, for sf_cli; where nothing is "
        "said, its default org",
    )
    password: SecretStr | None = Field(
        default=None, description="the user's password, for `password`; a secret"
    )
    password_file: Path | None = Field(default=None, description="a file that holds nothing but it")
    security_token: SecretStr | None = Field(
        default=None,
        description="follows the password outside of trusted networks, for `password`; a secret",
    )
    security_token_file: Path | None = Field(
        default=None, description="a file that holds nothing but it"
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
    mappings: Path | None = Field(
        default=None,
        description="a folder of mapping files of its own, seen from crm-sync.toml, instead of the"
        " one that all share",
    )
    where: dict[str, Condition] | None = Field(
        default=None,
        description="SQL by mapping, in a table [targets.NAME.where]: besides the mapping's own"
        " where, so that this org receives these rows alone",
    )
    max_changes: int | None = Field(
        default=None,
        ge=0,
        description="rows of one mapping that a sync creates or changes unasked once the first load"
        " is done; the larger of 500 and 20 % of its records where nothing is said",
    )
    api_reserve_percent: int = Field(
        default=10,
        ge=0,
        le=99,
        description="how much of the org's daily calls is left to others, in percent",
    )

    _keyring: bool = PrivateAttr(default=False)
    _places: dict[str, str] = PrivateAttr(default_factory=dict[str, str])

    @property
    def places(self) -> dict[str, str]:
        """Where the settings say each `where`, by mapping."""
        return self._places

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
