"""Sockets and the HTTP server on them: uvicorn with what the org needs besides.

In: a host, a port, an application. Out: a bound socket, and a server that says when it has started.
"""

import asyncio
import errno
import socket
import sys
import threading
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE_SECONDS = 75
TICK_SECONDS = 1.0


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
    """A server that says when it has started, ends at once, and leaves signals to its caller.

    uvicorn looks ten times a second whether it should end, and pauses twice more while it does.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()
        self._end = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def install_signal_handlers(self) -> None:
        """Signals belong to the process, not to one of its threads."""

    def end(self) -> None:
        """Ask it to end; from any thread, at any time, also twice."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # its loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._end.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.has_started.set()

    async def main_loop(self) -> None:
        """Renew the time in the answers' headers every second until the end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on idle clients at once: a TLS client that keeps its connection never answers.

        What still answers a call has the graceful time to finish.
        """
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:  # pyright: ignore[reportUnnecessaryComparison]
                connection.transport.abort()
        try:
            await asyncio.wait_for(self._all_ended(), self.config.timeout_graceful_shutdown)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()

    async def _all_ended(self) -> None:
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
        for server in self.servers:
            await server.wait_closed()


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
