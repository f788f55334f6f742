"""Who may use the page: a browser on this machine, from the page itself.

The page asks for no password, so other web sites must neither read it (a name of theirs that leads
to this machine, DNS rebinding) nor press its buttons (a form of theirs that posts here).
"""

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def refusal(
    method: str, headers: Mapping[str, str], scheme: str, own_names: Collection[str]
) -> str | None:
    """Why a request is refused, or None; ``headers`` have lower-case names."""
    host = headers.get("host", "")
    if not _is_near(host, own_names):
        return f"This page answers under the org's own address, not as {host}."
    if method == "POST" and not is_from_here(headers, scheme, needs_proof=True):
        return "This form was not sent by the page itself, so nothing was done."
    return None


def is_from_here(headers: Mapping[str, str], scheme: str, *, needs_proof: bool = False) -> bool:
    """Whether no other web site caused the request.

    Browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin``. With neither it was no
    browser, which is enough where no ``needs_proof`` is asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return origin == f"{scheme}://{headers.get('host', '')}"
    return not needs_proof


def _is_near(host: str, own_names: Collection[str]) -> bool:
    """An address, a name without a dot, or the org's own: none that a web site could register."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in own_names or (name and "." not in name and ":" not in name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
