"""Refusal, release and payment of one contract at once, around the end of its hold.

Contracts and disbursement stand on their real databases; the client acts at two doors
while the payer works.  Whoever wins, a refusal told as final is never paid.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import services.disbursement
from infra.stack import Stack
from kernel.errors import Refused, Transient
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractAmended,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.migrations.applying import upgrade
from kernel.platform import Platform
from kernel.settings import read
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract
from services.contracts.handlers import contracts
from services.contracts.handlers.views import terms_of
from services.disbursement.domain.order import order_key
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.settings import Settings
from services.disbursement.storage import metadata
from services.disbursement.wiring import UseCases
from tests.databases import owner_engine
from tests.integration.contracts.conftest import Desk, as_object
from tests.integration.contracts.test_storage import put
from tests.integration.disbursement.conftest import Office, forget
from tests.unit.contracts.builders import (
    AMOUNT,
    CONSENTED_AT,
    HOLD_UNTIL,
    SIGNED_AT,
    SMALL,
    scheduled,
    wish,
)
from tests.unit.disbursement.fakes import FakeClock

WINDOW_MS = 5
LATE = 4
"""Of so many refusals one comes when the payer has done, or a busy machine would let
the refusal win every time."""


@dataclass
class RunningClock:
    """Runs on from an instant, as fast as the machine's own."""

    at: datetime
    begun: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.begun)


@dataclass
class Arbiter:
    """Disbursement at its own database.  Implements Disbursement of contracts."""

    office: Office
    cases: UseCases

    def enter(self, contract: Contract) -> None:
        """Signed, consented, its order drawn up: the payout is held."""
        self.office.clock.instant = CONSENTED_AT
        self._hear(
            lambda tx: self.cases.when_contract_signed(
                tx,
                ContractSigned(
                    contract_id=contract.id,
                    client_id=contract.client_id,
                    account_id=contract.account_id,
                    amount=contract.amount,
                    document_sha256=contract.document_sha256,
                    ceremony_id=contract.id,
                    signed_at=SIGNED_AT,
                ),
            )
        )
        self._hear(
            lambda tx: self.cases.when_additional_consent_given(
                tx,
                AdditionalConsentGiven(
                    contract_id=contract.id,
                    client_id=contract.client_id,
                    channel="lender",
                    text_sha256="a" * 64,
                    given_at=CONSENTED_AT,
                ),
            )
        )
        self.office.witness.beat()
        while prepare_next(self.office.till):
            pass

    def hear_release(self, contract: Contract, at: datetime) -> None:
        self._hear(
            lambda tx: self.cases.when_release_confirmed(
                tx,
                ReleaseConfirmed(
                    contract_id=contract.id,
                    client_id=contract.client_id,
                    channel="lender",
                    text_sha256="b" * 64,
                    confirmed_at=at,
                ),
            )
        )

    def hear_amended(self, event: ContractAmended) -> None:
        """The order is drawn up anew, for the hold that begins anew."""
        self._hear(lambda tx: self.cases.when_contract_amended(tx, event))
        self.office.witness.beat()
        while prepare_next(self.office.till):
            pass

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        answer = self.cases.stop_payout(
            self.office.context_of(None), contract_id=contract_id, client_id=client_id
        )
        return str(as_object(answer)["answer"])

    def hold_for_amendment(self, *, contract_id: UUID, client_id: UUID) -> str:
        answer = self.cases.hold_for_amendment(
            self.office.context_of(None), contract_id=contract_id, client_id=client_id
        )
        return str(as_object(answer)["answer"])

    def tick(self) -> None:
        till = self.office.till
        for beat in (end_next_hold, pay_next, ask_next):
            beat(till)

    def transfers(self, contract: Contract) -> int:
        key = order_key(contract.id, 1)
        return sum(line.key == key for line in self.office.bank.ledger)

    def _hear(self, act: Callable[..., None]) -> None:
        platform = self.office.platform
        with platform.database.begin(self.office.context_of(None)) as tx:
            act(tx)


