"""The questions about the org: which one, and how to sign in there; tried at once.

In: flags, what is there, and what `sf` is signed in to. Out: the settings and secrets of a target
with which a session was had.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import ValidationError
from requests.utils import get_environ_proxies

from crm_sync.credentials import NEEDED, secret
from crm_sync.errors import CrmSyncError, SettingsError, SignInError
from crm_sync.init.answers import Changes, Flags
from crm_sync.init.asking import Asker
from crm_sync.salesforce import sf_cli
from crm_sync.salesforce.client import Client
from crm_sync.settings import FILE, TARGET_NAME, Settings, check_certificates
from crm_sync.settings_sources import variable
from crm_sync.sync.state import ask_org
from crm_sync.targets import Auth, Target

__all__ = ["ask_target", "my_domain"]

PLAIN = {
    "client_credentials": {"client_id": "Consumer key of the External Client App"},
    "jwt_bearer": {
        "client_id": "Consumer key of the External Client App",
        "username": "User name in Salesforce",
    },
    "access_token": {},
    "sf_cli": {"sf_org": "Alias or user name that sf knows the org by (Enter: its default org)"},
    "password": {"username": "User name in Salesforce"},
}
"""By way to sign in: the settings that it needs besides its secrets."""
SECRET = {
    "client_secret": "Consumer secret (not shown)",
    "access_token": "Access token (not shown)",
    "password": "Password (not shown)",
    "security_token": "Security token (not shown; Enter: none)",
}
_FLAG = "--secret-file, or --target NAME and the variable CRM_SYNC_TARGETS__NAME__{}"
LOCAL = ("localhost", "127.0.0.1", "[::1]")

Answers = dict[str, Any]


def ask_target(asker: Asker, flags: Flags, settings: Settings, changes: Changes) -> str:
    """Asks for a target until a session is had there; returns its name.

    Raises SignInError and its like where nobody can be asked again.
    """
    answers: Answers = {}

    def attempt(is_first: bool) -> tuple[str, Answers]:
        said = flags if is_first else Flags(target=answers.get("name"))
        name = _ask_name(asker, said, settings)
        if name is not None:
            answers["name"] = name
        known = _known(settings, name)
        # Once: what did not work is asked like any other.
        of_sf = _of_sf(asker, flags, is_new=name not in settings.targets) if is_first else None
        if of_sf is not None:
            answers.update(auth="sf_cli", instance_url=of_sf.instance_url, sf_org=of_sf.name)
        _ask(asker, said, {**known, **answers}, answers, is_of_sf=of_sf is not None)
        if name is None:
            name = asker.until_right(lambda _: _ask_new_name(asker, answers))
            answers["name"] = name
        _try(asker, name, {**known, **answers}, settings)
        return name, known

    name, known = asker.until_right(attempt)
    for key, value in answers.items():
        if key in SECRET and value and value == os.environ.get(variable("targets", name, key)):
            changes.of_environment.append(variable("targets", name, key))
        if key == "name" or value in (None, "") or value == known.get(key):
            continue
        path = ("targets", name, key)
        if key in SECRET:
            changes.secrets[path] = value
        elif key != "auth" or value != "client_credentials" or "auth" in known:
            changes.settings[path] = value
    if settings.target is None and not settings.targets:
        changes.settings["target",] = name
    return name


def _of_sf(asker: Asker, flags: Flags, *, is_new: bool) -> sf_cli.SfOrg | None:
    """An org that sf is signed in to, when the person wants one of them, or a flag names it."""
    if flags.sf_org and not flags.instance_url:
        return sf_cli.session(flags.sf_org)
    is_open = is_new and not (flags.auth or flags.instance_url or flags.client_id)
    if not asker.may_ask or not is_open or not sf_cli.is_installed():
        return None
    asker.say("Asking the Salesforce CLI which orgs it is signed in to …")
    try:
        orgs = sf_cli.signed_in_orgs()
    except CrmSyncError as error:
        asker.say(f"  {error}")
        return None
    for number, org in enumerate(orgs, 1):
        asker.say(f"  {number}  {org.name}: {org.instance_url}, as {org.username}")
    while orgs:
        answer = asker.text(
            "Use the session of one of them (its number; Enter: none)", "", None, needed=False
        )
        if not answer:
            return None
        if answer.isdecimal() and 1 <= int(answer) <= len(orgs):
            return orgs[int(answer) - 1]
        asker.wrong(SettingsError(f"{answer!r} is none of these numbers."))
    return None


def _ask_name(asker: Asker, flags: Flags, settings: Settings) -> str | None:
    """The target's name where there are targets already, or a flag says it; else None."""
    if flags.target is None and not settings.targets:
        return None
    usual = settings.target or next(iter(settings.targets), None)
    names = ", ".join(settings.targets)
    name = asker.text(f"Target: {names}, or a new name", "--target", flags.target, usual)
    _check_name(name)
    return name


def _ask_new_name(asker: Asker, answers: Answers) -> str:
    name = asker.text("Name of this target", "--target", answers.get("name"), _usual(answers))
    _check_name(name)
    return name


def _check_name(name: str) -> None:
    if not TARGET_NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} cannot be the name of a target.",
            "Write it with small letters, digits and single _ between them.",
        )


