"""The outside witnesses of one stack: each a user and a folder of its own.

A witness makes its key itself and shows its public half; who asks it pins that once, as
with any authority (`Stack`). It is told no secret of ours, and not our clock: it goes
by the machine's own.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from infra import topology
from infra.layout import Layout
from infra.stack import apart

ORIGIN: Final = f"{topology.PUBLIC_HOST}/audit"
"""The audit log's name, under which it signs."""

_LOG_KEY = b"\x01"
_QUORUM: Final = "both"


def prepare(layout: Layout) -> None:
    """Give each witness its folder, with its certificate in it. Idempotent."""
    for name in topology.WITNESSES:
        home = layout.witness(name)
        apart.folder(home, name)
        for given in ("ca.crt", f"{name}.crt", f"{name}.key"):
            apart.give(home / given, (layout.outer / given).read_bytes(), name)


def log_vkey(key: Path) -> str:
    """The verifier key (C2SP signed-note) of the log that signs with this key."""
    private = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError(f"{key.name} holds no Ed25519 key")
    blob = _LOG_KEY + private.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + blob).hexdigest()[:8]
    return f"{ORIGIN}+{key_id}+{base64.b64encode(blob).decode()}"


def policy(vkeys: Mapping[str, str], addresses: Mapping[str, str]) -> str:
    """All of them must have seen a checkpoint (C2SP tlog-policy)."""
    lines = [f"witness {name} {vkeys[name]} {addresses[name]}" for name in vkeys]
    group = f"group {_QUORUM} all {' '.join(vkeys)}"
    return "\n".join([*lines, group, f"quorum {_QUORUM}", ""])
