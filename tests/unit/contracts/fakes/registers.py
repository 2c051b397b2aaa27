"""Twins of the registers of others."""

from dataclasses import dataclass, field

from kernel.errors import Transient
from services.contracts.domain.checks import (
    ConsentKind,
    CreditReport,
    GivenConsent,
    ListCheck,
    StateRecord,
)
from tests.unit.contracts.builders import (
    borrower,
    consent,
    list_check,
    report,
    state_record,
)
from tests.unit.contracts.fakes.work import FakeWork


@dataclass
class FakeBureau:
    """Implements Bureau."""

    work: FakeWork
    answer: CreditReport = field(default_factory=report)
    away: bool = False
    asked: int = 0

    def report(self, iin: str) -> CreditReport:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked += 1
        if self.away:
            raise Transient("the bureau gave no report")
        return self.answer


@dataclass
class FakeState:
    """Implements StateRegisters."""

    work: FakeWork
    answer: StateRecord = field(default_factory=state_record)
    consents: dict[ConsentKind, bool] = field(default_factory=dict)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def record(self, iin: str) -> StateRecord:
        self._asked("record", iin)
        return self.answer

    def consent(self, iin: str, kind: ConsentKind) -> GivenConsent:
        self._asked(kind.value, iin)
        return consent(given=self.consents.get(kind, False))

    def _asked(self, what: str, iin: str) -> None:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked.append(what)
        if self.away:
            raise Transient("the state did not answer")


@dataclass
class FakeMonitoring:
    """Implements Monitoring."""

    work: FakeWork
    listed: bool = False
    away: bool = False
    asked: int = 0

    def look(self, iin: str) -> ListCheck:
        assert not self.work.open, "a call within a transaction"
        assert iin == borrower().iin
        self.asked += 1
        if self.away:
            raise Transient("the АФМ did not answer")
        return list_check(listed=self.listed)
