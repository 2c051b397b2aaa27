"""The state machine of a contract: who may follow whom, to the microsecond."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused, Transient
from kernel.money import Money
from services.contracts.domain import contract as machine
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import (
    FINAL,
    PAID_OUT,
    TRANSITIONS,
    ContractState,
)
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import (
    AMOUNT,
    CEREMONY,
    CONSENTED_AT,
    HOLD_UNTIL,
    MICROSECOND,
    OFFERED_AT,
    PAYOUT,
    POLICY,
    SIGNED_AT,
    SMALL,
    STRANGER,
    TIYN,
    active,
    annulled,
    blocked,
    client_signed,
    concluded,
    consented,
    expired,
    hold_of,
    offered,
    payout,
    policy_with,
    proof,
    released,
    scheduled,
    signing,
    wish,
)

S = ContractState
SILENCE = timedelta(days=10)


def awaiting() -> Contract:
    return machine.fall_due(
        scheduled(), payout_id=PAYOUT, confirmation_required=True, at=HOLD_UNTIL
    )


EVERY: dict[ContractState, Callable[[], Contract]] = {
    S.OFFERED: offered,
    S.SIGNING: signing,
    S.CONCLUDED: concluded,
    S.CONSENTED: scheduled,
    S.AWAITING_RELEASE: awaiting,
    S.RELEASED: released,
    S.ACTIVE: active,
    S.CLOSED: lambda: machine.close(active(), at=HOLD_UNTIL),
    S.EXPIRED: expired,
    S.ANNULLED: annulled,
    S.BLOCKED: blocked,
}


def consent(contract: Contract, **changes: object) -> Contract:
    text = texts.consent_text(terms_of(contract))
    statement = wish(text, at=CONSENTED_AT, **changes)
    return machine.consent(contract, statement, text=text, policy=POLICY)


def release(contract: Contract, **changes: object) -> Contract:
    text = texts.release_text(terms_of(contract))
    statement = wish(text, at=HOLD_UNTIL, **changes)
    return machine.confirm_release(contract, statement, text=text, policy=POLICY)


def code_of(act: Callable[[], object]) -> str:
    """The code of the refusal, or "" when the act was allowed."""
    try:
        act()
    except Refused as refused:
        return refused.code
    return ""


def test_the_builders_reach_every_state() -> None:
    """So that the tables below leave none out."""
    assert set(S) == set(EVERY)
    for state, build in EVERY.items():
        assert state is build().state


SIGN = {
    S.OFFERED: "",
    S.SIGNING: "",
    S.CONCLUDED: "already_signed",
    S.CONSENTED: "already_signed",
    S.AWAITING_RELEASE: "already_signed",
    S.RELEASED: "already_signed",
    S.ACTIVE: "already_signed",
    S.CLOSED: "already_signed",
    S.EXPIRED: "silence_passed",
    S.ANNULLED: "contract_annulled",
    S.BLOCKED: "contract_blocked",
}
CONSENT = {
    S.OFFERED: "not_signed",
    S.SIGNING: "not_signed",
    S.CONCLUDED: "",
    S.CONSENTED: "already_consented",
    S.AWAITING_RELEASE: "already_consented",
    S.RELEASED: "already_consented",
    S.ACTIVE: "already_consented",
    S.CLOSED: "already_consented",
    S.EXPIRED: "silence_passed",
    S.ANNULLED: "contract_annulled",
    S.BLOCKED: "contract_blocked",
}
RELEASE = {
    S.OFFERED: "not_consented",
    S.SIGNING: "not_consented",
    S.CONCLUDED: "not_consented",
    S.CONSENTED: "",
    S.AWAITING_RELEASE: "",
    S.RELEASED: "already_released",
    S.ACTIVE: "already_released",
    S.CLOSED: "already_released",
    S.EXPIRED: "silence_passed",
    S.ANNULLED: "contract_annulled",
    S.BLOCKED: "contract_blocked",
}
REFUSE = {
    S.OFFERED: "",
    S.SIGNING: "",
    S.CONCLUDED: "",
    S.CONSENTED: "",
    S.AWAITING_RELEASE: "",
    S.RELEASED: "",
    S.ACTIVE: "contract_active",
    S.CLOSED: "contract_active",
    S.EXPIRED: "",
    S.ANNULLED: "",
    S.BLOCKED: "contract_blocked",
}


@pytest.mark.parametrize("state", S)
def test_each_wish_is_answered_in_each_state(state: ContractState) -> None:
    """Four wishes, eleven states: all 44 answers."""
    contract = EVERY[state]()
    assert SIGN[state] == code_of(
        lambda: machine.begin_signing(contract, at=OFFERED_AT)
    )
    assert CONSENT[state] == code_of(lambda: consent(contract))
    assert RELEASE[state] == code_of(lambda: release(contract))
    assert REFUSE[state] == code_of(
        lambda: machine.refuse(contract, "stopped", at=HOLD_UNTIL)
    )


@pytest.mark.parametrize("state", FINAL)
def test_no_fact_moves_a_final_contract(state: ContractState) -> None:
    """Active, closed, expired, annulled and blocked stay what they are."""
    contract = EVERY[state]()
    late = HOLD_UNTIL + SILENCE
    other = payout(payout_id=UUID(int=9))
    assert contract == machine.take_signature(contract, proof())
    assert contract == machine.schedule(contract, other, until=late, at=late)
    assert contract == machine.fall_due(
        contract, payout_id=UUID(int=9), confirmation_required=False, at=late
    )
    assert contract == machine.reject(contract, payout_id=PAYOUT, at=late)
    assert contract == machine.fall_silent(contract, at=late)
    assert contract == machine.hand_over(
        contract, ceremony_id=UUID(int=9), document_sha256="0" * 64, at=late
    )


def test_a_signed_contract_remembers_both_proofs() -> None:
    """Clauses 5.2a and 5.2b: the protocol and the certificate of this signing."""
    contract = concluded()
    assert (contract.signed_at, contract.ceremony_id) == (SIGNED_AT, CEREMONY)
    assert (contract.protocol_id, contract.certificate_serial) == ("P-1", "0A1B")
    assert contract.signature_sha256 == "5" * 64
    assert contract.confirmation_required
    assert contract.silence_at == SIGNED_AT + SILENCE
    assert not concluded(amount=SMALL).confirmation_required


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document_sha256": "0" * 64}, "document_mismatch"),
        ({"client_id": STRANGER}, "client_mismatch"),
        ({"completed_at": OFFERED_AT - MICROSECOND}, "proof_predates_document"),
    ],
)
@pytest.mark.parametrize("state", sorted(set(S) - FINAL))
def test_a_contradicting_proof_blocks_the_contract(
    state: ContractState, changes: dict[str, object], code: str
) -> None:
    """Clause 3.4, in every state that is not final."""
    contract = machine.take_signature(EVERY[state](), proof(**changes))
    assert (S.BLOCKED, code) == (contract.state, contract.end_code)


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_concluded_by_one_signature")
def test_a_contract_awaits_the_company_once_the_client_has_signed() -> None:
    """It is concluded by nothing else, and says what comes next."""
    contract = client_signed()
    assert (contract.state, contract.signed_at) == (S.SIGNING, None)
    assert contract.client_signed_at == SIGNED_AT
    assert machine.awaits_company(contract)
    assert machine.next_step(contract, at=SIGNED_AT) == "wait_for_signature"
    assert code_of(lambda: machine.begin_signing(contract, at=SIGNED_AT)) == (
        "already_signed"
    )
    assert code_of(lambda: consent(contract)) == "not_signed"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_hold_from_the_earlier_signature")
@pytest.mark.parametrize(
    ("later", "signed_at"),
    [(timedelta(hours=2), SIGNED_AT + timedelta(hours=2)), (-MICROSECOND, SIGNED_AT)],
)
def test_the_contract_is_concluded_at_the_time_of_the_last_signature(
    later: timedelta, signed_at: datetime
) -> None:
    """A stamp knows whole seconds, so it may stand a little before the client's."""
    contract = machine.conclude(
        client_signed(), stamped_at=SIGNED_AT + later, policy=POLICY
    )
    assert (contract.state, contract.signed_at) == (S.CONCLUDED, signed_at)
    assert contract.silence_at == signed_at + SILENCE


