"""A contract and the arbiter of its money, driven by chance.

The client, the beats, the wires and a clock that leaps act in any order; a message may
come late and again.  The arbiter is a model of its own, made of what the rules demand
and not of the code that is tested.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from kernel.errors import Refused, Transient
from kernel.money import Money
from services.contracts.domain import contract as machine
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract, Statement
from services.contracts.domain.rules import offer_until
from services.contracts.domain.states import FINAL, TRANSITIONS, ContractState
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import (
    AMOUNT,
    CEREMONY,
    OFFERED_AT,
    OTHER_ACCOUNT,
    PAYOUT,
    POLICY,
    SMALL,
    TIYN,
    offered,
    payout,
    proof,
    wish,
)

HOLD = timedelta(hours=24)
AMENDMENT = UUID(int=0xA3)
seldom = st.sampled_from([False] * 9 + [True])
LEAPS = (
    timedelta(microseconds=1),
    timedelta(seconds=1),
    timedelta(minutes=29),
    timedelta(hours=23, minutes=59, seconds=59),
    HOLD,
    timedelta(seconds=-2),
)
AN_AGE = timedelta(days=9)
S = ContractState
News = Callable[[Contract], Contract]


class Row(Enum):
    """What the arbiter's one row says."""

    NONE = auto()
    TOMBSTONE = auto()
    WAITING = auto()
    SENT = auto()
    CANCELLED = auto()


@dataclass
class Arbiter:
    """Pays once, never early, never against a stop: the rules in their barest form."""

    row: Row = Row.NONE
    signed_at: datetime | None = None
    consented_at: datetime | None = None
    released_at: datetime | None = None
    paid_at: datetime | None = None
    told_due: bool = False
    stands: bool = False
    """Still, until the contract is amended or goes on."""
    hold_from: datetime | None = None
    heard: list[Callable[[], None]] = field(default_factory=list)
    """What contracts has said and has not arrived yet, in its order."""

    def hear_signed(self, at: datetime) -> None:
        self.signed_at = at
        self.row = Row.CANCELLED if self.row is Row.TOMBSTONE else Row.WAITING

    def hear_annulled(self) -> None:
        if self.row in (Row.NONE, Row.WAITING):
            self.row = Row.TOMBSTONE if self.row is Row.NONE else Row.CANCELLED

    def stop(self) -> str:
        match self.row:
            case Row.NONE | Row.TOMBSTONE:
                self.row = Row.TOMBSTONE
                return "recorded"
            case Row.SENT:
                return "too_late"
            case _:
                self.row = Row.CANCELLED
                return "stopped"

    def hold(self) -> str:
        """Asked before an amendment is offered."""
        match self.row:
            case Row.NONE:
                return "not heard of yet"
            case Row.SENT:
                return "too_late"
            case Row.TOMBSTONE | Row.CANCELLED:
                return "ended"
        self.stands, self.released_at, self.told_due = True, None, False
        return "held"

    def hear_go_on(self, at: datetime) -> None:
        self.stands, self.hold_from = False, at

    def hold_until(self) -> datetime | None:
        if self.signed_at is None or self.consented_at is None or self.stands:
            return None
        begun = max(self.signed_at, self.consented_at)
        return max(begun, self.hold_from or begun) + HOLD

    def may_pay(self, now: datetime, *, required: bool) -> bool:
        until = self.hold_until()
        if self.row is not Row.WAITING or until is None or now < until:
            return False
        return not required or self.released_at is not None


