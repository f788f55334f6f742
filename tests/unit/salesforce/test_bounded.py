"""Nothing hangs for ever: servers that are silent, slow, or never stop, on real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
import trustme
from pydantic import SecretStr

from crm_sync.errors import OrgUnreachable, SignInError
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.salesforce.connect import sign_in
from crm_sync.targets import Target

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@contextmanager
def server(tmp_path: Path, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[Target]:
    """A server that answers every connection in its own way; gives a target with short bounds."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                client, _ = listening.accept()
                with client, context.wrap_socket(client, server_side=True) as secure:
                    answer(secure)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    try:
        yield Target(
            instance_url=f"https://127.0.0.1:{port}",
            client_id="x",
            client_secret=SecretStr("y"),
            ca_bundle=tmp_path / "ca.pem",
            connect_timeout=1,
            read_timeout=0.4,
            total_timeout=0.8,
        )
    finally:
        ended.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(3)


def silent(secure: ssl.SSLSocket) -> None:
    secure.recv(65536)
    time.sleep(1.5)


def dripping(secure: ssl.SSLSocket, head: bytes = HEAD) -> None:
    """Ten bytes a second: no single read ever takes long."""
    secure.recv(65536)
    secure.sendall(head)
    for _ in range(120):
        secure.sendall(b" ")
        time.sleep(0.1)


def dripping_head(secure: ssl.SSLSocket) -> None:
    dripping(secure, b"HTTP/1.1 200 OK\r\nX-Slow: ")


def not_reading(secure: ssl.SSLSocket) -> None:
    """Takes the upload a few bytes at a time."""
    secure.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(100):
        secure.recv(64)
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [silent, dripping, dripping_head, not_reading])
def test_a_request_ends_within_its_total_time(
    tmp_path: Path, answer: Callable[[ssl.SSLSocket], None]
) -> None:
    with server(tmp_path, answer) as target:
        begun = time.monotonic()
        with pytest.raises(requests.RequestException):
            BoundedSession(target).post(
                target.instance_url, data=b"x" * (20_000_000 if answer is not_reading else 100)
            )
        assert time.monotonic() - begun < 8


@pytest.mark.parametrize("answer", [silent, dripping])
def test_a_token_end_point_that_hangs_is_told_in_one_sentence(
    tmp_path: Path, answer: Callable[[ssl.SSLSocket], None]
) -> None:
    with server(tmp_path, answer) as target, pytest.raises(OrgUnreachable, match="no answer from"):
        sign_in(BoundedSession(target), "main", target)


def test_a_certificate_that_is_not_trusted_is_told_in_one_sentence(tmp_path: Path) -> None:
    with server(tmp_path, silent) as target:
        stranger = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(stranger))
        distrusting = target.model_copy(update={"ca_bundle": stranger})
        with pytest.raises(SignInError, match="is not trusted"):
            sign_in(BoundedSession(distrusting), "main", distrusting)


def test_only_the_given_bundle_is_trusted(tmp_path: Path) -> None:
    with server(tmp_path, silent) as target:
        public = target.model_copy(update={"ca_bundle": None})
        with pytest.raises(requests.exceptions.SSLError):
            BoundedSession(public).get(target.instance_url)
