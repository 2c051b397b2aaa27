"""The running platform, and what its services said of messages they refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from infra.stack import Stack
from kernel.crypto import random_bytes, sha256_hex
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import WAIT_S, Wire

TOLD = (
    "SELECT told ->> 'body_sha256' AS digest, told ->> 'code' AS code"
    " FROM (SELECT convert_from(data, 'UTF8')::json AS told FROM outbox"
    " WHERE type = 'platform.message_quarantined.v1') events"
)


@pytest.fixture(scope="session")
def wire(platform: Stack) -> Wire:
    return Wire(platform)


@dataclass(frozen=True, slots=True)
class Refusals:
    """The security events of refused messages, by the digest of their bytes."""

    sweep: Sweep

    def of(self, service: str) -> dict[str, str]:
        """Digest → code, as the service has told everybody."""
        return {row["digest"]: row["code"] for row in self.sweep.rows(service, TOLD)}

    def codes(
        self, service: str, bodies: Sequence[bytes], *, within_s: float = WAIT_S
    ) -> list[str | None]:
        """The code for each of `bodies`; None for one that was not refused.

        The last must be nonsense that is refused in any case: what was sent before
        it has been judged by then.
        """
        digests = [sha256_hex(body) for body in bodies]
        eventually(lambda: digests[-1] in self.of(service), within_s=within_s)
        told = self.of(service)
        return [told.get(digest) for digest in digests]


@pytest.fixture(scope="session")
def refusals(sweep: Sweep) -> Refusals:
    return Refusals(sweep)


def nonsense() -> bytes:
    """Bytes that nobody can believe and that never came before."""
    return b'{"nonsense":"' + random_bytes(8).hex().encode() + b'"}'
