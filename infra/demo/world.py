"""A running stack as its visitors find it: the public door and the directors' doors."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from infra.demo.borrower import Borrower
from infra.demo.cabinet import Cabinet
from infra.simulators.client import ControlClient, person_from_seed
from infra.stack import Stack

PARTNER = "disbursement-worker"
"""Whose outer certificate the directors borrow: the bank has no public door."""


def home_of(seed: str) -> str:
    """An address of this machine's in a network of the person's own.

    Whoever registers beside many others of one network is looked at (clause 6.1g).
    """
    one, other = sha256(seed.encode()).digest()[:2]
    return f"127.{one}.{other}.1"


@dataclass(frozen=True, slots=True)
class World:
    """Everything a journey needs of a stack."""

    stack: Stack

    @property
    def public_url(self) -> str:
        """Where people meet the outer world: ЦОИД's page, the authority."""
        return f"https://127.0.0.1:{self.stack.port('simulator-world.public')}"

    def control(self) -> ControlClient:
        """The directors' doors of bank and world."""
        layout = self.stack.layout
        certificate = (layout.outer / f"{PARTNER}.crt", layout.outer / f"{PARTNER}.key")
        return ControlClient(
            bank_url=f"https://127.0.0.1:{self.stack.port('simulator-bank')}",
            world_url=f"https://127.0.0.1:{self.stack.port('simulator-world')}",
            token=(layout.keys / "control.token").read_text().strip(),
            ca=layout.outer / "ca.crt",
            certificate=certificate,
        )

    def borrower(self, seed: str) -> Borrower:
        """An invented person with a browser of their own; the same seed, the same."""
        layout = self.stack.layout
        person = person_from_seed(
            seed, ca=layout.outer / "ca.crt", clock_file=layout.clock
        )
        return Borrower(
            person=person,
            cabinet=Cabinet(
                self.stack.url, layout.pki / "ca.crt", address=home_of(seed)
            ),
            control=self.control(),
            world_url=self.public_url,
            password=f"Тихий океан {seed}",
        )

    def move_clock(self, by: timedelta) -> None:
        """Move time for every process at once (never possible in production)."""
        clock = self.stack.layout.clock
        shown = clock.read_text().strip() if clock.is_file() else ""
        offset = Decimal(shown or 0) + Decimal(str(by.total_seconds()))
        fresh = clock.with_suffix(".new")
        fresh.write_text(f"{offset:.3f}\n")
        fresh.replace(clock)
