"""Our party of the payouts: the payer's loop as shipped, with peers that say yes.

``burst N`` and ``spread N START EVERY``: N payouts are committed as orders; the bank is
at hand and settles at once.  The rows lie ready, see `tests.benchmarks.payouts`.
"""

import os
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from kernel.beside import in_threads_of
from kernel.context import Context
from kernel.logging import configure
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.adapters import LoggedAlarms, PayoutMeters
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.gate import (
    AccountFacts,
    AntifraudDecision,
    ContractFacts,
    Decision,
    Ownership,
    OwnershipProof,
    StopCredit,
)
from services.disbursement.domain.order import (
    BankAnswer,
    Order,
    OrderMissing,
    OrderReport,
    OrderStatus,
)
from services.disbursement.domain.payout import Payout, Trail
from services.disbursement.domain.reconciliation import Message, StatementPage
from services.disbursement.ports import Till
from services.disbursement.settings import Settings
from services.disbursement.storage import CHANNEL, DatabaseDesk
from services.disbursement.wiring import Payer, asking_threads, beats_of, rules_of
from services.disbursement.worker import run
from tests.benchmarks.party import ready, say

SERVICE: Final = "disbursement"
CLIENT_IBAN: Final = "KZ41722C000000000001"
CLIENT_IIN: Final = "900101300017"
TOKEN: Final = "k1.account-token"  # noqa: S105 - a matching token, opens nothing
DOCUMENT: Final = "d" * 64
DAY: Final = timedelta(days=1)
NO_PACE: Final = 1_000_000
"""So many requests a second no party ever makes."""


class Peers:
    """Onboarding, antifraud, contracts and bank: at hand, and content."""

    def __init__(self, count: int, stop: threading.Event) -> None:
        self._count, self._stop = count, stop
        self._asked: set[str] = set()
        self.committed: dict[int, float] = {}

    def read(self, payout: Payout) -> Any:  # noqa: ANN401 - of two ports
        del payout
        return AccountFacts(account_token=TOKEN, iban=CLIENT_IBAN, iin=CLIENT_IIN)

    def prove(self, payout: Payout) -> OwnershipProof:
        now = datetime.now(UTC)
        evidence_id = str(payout.payout_id)
        return OwnershipProof(
            verdict=Ownership.MATCH, evidence_id=evidence_id, checked_at=now
        )

    def decide(self, payout: Payout) -> AntifraudDecision:
        return AntifraudDecision(decision_id=payout.payout_id, outcome=Decision.ALLOW)

    def capabilities(self, rail: Rail) -> Capabilities:
        del rail
        return Capabilities(inquiry=True, statement=True, remembers_s=1_800)

    def page(self, message: Message, *, after: int) -> StatementPage:
        """The bank has booked nothing yet, and says so."""
        del message
        return StatementPage((), upto=after, is_last=True)

    def ask(self, order: Order) -> BankAnswer:
        """The second question about a key is the first word after the commit."""
        key = order.key
        if key in self._asked:
            number = int(key.partition("-")[0], 16) & 0xFFFFFFFF
            self.committed[number] = time.time()
            if len(self.committed) == self._count:
                self._stop.set()
        self._asked.add(key)
        return OrderMissing()

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        del codes
        return OrderReport(
            order_id=order.key,
            end_to_end_id=order.key,
            status=OrderStatus.SETTLED,
            amount_minor=order.amount.amount_minor,
            currency=order.amount.currency,
            debtor_iban=order.debtor_iban,
            creditor_iban=order.creditor_iban,
            settled_at=datetime.now(UTC),
        )

    def booked(self, order: Order) -> bool | None:
        del order
        return True

    def balance(self, order: Order) -> Money:
        del order
        return Money.of("1000000000000")


class Contracts:
    """The contract's owner: says what the payout row says."""

    def read(self, payout: Payout) -> ContractFacts:
        return ContractFacts(
            state="consented",
            amount=payout.amount,
            document_sha256=payout.document_sha256,
            account_id=payout.account_id,
            client_id=payout.client_id,
            consented=True,
            released=False,
            term_days=30,
        )

    def ask_stop_credit(self, payout: Payout) -> StopCredit:
        return StopCredit(stands=False, evidence_id=str(payout.payout_id))


def payer_of(platform: Platform[Settings], peers: Peers) -> Payer:
    """As `build_payer` puts it together, but for whom it asks."""

    def context_of(_trail: Trail | None) -> Context:
        return platform.context()

    desk = DatabaseDesk(
        platform.database,
        keys=platform.field_keys,
        account=platform.settings.company_iban,
        contexts=context_of,
    )
    # Nobody counts here but once: the count is carried on from then.
    rules = rules_of(platform.settings)
    asking = asking_threads(rules)
    till = Till(
        desk=desk,
        accounts=peers,
        antifraud=peers,
        contracts=Contracts(),
        bank=peers,
        statements=peers,
        ask=in_threads_of(asking),
        alarms=LoggedAlarms(),
        meters=PayoutMeters(),
        policy=STARTING_POLICY,
        clock=platform.clock,
        uptime=platform.uptime,
        ids=platform.ids,
        rules=replace(rules, witness=replace(rules.witness, fresh=DAY)),
    )
    return Payer(
        beats=beats_of(till),
        clock=platform.clock,
        desk=desk,
        listen=partial(platform.database.listen, CHANNEL),
        meters=till.meters,
        close=asking.shutdown,
    )


def contract_of(number: int) -> UUID:
    """The contract of a payout with this number, which its order's key tells."""
    return UUID(int=(7 << 96) + number)


def main(count: int, start: float, every_s: float) -> None:
    environ = {
        **os.environ,
        # The clock of the tests looks at a file each time.
        "DISBURSEMENT_CLOCK": "system",
        # A bank that is at hand sets no pace, as the peer's tasks of nothing do not.
        "DISBURSEMENT_REQUESTS_PER_S": str(NO_PACE),
    }
    settings = read(Settings, prefix=SERVICE, environ=environ)
    configure(settings.principal, settings.log_level)
    platform = Platform.open(settings)
    stop = threading.Event()
    peers = Peers(count, stop)
    payer = payer_of(platform, peers)
    ready()
    run(payer, stop)
    lags = [at - (start + n * every_s) for n, at in sorted(peers.committed.items())]
    at = sorted(peers.committed.values())
    say(lags=lags, seconds=at[-1] - at[0], count=count - 1)
    platform.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
