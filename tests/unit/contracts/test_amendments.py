"""Amendments: the payout stands still, both sign, and the hold begins anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.events.antifraud import OperationReleased, OperationSuspended
from kernel.events.contracts import (
    AmendmentEnded,
    AmendmentOffered,
    AnswerAwaited,
    ContractAmended,
    ContractAnnulled,
)
from kernel.events.disbursement import PayoutDue, PayoutScheduled, PayoutSettled
from kernel.events.onboarding import (
    BankAccountChanged,
    BankAccountRemoved,
    IdentificationCompleted,
    IdentityChanged,
)
from services.contracts.domain import amendment as amending
from services.contracts.domain import texts
from services.contracts.domain.amendment import Amendment, Cause
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import AmendmentState, ContractState
from services.contracts.handlers import amendments, contracts, reactions, reminding
from services.contracts.handlers.amending import (
    AmendingDesk,
    end_amendments,
    offer_amendments,
    sign_amendments,
)
from services.contracts.handlers.signing import SigningDesk
from services.contracts.handlers.views import contract_for_payout, terms_of
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    CEREMONY,
    CLIENT,
    CONSENTED_AT,
    CONTRACT,
    HOLD_UNTIL,
    OTHER_ACCOUNT,
    PAYOUT,
    POLICY,
    STRANGER,
    client_signed,
    concluded,
    released,
    scheduled,
    wish,
)
from tests.unit.contracts.fakes import Bench, FakePrinter

S, A = ContractState, AmendmentState
HOURS = timedelta(hours=24)
AGREED, NEW, NEWER = "k1.agreed", "k1.new", "k1.newer"
OLD_IBAN, NEW_IBAN = "KZ978562203105747338", "KZ41722C000000000001"
DOCUMENT = f"%PDF-\naccount: {OLD_IBAN}\nДоговор".encode()
DIGEST = sha256_hex(DOCUMENT)


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.clock.at = CONSENTED_AT + timedelta(hours=2)
    made.witness.stamped_at = CONSENTED_AT + timedelta(hours=3)
    made.onboarding.in_full = NEW_IBAN
    made.onboarding.tokens = {ACCOUNT: NEW, OTHER_ACCOUNT: NEW}
    return made


def put(bench: Bench, contract: Contract) -> Contract:
    """The contract of the builders, over a document that names its account."""
    named = replace(contract, document_sha256=DIGEST, account_token=AGREED)
    return bench.work.contracts.put(named, DOCUMENT)


def desk_of(bench: Bench) -> AmendingDesk:
    return AmendingDesk(
        signing=SigningDesk(
            work=bench.work,
            antifraud=bench.antifraud,
            signer=bench.signer,
            witness=bench.witness,
            printer=FakePrinter(),
            policy=POLICY,
            clock=bench.clock,
        ),
        onboarding=bench.onboarding,
        disbursement=bench.disbursement,
    )


def change_account(bench: Bench, token: str = NEW, account_id: UUID = ACCOUNT) -> None:
    event = BankAccountChanged(
        client_id=CLIENT,
        change_id=UUID(int=1),
        ceremony_id=UUID(int=2),
        account_id=account_id,
        old_account_token=AGREED,
        account_token=token,
    )
    with bench.work.begin() as unit:
        reactions.when_bank_account_changed(
            event, unit=unit, policy=POLICY, clock=bench.clock, ids=bench.ids
        )


def remove_account(bench: Bench, account_id: UUID = ACCOUNT) -> None:
    event = BankAccountRemoved(
        client_id=CLIENT,
        change_id=UUID(int=1),
        ceremony_id=UUID(int=2),
        account_id=account_id,
        account_token=AGREED,
    )
    with bench.work.begin() as unit:
        reactions.when_bank_account_removed(
            event, unit=unit, policy=POLICY, clock=bench.clock, ids=bench.ids
        )


def change_identity(bench: Bench, at: datetime) -> None:
    event = IdentityChanged(
        client_id=CLIENT,
        change_id=UUID(int=3),
        ceremony_id=UUID(int=4),
        renamed=False,
    )
    with bench.work.begin() as unit:
        reactions.when_identity_changed(
            event, at=at, unit=unit, clock=bench.clock, ids=bench.ids
        )


def contract_of(bench: Bench) -> Contract:
    return bench.work.contracts.rows[CONTRACT]


def last(bench: Bench) -> Amendment:
    return list(bench.work.amendments.rows.values())[-1]


def ask(bench: Bench, account_id: UUID = OTHER_ACCOUNT) -> Json:
    return amendments.request_amendment(
        client_id=CLIENT,
        contract_id=CONTRACT,
        account_id=account_id,
        work=bench.work,
        onboarding=bench.onboarding,
        clock=bench.clock,
        ids=bench.ids,
    )


def open_signing(bench: Bench, client_id: UUID = CLIENT) -> Json:
    return amendments.open_signing(
        client_id=client_id,
        contract_id=CONTRACT,
        amendment_id=last(bench).id,
        work=bench.work,
        onboarding=bench.onboarding,
        clock=bench.clock,
        ids=bench.ids,
    )


def complete(bench: Bench, **changes: Any) -> None:  # noqa: ANN401 - any field
    """The ceremony's news of both proofs arrives."""
    amendment = last(bench)
    fields = {
        "ceremony_id": CEREMONY,
        "client_id": CLIENT,
        "operation": f"amendment:{amendment.id}",
        "document_sha256": amendment.document_sha256,
        "protocol_id": "P-2",
        "certificate_serial": "0A1B",
        "signature_sha256": "5" * 64,
        "completed_at": bench.clock.now(),
    }
    event = IdentificationCompleted(**{**fields, **changes})
    with bench.work.begin() as unit:
        reactions.when_identification_completed(event, unit=unit)


