"""HTTP in which nothing can hang: connecting, each read, and a request as a whole are bounded.

In: a target's time-outs. Out: a `requests.Session`. simple-salesforce itself knows no time-out
(read in its source, 1.12.10), and that of requests begins anew with every byte: a server that
drips would hold us for days. So the socket itself knows until when its request may last.
"""

from __future__ import annotations

import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from crm_sync.targets import Target

__all__ = ["NAME", "BoundedSession"]

NAME = "crm-sync"
"""How calls name this client, in `Sforce-Call-Options`."""


class BoundedSession(requests.Session):
    """A session for one target. Raises requests.RequestException when a bound is passed."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._timeout = (target.connect_timeout, target.read_timeout)
        self._total = target.total_timeout
        self._deadline = _Deadline()
        self.verify = str(target.ca_bundle) if target.ca_bundle else True
        # Proxies of the environment hold for the world, not for an org on this machine.
        host = urlsplit(target.instance_url).hostname
        self.trust_env = host not in ("localhost", "127.0.0.1", "::1")
        self.mount("https://", _Adapter(self._deadline))
        self.headers["Sforce-Call-Options"] = f"client={NAME}"

    def request(self, *args: Any, more: float = 0.0, **kwargs: Any) -> requests.Response:
        """As `requests`; the whole answer is read within the total time.

        `more`: seconds that a large body may take beyond it.
        """
        kwargs.setdefault("timeout", self._timeout)
        kwargs.setdefault("verify", self.verify)  # else REQUESTS_CA_BUNDLE would win over ours
        self._deadline.end = time.monotonic() + self._total + more
        return super().request(*args, **kwargs)


class _Deadline:
    """Until when the present request may last, by the monotonic clock."""

    end: float = 0.0

    def rest(self, longest: float | None) -> float:
        """Seconds for the next step; raises TimeoutError where none are left."""
        rest = self.end - time.monotonic()
        if rest <= 0:
            raise TimeoutError("the whole request took too long")
        return rest if longest is None else min(rest, longest)


class _Adapter(HTTPAdapter):
    """Connections whose sockets keep a deadline. Retries belong to who knows what was asked."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context(), **kwargs)

    def _context(self) -> ssl.SSLContext:
        # Without certificates of its own: requests adds those of `verify`, and no others count.
        context = create_urllib3_context()
        context.sslsocket_class = _socket_class(self._deadline)
        return context


def _socket_class(deadline: _Deadline) -> type[ssl.SSLSocket]:
    class BoundedSocket(ssl.SSLSocket):
        """Each step waits no longer than the deadline of the request it belongs to."""

        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            longest = self.gettimeout()
            self.settimeout(deadline.rest(longest))
            try:
                return super().recv_into(*args, **kwargs)
            finally:
                self.settimeout(longest)

        def send(self, *args: Any, **kwargs: Any) -> int:
            longest = self.gettimeout()
            self.settimeout(deadline.rest(longest))
            try:
                return super().send(*args, **kwargs)
            finally:
                self.settimeout(longest)

    return BoundedSocket
