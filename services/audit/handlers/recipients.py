"""Whom an export is encrypted to, of the whole log or of a part."""

from collections.abc import Mapping

from kernel.crypto import Json, Recipient
from kernel.errors import Refused


def recipient_of(pem: str | None) -> Recipient | None:
    """Refused ``recipient_unfit``."""
    if pem is None:
        return None
    try:
        return Recipient.load(pem.encode())
    except ValueError as error:
        raise recipient_unfit() from error


def recorded(recipient: Recipient | None) -> Mapping[str, Json]:
    """What the leaf `exported` says of it."""
    return {"recipient_sha256": recipient.thumbprint} if recipient else {}


def recipient_unfit() -> Refused:
    """Nothing could be encrypted to it."""
    return Refused(
        "recipient_unfit",
        "This is no certificate of an RSA key of 2048 bits or more, in PEM.",
        next_step="Ask the recipient for one.",
    )
