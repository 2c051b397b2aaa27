"""TLS contexts for the broker, the database, HTTP and metrics, in one place.

Clauses 3.1–3.3: every connection is encrypted and both ends are who they say. Nothing
is left to defaults: TLS 1.2 or later, forward secrecy with authenticated ciphers, the
peer's certificate and name verified against the authority given, and never against
what the machine happens to trust.
"""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from kernel.errors import Broken

MINIMUM = ssl.TLSVersion.TLSv1_2
CIPHERS_OF_TLS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SHA1"


def server_context(
    ca: Path, cert: Path, key: Path, *, client_required: bool
) -> ssl.SSLContext:
    """For a listener inside the platform: shows `cert`, asks for the client's.

    A client certificate, when shown, must come from `ca`; without one the handshake
    fails if `client_required`.
    """
    context = browser_server_context(cert, key)
    _trust(context, ca)
    context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
    return context


def browser_server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """For a listener that browsers reach: shows `cert` and asks for none."""
    context = _hardened(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    _show(context, cert, key)
    return context


def client_context(ca: Path, cert: Path, key: Path) -> ssl.SSLContext:
    """For a call to a peer under `ca`: shows `cert`, verifies chain and host name."""
    context = _hardened(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, ca)
    _show(context, cert, key)
    return context


def outsider_context(ca: Path) -> ssl.SSLContext:
    """For a call to a public peer under `ca`: verifies it, and shows nothing."""
    context = _hardened(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, ca)
    return context


def postgres_tls(ca: Path, cert: Path, key: Path) -> dict[str, str]:
    """The connect arguments of libpq: verify-full, a certificate and no password."""
    _readable(ca, cert, key)
    return {
        "sslmode": "verify-full",
        "sslrootcert": str(ca),
        "sslcert": str(cert),
        "sslkey": str(key),
        "ssl_min_protocol_version": "TLSv1.2",
        "gssencmode": "disable",
    }


def amqp_ssl(ca: Path, cert: Path, key: Path, server_hostname: str) -> dict[str, Any]:
    """The ``ssl=`` of a kombu connection, in py-amqp's own words.

    py-amqp builds its context itself and takes none of ours: with its ``context`` key
    it would trust the machine's authorities and show no certificate. By these keys it
    verifies the chain against `ca` only and, because `server_hostname` is given, the
    name too; an empty name would switch that off, so it is Broken.
    """
    if not server_hostname:
        raise Broken("TLS to the broker needs the name its certificate must carry")
    _readable(ca, cert, key)
    return {
        "ca_certs": str(ca),
        "certfile": str(cert),
        "keyfile": str(key),
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": server_hostname,
        "ciphers": CIPHERS_OF_TLS_1_2,
        "tls_minimum_version": MINIMUM,
    }


def expires_at(cert: Path) -> datetime:
    """The instant after which the first certificate of ``cert`` is no longer good."""
    return load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc


def _hardened(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = MINIMUM
    context.set_ciphers(CIPHERS_OF_TLS_1_2)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(cafile=str(ca))
    except (OSError, ssl.SSLError) as exc:
        raise Broken(f"TLS: {ca} holds no usable authority") from exc


def _show(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    try:
        context.load_cert_chain(str(cert), str(key), password=_no_password)
    except (OSError, ssl.SSLError) as exc:
        raise Broken(f"TLS: {cert} and {key} are no usable pair") from exc


def _no_password() -> str:
    """Keeps OpenSSL from asking a terminal when a key is encrypted."""
    return ""


def _readable(*paths: Path) -> None:
    for path in paths:
        try:
            path.open("rb").close()
        except OSError as exc:
            raise Broken(f"TLS: {path} cannot be read") from exc
