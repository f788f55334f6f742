"""Where a listening org can be reached: its names and addresses, for its certificate and its URL.

In: the address that it listens on. Out: names and addresses, as a certificate and a URL have them.
"""

import ipaddress
import re
import socket
from contextvars import ContextVar
from dataclasses import dataclass

HOST = "127.0.0.1"
NEAR = (HOST, "localhost", "::1")
"""How a machine reaches itself."""
_EVERY = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_AUTHORITY = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_ELSEWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): to learn which of ours would call it; nothing is sent."""


_called: ContextVar[str] = ContextVar("called", default="")


@dataclass(frozen=True)
class Address:
    """The URL of an org as its answers tell it.

    ``url`` is told to who listens on this machine alone. Where others may call,
    ``follows_caller``: each is told the host that he called (its Host header), since that one he
    can reach, whatever port a container is published under.
    """

    url: str = ""
    names: tuple[str, ...] = ()
    follows_caller: bool = False

    def note_call(self, scheme: str, host: str) -> None:
        """A request came to this host; holds in its task and the threads that work for it."""
        can_follow = self.follows_caller and _AUTHORITY.fullmatch(host) is not None
        _called.set(f"{scheme}://{host}" if can_follow else "")

    @property
    def told(self) -> str:
        """The URL for the answer that is being made."""
        return _called.get() or self.url


def is_near(host: str) -> bool:
    """Can nobody but this machine reach it?"""
    return host.startswith("127.") or host in NEAR


def names(host: str) -> tuple[str, ...]:
    """All names under which an org that listens there may be called.

    Who listens on every address has those of the machine or container: its name, and the address of
    each network.
    """
    if is_near(host):
        return NEAR if host in NEAR else (*NEAR, host)
    if host not in _EVERY:
        return (*NEAR, *_own_name(), host)
    return (*NEAR, *_own_name(), *_own_addresses())


def reachable(host: str) -> str:
    """The host of the URL: the address itself, for every address the one that other machines of the
    network see."""
    if host in _EVERY:
        host = _outward()
    return f"[{host}]" if ":" in host else host


def _own_name() -> tuple[str, ...]:
    name = socket.gethostname()
    return (name,) if _NAME.fullmatch(name) and name not in NEAR else ()


def _own_addresses() -> list[str]:
    """Of IPv4 and IPv6, without those that need the name of an interface beside them."""
    import psutil  # a twentieth of a second that most orgs do not need

    families = (socket.AF_INET, socket.AF_INET6)
    given = {
        one.address
        for listed in psutil.net_if_addrs().values()
        for one in listed
        if one.family in families
    }
    plain = {address for address in given if "%" not in address and address not in NEAR}
    return sorted(plain, key=lambda address: (":" in address, ipaddress.ip_address(address).packed))


def _outward() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:  # no network but the machine itself
            return HOST
