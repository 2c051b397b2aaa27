"""The composition root: builds use cases from settings."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from kernel.beside import in_threads_of
from kernel.clock import Clock
from kernel.context import Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.erasure import seal_by_own_keys
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    AmendmentEnded,
    ContractAmended,
    ContractAnnulled,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.events.onboarding import (
    BankAccountChanged,
    BankAccountRemoved,
    PersonalDataErased,
)
from kernel.logging import get_logger
from kernel.platform import Platform
from kernel.tls import client_context
from services.disbursement.adapters import (
    BankClock,
    HttpStatements,
    LoggedAlarms,
    LoggedClockAlarms,
    PayoutMeters,
    RpcAccounts,
    RpcAntifraud,
    RpcContracts,
    partner_client,
)
from services.disbursement.domain.gate import GateRules
from services.disbursement.domain.order import ResendRules
from services.disbursement.domain.payout import (
    AT_BANK,
    State,
    Tombstone,
    Trail,
    WorkRules,
)
from services.disbursement.domain.reconciliation import ReconciliationRules
from services.disbursement.domain.witness import WitnessRules
from services.disbursement.handlers import (
    amending,
    erasures,
    reactions,
    repeating,
    requests,
)
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.bookkeeping import prove_next_day
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.handlers.reconciling import reconcile_next
from services.disbursement.handlers.witnessing import Witness
from services.disbursement.ports import (
    Contexts,
    Desk,
    Meters,
    Orders,
    Rules,
    Till,
)
from services.disbursement.settings import Settings, bank_access
from services.disbursement.storage import (
    CHANNEL,
    DatabaseDesk,
    KeyRing,
    OrderEnds,
    PayoutRows,
    WitnessRow,
)
from services.disbursement.wiring.rails import (
    partner_at,
    rails_of,
    turns_in_patience,
)
from services.disbursement.wiring.reconciliation import ReconciliationUseCases
from services.disbursement.wiring.treasury import TreasuryUseCases

log = get_logger("disbursement")

PAYABLE_STATES: Final = frozenset({"consented", "released"})
"""States of a contract, in contracts' words, in which its money may leave."""

