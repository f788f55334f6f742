"""TLS: a certificate authority of the org's own, kept with its data."""

import ssl
import tempfile
from pathlib import Path

import trustme

from crm_sync.localorg.records.store import Store


def prepare(store: Store, bundle: Path, names: tuple[str, ...]) -> Path:
    """A certificate for these names, kept in the data; write its authority's to ``bundle``.

    The authority is made once per data file, so that who trusts it need not learn of new names.
    """
    known = (store.setting("tls_names") or "").split(",")
    if not set(names) <= set(known):
        authority = _authority(store)
        certificate = authority.issue_cert(*names)
        store.set_setting("tls_names", ",".join(names))
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        store.set_setting("tls_certificate", chain.decode())
        store.set_setting("tls_key", certificate.private_key_pem.bytes().decode())
    bundle.write_text(store.setting("tls_authority") or "", encoding="ascii")
    return bundle


def _authority(store: Store) -> trustme.CA:
    kept, key = store.setting("tls_authority"), store.setting("tls_authority_key")
    if kept is not None and key is not None:
        return trustme.CA.from_pem(kept.encode(), key.encode())
    authority = trustme.CA(organization_name="crm-sync local org")
    store.set_setting("tls_authority", authority.cert_pem.bytes().decode())
    store.set_setting("tls_authority_key", authority.private_key_pem.bytes().decode())
    return authority


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