def amend(bench: Bench) -> Amendment:
    """From the change of the account to the company's signature."""
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    sign_amendments(desk_of(bench))
    return last(bench)


def withdraw(bench: Bench) -> Json:
    return amendments.withdraw_amendment(
        client_id=CLIENT,
        contract_id=CONTRACT,
        amendment_id=last(bench).id,
        work=bench.work,
        policy=POLICY,
        clock=bench.clock,
    )


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as error:
        act()
    return error.value.code


@pytest.mark.seeded("contracts_changed_account_needs_nothing")
@pytest.mark.parametrize("begin", [concluded, scheduled, released])
def test_an_account_changed_after_signing_needs_an_amendment(
    bench: Bench, begin: Callable[[], Contract]
) -> None:
    """Nothing moves from then on, and silence is not counted against the client."""
    put(bench, begin())
    change_account(bench)
    held = contract_of(bench)
    assert (held.amendment_id, held.silence_at) == (last(bench).id, None)
    assert (last(bench).cause, last(bench).account_id) == (
        Cause.ACCOUNT_CHANGED,
        ACCOUNT,
    )
    told: Any = contract_for_payout(held)
    assert told["amending"] is True


@pytest.mark.seeded("contracts_amendment_hides_what_was")
def test_the_document_names_the_contract_what_was_and_what_becomes(
    bench: Bench,
) -> None:
    """In both languages; by digest it hangs on the document it amends."""
    put(bench, scheduled())
    change_account(bench)
    assert offer_amendments(desk_of(bench)) == 1
    offered = last(bench)
    assert (offered.state, offered.account_token) == (A.OFFERED, NEW)
    document = bench.work.documents.get(offered.document_sha256 or "")
    assert document is not None
    text = document.data.decode()
    number = contract_of(bench).number
    for expected in (
        f"№ {number}/1",
        f"№ {number} от",
        f"SHA-256 документа договора: {DIGEST}",
        f"SHA-256 последнего изменяемого документа: {DIGEST}",
        f"Было: {OLD_IBAN}",
        f"Стало: {NEW_IBAN}",
        f"Бұрын: {OLD_IBAN}",
        f"Енді: {NEW_IBAN}",
    ):
        assert expected in text
    assert text.startswith(f"%PDF-\naccount: {NEW_IBAN}")
    assert (document.kind, document.template) == ("amendment", "amendment-1")
    (event,) = bench.work.said
    assert isinstance(event, AmendmentOffered)
    assert (event.document_sha256, event.previous_sha256) == (document.sha256, DIGEST)
    assert event.until == bench.clock.now() + timedelta(days=10)
    assert bench.disbursement.held == [CONTRACT]
    assert offer_amendments(desk_of(bench)) == 0