def _known(settings: Settings, name: str | None) -> Answers:
    """What the target has already, with the secrets that its way needs."""
    if name is None:
        return {}
    known: Answers = {
        key: value
        for key in Target.model_fields
        if (value := os.environ.get(variable("targets", name, key), "").strip())
    }
    if name not in settings.targets:
        return known
    target = settings.targets[name]
    for key in target.model_fields_set:
        value = getattr(target, key)
        if value is not None:
            known[key] = value.get_secret_value() if key in SECRET else _plain(value)
    for key in NEEDED[target.auth]:
        kept = secret(("targets", name, key), getattr(target, key), None, keyring=settings.keyring)
        if kept is not None and key in SECRET:
            known[key] = kept.get_secret_value()
    return {**known, "auth": target.auth}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _ask(asker: Asker, flags: Flags, known: Answers, answers: Answers, *, is_of_sf: bool) -> None:
    if not is_of_sf:
        ways = get_args(Auth)
        usual = str(known.get("auth") or "client_credentials")
        answers["auth"] = asker.choice("How to sign in", "--auth", flags.auth, usual, ways)
        answers["instance_url"] = asker.until_right(
            lambda first: _ask_address(asker, flags.instance_url if first else None, known)
        )
    way = answers["auth"]
    if not is_of_sf:
        for key, question in PLAIN[way].items():
            flag = "--" + key.replace("_", "-")
            answers[key] = asker.text(
                question, flag, getattr(flags, key), known.get(key), needed=key != "sf_org"
            )
    _ask_secrets(asker, flags, way, known, answers)
    host = answers["instance_url"].removeprefix("https://")
    if flags.ca_bundle or host.startswith(LOCAL):
        answers["ca_bundle"] = asker.text(
            "File of certificates to trust (the local org prints it)",
            "--ca-bundle",
            flags.ca_bundle,
            known.get("ca_bundle"),
        )


def _ask_address(asker: Asker, given: str | None, known: Answers) -> str:
    question = "Address of the org, https://….my.salesforce.com"
    typed = asker.text(question, "--instance-url", given, known.get("instance_url"))
    url = my_domain(typed)
    if url != typed.rstrip("/"):
        asker.say(f"  Taken for {url}.")
    _check_address(url)
    return url


def _check_address(url: str) -> None:
    """Raises SignInError where there is no such host. A proxy may know more names than we do."""
    if get_environ_proxies(url):
        return
    host = urlsplit(url).hostname or ""
    if not re.fullmatch(r"[\w.:\[\]-]+", host):
        raise SettingsError("instance_url should be https://host, without a path.")
    try:
        socket.getaddrinfo(host, 443)
    except (OSError, UnicodeError):
        raise SignInError(
            f"There is no host {host!r}.",
            "Copy My Domain's address, https://….my.salesforce.com: in Salesforce, Setup → My "
            "Domain.",
        ) from None


def _ask_secrets(asker: Asker, flags: Flags, way: str, known: Answers, answers: Answers) -> None:
    for number, key in enumerate(NEEDED[way]):
        file = f"{key}_file"
        if flags.secret_file is not None and number == 0:
            answers[file] = flags.secret_file
        elif file in known or (key == "private_key" and key not in known):
            question = f"File that holds the {key.replace('_', ' ')}"
            answers[file] = asker.text(question, "--secret-file", None, known.get(file))
        elif key in SECRET:
            answers[key] = asker.text(
                SECRET[key], _FLAG.format(key.upper()), None, known.get(key),
                hidden=True, needed=key != "security_token",
            )  # fmt: skip


def my_domain(typed: str) -> str:
    """The address of an org's API from what people copy: a page's address, a Lightning or Setup
    host. Source of the pairs: Salesforce Help, My Domain URL Formats.
    """
    host = re.sub(r"^[a-z]+://", "", typed.strip(), flags=re.IGNORECASE)
    host = re.split(r"[/?#]", host)[0].lower()
    for ending in (".lightning.force.com", ".my.salesforce-setup.com"):
        if host.endswith(ending):
            host = host.removesuffix(ending) + ".my.salesforce.com"
    return f"https://{host}"


def _usual(answers: Answers) -> str:
    """A name for a target, from its address."""
    host = str(answers["instance_url"]).removeprefix("https://")
    if host.startswith(LOCAL):
        return "local"
    for sign in ("sandbox", "scratch", "develop"):
        if f".{sign}.my." in host:
            return sign
    return "sandbox" if host == "test.salesforce.com" else "production"


def _try(asker: Asker, name: str, answers: Answers, settings: Settings) -> None:
    """Signs in, and says which org it is. Raises what keeps us out."""
    given = {key: value for key, value in answers.items() if key != "name" and value != ""}
    try:
        target = Target.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        sentence = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input ")
        raise SettingsError(f"{key} {sentence}.", f"It would stand so in {FILE}.") from None
    if target.ca_bundle is not None:
        check_certificates(name, target.ca_bundle)
    target._keyring = settings.keyring
    org = ask_org(Client(name, target))
    who = f", as {org.username}" if org.username else ""
    asker.say(f"  Signed in to {org.name} ({org.id}, {org.called}){who}.")
