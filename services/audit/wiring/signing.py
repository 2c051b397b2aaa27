"""Builds what the process `audit-signer` answers with."""

from pathlib import Path

from services.audit.adapters import KeyFile, verify_ed25519
from services.audit.adapters.signing import MOST_BYTES, SignedFile, decoded
from services.audit.domain.note import parse_text
from services.audit.domain.signing import DeniedError
from services.audit.handlers.signing import HeldKeys, Signing
from services.audit.settings import SignerSettings

__all__ = [
    "MOST_BYTES",
    "DeniedError",
    "Signing",
    "build_signing",
    "decoded",
    "held_keys",
    "parse_text",
]


def build_signing(settings: SignerSettings) -> Signing:
    """The keys, and what they have signed. Broken when that cannot be read."""
    store = SignedFile(Path(settings.signer_state))
    store.read()
    held = held_keys(
        settings.log_key, origin=settings.origin, before=settings.log_key_before
    )
    return Signing(held, store)


def held_keys(path: Path, *, origin: str, before: Path | None) -> HeldKeys:
    """The keys in files, the newest first."""
    files = [path] if before is None else [path, before]
    return HeldKeys([KeyFile(each, origin=origin) for each in files], verify_ed25519)