@pytest.mark.seeded("contracts_amended_without_a_hold")
@pytest.mark.parametrize("begin", [scheduled, released])
def test_only_both_signatures_name_the_account_and_the_hold_begins_anew(
    bench: Bench, begin: Callable[[], Contract]
) -> None:
    """24 hours from the later of amendment and consent; a release is given again."""
    before = put(bench, begin())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    assert bench.onboarding.covered == [ACCOUNT]
    assert bench.onboarding.opened[0][0] == f"amendment:{last(bench).id}"
    complete(bench)
    assert (last(bench).state, contract_of(bench).amended_sha256) == (A.SIGNING, None)
    assert sign_amendments(desk_of(bench)) == 1
    amendment, contract = last(bench), contract_of(bench)
    at = bench.witness.stamped_at
    assert (amendment.state, amendment.signed_at) == (A.CONCLUDED, at)
    assert (contract.state, contract.hold_until) == (S.CONSENTED, at + HOURS)
    assert (contract.released_at, contract.amendment_id) == (None, None)
    assert (contract.document_sha256, contract.account_id) == (DIGEST, ACCOUNT)
    assert contract.consented_at == before.consented_at
    told: Any = contract_for_payout(contract)
    assert (told["account_id"], told["document_sha256"]) == (
        str(ACCOUNT),
        amendment.document_sha256,
    )
    assert (told["released"], told["amending"]) == (False, False)
    event = bench.work.said[-1]
    assert isinstance(event, ContractAmended)
    assert (event.account_token, event.previous_sha256) == (NEW, DIGEST)
    assert event.signed_at == at
    kept = bench.work.signatures.rows[amendment.document_sha256 or ""]
    assert kept.stamped_at == at
    pages = [one.kind for one in bench.work.documents.of_contract(CONTRACT)]
    assert pages == ["amendment", "evidence"]
    assert sign_amendments(desk_of(bench)) == 0


def test_the_release_is_confirmed_again_after_the_new_hold(bench: Bench) -> None:
    put(bench, released())
    text = texts.release_text(terms_of(contract_of(bench)))
    bench.work.contracts.stated.add((CONTRACT, "release"))
    amend(bench)
    until = bench.witness.stamped_at + HOURS

    def confirm(at: datetime) -> Json:
        return contracts.confirm_release(
            client_id=CLIENT,
            contract_id=CONTRACT,
            work=bench.work,
            policy=POLICY,
            wish=wish(text, at=at),
        )

    early = until - timedelta(microseconds=1)
    assert refused(lambda: confirm(early)) == "release_too_early"
    confirm(until)
    assert contract_of(bench).state is S.RELEASED


def test_a_contract_without_a_consent_waits_for_it_after_the_amendment(
    bench: Bench,
) -> None:
    """The hold counts from the later of the two; silence from the amendment."""
    put(bench, concluded())
    amend(bench)
    contract, at = contract_of(bench), bench.witness.stamped_at
    assert (contract.state, contract.hold_until) == (S.CONCLUDED, None)
    assert contract.silence_at == at + timedelta(days=10)
    text = texts.consent_text(terms_of(contract))
    contracts.give_consent(
        client_id=CLIENT,
        contract_id=CONTRACT,
        work=bench.work,
        policy=POLICY,
        wish=wish(text, at=CONSENTED_AT),
    )
    assert contract_of(bench).hold_until == at + HOURS


@pytest.mark.seeded("contracts_agreed_while_amending")
def test_what_is_about_to_change_is_not_agreed_to(bench: Bench) -> None:
    """Neither consent nor release while an amendment is under way; a refusal is."""
    for begin, act in ((concluded, "consent"), (scheduled, "release")):
        put(bench, begin())
        bench.work.amendments.rows.clear()
        change_account(bench)
        contract = contract_of(bench)
        text = (
            texts.consent_text(terms_of(contract))
            if act == "consent"
            else texts.release_text(terms_of(contract))
        )
        do: Any = (
            contracts.give_consent if act == "consent" else contracts.confirm_release
        )
        with pytest.raises(Refused) as error:
            do(
                client_id=CLIENT,
                contract_id=CONTRACT,
                work=bench.work,
                policy=POLICY,
                wish=wish(text, at=HOLD_UNTIL),
            )
        assert error.value.code == "amendment_pending"
        shown: Any = contracts.get_contract(
            client_id=CLIENT, contract_id=CONTRACT, work=bench.work, clock=bench.clock
        )
        assert (shown["next_step"], shown["statement"]) == ("amendment", None)
        assert "соглашение" in shown["explanation"]["ru"]