PAYING_BESIDE: Final = 2
"""While those of one wait for answers, or for their commit, the other goes on."""
MOST_ASKING: Final = 128
"""So many questions to neighbours and partners are open at once, however many payouts
go together: what nobody answers in time would be asked again."""


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the nameko door may call."""

    platform: Platform[Settings]

    @property
    def reconciliation(self) -> ReconciliationUseCases:
        """What the treasurers do about sending as a whole."""
        return ReconciliationUseCases(self.platform)

    @property
    def treasury(self) -> TreasuryUseCases:
        """What the staff may ask for."""
        return TreasuryUseCases(self.platform)

    def stop_payout(
        self, context: Context, *, contract_id: UUID, client_id: UUID
    ) -> Json:
        """``{"answer": "stopped" | "too_late" | "recorded"}``, after its commit."""
        with self.platform.database.begin(context) as tx:
            answer = requests.stop_payout(
                Tombstone(contract_id, client_id),
                payouts=self._payouts(tx),
                ids=self.platform.ids,
                now=tx.now,
            )
        return {"answer": answer.value}

    def hold_for_amendment(
        self, context: Context, *, contract_id: UUID, client_id: UUID
    ) -> Json:
        """``{"answer": "held" | "too_late" | "ended"}``, after its commit."""
        with self.platform.database.begin(context) as tx:
            answer = amending.hold_for_amendment(
                contract_id,
                client_id,
                payouts=self._payouts(tx),
                publish=tx.publish,
            )
        return {"answer": answer.value}

    def get_payout(
        self, context: Context, *, contract_id: UUID, client_id: UUID
    ) -> Json:
        """The client's own payout."""
        with self.platform.database.begin(context) as tx:
            return requests.get_payout(
                contract_id,
                client_id,
                payouts=self._payouts(tx),
                counted_ns=self._counted_ns(tx),
                now=tx.now,
            )

    def when_contract_signed(self, tx: Transaction, event: ContractSigned) -> None:
        reactions.when_contract_signed(
            event,
            payouts=self._payouts(tx),
            ids=self.platform.ids,
            trail=_trail(tx),
        )

    def when_additional_consent_given(
        self, tx: Transaction, event: AdditionalConsentGiven
    ) -> None:
        reactions.when_additional_consent_given(
            event,
            payouts=self._payouts(tx),
            publish=tx.publish,
            policy=self.platform.policy,
            trail=_trail(tx),
            counted_ns=self._counted_ns(tx),
            now=tx.now,
        )

    def when_release_confirmed(self, tx: Transaction, event: ReleaseConfirmed) -> None:
        reactions.when_release_confirmed(
            event,
            payouts=self._payouts(tx),
            publish=tx.publish,
            trail=_trail(tx),
            now=tx.now,
        )

    def when_contract_annulled(self, tx: Transaction, event: ContractAnnulled) -> None:
        reactions.when_contract_annulled(
            event,
            payouts=self._payouts(tx),
            publish=tx.publish,
            ids=self.platform.ids,
            now=tx.now,
        )

    def when_contract_amended(self, tx: Transaction, event: ContractAmended) -> None:
        amending.when_contract_amended(
            event,
            payouts=self._payouts(tx),
            publish=tx.publish,
            policy=self.platform.policy,
            trail=_trail(tx),
            counted_ns=self._counted_ns(tx),
            now=tx.now,
        )

    def when_amendment_ended(self, tx: Transaction, event: AmendmentEnded) -> None:
        amending.when_amendment_ended(
            event,
            payouts=self._payouts(tx),
            publish=tx.publish,
            policy=self.platform.policy,
            trail=_trail(tx),
            counted_ns=self._counted_ns(tx),
            now=tx.now,
        )

    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended
    ) -> None:
        reactions.when_operation_suspended(
            event, payouts=self._payouts(tx), publish=tx.publish
        )

    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged
    ) -> None:
        amending.when_bank_account_changed(
            event, payouts=self._payouts(tx), publish=tx.publish
        )

    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved
    ) -> None:
        amending.when_bank_account_removed(
            event, payouts=self._payouts(tx), publish=tx.publish
        )

    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased
    ) -> None:
        erasures.when_personal_data_erased(event, orders=self._orders(tx), now=tx.now)

    def erase_heard(self) -> int:
        """Erase the orders whose terms are over; of how many clients."""
        return erasures.erase_heard(
            self._open, policy=self.platform.policy, now=self.platform.clock.now()
        )

    def seal_by_own_keys(self) -> None:
        """Go on with what is not sealed by the key of its client alone."""
        for client_id in seal_by_own_keys(self._open, at=self.platform.clock.now()):
            log.error("sealed_field_broken", client_id=str(client_id))

    @contextmanager
    def _open(self) -> Iterator[Orders]:
        with self.platform.database.begin(self.platform.context()) as tx:
            yield self._orders(tx)

    def _orders(self, tx: Transaction) -> Orders:
        return Orders(
            KeyRing(tx.connection, self.platform.field_keys),
            OrderEnds(tx.connection),
            tx.publish,
        )

    def _counted_ns(self, tx: Transaction) -> int | None:
        witnessed = WitnessRow(tx.connection).read()
        if witnessed is None:
            return None
        return witnessed.counted_here(self.platform.uptime.read())

    def _payouts(self, tx: Transaction) -> PayoutRows:
        return PayoutRows(tx.connection, self.platform.field_keys)


@dataclass(frozen=True, slots=True)
class Beat:
    """Takes payouts of its states a step further; False when none is due.

    One without states takes up no payouts: nobody rings for it.  ``threads``: so many
    of a process take them up beside one another.
    """

    take_next: Callable[[], bool]
    states: frozenset[State]
    threads: int = 1