@pytest.mark.parametrize("state", S)
def test_the_company_concludes_only_what_the_client_has_signed(
    state: ContractState,
) -> None:
    contract = EVERY[state]()
    assert contract == machine.conclude(contract, stamped_at=SIGNED_AT, policy=POLICY)


def test_a_ceremony_opened_late_does_not_touch_a_signed_contract() -> None:
    contract = client_signed()
    assert contract == machine.hand_over(
        contract, ceremony_id=UUID(int=9), document_sha256="0" * 64, at=SIGNED_AT
    )


def test_who_has_signed_may_still_refuse() -> None:
    """Nobody has been told of the contract yet: our own row decides."""
    contract = client_signed()
    assert not machine.needs_stop(contract)
    refused = machine.refuse(contract, None, at=HOLD_UNTIL)
    assert (refused.state, refused.end_code) == (S.ANNULLED, "client_refused")
    assert refused == machine.conclude(refused, stamped_at=SIGNED_AT, policy=POLICY)


def test_a_proof_that_comes_again_changes_nothing() -> None:
    """Nor does another ceremony over the same bytes, completed later."""
    contract = concluded()
    again = proof(ceremony_id=UUID(int=9), completed_at=SIGNED_AT + timedelta(hours=1))
    assert contract == machine.take_signature(contract, proof())
    assert contract == machine.take_signature(contract, again)


