"""Whether a body arrived as it was sent: Content-Digest (RFC 9530), both ways.

Without the header nothing is claimed and nothing compared; with it a body that differs
is refused and recorded (clause 3.4).  An algorithm we do not know is passed over, but
one we do know must be among those sent.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

from kernel.crypto import constant_time_equal
from services.auth.gateway.problems import BadRequestError

HEADER: Final = "Content-Digest"
_ALGORITHMS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "sha-256": lambda body: hashlib.sha256(body).digest(),
    "sha-512": lambda body: hashlib.sha512(body).digest(),
}
_LONGEST: Final = 1024
_MEMBER: Final = re.compile(
    r"(?P<name>[a-z*][a-z0-9_.*-]{0,31})=:(?P<digest>[A-Za-z0-9+/]{0,256}={0,2}):"
)


def refuse_other_bytes(body: bytes, claimed: str | None) -> None:
    """Compare a body with the digests its sender claims.

    BadRequestError: ``content_digest_invalid``, ``content_digest_mismatch``.
    """
    if claimed is None:
        return
    for name, digest in _read(claimed).items():
        if not constant_time_equal(_ALGORITHMS[name](body), digest):
            raise BadRequestError(
                "content_digest_mismatch",
                "The content did not arrive as it was sent.",
                next_step="Send it again.",
                algorithm=name,
            )


def digest_of(body: bytes) -> str:
    """The header's value for what we send."""
    digest = base64.b64encode(_ALGORITHMS["sha-256"](body)).decode("ascii")
    return f"sha-256=:{digest}:"


def _read(claimed: str) -> dict[str, bytes]:
    """The digests of algorithms we know: a dictionary of RFC 9651, byte sequences."""
    members = [_MEMBER.fullmatch(part.strip(" \t")) for part in claimed.split(",")]
    if len(claimed) > _LONGEST or None in members:
        raise _invalid()
    found = {
        member["name"]: member["digest"]
        for member in members
        if member is not None and member["name"] in _ALGORITHMS
    }
    if not found:
        raise _invalid()
    try:
        return {
            name: base64.b64decode(digest, validate=True)
            for name, digest in found.items()
        }
    except ValueError as error:
        raise _invalid() from error


def _invalid() -> BadRequestError:
    return BadRequestError(
        "content_digest_invalid",
        "The Content-Digest cannot be read.",
        next_step="Send it as sha-256=:…: or sha-512=:…:.",
    )
