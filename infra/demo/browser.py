"""Chromium as a client's browser here: which servers' certificates it lets pass.

The platform's authorities are its own, so no browser knows them. The two keys named are
let pass, and no others.
"""

import base64
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.layout import Layout


def ncalayer_pair(layout: Layout) -> tuple[Path, Path]:
    """Certificate and key that NCALayer on this machine serves under."""
    return layout.outer / "world.crt", layout.outer / "world.key"


def switches(layout: Layout) -> list[str]:
    """For Chromium's command line."""
    files = (layout.pki / "public.crt", layout.outer / "world.crt")
    keys = ",".join(_digest(path) for path in files)
    return [f"--ignore-certificate-errors-spki-list={keys}"]


def _digest(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