def test_a_contract_never_handed_to_signing_cannot_have_been_signed() -> None:
    """Whoever says so is wrong."""
    with pytest.raises(Broken):
        machine.take_signature(offered(), proof())


def test_a_ceremony_over_other_bytes_blocks_the_contract() -> None:
    """Clause 3.4: what would be signed is not what was offered."""
    good = signing()
    handed = machine.hand_over(
        good,
        ceremony_id=CEREMONY,
        document_sha256=good.document_sha256,
        at=OFFERED_AT,
    )
    assert (handed.state, handed.ceremony_id) == (S.SIGNING, CEREMONY)
    other = machine.hand_over(
        good, ceremony_id=CEREMONY, document_sha256="0" * 64, at=OFFERED_AT
    )
    assert (other.state, other.end_code) == (S.BLOCKED, "document_mismatch")


def test_the_consent_starts_the_hold() -> None:
    """Clause 5.5: 24 hours from the later of both events."""
    contract = consented()
    assert (contract.consented_at, contract.hold_until) == (CONSENTED_AT, HOLD_UNTIL)
    assert contract.silence_at == HOLD_UNTIL + SILENCE
    assert consented(amount=SMALL).silence_at is None


@pytest.mark.parametrize(
    ("offset", "code", "seconds_left"),
    [
        (-timedelta(hours=24), "release_too_early", 86_400),
        (-timedelta(seconds=1), "release_too_early", 1),
        (-MICROSECOND, "release_too_early", 1),
        (timedelta(0), "", None),
        (MICROSECOND, "", None),
    ],
)
def test_a_release_counts_from_hold_until_on(
    offset: timedelta, code: str, seconds_left: int | None
) -> None:
    """A microsecond before it is refused with the time left; at it, it counts."""
    contract = scheduled()
    at = HOLD_UNTIL + offset
    text = texts.release_text(terms_of(contract))

    def act() -> Contract:
        return machine.confirm_release(
            contract, wish(text, at=at), text=text, policy=POLICY
        )

    if not code:
        assert (S.RELEASED, at) == (act().state, act().released_at)
        return
    with pytest.raises(Refused) as refused:
        act()
    assert code == refused.value.code
    assert seconds_left == refused.value.details["seconds_left"]


