"""A Salesforce that keeps nothing: it takes every row at once, as fast as bytes can be read.

    uv run python -m tests.benchmarks.sink

What a client costs, apart from what Salesforce does with the rows, is measured against it. It
prints one line of JSON, the settings of a target, and runs until its input ends.

Ingest jobs and collections are its own: a row gets an Id, or is refused where it is one of every
so many of its object (`POST /sink`, which tells the counters, too). Sign-in, describes and queries
are those of an empty local org behind it. A value may not hold a line break here: lines are
counted, and never parsed.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

from crm_sync.localorg.schema import load_schema
from crm_sync.localorg.serve import LocalOrg
from tests.benchmarks.accepted import BLOCK, Accepted, Upload, ids_of

JOBS = re.compile(r"/services/data/v(\d+\.\d)/jobs/ingest(?:/(\w+)(?:/(\w+))?)?/?")
COLLECTION = re.compile(r"/services/data/v\d+\.\d/composite/sobjects(?:/(\w+)/\w+)?/?")
COMPOSITE = re.compile(r"/services/data/v\d+\.\d/composite/?")
DAILY_CALLS = 5_000_000


class Sink(ThreadingHTTPServer):
    """The server; `behind` is the port of the local org that answers everything else."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behind: LocalOrg, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_port}"
        self.behind = urlsplit(behind.instance_url).netloc
        self.behind_url = behind.instance_url
        self.schema = load_schema()
        self.accepted = Accepted(behind.integration_user_id)
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Sink

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _any(self) -> None:
        path = urlsplit(self.path).path
        accepted = self.server.accepted
        if path == "/sink":
            self._control()
            return
        with self.server.lock:
            accepted.calls += path.startswith("/services/data")
        job = JOBS.fullmatch(path)
        if job and job[3] == "batches":
            upload = accepted.uploads[job[2]]
            for block in self._body():
                upload.take(block)
            self._answer(201, b"")
        elif job and job[3]:
            self._results(accepted.uploads[job[2]], job[3])
        elif job:
            self._job(job[1], job[2], b"".join(self._body()))
        else:
            self._rest(path, b"".join(self._body()))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815 - http.server's

    # Bodies --------------------------------------------------------------------------------------

    def _body(self) -> Iterator[bytes]:
        """The body as it comes, counted."""
        for block in self._blocks():
            self.server.accepted.received += len(block)
            yield block

    def _blocks(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            block = self.rfile.read(min(left, BLOCK))
            if not block:
                raise ConnectionError("the upload broke off")
            left -= len(block)
            yield block

    def _head(self, status: int, kind: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        usage = f"api-usage={self.server.accepted.calls}/{DAILY_CALLS}"
        self.send_header("Sforce-Limit-Info", usage)

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.accepted.sent += len(body)

    def _json(self, told: Any, status: int = 200) -> None:
        self._answer(status, json.dumps(told).encode())

    def _results(self, upload: Upload, kind: str) -> None:
        self._head(200, "text/csv")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for block in upload.results(kind):
            self.server.accepted.sent += len(block)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        self.wfile.write(b"0\r\n\r\n")

    # What is asked -------------------------------------------------------------------------------

    def _control(self) -> None:
        wanted = json.loads(b"".join(self._blocks()) or b"{}")
        with self.server.lock:
            if wanted:
                self.server.accepted.refuse_every = wanted
            told = self.server.accepted.told()
        self._json(told)
        self.server.accepted.sent -= len(json.dumps(told))

    def _job(self, version: str, job_id: str | None, body: bytes) -> None:
        accepted = self.server.accepted
        if job_id is None:
            wanted = json.loads(body)
            prefix = self.server.schema[wanted["object"]].prefix
            with self.server.lock:
                self._json(accepted.open(wanted, version, prefix).opened())
        elif self.command == "DELETE":
            accepted.forget(job_id)
            self._answer(204, b"")
        elif self.command == "PATCH":
            with self.server.lock:
                self._json(accepted.close(job_id, json.loads(body)["state"]).closed())
        elif job_id not in accepted.jobs:
            self._json([{"errorCode": "NOT_FOUND", "message": "no such job"}], 404)
        else:
            self._json(accepted.jobs[job_id].info())

    def _rest(self, path: str, body: bytes) -> None:
        if self.command == "POST" and COMPOSITE.fullmatch(path):
            parts = json.loads(body)["compositeRequest"]
            answers = [self._collection(p["method"], p["url"], p.get("body")) for p in parts]
            if all(answer is not None for answer in answers):
                self._json({"compositeResponse": [
                    {"body": answer, "httpHeaders": {}, "httpStatusCode": 200,
                     "referenceId": part["referenceId"]}
                    for part, answer in zip(parts, answers, strict=True)
                ]})  # fmt: skip
                return
        self._pass_on(body)

    def _collection(self, method: str, url: str, body: Any) -> list[dict[str, Any]] | None:
        """The answer to a collection of rows that are written; None for any other request."""
        parts = urlsplit(url)
        found = COLLECTION.fullmatch(parts.path)
        if found is None or method == "GET":
            return None
        with self.server.lock:
            if method == "DELETE":
                given: list[Any] = parse_qs(parts.query)["ids"][0].split(",")
                return self.server.accepted.answers(given)
            records = body["records"]
            if found[1] is None:
                name = records[0]["attributes"]["type"]
                return self.server.accepted.answers([r["Id"] for r in records], name)
            prefix = self.server.schema[found[1]].prefix
            first = self.server.accepted.take_numbers(len(records))
            ids = ids_of(prefix, first, len(records))
            return self.server.accepted.answers(ids, found[1], created=True)

    def _pass_on(self, body: bytes) -> None:
        """To the local org, and its answer back; what names its address names ours."""
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        kept = ("host", "connection", "content-length", "transfer-encoding", "accept-encoding")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in kept}
        connection.request(self.command, self.path, body or None, headers)
        with connection.getresponse() as answer:
            told = answer.read().replace(self.server.behind_url.encode(), self.server.url.encode())
            kind = answer.headers.get("Content-Type", "application/json")
            self._answer(answer.status, b"" if self.command == "HEAD" else told, kind)
        connection.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, LocalOrg(https=False) as behind:
        authority = trustme.CA(organization_name="crm-sync sink")
        bundle = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(bundle)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        sink = Sink(behind, context)
        threading.Thread(target=partial(sink.serve_forever, 0.1), daemon=True).start()
        told = {
            "instance_url": sink.url,
            "client_id": behind.client_id,
            "client_secret": behind.client_secret,
            "access_token": behind.access_token,
            "ca_bundle": str(bundle),
            "pid": os.getpid(),
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