@pytest.fixture
def arbiter(servers: Stack) -> Iterator[Arbiter]:
    """Disbursement beside contracts, on a schema freshly made."""
    engine = owner_engine(servers, "disbursement")
    forget(engine)
    folder = Path(str(services.disbursement.__file__)).parent / "migrations"
    upgrade(engine, directory=folder, metadata=metadata)
    env = servers.env("disbursement")
    platform = Platform.open(read(Settings, prefix="disbursement", environ=env))
    office = Office(platform, FakeClock(CONSENTED_AT))
    yield Arbiter(office, UseCases(platform))
    platform.close()
    forget(engine)
    engine.dispose()


def race(
    desk: Desk, arbiter: Arbiter, pairs: int, *, seed: int = 20261129
) -> Counter[str]:
    """So many contracts, each raced for; how often each outcome came."""
    dice = random.Random(seed)
    return Counter(
        _race_once(desk, arbiter, number=number, dice=dice) for number in range(pairs)
    )


def _race_once(
    desk: Desk, arbiter: Arbiter, *, number: int, dice: random.Random
) -> str:
    above = number % 2 == 0
    contract = held(desk, amount_above=above)
    arbiter.enter(contract)
    offset = timedelta(milliseconds=dice.uniform(-WINDOW_MS, WINDOW_MS))
    clock = RunningClock(HOLD_UNTIL + offset)
    told: dict[str, str] = {}
    paid_for = threading.Event()

    def refuse() -> None:
        if number % LATE == 1:
            paid_for.wait(timeout=10)
        told["refusal"] = _answer(lambda: _refuse(desk, arbiter, contract, clock))

    def release() -> None:
        if above:
            told["release"] = _answer(lambda: _release(desk, arbiter, contract, clock))

    def pay() -> None:
        arbiter.office.clock.instant = clock.now()
        for _ in range(3):
            arbiter.tick()
        paid_for.set()

    at_once([refuse, release, pay], dice)
    arbiter.office.clock.instant = HOLD_UNTIL + timedelta(hours=1)
    for _ in range(4):
        arbiter.tick()
    paid = arbiter.transfers(contract)
    assert paid <= 1
    final = told["refusal"] == "final"
    assert not (final and paid), "a refusal told as final was paid"
    return "refused" if final else "paid" if paid else "neither"


def held(desk: Desk, *, amount_above: bool, **changes: Any) -> Contract:  # noqa: ANN401
    """A consented contract of a client of its own."""
    amount = AMOUNT if amount_above else SMALL
    return put(
        desk,
        replace(
            scheduled(amount=amount),
            id=uuid4(),
            application_id=uuid4(),
            client_id=uuid4(),
            number=f"KSK-{uuid4().hex}",
            **changes,
        ),
    )


def _refuse(
    desk: Desk, arbiter: Arbiter, contract: Contract, clock: RunningClock
) -> str:
    reply = contracts.refuse_contract(
        client_id=contract.client_id,
        contract_id=contract.id,
        work=desk.work("refuse_contract", client_id=contract.client_id),
        disbursement=arbiter,
        clock=clock,
    )
    return str(as_object(reply)["refusal"])


def _release(
    desk: Desk, arbiter: Arbiter, contract: Contract, clock: RunningClock
) -> str:
    at = clock.now()
    reply = contracts.confirm_release(
        client_id=contract.client_id,
        contract_id=contract.id,
        work=desk.work("confirm_release", client_id=contract.client_id),
        policy=desk.platform.policy,
        wish=wish(texts.release_text(terms_of(contract)), at=at),
    )
    arbiter.hear_release(contract, at)
    return str(as_object(reply)["state"])


def _answer(act: Callable[[], str]) -> str:
    try:
        return act()
    except Refused as refused:
        return refused.code
    except Transient:
        return "transient"


def at_once(acts: list[Callable[[], None]], dice: random.Random) -> None:
    """Let them go together, within the window, and wait for all."""
    gate = threading.Barrier(len(acts))
    failed: list[BaseException] = []

    def go(act: Callable[[], None], late_s: float) -> None:
        try:
            gate.wait()
            time.sleep(late_s)
            act()
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    hands = [
        threading.Thread(target=go, args=(act, dice.uniform(0, WINDOW_MS / 1000)))
        for act in acts
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(timeout=30)
    if failed:
        raise failed[0]
