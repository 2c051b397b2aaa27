"""Twins of onboarding's ports: small, in memory, as strict as the real ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.onboarding.handlers.accounts import Owners
from services.onboarding.handlers.ceremonies import Desk
from services.onboarding.handlers.judging import Judge
from services.onboarding.handlers.photos import Studio
from services.onboarding.ports import Provider
from tests.unit.onboarding.builders import (
    COID_BIN,
    IIN,
    NOW,
)
from tests.unit.onboarding.outside_twins import (
    FakeAntifraud,
    FakeBank,
    FakeCards,
    FakeCodes,
    FakeCoid,
    FakeRules,
    FakeSignatures,
    FakeStateBase,
)
from tests.unit.onboarding.photo_twins import FakeJudge
from tests.unit.onboarding.unit_twins import FakeUnit

SITE = "creditplus.kz"


@dataclass
class FakeClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class FakeIds:
    last: int = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(f"01890000-0000-7000-8000-{self.last:012x}")


class Bench:
    """Twins of all ports around one unit."""

    def __init__(self) -> None:
        self.unit = FakeUnit()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.codes = FakeCodes(self.unit)
        self.state_base = FakeStateBase(self.unit)
        self.bank = FakeBank(self.unit)
        self.cards = FakeCards(self.unit)
        self.coid = FakeCoid(self.unit)
        self.signatures = FakeSignatures(self.unit)
        self.judge = FakeJudge(self.unit)
        self.rules = FakeRules()
        self.antifraud = FakeAntifraud(self.unit)
        self._secrets = 0
        self.iin = IIN

    def in_force(self, at: datetime) -> Provider:
        """The port `Providers` as well."""
        return self.named("coid")

    def named(self, name: str) -> Provider:
        assert name == "coid"
        return Provider(name=name, bin=COID_BIN, door=self.coid)

    def secret(self, size: int) -> str:
        self._secrets += 1
        return f"secret-{self._secrets:0{size}d}"

    @property
    def owners(self) -> Owners:
        return Owners(bank=self.bank, cards=self.cards)

    @property
    def antifraud_judge(self) -> Judge:
        return Judge(antifraud=self.antifraud, rules=self.rules, ids=self.ids)

    @property
    def desk(self) -> Desk:
        return Desk(
            begin=self.unit.begin,
            clock=self.clock,
            ids=self.ids,
            secrets=self.secret,
            rules=self.rules,
            providers=self,
            site=SITE,
        )

    @property
    def studio(self) -> Studio:
        return Studio(
            begin=self.unit.begin,
            clock=self.clock,
            ids=self.ids,
            secrets=self.secret,
            rules=self.rules,
            judge=self.judge,
            providers=self,
            protocols=self.coid,
            signatures=self.signatures,
        )