def test_a_release_needs_no_news_that_the_payout_is_due() -> None:
    """The clock decides, not the order in which news arrive."""
    assert S.RELEASED is release(consented()).state
    assert S.RELEASED is release(awaiting()).state


def test_up_to_75_mrp_there_is_nothing_to_confirm() -> None:
    """Exactly 75 МРП needs none, one tiyn more does."""
    assert code_of(lambda: release(consented(amount=SMALL))) == (
        "confirmation_not_needed"
    )
    assert not code_of(lambda: release(consented(amount=SMALL + TIYN)))


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(0), ""),
        (machine.SECOND_FACTOR_LASTS, ""),
        (machine.SECOND_FACTOR_LASTS + MICROSECOND, "second_factor_needed"),
        (-machine.CLOCK_SKEW, ""),
        (-machine.CLOCK_SKEW - MICROSECOND, "second_factor_needed"),
    ],
)
def test_a_statement_needs_a_second_factor_of_the_last_five_minutes(
    age: timedelta, code: str
) -> None:
    """Neither an older one nor one of the future counts."""
    at = CONSENTED_AT - age
    assert code == code_of(lambda: consent(concluded(), second_factor_at=at))
    at = HOLD_UNTIL - age
    assert code == code_of(lambda: release(scheduled(), second_factor_at=at))


def test_a_statement_of_another_text_does_not_count() -> None:
    """The client must have seen the text in force, for this very step."""
    contract = concluded()
    other = texts.release_text(terms_of(contract)).sha256
    assert code_of(lambda: consent(contract, text_sha256=other)) == "text_changed"
    other = texts.consent_text(terms_of(contract)).sha256
    assert code_of(lambda: release(scheduled(), text_sha256=other)) == "text_changed"


def test_a_statement_in_a_channel_that_does_not_count_is_refused() -> None:
    """Channels are dated configuration."""
    for act in (
        lambda: consent(concluded(), channel="telephone"),
        lambda: release(scheduled(), channel="telephone"),
    ):
        assert code_of(act) == "channel_not_allowed"
    egov_only = policy_with("cooling.consent_channels", ["egov"], since=SIGNED_AT)
    assert code_of(lambda: consented(egov_only)) == "channel_not_allowed"


def test_who_has_refused_cannot_agree_any_more() -> None:
    """Even while disbursement has only recorded the stop."""
    asked = machine.refuse(concluded(), "recorded", at=CONSENTED_AT)
    assert code_of(lambda: consent(asked)) == "refusal_pending"
    asked = machine.refuse(scheduled(), "recorded", at=CONSENTED_AT)
    assert code_of(lambda: release(asked)) == "refusal_pending"


@pytest.mark.parametrize(
    ("changes", "until", "code"),
    [
        ({"amount": AMOUNT + TIYN}, HOLD_UNTIL, "amount_mismatch"),
        ({"client_id": STRANGER}, HOLD_UNTIL, "client_mismatch"),
        ({}, HOLD_UNTIL - MICROSECOND, "hold_mismatch"),
        ({}, HOLD_UNTIL + MICROSECOND, "hold_mismatch"),
        ({"amount": Money(AMOUNT.amount_minor, "USD")}, HOLD_UNTIL, "amount_mismatch"),
    ],
)
def test_disbursement_must_agree_to_the_microsecond_and_the_tiyn(
    changes: dict[str, object], until: datetime, code: str
) -> None:
    """Clause 3.4: a schedule that differs blocks the contract."""
    contract = machine.schedule(
        consented(),
        payout(**changes),
        until=until,
        at=CONSENTED_AT,
    )
    assert (S.BLOCKED, code) == (contract.state, contract.end_code)


@pytest.mark.parametrize("state", [S.OFFERED, S.SIGNING, S.CONCLUDED])
def test_a_payout_without_consent_blocks_the_contract(state: ContractState) -> None:
    """Clause 5.5: nothing is scheduled before the consent."""
    contract = machine.schedule(
        EVERY[state](), payout(), until=HOLD_UNTIL, at=CONSENTED_AT
    )
    assert (contract.state, contract.end_code) == (S.BLOCKED, "payout_without_consent")


