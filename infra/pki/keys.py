"""Keys for what is signed, sealed or matched; made once, never replaced in silence.

A lost signing key is succeeded, not overwritten: `trust.json` keeps the old public
key, because what it signed must stay verifiable.
"""

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from infra import topology
from infra.layout import write_private

_SECRET_BYTES = 32


def ensure(folder: Path) -> list[str]:
    """Make the missing keys in `folder`; names of what was made."""
    made = [name for name in topology.signers() if _ensure_signing(folder, name)]
    made += ["audit-log"] if _ensure_signing(folder, "audit-log") else []
    write_private(folder / "trust.json", _trust(folder))
    for name in (*(f"{service}.fields" for service in topology.services()), "blind"):
        if not (folder / f"{name}.json").is_file():
            write_private(folder / f"{name}.json", _key_set())
            made.append(name)
    if not (folder / "control.token").is_file():
        write_private(folder / "control.token", secrets.token_urlsafe(_SECRET_BYTES))
        made.append("control.token")
    return [f"key {name}" for name in made]


def _ensure_signing(folder: Path, name: str) -> bool:
    path = folder / f"{name}.ed25519"
    if path.is_file():
        return False
    secret = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return write_private(path, secret)


def _trust(folder: Path) -> str:
    """The public half of every key ever made here, oldest first (`trust.json`)."""
    path = folder / "trust.json"
    entries = json.loads(path.read_text())["keys"] if path.is_file() else []
    for principal in topology.signers():
        public = _public(folder / f"{principal}.ed25519")
        own = [entry for entry in entries if entry["principal"] == principal]
        if public not in {entry["public_key"] for entry in own}:
            entries.append(
                {
                    "keyid": f"{principal}-{len(own) + 1}",
                    "principal": principal,
                    "public_key": public,
                }
            )
    return _json({"keys": entries})


def _public(path: Path) -> str:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds no Ed25519 key")
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _key_set() -> str:
    secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return _json({"active": "k1", "keys": {"k1": secret}})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"
