"""TLS for loopback: a certificate authority of the org's own, kept with its data."""

import ssl
import tempfile
from pathlib import Path

import trustme

from crm_sync.localorg.records.store import Store

NAMES = ("127.0.0.1", "localhost", "::1")


def prepare(store: Store, bundle: Path, host: str) -> Path:
    """Make the certificates once per data file and host; write the authority's to ``bundle``."""
    names = NAMES if host in NAMES else (*NAMES, host)
    known = (store.setting("tls_names") or ",".join(NAMES)).split(",")
    if store.setting("tls_authority") is None or not set(names) <= set(known):
        authority = trustme.CA(organization_name="crm-sync local org")
        certificate = authority.issue_cert(*names)
        store.set_setting("tls_names", ",".join(names))
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        store.set_setting("tls_authority", authority.cert_pem.bytes().decode())
        store.set_setting("tls_certificate", chain.decode())
        store.set_setting("tls_key", certificate.private_key_pem.bytes().decode())
    bundle.write_text(store.setting("tls_authority") or "", encoding="ascii")
    return bundle


def server_context(store: Store) -> ssl.SSLContext:
    """The server's side; the key touches the disk only while it is read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_text(store.setting("tls_certificate") or "", encoding="ascii")
        key.touch(mode=0o600)
        key.write_text(store.setting("tls_key") or "", encoding="ascii")
        context.load_cert_chain(chain, key)
    return context
