"""All twins of one test, wired together."""

from services.contracts.ports import Judges
from tests.unit.contracts.fakes.neighbours import (
    FakeAntifraud,
    FakeDisbursement,
    FakeOnboarding,
    FakeSigner,
    FakeWitness,
)
from tests.unit.contracts.fakes.papers import FakePrinter
from tests.unit.contracts.fakes.registers import FakeBureau, FakeMonitoring, FakeState
from tests.unit.contracts.fakes.time import FakeClock, FakeIds
from tests.unit.contracts.fakes.work import FakeWork


class Bench:
    """All twins of one test, wired together."""

    def __init__(self) -> None:
        self.work = FakeWork()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.onboarding = FakeOnboarding(self.work)
        self.bureau = FakeBureau(self.work)
        self.state = FakeState(self.work)
        self.monitoring = FakeMonitoring(self.work)
        self.antifraud = FakeAntifraud(self.work)
        self.disbursement = FakeDisbursement(self.work)
        self.signer = FakeSigner(self.work)
        self.witness = FakeWitness(self.work)

    @property
    def judges(self) -> Judges:
        return Judges(
            onboarding=self.onboarding,
            bureau=self.bureau,
            state=self.state,
            monitoring=self.monitoring,
            antifraud=self.antifraud,
            printer=FakePrinter(),
        )