class ContractLife(RuleBasedStateMachine):
    """Nothing is paid early, without consent, or against a refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.now = OFFERED_AT
        self.contract = offered()
        self.arbiter = Arbiter()
        self.news: list[News] = []
        """What the arbiter has said and has not arrived yet, in its order."""
        self.old_news: list[News] = []
        self.proofs: list[News] = []
        self.identities: list[datetime] = []
        """When the client's names became others; the news has not arrived yet."""
        self.refused_for_good = False
        self.required = False
        self.held = False
        """Whether the arbiter has said that it stands still for an amendment."""

    @initialize(amount=st.sampled_from([SMALL, SMALL + TIYN, AMOUNT]))
    def offer(self, amount: Money) -> None:
        self.contract = offered(
            amount=amount, silence_at=offer_until(POLICY, OFFERED_AT)
        )
        self.required = amount > SMALL

    @rule(leap=st.sampled_from(LEAPS), long=seldom)
    def time_passes(self, leap: timedelta, long: bool) -> None:  # noqa: FBT001 - drawn
        self.now += leap + (AN_AGE if long else timedelta(0))

    @rule(nearly=st.booleans())
    def the_hold_ends(self, nearly: bool) -> None:  # noqa: FBT001 - drawn
        """To the very instant, or one before it: chance alone would not find them."""
        if self.contract.hold_until is not None:
            until = self.contract.hold_until - timedelta(microseconds=int(nearly))
            self.now = max(self.now, until)

    @rule()
    def the_usual_next_step(self) -> None:
        """Chance alone would seldom lead a loan to its end."""
        match machine.next_step(self.contract, at=self.now):
            case "sign":
                self.the_client_signs(wrong=False)
                self.a_proof_arrives(again=False)
            case "wait_for_signature":
                self.the_company_signs()
            case "give_consent":
                self.the_client_consents(age=60, stale=False)
            case "wait_for_hold":
                self.the_hold_ends(nearly=True)
                self.the_client_confirms(age=60, stale=False)
                self.the_hold_ends(nearly=False)
            case "amendment":
                self.now += timedelta(hours=1)
                while self.arbiter.heard:
                    self.the_arbiter_hears()
                self.an_amendment_is_offered()
                self.an_amendment_ends(how="signed")
                self.the_arbiter_hears()
            case "confirm_release":
                self.the_client_confirms(age=60, stale=False)
            case _:
                self.the_arbiter_hears()
                self.the_arbiter_acts()
                self.news_arrive(again=False)

    @rule(wrong=seldom)
    def the_client_signs(self, wrong: bool) -> None:  # noqa: FBT001 - drawn
        """Opens a ceremony and completes it; its news comes when it comes."""
        at = self.now

        def sign() -> Contract:
            signing = machine.begin_signing(self.contract, at=at)
            return machine.hand_over(
                signing,
                ceremony_id=CEREMONY,
                document_sha256=signing.document_sha256,
                at=at,
            )

        if self._wished(sign):
            changes = {"document_sha256": "0" * 64} if wrong else {}
            made = proof(completed_at=max(at, OFFERED_AT), **changes)
            self.proofs.append(lambda c: machine.take_signature(c, made))

    @rule(again=st.booleans())
    def a_proof_arrives(self, again: bool) -> None:  # noqa: FBT001 - drawn
        if self.proofs:
            news = self.proofs[0] if again else self.proofs.pop(0)
            self._becomes(news(self.contract))

    @rule()
    def the_company_signs(self) -> None:
        """Again and again: it signs nothing twice."""
        self._becomes(
            machine.conclude(self.contract, stamped_at=self.now, policy=POLICY)
        )

    @rule(age=st.sampled_from([0, 60, 299, 301]), stale=st.booleans())
    def the_client_consents(self, age: int, stale: bool) -> None:  # noqa: FBT001 - drawn
        text = texts.consent_text(terms_of(self.contract))
        statement = self._statement(text, age=age, stale=stale)
        if self._wished(
            lambda: machine.consent(self.contract, statement, text=text, policy=POLICY)
        ):
            assert not stale
            assert age <= 300
            at = statement.given_at
            self.arbiter.heard.append(lambda: self._arbiter_hears_consent(at))

    @rule(age=st.sampled_from([0, 60, 299, 301]), stale=st.booleans())
    def the_client_confirms(self, age: int, stale: bool) -> None:  # noqa: FBT001 - drawn
        text = texts.release_text(terms_of(self.contract))
        statement = self._statement(text, age=age, stale=stale)
        if self._wished(
            lambda: machine.confirm_release(
                self.contract, statement, text=text, policy=POLICY
            )
        ):
            until = self.contract.hold_until
            assert until is not None
            assert statement.given_at >= until
            at = statement.given_at
            self.arbiter.heard.append(lambda: self._arbiter_hears_release(at))

    @rule(really=st.sampled_from([False, False, True]))
    def the_client_refuses(self, really: bool) -> None:  # noqa: FBT001 - drawn
        if not really:
            return
        needed = machine.needs_stop(self.contract)
        answer = self.arbiter.stop() if needed else None
        if self._wished(lambda: machine.refuse(self.contract, answer, at=self.now)):
            final = self.contract.state in (S.ANNULLED, S.EXPIRED)
            assert not (needed and final) or answer == "stopped"
            self.refused_for_good |= final

    @rule()
    def a_beat_finishes_refusals_and_silence(self) -> None:
        if self.contract.refusal_asked_at and not self.contract.is_final:
            answer = self.arbiter.stop()
            if answer == "stopped":
                self._becomes(machine.refuse(self.contract, answer, at=self.now))
                self.refused_for_good = True
        self._becomes(machine.fall_silent(self.contract, at=self.now))

    @rule(suspends=st.booleans())
    def antifraud_speaks(self, suspends: bool) -> None:  # noqa: FBT001 - drawn
        """Of the client; silence is not counted in between."""
        if suspends:
            self._becomes(machine.stand_still(self.contract, since=self.now))
            return
        before = self.contract
        self._becomes(machine.go_on(before, at=self.now))
        if before.silence_at is not None and not before.is_final:
            assert self.contract.silence_at is not None
            assert self.contract.silence_at >= before.silence_at

    @rule(really=seldom)
    def the_identity_becomes_another(self, really: bool) -> None:  # noqa: FBT001 - drawn
        if really:
            self.identities.append(self.now)

    @rule()
    def the_news_of_an_identity_arrives(self) -> None:
        """Late or not; nobody's signature from before it is undone."""
        if not self.identities:
            return
        changed_at, before = self.identities.pop(0), self.contract
        if machine.is_outdated(before, identity_changed_at=changed_at):
            assert before.signed_at is None
            self._becomes(machine.annul(before, machine.IDENTITY_CHANGED, at=self.now))

    @rule(really=st.sampled_from([False, False, True]))
    def the_account_becomes_another(self, really: bool) -> None:  # noqa: FBT001 - drawn
        if really and self.contract.amendment_id is None:
            self._wished(lambda: machine.begin_amending(self.contract, AMENDMENT))

    @rule()
    def an_amendment_is_offered(self) -> None:
        """Only once the arbiter stands still; what it has sent is let be."""
        if self.contract.amendment_id is None or self.contract.is_final:
            return
        answer = self.arbiter.hold()
        self.held |= answer == "held"
        if answer in ("too_late", "ended"):
            self._becomes(machine.let_be(self.contract, policy=POLICY))

    @rule(how=st.sampled_from(["signed", "withdrawn", "lapsed"]))
    def an_amendment_ends(self, how: str) -> None:
        contract, at = self.contract, self.now
        if contract.amendment_id is None or contract.is_final or not self.held:
            return
        if contract.refusal_asked_at is not None:
            return
        self.held = False
        if how == "lapsed":
            assert self.arbiter.stop() == "stopped"
            freed = machine.let_be(contract, policy=POLICY)
            self._becomes(machine.annul(freed, "amendment_expired", at=at))
            return
        if how == "signed":
            self._becomes(
                machine.amend(
                    contract,
                    account_id=OTHER_ACCOUNT,
                    account_token="k1.new",  # noqa: S106 - a matching token
                    document_sha256="e" * 64,
                    signed_at=at,
                    policy=POLICY,
                )
            )
        else:
            self._becomes(machine.resume(contract, at=at, policy=POLICY))
        self.arbiter.heard.append(lambda: self._arbiter_goes_on(at))

    @rule()
    def the_arbiter_hears(self) -> None:
        if self.arbiter.heard:
            self.arbiter.heard.pop(0)()

    @rule()
    def the_arbiter_acts(self) -> None:
        """The end of the hold is told, then money moves if it may."""
        arbiter, now = self.arbiter, self.now
        until = arbiter.hold_until()
        if arbiter.row is not Row.WAITING or until is None or now < until:
            return
        if not arbiter.told_due:
            arbiter.told_due = True
            waits = self.required and arbiter.released_at is None
            since = arbiter.hold_from
            self.news.append(
                lambda c: machine.fall_due(
                    c,
                    payout_id=PAYOUT,
                    confirmation_required=waits,
                    hold_from=since,
                    at=now,
                )
            )
        elif arbiter.may_pay(now, required=self.required):
            arbiter.row, arbiter.paid_at = Row.SENT, now
            paid = payout(amount=self.contract.amount)
            self.news.append(lambda c: machine.activate(c, paid, settled_at=now))

    @rule(again=st.booleans())
    def news_arrive(self, again: bool) -> None:  # noqa: FBT001 - drawn
        """In their order; an old piece may come once more."""
        if again and self.old_news:
            self._becomes(self.old_news[-1](self.contract))
        elif self.news:
            news = self.news.pop(0)
            self.old_news.append(news)
            self._becomes(news(self.contract))

    @invariant()
    def money_moved_only_as_agreed(self) -> None:
        paid_at, contract = self.arbiter.paid_at, self.contract
        if paid_at is None:
            return
        assert contract.signed_at is not None
        assert contract.consented_at is not None
        begun = max(contract.signed_at, contract.consented_at)
        assert paid_at >= max(begun, contract.hold_from or begun) + HOLD
        if self.required:
            assert contract.released_at is not None
            assert contract.hold_until is not None
            # Clocks differ: that it was released before it was paid is the order of
            # the messages, not of their times.
            assert contract.released_at >= contract.hold_until

    @invariant()
    def a_final_refusal_is_never_paid(self) -> None:
        assert not (self.refused_for_good and self.arbiter.paid_at is not None)

    @invariant()
    def nothing_is_blocked_but_by_a_mismatch(self) -> None:
        if self.contract.state is S.BLOCKED:
            assert self.contract.end_code == "document_mismatch"

    @invariant()
    def a_suspended_client_is_not_silent(self) -> None:
        contract = self.contract
        since, end = contract.suspended_since, contract.silence_at
        if since is not None and end is not None and since < end:
            later = max(end, self.now) + AN_AGE
            assert machine.fall_silent(contract, at=later) == contract

    @invariant()
    def both_count_the_same_hold(self) -> None:
        """Once the arbiter has heard what has begun it anew."""
        until = self.arbiter.hold_until()
        if until is not None and self.arbiter.hold_from == self.contract.hold_from:
            assert until == self.contract.hold_until

    @invariant()
    def nothing_is_paid_while_it_stands_still(self) -> None:
        assert not (self.held and self.arbiter.paid_at is not None)

    @invariant()
    def a_next_step_is_named(self) -> None:
        machine.next_step(self.contract, at=self.now)

    @override
    def teardown(self) -> None:
        """Everything arrives at last; what was paid is in force, nothing else is."""
        while self.arbiter.heard or self.news:
            if self.arbiter.heard:
                self.arbiter.heard.pop(0)()
            if self.news:
                self._becomes(self.news.pop(0)(self.contract))
        self.both_count_the_same_hold()
        self.nothing_is_blocked_but_by_a_mismatch()
        assert (self.contract.state is S.ACTIVE) == (self.arbiter.paid_at is not None)
        if self.contract.end_code == "client_refused":
            assert self.arbiter.paid_at is None

    def _wished(self, act: Callable[[], Contract]) -> bool:
        """Whether the rules let it happen."""
        try:
            after = act()
        except (Refused, Transient):
            return False
        self._becomes(after)
        return True

    def _becomes(self, after: Contract) -> None:
        before, self.contract = self.contract, after
        if before.state in FINAL:
            assert after == before
        assert after.state in TRANSITIONS[before.state] | {before.state}
        if after.state is before.state:
            return
        if after.state is S.CONCLUDED:
            at = after.signed_at
            assert at is not None
            self.arbiter.heard.append(lambda: self.arbiter.hear_signed(at))
        if after.state in (S.EXPIRED, S.ANNULLED, S.BLOCKED):
            self.arbiter.heard.append(self.arbiter.hear_annulled)

    def _statement(
        self, text: texts.StatementText, *, age: int, stale: bool
    ) -> Statement:
        changes = {"text_sha256": "0" * 64} if stale else {}
        return wish(
            text,
            at=self.now,
            second_factor_at=self.now - timedelta(seconds=age),
            **changes,
        )

    def _arbiter_hears_consent(self, at: datetime) -> None:
        if self.arbiter.row is not Row.WAITING:
            return
        self.arbiter.consented_at = at
        self._arbiter_schedules()

    def _arbiter_goes_on(self, at: datetime) -> None:
        if self.arbiter.row is Row.WAITING:
            self.arbiter.hear_go_on(at)
            self._arbiter_schedules()

    def _arbiter_schedules(self) -> None:
        until, since = self.arbiter.hold_until(), self.arbiter.hold_from
        if until is None:
            return
        scheduled = payout(amount=self.contract.amount)
        self.news.append(
            lambda c: machine.schedule(
                c, scheduled, until=until, hold_from=since, at=self.now
            )
        )

    def _arbiter_hears_release(self, at: datetime) -> None:
        if self.arbiter.row is Row.WAITING and not self.arbiter.stands:
            self.arbiter.released_at = at