def _refuse(bench: Bench) -> None:
    refuse(bench)


def refuse(bench: Bench) -> Json:
    return contracts.refuse_contract(
        client_id=CLIENT,
        contract_id=CONTRACT,
        work=bench.work,
        disbursement=bench.disbursement,
        clock=bench.clock,
    )


@pytest.mark.seeded("contracts_amended_after_a_refusal")
def test_a_refusal_while_the_company_signs_wins(bench: Bench) -> None:
    """The contract ends without money, and with it the amendment."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    bench.signer.meanwhile = lambda: _refuse(bench)
    assert sign_amendments(desk_of(bench)) == 0
    assert contract_of(bench).state is S.ANNULLED
    assert (last(bench).state, last(bench).end_code) == (
        A.WITHDRAWN,
        "contract_ended",
    )
    assert bench.work.signatures.rows == {}
    assert "contract_amended" not in bench.work.said_types()


def test_a_refusal_that_is_still_pending_wins_too(bench: Bench) -> None:
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    bench.disbursement.answer = "recorded"
    refuse(bench)
    with pytest.raises(Transient):
        sign_amendments(desk_of(bench))
    assert contract_of(bench).amended_sha256 is None


@pytest.mark.seeded("contracts_amendment_of_any_bytes")
@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("document_mismatch", {"document_sha256": "0" * 64}),
        ("client_mismatch", {"client_id": STRANGER}),
        ("proof_predates_document", {"completed_at": CONSENTED_AT}),
    ],
)
def test_proofs_of_anything_else_block_the_contract(
    bench: Bench, code: str, changes: dict[str, object]
) -> None:
    """Clause 3.4: it is said, nothing is concluded, a later good proof is nothing."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench, **changes)
    complete(bench)
    assert sign_amendments(desk_of(bench)) == 0
    contract = contract_of(bench)
    assert (contract.state, contract.end_code) == (S.BLOCKED, code)
    assert (last(bench).state, last(bench).end_code) == (A.WITHDRAWN, "contract_ended")
    event = bench.work.said[-1]
    assert isinstance(event, ContractAnnulled)
    assert event.reason == code


@pytest.mark.seeded("contracts_amendment_ceremony_of_any_bytes")
def test_a_ceremony_over_other_bytes_blocks_the_contract(bench: Bench) -> None:
    """Clause 3.4; the client gets no ceremony."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    bench.onboarding.other_bytes = True
    with pytest.raises(Broken):
        open_signing(bench)
    assert contract_of(bench).state is S.BLOCKED
    assert last(bench).end_code == "contract_ended"


def test_a_proof_that_comes_again_or_too_late_changes_nothing(bench: Bench) -> None:
    put(bench, scheduled())
    amendment = amend(bench)
    complete(bench)
    assert last(bench) == amendment


@pytest.mark.seeded("contracts_superseded_amendment_counts")
def test_an_account_changed_again_needs_another_amendment(bench: Bench) -> None:
    """What the client has signed names an account that is no more: it counts not."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    bench.onboarding.tokens = {ACCOUNT: NEWER}
    bench.signer.meanwhile = lambda: change_account(bench, NEWER)
    assert sign_amendments(desk_of(bench)) == 0
    first, second = bench.work.amendments.rows.values()
    assert (first.state, first.end_code) == (A.WITHDRAWN, "superseded")
    assert (second.state, second.ordinal, second.previous_sha256) == (
        A.REQUESTED,
        2,
        DIGEST,
    )
    assert contract_of(bench).amendment_id == second.id
    assert contract_of(bench).amended_sha256 is None


def test_amendments_are_a_chain(bench: Bench) -> None:
    """The second hangs on the first, and shows its account as the old one."""
    put(bench, scheduled())
    first = amend(bench)
    bench.onboarding.tokens = {ACCOUNT: NEWER}
    bench.onboarding.in_full = "KZ75125KZT2069100100"
    change_account(bench, NEWER)
    offer_amendments(desk_of(bench))
    second = last(bench)
    assert (second.ordinal, second.previous_sha256) == (2, first.document_sha256)
    document = bench.work.documents.get(second.document_sha256 or "")
    assert document is not None
    text = document.data.decode()
    assert f"Было: {NEW_IBAN}" in text
    assert f"SHA-256 документа договора: {DIGEST}" in text