def test_a_contract_has_one_payout() -> None:
    """Heard again it changes nothing; a second one blocks the contract."""
    contract = scheduled()
    again = machine.schedule(contract, payout(), until=HOLD_UNTIL, at=CONSENTED_AT)
    assert contract == again
    other = machine.schedule(
        contract, payout(payout_id=UUID(int=9)), until=HOLD_UNTIL, at=CONSENTED_AT
    )
    assert (other.state, other.end_code) == (S.BLOCKED, "payout_mismatch")


def test_a_payout_that_falls_due_waits_for_the_confirmation_it_needs() -> None:
    """Up to 75 МРП it waits for nothing."""
    assert S.AWAITING_RELEASE is awaiting().state
    small = scheduled(amount=SMALL)
    assert small == machine.fall_due(
        small, payout_id=PAYOUT, confirmation_required=False, at=HOLD_UNTIL
    )


@pytest.mark.parametrize("required", [True, False])
def test_a_release_and_the_news_of_the_due_payout_may_cross(*, required: bool) -> None:
    """Disbursement may have heard of the release before it said that it is due."""
    done = released()
    assert done == machine.fall_due(
        done, payout_id=PAYOUT, confirmation_required=required, at=HOLD_UNTIL
    )
    other = machine.fall_due(
        done, payout_id=UUID(int=9), confirmation_required=required, at=HOLD_UNTIL
    )
    assert other.state is S.BLOCKED


@pytest.mark.parametrize(
    ("payout_id", "required", "code"),
    [
        (PAYOUT, False, "confirmation_mismatch"),
        (UUID(int=9), True, "payout_mismatch"),
    ],
)
def test_a_due_payout_that_differs_blocks_the_contract(
    payout_id: UUID, code: str, *, required: bool
) -> None:
    """Both have computed whether a confirmation is needed."""
    contract = machine.fall_due(
        scheduled(), payout_id=payout_id, confirmation_required=required, at=HOLD_UNTIL
    )
    assert (S.BLOCKED, code) == (contract.state, contract.end_code)


def test_money_that_arrived_makes_the_contract_active() -> None:
    """Released above 75 МРП, or consented up to it."""
    assert S.ACTIVE is active().state
    small = machine.activate(
        scheduled(amount=SMALL), payout(amount=SMALL), settled_at=HOLD_UNTIL
    )
    assert (small.state, small.final_at) == (S.ACTIVE, HOLD_UNTIL)
    assert active() == machine.activate(active(), payout(), settled_at=HOLD_UNTIL)


@pytest.mark.parametrize("state", sorted(set(S) - {S.RELEASED} - PAID_OUT))
def test_money_for_a_contract_that_did_not_allow_it_is_an_alarm(
    state: ContractState,
) -> None:
    """It is parked and looked at by a person; the contract does not become active."""
    with pytest.raises(Broken):
        machine.activate(EVERY[state](), payout(), settled_at=HOLD_UNTIL)


@pytest.mark.parametrize(
    "changes",
    [{"amount": AMOUNT - TIYN}, {"client_id": STRANGER}, {"payout_id": UUID(int=9)}],
)
def test_money_that_differs_from_the_contract_is_an_alarm(
    changes: dict[str, object],
) -> None:
    """In amount, person or payout."""
    with pytest.raises(Broken):
        machine.activate(released(), payout(**changes), settled_at=HOLD_UNTIL)


def test_before_the_conclusion_a_refusal_asks_nobody() -> None:
    """No payout can come to be; from the conclusion on disbursement is asked."""
    needs = {state for state, build in EVERY.items() if machine.needs_stop(build())}
    assert {S.CONCLUDED, S.CONSENTED, S.AWAITING_RELEASE, S.RELEASED} == needs
    for contract in (offered(), signing()):
        refused = machine.refuse(contract, None, at=SIGNED_AT)
        assert (refused.state, refused.end_code) == (S.ANNULLED, "client_refused")


