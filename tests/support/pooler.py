"""What a connection pooler shows of itself to a client: a backend key of its own.

A byte-true relay between TCP and a PostgreSQL server, save for the process number that the server
tells at start-up: poolers put their own there (seen with PgBouncer 1.18).
"""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path
from types import TracebackType

from psycopg.conninfo import conninfo_to_dict

KEY = re.compile(rb"K\x00\x00\x00\x0c(....)", re.DOTALL)
OTHER = b"K\x00\x00\x00\x0c\x7f\xff\xff\x01"


class Pooler:
    """A relay on a port of 127.0.0.1; each client has a backend to itself, as in session mode."""

    def __init__(self, url: str, port: int = 0) -> None:
        self._parts = {k: str(v) for k, v in conninfo_to_dict(url).items()}
        self._listening = socket.create_server(("127.0.0.1", port))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        port = self._listening.getsockname()[1]
        return f"postgresql://{self._parts['user']}@127.0.0.1:{port}/{self._parts['dbname']}"

    def __enter__(self) -> Pooler:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for opened in (self._listening, *self._open):
            opened.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = self._server()
            self._open += [client, server]
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=_relay, args=ends, daemon=True).start()

    def _server(self) -> socket.socket:
        host, port = self._parts.get("host", "localhost"), int(self._parts.get("port", 5432))
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        opened = socket.socket(socket.AF_UNIX)
        opened.connect(str(Path(host) / f".s.PGSQL.{port}"))
        return opened


def _relay(source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
    seen = not is_answer
    try:
        while piece := source.recv(65536):
            if not seen and KEY.search(piece):
                piece, seen = KEY.sub(OTHER, piece, count=1), True
            sink.sendall(piece)
    except OSError:
        return
    finally:
        sink.close()