@pytest.mark.seeded("contracts_amended_in_a_former_name")
@pytest.mark.parametrize("wished", [False, True])
def test_an_amendment_in_former_names_is_drawn_up_anew(
    bench: Bench, *, wished: bool
) -> None:
    """For the same reason and to the same account; only what both signed counts."""
    put(bench, scheduled())
    if wished:
        ask(bench)
    else:
        change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    change_identity(bench, bench.clock.now())
    first, second = bench.work.amendments.rows.values()
    assert (first.state, first.end_code) == (A.WITHDRAWN, "superseded")
    assert (second.state, second.cause, second.account_id) == (
        A.REQUESTED,
        first.cause,
        first.account_id,
    )
    assert contract_of(bench).amendment_id == second.id
    bench.clock.at += timedelta(minutes=1)
    assert offer_amendments(desk_of(bench)) == 1
    change_identity(bench, bench.clock.now() - timedelta(minutes=1))
    assert last(bench).state is A.OFFERED


def test_an_amendment_drawn_up_while_the_news_was_on_its_way_is_not_signed(
    bench: Bench,
) -> None:
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    bench.work.clients.note_identity(CLIENT, changed_at=bench.clock.now())
    assert refused(lambda: open_signing(bench)) == "amendment_not_ready"
    assert last(bench).state is A.REQUESTED
    assert bench.onboarding.opened == []


def test_an_amendment_the_client_has_signed_was_signed_as_who_they_were(
    bench: Bench,
) -> None:
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    change_identity(bench, bench.clock.now())
    assert sign_amendments(desk_of(bench)) == 1


def test_late_and_repeated_news_calls_for_nothing(bench: Bench) -> None:
    """Of what is agreed, of what is offered, of what is being drawn up."""
    put(bench, scheduled())
    change_account(bench, AGREED)
    assert bench.work.amendments.rows == {}
    change_account(bench)
    change_account(bench)
    offer_amendments(desk_of(bench))
    change_account(bench)
    open_signing(bench)
    complete(bench)
    sign_amendments(desk_of(bench))
    change_account(bench)
    assert [one.state for one in bench.work.amendments.rows.values()] == [A.CONCLUDED]
    assert contract_of(bench).amendment_id is None


@pytest.mark.parametrize("offered", [False, True])
def test_an_account_that_returns_lets_the_contract_go_on(
    bench: Bench, *, offered: bool
) -> None:
    """Held anew all the same: it was another's meanwhile, for all we know."""
    put(bench, released())
    change_account(bench)
    if offered:
        offer_amendments(desk_of(bench))
    change_account(bench, AGREED)
    contract, at = contract_of(bench), bench.clock.now()
    assert (contract.amendment_id, contract.hold_from) == (None, at)
    assert (contract.state, contract.hold_until) == (S.CONSENTED, at + HOURS)
    event = bench.work.said[-1]
    assert isinstance(event, AmendmentEnded)
    assert (event.code, event.resumed_at) == ("account_returned", at)


def test_an_account_found_as_agreed_is_not_amended(bench: Bench) -> None:
    """Changed there and back before anything was drawn up."""
    put(bench, scheduled())
    change_account(bench)
    bench.onboarding.tokens = {ACCOUNT: AGREED}
    assert offer_amendments(desk_of(bench)) == 0
    assert last(bench).end_code == "account_returned"


def test_of_a_removed_account_the_selected_one_takes_the_place(bench: Bench) -> None:
    put(bench, scheduled())
    bench.onboarding.account = OTHER_ACCOUNT
    remove_account(bench)
    assert last(bench).account_id is None
    offer_amendments(desk_of(bench))
    assert last(bench).account_id == OTHER_ACCOUNT


def test_a_change_while_the_company_signs_the_contract_waits(bench: Bench) -> None:
    """Until then there is nothing to amend; the news comes again."""
    put(bench, client_signed())
    with pytest.raises(Transient):
        change_account(bench)


@pytest.mark.parametrize("account_id", [UUID(int=99)])
def test_a_change_of_another_account_is_no_matter(
    bench: Bench, account_id: UUID
) -> None:
    change_account(bench)  # of a client without a contract
    put(bench, scheduled())
    change_account(bench, NEW, account_id)
    remove_account(bench, account_id)
    assert bench.work.amendments.rows == {}