class Listen(Protocol):
    """Tells what each commit says of the state a payout entered, until a stop."""

    def __call__(
        self, heard: Callable[[str], None], *, stop: threading.Event
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Payer:
    """What the worker runs: beats, and what wakes and measures them."""

    beats: Mapping[str, Beat]
    clock: Clock
    desk: Desk
    listen: Listen
    meters: Meters
    close: Callable[[], None]

    def next_instant(self, beat: Beat) -> datetime | None:
        """When the next payout of a beat becomes due, if any waits."""
        if not beat.states:
            return None
        with self.desk.open() as work:
            return work.payouts.next_instant(beat.states, after=self.clock.now())

    def measure(self) -> None:
        """How far behind the payouts are, for the monitoring."""
        with self.desk.open() as work:
            backlog = work.overview.backlog(now=self.clock.now())
        self.meters.backlog(backlog)


def build(platform: Platform[Settings]) -> UseCases:
    """The use cases of the service's process."""
    return UseCases(platform)


def build_payer(platform: Platform[Settings]) -> Payer:
    """The use cases of the worker.  Broken when it cannot know the bank."""
    bank = bank_access(platform.settings)
    client = partner_client(client_context(bank.ca, bank.cert, bank.key))
    partner = partner_at("bank", client, bank.url, platform.settings)
    contexts = _contexts(platform)
    desk = _desk(platform)
    rules = rules_of(platform.settings)
    asking = asking_threads(rules)
    till = Till(
        desk=desk,
        accounts=RpcAccounts(platform.rpc, contexts),
        antifraud=RpcAntifraud(platform.rpc, contexts),
        contracts=RpcContracts(platform.rpc, contexts),
        bank=rails_of(platform, client, partner),
        statements=HttpStatements(partner, iban=platform.settings.company_iban),
        ask=in_threads_of(asking),
        alarms=LoggedAlarms(),
        meters=PayoutMeters(),
        policy=platform.policy,
        clock=platform.clock,
        uptime=platform.uptime,
        ids=platform.ids,
        rules=rules,
    )

    def close() -> None:
        asking.shutdown()
        client.close()

    return Payer(
        beats=beats_of(till),
        clock=platform.clock,
        desk=desk,
        listen=partial(platform.database.listen, CHANNEL),
        meters=till.meters,
        close=close,
    )


def asking_threads(rules: Rules) -> ThreadPoolExecutor:
    """Those that wait for answers: two for each payout, and never too many."""
    return ThreadPoolExecutor(min(2 * rules.work.at_once, MOST_ASKING), "asking")


def beats_of(till: Till) -> Mapping[str, Beat]:
    """What each beat takes up, and how."""
    return {
        "prepare": Beat(lambda: prepare_next(till), frozenset({State.CONSENTED})),
        "due": Beat(lambda: end_next_hold(till), frozenset({State.HELD})),
        "pay": Beat(
            lambda: pay_next(till), frozenset({State.READY}), threads=PAYING_BESIDE
        ),
        "ask": Beat(lambda: ask_next(till), AT_BANK),
        "close": Beat(lambda: repeating.close_next(till), frozenset({State.REJECTED})),
        "reconcile": Beat(lambda: reconcile_next(till), frozenset()),
        "prove": Beat(lambda: prove_next_day(till), frozenset()),
    }


@dataclass(frozen=True, slots=True)
class Counting:
    """What the clock's witness runs: its beat, and how often."""

    beat: Callable[[], bool]
    every_s: int
    close: Callable[[], None]


def build_witness(platform: Platform[Settings]) -> Counting:
    """The use case of the witness.  Broken when it cannot know the bank."""
    bank = bank_access(platform.settings)
    client = partner_client(client_context(bank.ca, bank.cert, bank.key))
    witness = Witness(
        desk=_desk(platform),
        outer=BankClock(client, base_url=bank.url),
        alarms=LoggedClockAlarms(),
        clock=platform.clock,
        uptime=platform.uptime,
        ids=platform.ids,
        rules=_witness_rules(platform.settings),
    )
    return Counting(
        beat=witness.beat,
        every_s=platform.settings.witness_every_s,
        close=client.close,
    )


def _desk(platform: Platform[Settings]) -> DatabaseDesk:
    return DatabaseDesk(
        platform.database,
        keys=platform.field_keys,
        contexts=_contexts(platform),
        account=platform.settings.company_iban,
    )


def _contexts(platform: Platform[Settings]) -> Contexts:
    """A payout's work goes on in the context of what caused it."""

    def context_of(trail: Trail | None) -> Context:
        fresh = platform.context()
        if trail is None:
            return fresh
        return replace(
            fresh,
            correlation_id=trail.correlation_id,
            causation_id=trail.causation_id,
        )

    return context_of


def _trail(tx: Transaction) -> Trail:
    return Trail(tx.context.correlation_id, tx.context.causation_id)


def rules_of(settings: Settings) -> Rules:
    """Everything the payer is set to."""
    return Rules(
        work=WorkRules(
            at_once=min(
                settings.payouts_at_once,
                max(turns_in_patience(settings) // PAYING_BESIDE, 1),
            ),
            lease_s=settings.lease_s,
            poll_s=settings.poll_s,
            first_retry_s=settings.first_retry_s,
            most_retry_s=settings.most_retry_s,
        ),
        witness=_witness_rules(settings),
        gate=GateRules(
            company_iban=settings.company_iban,
            proof_valid_s=settings.proof_valid_s,
            reconciled=timedelta(seconds=settings.reconciled_within_s),
            payable_states=PAYABLE_STATES,
        ),
        resend=ResendRules(
            visible_after_s=settings.visible_after_s,
            agreeing_answers=settings.agreeing_answers,
            window_s=settings.resend_window_s,
        ),
        reconciliation=ReconciliationRules(
            every=timedelta(seconds=settings.reconcile_every_s)
        ),
    )


def _witness_rules(settings: Settings) -> WitnessRules:
    return WitnessRules(
        takeover=timedelta(seconds=settings.witness_takeover_s),
        outer_every=timedelta(seconds=settings.outer_clock_every_s),
        doubt=timedelta(seconds=settings.outer_clock_doubt_s),
        step=timedelta(seconds=settings.witness_step_s),
        fresh=timedelta(seconds=settings.witness_fresh_s),
        patience=timedelta(seconds=settings.witness_patience_s),
    )
