"""Sockets and the HTTP server on them: uvicorn with what the org needs besides.

In: a host, a port, an application. Out: a bound socket, and a server that says when it has started.
"""

import asyncio
import errno
import socket
import sys
import threading

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE_SECONDS = 75


ANOTHER = "Name another one; 0 takes a free one."


class PortError(OSError):
    """A port that cannot be listened on; ``strerror`` is a sentence."""


class _Protocol(H11Protocol):
    """HTTP/1.1 that hands the transport to the application, which may have to hang up."""

    # The override narrows BaseTransport as uvicorn does: a stream server has no other transport.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["transport"] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class Server(uvicorn.Server):
    """A server that says when it has started and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    def install_signal_handlers(self) -> None:
        """Signals belong to the process, not to one of its threads."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on idle clients at once: a TLS client that keeps its connection never answers."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:  # pyright: ignore[reportUnnecessaryComparison]
                connection.transport.abort()
        await super().shutdown(sockets)


def server_config(application: ASGIApp) -> uvicorn.Config:
    """How the org serves an application; TLS is the caller's to add."""
    config = uvicorn.Config(
        application,
        log_config=None,
        http=_Protocol,
        ws="none",
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    config.load()
    return config


def bind(host: str, port: int) -> socket.socket:
    """A socket on that port, 0 for a free one; PortError when it cannot be had."""
    # asyncio turns Nagle's algorithm off only where the protocol is named; else 40 ms a call.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except socket.gaierror as error:
        listening.close()
        raise PortError(error.errno, f"There is no host {host}: {error.strerror}.") from None
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise PortError(
                error.errno, f"{host} is no address of this machine. Name one."
            ) from None
        why = "it is already in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise PortError(error.errno, f"Port {port} cannot be used: {why}. {ANOTHER}") from None
    return listening