@pytest.mark.seeded("contracts_amends_what_was_sent")
@pytest.mark.parametrize("answer", ["too_late", "ended"])
def test_what_has_left_is_never_amended(bench: Bench, answer: str) -> None:
    """The row of disbursement decides; the client is told where the money went."""
    before = put(bench, scheduled())
    change_account(bench)
    bench.disbursement.amending = answer
    assert offer_amendments(desk_of(bench)) == 0
    assert (last(bench).state, last(bench).end_code) == (
        A.WITHDRAWN,
        f"payout_{answer}",
    )
    assert contract_of(bench) == before
    assert bench.work.documents.rows == {}


def test_money_that_arrives_ends_the_amendment(bench: Bench) -> None:
    """It left before the account changed: the contract is in force as signed."""
    put(bench, released())
    change_account(bench)
    event = PayoutSettled(
        payout_id=PAYOUT,
        contract_id=CONTRACT,
        client_id=CLIENT,
        amount=AMOUNT,
        order_id="bank-1",
        settled_at=HOLD_UNTIL,
    )
    with bench.work.begin() as unit:
        reactions.when_payout_settled(event, unit=unit, policy=POLICY)
    assert (contract_of(bench).state, contract_of(bench).amendment_id) == (
        S.ACTIVE,
        None,
    )
    assert last(bench).end_code == "contract_ended"


@pytest.mark.seeded("contracts_old_hold_blocks_the_new")
def test_news_of_the_hold_that_was_changes_nothing(bench: Bench) -> None:
    """Of the new one it must agree, or the contract is blocked."""
    put(bench, replace(scheduled(), payout_id=None))
    amend(bench)
    contract = contract_of(bench)

    def hear(until: datetime, hold_from: datetime | None) -> Contract:
        told = PayoutScheduled(
            payout_id=PAYOUT,
            contract_id=CONTRACT,
            client_id=CLIENT,
            amount=AMOUNT,
            hold_until=until,
            hold_from=hold_from,
        )
        due = PayoutDue(
            payout_id=PAYOUT,
            contract_id=CONTRACT,
            client_id=CLIENT,
            confirmation_required=False,
            hold_from=hold_from,
        )
        with bench.work.begin() as unit:
            reactions.when_payout_scheduled(told, unit=unit, clock=bench.clock)
            if hold_from is None:
                reactions.when_payout_due(due, unit=unit, clock=bench.clock)
        return contract_of(bench)

    assert hear(HOLD_UNTIL, None) == contract
    agreed = hear(contract.hold_until or HOLD_UNTIL, contract.hold_from)
    assert (agreed.state, agreed.payout_id) == (S.CONSENTED, PAYOUT)
    assert hear(HOLD_UNTIL, contract.hold_from).state is S.BLOCKED


def test_a_client_asks_to_be_paid_to_another_account(bench: Bench) -> None:
    put(bench, scheduled())
    shown: Any = ask(bench)
    assert (shown["state"], shown["next_step"]) == ("requested", "wait")
    assert shown["number"].endswith("/1")
    offer_amendments(desk_of(bench))
    listed: Any = amendments.list_amendments(
        client_id=CLIENT, contract_id=CONTRACT, work=bench.work, clock=bench.clock
    )
    assert [one["next_step"] for one in listed["items"]] == ["sign"]
    open_signing(bench)
    complete(bench)
    sign_amendments(desk_of(bench))
    assert contract_of(bench).paid_to == OTHER_ACCOUNT
    shown = amendments.show_for_staff(
        amendment_id=last(bench).id, work=bench.work, clock=bench.clock
    )
    assert (shown["protocol_id"], shown["state"]) == ("P-2", "concluded")