@pytest.mark.parametrize(
    "state", [S.CONCLUDED, S.CONSENTED, S.AWAITING_RELEASE, S.RELEASED]
)
def test_a_refusal_is_final_only_when_the_payout_is_stopped(
    state: ContractState,
) -> None:
    """Every other answer leaves the contract in its state."""
    contract = EVERY[state]()
    stopped = machine.refuse(contract, "stopped", at=HOLD_UNTIL)
    assert (stopped.state, stopped.final_at) == (S.ANNULLED, HOLD_UNTIL)
    recorded = machine.refuse(contract, "recorded", at=HOLD_UNTIL)
    assert (state, HOLD_UNTIL) == (recorded.state, recorded.refusal_asked_at)
    again = machine.refuse(recorded, "recorded", at=HOLD_UNTIL + SILENCE)
    assert recorded == again
    assert code_of(lambda: machine.refuse(contract, "too_late", at=HOLD_UNTIL)) == (
        "refusal_too_late"
    )
    with pytest.raises(Transient):
        machine.refuse(contract, None, at=HOLD_UNTIL)
    with pytest.raises(Broken):
        machine.refuse(contract, "perhaps", at=HOLD_UNTIL)


def test_a_refusal_said_twice_is_one_refusal() -> None:
    """The annulled contract answers the same again."""
    assert annulled() == machine.refuse(annulled(), None, at=HOLD_UNTIL)


def test_another_payout_may_stand_in_the_place_of_a_refused_one() -> None:
    """Of this contract's payout alone; a contract that has ended stays so."""
    other = UUID(int=9)

    def repeat(contract: Contract, *, predecessor_id: UUID = PAYOUT) -> Contract:
        return machine.repeat(
            contract, payout_id=other, predecessor_id=predecessor_id, at=HOLD_UNTIL
        )

    repeated = repeat(released())
    assert (repeated.state, repeated.payout_id) == (S.RELEASED, other)
    assert repeat(repeated) == repeated
    assert repeat(annulled()) == annulled()
    assert S.BLOCKED is repeat(released(), predecessor_id=UUID(int=8)).state


def test_a_rejected_transfer_annuls_the_contract() -> None:
    """Its one payout will not happen; somebody else's rejection is not ours."""
    contract = machine.reject(released(), payout_id=PAYOUT, at=HOLD_UNTIL)
    assert (contract.state, contract.end_code) == (S.ANNULLED, "payout_rejected")
    assert released() == machine.reject(
        released(), payout_id=UUID(int=9), at=HOLD_UNTIL
    )


@pytest.mark.parametrize(
    ("build", "counted_from", "code"),
    [
        (concluded, SIGNED_AT, "consent_silence"),
        (scheduled, HOLD_UNTIL, "release_silence"),
        (awaiting, HOLD_UNTIL, "release_silence"),
    ],
)
def test_silence_annuls_after_the_configured_days(
    build: Callable[[], Contract], counted_from: datetime, code: str
) -> None:
    """Not a microsecond earlier; and from then on no statement counts."""
    contract = build()
    end = counted_from + SILENCE
    assert contract == machine.fall_silent(contract, at=end - MICROSECOND)
    ended = machine.fall_silent(contract, at=end)
    assert (S.ANNULLED, code) == (ended.state, ended.end_code)
    text = texts.consent_text(terms_of(contract))
    act: Callable[..., Contract] = machine.consent
    if contract.state is not S.CONCLUDED:
        text, act = texts.release_text(terms_of(contract)), machine.confirm_release
    late, last = wish(text, at=end), wish(text, at=end - MICROSECOND)
    assert code_of(lambda: act(contract, late, text=text, policy=POLICY)) == (
        "silence_passed"
    )
    assert not code_of(lambda: act(contract, last, text=text, policy=POLICY))


def test_who_has_answered_everything_is_never_silent() -> None:
    """Released, or consented where no confirmation is needed."""
    ages = HOLD_UNTIL + 100 * SILENCE
    for contract in (released(), scheduled(amount=SMALL), offered(), signing()):
        assert contract == machine.fall_silent(contract, at=ages)


