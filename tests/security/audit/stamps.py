"""A time-stamping authority in the test's own process, and what it stamped."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from asn1crypto import tsp as asn1_tsp
from cryptography.hazmat.primitives.serialization import Encoding

from infra.simulators import tsp
from infra.simulators.clock import Clock
from infra.simulators.hierarchy import Hierarchy, load_or_make
from kernel.crypto import sha256
from kernel.errors import Transient
from services.audit.domain.stamping import TimeStamp, granted
from tests.unit.audit.fakes import FakeClock


@dataclass
class Authority:
    """The simulated НУЦ's stamper by the test's clock. Implements Stamper."""

    hierarchy: Hierarchy
    clock: FakeClock
    ahead: timedelta = timedelta()
    away: bool = False
    asked: list[int] = field(default_factory=list)

    @classmethod
    def made(cls, folder: Path, clock: FakeClock) -> "Authority":
        url = "https://authority.example"
        return cls(load_or_make(folder, clock=Clock(None), public_url=url), clock)

    def stamp(self, checkpoint: bytes, *, size: int) -> TimeStamp:
        self.asked.append(size)
        if self.away:
            raise Transient("the authority is away")
        at = self.clock.now() + self.ahead
        imprint = {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": sha256(checkpoint),
        }
        request = asn1_tsp.TimeStampReq(
            {"version": "v1", "message_imprint": imprint, "cert_req": True}
        )
        stamper = self.hierarchy.stamper
        answer = asn1_tsp.TimeStampResp.load(
            tsp.respond(request.dump(), stamper=stamper, now=at)
        )
        reply = granted(answer["time_stamp_token"].dump())
        return TimeStamp(size=size, checkpoint=checkpoint, reply=reply, stamped_at=at)

    def pem(self, path: Path) -> Path:
        """Root and issuing authority, as НУЦ publishes them."""
        members = (self.hierarchy.root, self.hierarchy.issuing)
        path.write_bytes(
            b"".join(one.certificate.public_bytes(Encoding.PEM) for one in members)
        )
        return path