@pytest.mark.parametrize(
    ("begin", "account_id", "code"),
    [
        (client_signed, OTHER_ACCOUNT, "not_amendable"),
        (scheduled, ACCOUNT, "amendment_changes_nothing"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    bench: Bench, begin: Callable[[], Contract], account_id: UUID, code: str
) -> None:
    put(bench, begin())
    assert refused(lambda: ask(bench, account_id)) == code
    assert bench.work.amendments.rows == {}


def test_one_amendment_at_a_time_and_only_of_ones_own(bench: Bench) -> None:
    put(bench, scheduled())
    ask(bench)
    assert refused(lambda: ask(bench)) == "amendment_pending"
    offer_amendments(desk_of(bench))
    assert refused(lambda: open_signing(bench, STRANGER)) == "not_found"


def test_what_is_not_ready_or_over_is_not_signed(bench: Bench) -> None:
    put(bench, scheduled())
    ask(bench)
    assert refused(lambda: open_signing(bench)) == "amendment_not_ready"
    offer_amendments(desk_of(bench))
    bench.clock.move(timedelta(days=10))
    assert refused(lambda: open_signing(bench)) == "amendment_ended"


@pytest.mark.seeded("contracts_withdrawal_keeps_the_old_hold")
@pytest.mark.parametrize("offered", [False, True])
def test_a_wish_given_up_lets_the_contract_go_on_held_anew(
    bench: Bench, *, offered: bool
) -> None:
    put(bench, released())
    ask(bench)
    if offered:
        offer_amendments(desk_of(bench))
    shown: Any = withdraw(bench)
    assert (shown["state"], shown["end_code"]) == ("withdrawn", "client_withdrew")
    contract, at = contract_of(bench), bench.clock.now()
    assert (contract.paid_to, contract.hold_until) == (ACCOUNT, at + HOURS)
    assert contract.released_at is None
    assert refused(lambda: withdraw(bench)) == "amendment_ended"


def test_what_is_needed_cannot_be_given_up(bench: Bench) -> None:
    put(bench, scheduled())
    change_account(bench)
    assert refused(lambda: withdraw(bench)) == "amendment_needed"
    ask_again = replace(last(bench), cause=Cause.CLIENT_ASKED)
    bench.work.amendments.rows[ask_again.id] = ask_again
    offer_amendments(desk_of(bench))
    open_signing(bench)
    complete(bench)
    assert refused(lambda: withdraw(bench)) == "already_signed"


def test_the_wish_stands_when_the_contracts_own_account_changes(bench: Bench) -> None:
    """To the account wished for, but now it cannot be given up."""
    put(bench, scheduled())
    ask(bench)
    change_account(bench)
    assert (last(bench).cause, last(bench).account_id) == (
        Cause.ACCOUNT_CHANGED,
        OTHER_ACCOUNT,
    )


def test_a_wish_for_an_account_that_is_removed_ends(bench: Bench) -> None:
    put(bench, scheduled())
    ask(bench)
    offer_amendments(desk_of(bench))
    remove_account(bench, OTHER_ACCOUNT)
    assert last(bench).end_code == "account_removed"
    assert contract_of(bench).amendment_id is None


@pytest.mark.seeded("contracts_amendment_never_ends")
def test_an_amendment_nobody_signs_ends_the_contract(bench: Bench) -> None:
    """It can be paid to no account: the payout is stopped, then it is annulled."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    bench.clock.at = last(bench).until or HOLD_UNTIL
    bench.clock.move(-timedelta(microseconds=1))
    assert end_amendments(desk_of(bench)) == 0
    bench.clock.move(timedelta(microseconds=1))
    assert end_amendments(desk_of(bench)) == 1
    contract = contract_of(bench)
    assert (contract.state, contract.end_code) == (S.ANNULLED, "amendment_expired")
    assert last(bench).state is A.LAPSED
    assert bench.disbursement.asked == [CONTRACT]
    ended, annulled = bench.work.said[-2:]
    assert isinstance(ended, AmendmentEnded)
    assert ended.resumed_at is None
    assert isinstance(annulled, ContractAnnulled)


def test_time_of_a_suspension_is_not_counted(bench: Bench) -> None:
    """Three of the ten days stood still: the amendment ends so much later."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    until = last(bench).until or HOLD_UNTIL
    operation = f"client:{CLIENT}"
    suspended = OperationSuspended(
        decision_id=UUID(int=1), operation=operation, client_id=CLIENT
    )
    released_ = OperationReleased(
        decision_id=UUID(int=1), operation=operation, client_id=CLIENT
    )
    since = until - timedelta(days=1)
    with bench.work.begin() as unit:
        reactions.when_operation_suspended(suspended, at=since, unit=unit)
    bench.clock.at = until + timedelta(days=2)
    assert end_amendments(desk_of(bench)) == 0
    open_signing(bench)
    with bench.work.begin() as unit:
        reactions.when_operation_released(released_, at=bench.clock.at, unit=unit)
    assert last(bench).until == until + timedelta(days=3)
    assert end_amendments(desk_of(bench)) == 0
    bench.clock.at = until + timedelta(days=3)
    assert end_amendments(desk_of(bench)) == 1


def test_a_crash_after_the_lapse_is_made_up_for(bench: Bench) -> None:
    """Nobody can sign from the lapse on; the next beat stops the payout."""
    put(bench, scheduled())
    change_account(bench)
    offer_amendments(desk_of(bench))
    open_signing(bench)
    bench.clock.at = last(bench).until or HOLD_UNTIL
    bench.disbursement.away = True
    with pytest.raises(Transient):
        end_amendments(desk_of(bench))
    assert (last(bench).state, contract_of(bench).state) == (A.LAPSED, S.CONSENTED)
    complete(bench)  # too late
    change_account(bench, NEWER)
    assert last(bench).state is A.LAPSED
    bench.disbursement.away = False
    assert end_amendments(desk_of(bench)) == 1
    assert contract_of(bench).state is S.ANNULLED


def test_a_wish_that_lapses_keeps_the_account_if_it_is_still_proved(
    bench: Bench,
) -> None:
    for lost in (False, True):
        made = bench if not lost else Bench()
        made.clock.at = bench.clock.at
        made.onboarding.tokens = {OTHER_ACCOUNT: NEW}
        put(made, scheduled())
        ask(made)
        offer_amendments(desk_of(made))
        made.work.clients.accounts[ACCOUNT] = not lost
        made.clock.at = last(made).until or HOLD_UNTIL
        assert end_amendments(desk_of(made)) == 1
        state = S.ANNULLED if lost else S.CONSENTED
        assert contract_of(made).state is state
        assert last(made).state is A.LAPSED
        made.clock.at = bench.clock.at


def test_the_client_is_reminded_to_sign_and_of_the_answer_after_it(
    bench: Bench,
) -> None:
    """Each once, and anew for the hold that began anew."""

    def remind() -> list[str]:
        before = len(bench.work.said)
        reminding.remind(work=bench.work, policy=POLICY, clock=bench.clock)
        new = bench.work.said[before:]
        return [one.awaits for one in new if isinstance(one, AnswerAwaited)]

    put(bench, concluded())
    bench.clock.at = (contract_of(bench).silence_at or HOLD_UNTIL) - timedelta(days=7)
    assert (remind(), remind()) == (["consent"], [])
    change_account(bench)
    assert remind() == []
    offer_amendments(desk_of(bench))
    bench.clock.move(timedelta(days=3))
    assert (remind(), remind()) == (["amendment"], [])
    open_signing(bench)
    complete(bench)
    assert remind() == []
    bench.witness.stamped_at = bench.clock.now()
    sign_amendments(desk_of(bench))
    bench.clock.move(timedelta(days=3))
    assert (remind(), remind()) == (["consent"], [])


@pytest.mark.parametrize("state", list(AmendmentState))
def test_nothing_moves_beside_the_table(state: AmendmentState) -> None:
    """What is final stays so."""
    amendment = Amendment(
        id=UUID(int=1),
        contract_id=CONTRACT,
        client_id=CLIENT,
        ordinal=1,
        cause=Cause.CLIENT_ASKED,
        previous_sha256=DIGEST,
        requested_at=CONSENTED_AT,
        state=state,
    )
    if amendment.is_open:
        assert amending.withdraw(amendment, "x", at=HOLD_UNTIL).state is A.WITHDRAWN
    else:
        with pytest.raises(Broken):
            amending.withdraw(amendment, "x", at=HOLD_UNTIL)
    with pytest.raises(Broken):
        amending.conclude(amendment, stamped_at=HOLD_UNTIL)


def test_a_defect_of_one_amendment_rests_and_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bench, scheduled())
    change_account(bench)
    desk = desk_of(bench)
    monkeypatch.setattr(bench.work.templates, "in_force", _broken)
    with pytest.raises(Broken):
        offer_amendments(desk)
    assert offer_amendments(desk) == 0
    assert set(desk.signing.resting) == {last(bench).id}


def _broken(_kind: str) -> Any:  # noqa: ANN401 - it raises
    raise Broken("a template was changed")
