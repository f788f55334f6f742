"""Requests of the sign-in tests, as a client makes them."""

import time
from typing import Any

import jwt
import requests

from .client import Client

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(client: Client, path: str = "token", **form: str) -> requests.Response:
    url = f"{client.org.instance_url}/services/oauth2/{path}"
    return requests.post(url, data=form, verify=str(client.org.ca_bundle or True), timeout=10)


def app(client: Client) -> dict[str, str]:
    return {"client_id": client.org.client_id, "client_secret": client.org.client_secret}


def with_password(client: Client, **changed: str) -> requests.Response:
    form = {"username": client.org.username, "password": client.org.password, **app(client)}
    return ask(client, grant_type="password", **{**form, **changed})


def assertion(client: Client, key: str | None = None, **changed: Any) -> str:
    """A token as a client makes it; a claim given as None is left out."""
    claims = {
        "iss": client.org.client_id,
        "sub": client.org.username,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
        **changed,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    private = key or client.org.private_key_file.read_text(encoding="ascii")
    return jwt.encode(told, private, algorithm="RS256")


def with_assertion(client: Client, text: str) -> requests.Response:
    return ask(client, grant_type=JWT_BEARER, assertion=text)


def refusal(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    return body["error"], body["error_description"]


def works(client: Client, token: str, scheme: str = "Bearer") -> bool:
    headers = {"Authorization": f"{scheme} {token}"}
    return client.call("GET", "/limits", headers=headers).status_code == 200


def refresh_token(client: Client, **user: str) -> str:
    told: str = client.call("POST", "/local/refresh-token", user).json()["refresh_token"]
    return told