def test_an_offer_ends_when_nobody_signs_it() -> None:
    """At its very end: no ceremony from then on, and the beat ends it."""
    for contract in (
        offered(silence_at=OFFERED_AT + SILENCE),
        signing(silence_at=OFFERED_AT + SILENCE),
    ):
        end = OFFERED_AT + SILENCE
        last = end - MICROSECOND
        assert contract == machine.fall_silent(contract, at=last)
        assert machine.begin_signing(contract, at=last).state is S.SIGNING
        with pytest.raises(Refused, match="time to answer"):
            machine.begin_signing(contract, at=end)
        ended = machine.fall_silent(contract, at=end)
        assert (ended.state, ended.end_code) == (S.EXPIRED, "offer_expired")


@pytest.mark.parametrize("build", [signing, concluded, awaiting])
def test_silence_is_not_counted_while_the_client_is_suspended(
    build: Callable[[], Contract],
) -> None:
    """It goes on where it stopped, for exactly as long as was left."""
    contract = replace(build(), silence_at=HOLD_UNTIL + SILENCE)
    since, released_at = HOLD_UNTIL + timedelta(days=9), HOLD_UNTIL + 3 * SILENCE
    still = machine.stand_still(contract, since=since)
    assert machine.stand_still(still, since=released_at) == still
    assert machine.fall_silent(still, at=released_at) == still
    on = machine.go_on(still, at=released_at)
    end = released_at + timedelta(days=1)
    assert (on.silence_at, on.suspended_since) == (end, None)
    assert machine.fall_silent(on, at=end - MICROSECOND) == on
    assert machine.fall_silent(on, at=end).is_final
    assert machine.go_on(on, at=end) == on


def test_what_had_ended_before_the_suspension_stays_ended() -> None:
    """And what is final does not stand still."""
    contract = concluded()
    end = contract.silence_at
    assert end is not None
    still = machine.stand_still(contract, since=end)
    assert machine.fall_silent(still, at=end).is_final
    assert machine.go_on(still, at=end + SILENCE).silence_at == end
    assert machine.stand_still(active(), since=end) == active()


@pytest.mark.seeded("contracts_any_state_follows_any")
def test_no_state_follows_but_by_the_table() -> None:
    """Every pair is tried; what is not in the table is a defect."""
    assert set(TRANSITIONS) == set(S)
    ends = {state for state in S if not TRANSITIONS[state]}
    assert ends == FINAL - PAID_OUT
    for before, build in EVERY.items():
        for after in S:
            contract = build()
            if after in TRANSITIONS[before] | {before}:
                assert machine.become(contract, after).state is after
            else:
                with pytest.raises(Broken):
                    machine.become(contract, after)


def test_the_next_step_is_named_in_every_state() -> None:
    """The cabinet shows what can be done now."""
    before, at = HOLD_UNTIL - MICROSECOND, HOLD_UNTIL
    for contract, instant, expected in (
        (offered(), before, "sign"),
        (signing(), before, "sign"),
        (client_signed(), before, "wait_for_signature"),
        (concluded(), before, "give_consent"),
        (scheduled(), before, "wait_for_hold"),
        (scheduled(), at, "confirm_release"),
        (awaiting(), at, "confirm_release"),
        (scheduled(amount=SMALL), before, "wait_for_hold"),
        (scheduled(amount=SMALL), at, "wait_for_payout"),
        (released(), at, "wait_for_payout"),
        (active(), at, "repay"),
        (machine.close(active(), at=HOLD_UNTIL), at, "none"),
        (expired(), at, "none"),
        (annulled(), at, "none"),
        (blocked(), at, "none"),
    ):
        assert expected == machine.next_step(contract, at=instant)


def test_a_row_that_lacks_what_its_state_implies_is_a_defect() -> None:
    """No instant is invented for it."""
    broken = replace(scheduled(), hold_until=None)
    with pytest.raises(Broken):
        release(broken)
    assert hold_of(scheduled()) == HOLD_UNTIL
