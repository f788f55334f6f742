"""An org that other machines and containers may call: its certificate and the URL that it tells."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

EVERY = "0.0.0.0"  # noqa: S104 - what is tested


@pytest.fixture(scope="module")
def open_org() -> Iterator[LocalOrg]:
    with LocalOrg(options=Options(host=EVERY)) as org:
        yield org


def port_of(org: LocalOrg) -> int:
    port = urlsplit(org.instance_url).port
    assert port is not None
    return port


def signed_in(org: LocalOrg, url: str, host: str | None = None) -> dict[str, str]:
    """The answer of the token end point when it is called there."""
    form = {
        "grant_type": "client_credentials",
        "client_id": org.client_id,
        "client_secret": org.client_secret,
    }
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{url}/services/oauth2/token",
            data=form,
            headers={"Host": host} if host else {},
            verify=str(org.ca_bundle),
            timeout=10,
        )
    assert answer.status_code == 200, answer.text
    told: dict[str, str] = answer.json()
    return told


def names_in(org: LocalOrg) -> set[str]:
    pem = org.store.setting("tls_certificate") or ""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_the_certificate_names_the_machine_and_its_addresses(open_org: LocalOrg) -> None:
    own = urlsplit(open_org.instance_url).hostname
    assert {"localhost", "127.0.0.1", "::1", socket.gethostname(), own} <= names_in(open_org)
    with LocalOrg() as near:
        assert names_in(near) == {"localhost", "127.0.0.1", "::1"}


def test_the_url_of_the_first_line_can_be_called(open_org: LocalOrg) -> None:
    told = signed_in(open_org, open_org.instance_url)
    assert told["instance_url"] == open_org.instance_url
    assert urlsplit(open_org.instance_url).hostname != EVERY


def test_who_calls_is_told_the_host_that_he_called(open_org: LocalOrg) -> None:
    port = port_of(open_org)
    for host in ("localhost", "127.0.0.1"):
        told = signed_in(open_org, f"https://{host}:{port}")
        assert told["instance_url"] == f"https://{host}:{port}"
        assert told["id"].startswith(f"https://{host}:{port}/id/")
    # A container's name and the port under which it is published.
    behind = signed_in(open_org, f"https://localhost:{port}", host="salesforce:9443")
    assert behind["instance_url"] == "https://salesforce:9443"


@pytest.mark.parametrize("host", ["a b", "x/y", "user@host", "[::1", "h:123456"])
def test_a_host_that_is_none_is_not_told(open_org: LocalOrg, host: str) -> None:
    told = signed_in(open_org, f"https://localhost:{port_of(open_org)}", host=host)
    assert told["instance_url"] == open_org.instance_url


def test_an_org_of_this_machine_alone_tells_one_url(running_org: LocalOrg) -> None:
    told = signed_in(running_org, f"https://localhost:{port_of(running_org)}")
    assert told["instance_url"] == running_org.instance_url
    assert running_org.instance_url.startswith("https://127.0.0.1:")


def test_a_new_name_changes_the_certificate_and_not_its_authority(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data) as near:
        assert near.ca_bundle is not None
        trusted = near.ca_bundle.read_bytes()
    with LocalOrg(data, options=Options(host=EVERY)) as far:
        assert far.ca_bundle is not None
        assert far.ca_bundle.read_bytes() == trusted
        assert socket.gethostname() in names_in(far)
        signed_in(far, far.instance_url)
