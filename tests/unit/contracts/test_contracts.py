"""Signing, consent, release and refusal as the client meets them."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractAnnulled,
    ReleaseConfirmed,
)
from kernel.pages import Page
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import ContractState
from services.contracts.handlers import contracts, documents, saving
from services.contracts.handlers.views import terms_of, version_of
from tests.unit.contracts.builders import (
    ACCOUNT,
    APPLICATION,
    CEREMONY,
    CLIENT,
    CONSENTED_AT,
    CONTRACT,
    DOCUMENT,
    HOLD_UNTIL,
    MICROSECOND,
    OFFERED_AT,
    POLICY,
    SMALL,
    STRANGER,
    active,
    concluded,
    consented,
    offered,
    released,
    report,
    scheduled,
    signing,
    wish,
)
from tests.unit.contracts.fakes import Bench

S = ContractState


def give_consent(
    bench: Bench,
    *,
    client_id: UUID = CLIENT,
    at: datetime = CONSENTED_AT,
    seen: str | None = None,
) -> Json:
    text = texts.consent_text(terms_of(bench.work.contracts.rows[CONTRACT]))
    return contracts.give_consent(
        client_id=client_id,
        contract_id=CONTRACT,
        seen=seen,
        work=bench.work,
        policy=POLICY,
        wish=wish(text, at=at),
    )


def confirm_release(
    bench: Bench,
    *,
    client_id: UUID = CLIENT,
    at: datetime = HOLD_UNTIL,
    seen: str | None = None,
) -> Json:
    text = texts.release_text(terms_of(bench.work.contracts.rows[CONTRACT]))
    return contracts.confirm_release(
        client_id=client_id,
        contract_id=CONTRACT,
        seen=seen,
        work=bench.work,
        policy=POLICY,
        wish=wish(text, at=at),
    )


def refuse(bench: Bench, *, client_id: UUID = CLIENT) -> Json:
    return contracts.refuse_contract(
        client_id=client_id,
        contract_id=CONTRACT,
        work=bench.work,
        disbursement=bench.disbursement,
        clock=bench.clock,
    )


def open_signing(bench: Bench, *, client_id: UUID = CLIENT) -> Json:
    return contracts.open_signing(
        client_id=client_id,
        contract_id=CONTRACT,
        work=bench.work,
        onboarding=bench.onboarding,
        bureau=bench.bureau,
        clock=bench.clock,
    )


def get_contract(bench: Bench, *, client_id: UUID = CLIENT) -> Json:
    return contracts.get_contract(
        client_id=client_id, contract_id=CONTRACT, work=bench.work, clock=bench.clock
    )


def get_document(bench: Bench, *, client_id: UUID = CLIENT) -> Json:
    return documents.get_document(
        client_id=client_id, contract_id=CONTRACT, work=bench.work
    )


def state_of(bench: Bench) -> ContractState:
    return bench.work.contracts.rows[CONTRACT].state


def view(reply: Json) -> dict[str, Json]:
    assert isinstance(reply, dict)
    return dict(reply)


@pytest.mark.parametrize(
    ("build", "act"),
    [
        (offered, get_contract),
        (offered, get_document),
        (offered, open_signing),
        (concluded, give_consent),
        (scheduled, confirm_release),
        (concluded, refuse),
    ],
)
def test_somebody_elses_contract_is_not_found(
    bench: Bench, build: Callable[[], Contract], act: Callable[..., Json]
) -> None:
    """Every door looks whose contract it is; nothing is asked, said or changed."""
    before = bench.work.contracts.put(build(), DOCUMENT)
    with pytest.raises(Refused) as refused:
        act(bench, client_id=STRANGER)
    assert refused.value.code == "not_found"
    assert before == bench.work.contracts.rows[CONTRACT]
    assert (
        bench.work.said,
        bench.onboarding.opened,
        bench.disbursement.asked,
    ) == ([], [], [])


def test_a_client_lists_only_their_own_contracts(bench: Bench) -> None:
    """Somebody else's do not appear."""
    bench.work.contracts.put(offered())
    bench.work.contracts.put(offered(id=UUID(int=7), client_id=STRANGER))
    assert ([str(CONTRACT)], None) == listed(bench, Page())


def test_a_list_goes_on_where_the_page_ended(bench: Bench) -> None:
    """The newest first; the last page says that there is no more."""
    ids = [UUID(int=number) for number in range(1, 6)]
    for contract_id in ids:
        bench.work.contracts.put(offered(id=contract_id))
    newest_first = [str(contract_id) for contract_id in reversed(ids)]

    assert (newest_first[:2], str(ids[3])) == listed(bench, Page(limit=2))
    assert (newest_first[2:], None) == listed(bench, Page(limit=3, before=ids[3]))
    assert listed(bench, Page(before=ids[0])) == ([], None)


@pytest.mark.parametrize("limit", [-1, 0, 101])
def test_a_page_has_bounds(limit: int) -> None:
    with pytest.raises(Refused) as refused:
        Page(limit=limit)
    assert refused.value.code == "page_limit_invalid"


@pytest.mark.parametrize(
    ("build", "act"), [(concluded, give_consent), (scheduled, confirm_release)]
)
def test_an_act_upon_what_the_contract_no_longer_is_changes_nothing(
    bench: Bench, build: Callable[[], Contract], act: Callable[..., Json]
) -> None:
    """The version shown is accepted, any other is refused."""
    before = bench.work.contracts.put(build(), DOCUMENT)
    with pytest.raises(Refused) as refused:
        act(bench, seen=version_of(offered()))
    assert refused.value.code == "version_stale"
    assert (before, []) == (bench.work.contracts.rows[CONTRACT], bench.work.said)

    reply = view(act(bench, seen=version_of(before)))
    assert reply["version"] == version_of(bench.work.contracts.rows[CONTRACT])
    assert reply["version"] != version_of(before)


def listed(bench: Bench, page: Page) -> tuple[list[str], Json]:
    """The ids on a page of the client's contracts, and where the next one begins."""
    reply = view(
        contracts.list_contracts(
            client_id=CLIENT, page=page, work=bench.work, clock=bench.clock
        )
    )
    assert isinstance(reply["items"], list)
    found = [str(view(item)["contract_id"]) for item in reply["items"]]
    return found, reply["next_before"]


def test_the_document_comes_as_the_bytes_that_are_signed(bench: Bench) -> None:
    """Clause 5.1: the original, with its digest."""
    contract = bench.work.contracts.put(offered(), DOCUMENT)
    reply = view(get_document(bench))
    assert base64.b64decode(str(reply["document_b64"])) == DOCUMENT
    assert contract.document_sha256 == reply["sha256"]


def test_signing_opens_a_ceremony_over_the_contracts_bytes(bench: Bench) -> None:
    """Clause 5.2; the ceremony's description goes on to the client as it came."""
    bench.work.contracts.put(offered(), DOCUMENT)
    reply = view(open_signing(bench))
    assert [(f"contract:{CONTRACT}", DOCUMENT)] == bench.onboarding.opened
    assert str(CEREMONY) == reply["ceremony_id"]
    assert (
        state_of(bench),
        bench.work.contracts.rows[CONTRACT].ceremony_id,
    ) == (S.SIGNING, CEREMONY)


NAMING = b"%PDF-1.4 what is printed names it"
SECOND = f"2.3. {texts._TO_THE_ACCOUNT}KZ978562203105747338.".encode()


@pytest.mark.clause("4.10")
@pytest.mark.parametrize(
    ("document", "covered"), [(NAMING, ACCOUNT), (SECOND, ACCOUNT), (DOCUMENT, None)]
)
@pytest.mark.seeded("contracts_account_not_covered")
def test_the_account_a_document_names_is_covered_by_its_ceremony(
    bench: Bench, document: bytes, covered: UUID | None
) -> None:
    """A document of the first edition names none."""
    bench.work.contracts.put(offered(document_sha256=sha256_hex(document)), document)
    open_signing(bench)
    assert bench.onboarding.covered == [covered]


def test_signing_is_expected_before_the_ceremony_exists(bench: Bench) -> None:
    """A crash in between leaves `signing`, and the wish can be repeated."""
    bench.work.contracts.put(offered(), DOCUMENT)
    bench.onboarding.no_ceremony = True
    with pytest.raises(Transient):
        open_signing(bench)
    assert S.SIGNING is state_of(bench)
    bench.onboarding.no_ceremony = False
    open_signing(bench)
    assert len(bench.onboarding.opened) == 1


@pytest.mark.seeded("contracts_stop_credit_not_asked_again")
def test_stop_credit_is_asked_about_again_before_the_signing(bench: Bench) -> None:
    """Set after the offer it annuls the contract; nobody is sent to a ceremony."""
    bench.work.contracts.put(offered(), DOCUMENT)
    open_signing(bench)
    bench.bureau.answer = report(stop_credit=True)
    with pytest.raises(Refused) as refused:
        open_signing(bench)
    assert refused.value.code == "stop_credit"
    assert S.ANNULLED is state_of(bench)
    assert bench.work.contracts.rows[CONTRACT].end_code == "stop_credit"
    assert bench.work.said_types() == ["signing_begun", "contract_annulled"]
    assert len(bench.onboarding.opened) == 1
    lines = bench.work.applications.trace(APPLICATION)
    assert [(line.check.name, line.check.passed) for line in lines] == [
        ("stop_credit_at_signing_1", True),
        ("stop_credit_at_signing_2", False),
    ]


def ask_stop_credit(bench: Bench) -> Json:
    return contracts.ask_stop_credit(
        contract_id=CONTRACT,
        work=bench.work,
        onboarding=bench.onboarding,
        bureau=bench.bureau,
        clock=bench.clock,
    )


def test_the_payer_asks_about_stop_credit_once_more(bench: Bench) -> None:
    """Each time anew, with the report's number; each asking is a line of the trace."""
    bench.work.contracts.put(offered(), DOCUMENT)
    assert ask_stop_credit(bench) == {
        "stop_credit": False,
        "evidence_id": report().report_id,
    }
    bench.bureau.answer = report(stop_credit=True, report_id="report-2")
    assert ask_stop_credit(bench) == {"stop_credit": True, "evidence_id": "report-2"}
    lines = bench.work.applications.trace(APPLICATION)
    assert [(line.check.name, line.check.passed) for line in lines] == [
        ("stop_credit_at_payout_1", True),
        ("stop_credit_at_payout_2", False),
    ]
    assert S.OFFERED is state_of(bench)


def test_the_payer_learns_nothing_without_the_bureau(bench: Bench) -> None:
    """Nor of a contract that is not there, or without the consent to ask."""
    with pytest.raises(Refused) as refused:
        ask_stop_credit(bench)
    assert refused.value.code == "not_found"
    bench.work.contracts.put(offered(), DOCUMENT)
    bench.bureau.away = True
    with pytest.raises(Transient):
        ask_stop_credit(bench)
    bench.onboarding.withheld = {"credit_report"}
    with pytest.raises(Refused) as refused:
        ask_stop_credit(bench)
    assert refused.value.code == "consent_missing"


def test_without_the_bureau_nobody_signs(bench: Bench) -> None:
    """Nor without the consent to ask it; the contract stays as it was."""
    bench.work.contracts.put(offered(), DOCUMENT)
    bench.bureau.away = True
    with pytest.raises(Transient):
        open_signing(bench)
    bench.onboarding.withheld = {"credit_report"}
    with pytest.raises(Refused) as refused:
        open_signing(bench)
    assert refused.value.code == "consent_missing"
    assert S.OFFERED is state_of(bench)
    assert bench.onboarding.opened == []


def test_a_ceremony_over_other_bytes_blocks_the_contract(bench: Bench) -> None:
    """Clause 3.4; it is said, and the client gets no ceremony."""
    bench.work.contracts.put(offered(), DOCUMENT)
    bench.onboarding.other_bytes = True
    with pytest.raises(Broken):
        open_signing(bench)
    assert S.BLOCKED is state_of(bench)
    _, event = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert event.reason == "document_mismatch"


def test_nothing_is_signed_over_an_account_that_was_lost(bench: Bench) -> None:
    """Clause 5.4: it could not be paid."""
    bench.work.contracts.put(offered(), DOCUMENT)
    bench.work.clients.accounts[ACCOUNT] = False
    with pytest.raises(Refused) as refused:
        open_signing(bench)
    assert refused.value.code == "account_not_proved"
    assert S.OFFERED is state_of(bench)


@pytest.mark.seeded("contracts_opened_in_a_former_name")
def test_an_offer_made_while_the_news_was_on_its_way_is_not_signed(
    bench: Bench,
) -> None:
    """Clauses 3.4, 4.1c: the names were asked for before they became others."""
    bench.work.clients.note_identity(CLIENT, changed_at=OFFERED_AT + MICROSECOND)
    bench.work.contracts.put(offered(), DOCUMENT)
    with pytest.raises(Refused) as refused:
        open_signing(bench)
    assert refused.value.code == "identity_changed"
    assert (state_of(bench), bench.onboarding.opened) == (S.ANNULLED, [])
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    shown = view(
        contracts.get_contract(
            client_id=CLIENT, contract_id=CONTRACT, work=bench.work, clock=bench.clock
        )
    )
    assert "заявку снова" in str(shown["explanation"])


def test_a_consent_is_kept_published_and_answered(bench: Bench) -> None:
    """With version and digest of its text, channel and times."""
    contract = bench.work.contracts.put(concluded())
    text = texts.consent_text(terms_of(contract))
    reply = view(give_consent(bench))
    assert (reply["next_step"], reply["seconds_left"]) == ("wait_for_hold", 86_400)
    ((contract_id, version, statement),) = bench.work.contracts.statements
    assert (CONTRACT, "consent-1", text.sha256) == (
        contract_id,
        version,
        statement.text_sha256,
    )
    (event,) = bench.work.said
    assert isinstance(event, AdditionalConsentGiven)
    assert (CONSENTED_AT, "lender", text.sha256) == (
        event.given_at,
        event.channel,
        event.text_sha256,
    )


def test_the_same_key_gives_one_consent(bench: Bench) -> None:
    """The second answer is the first one."""
    bench.work.contracts.put(concluded())
    bench.work.key = "k-1"
    first = give_consent(bench)
    assert first == give_consent(bench, at=CONSENTED_AT + timedelta(minutes=1))
    assert (len(bench.work.said), len(bench.work.contracts.statements)) == (1, 1)


def test_a_release_is_kept_and_published(bench: Bench) -> None:
    """At the very instant of `hold_until`."""
    bench.work.contracts.put(scheduled())
    reply = view(confirm_release(bench))
    assert (reply["state"], reply["next_step"]) == ("released", "wait_for_payout")
    (event,) = bench.work.said
    assert isinstance(event, ReleaseConfirmed)
    assert event.confirmed_at == HOLD_UNTIL
    assert [found[1] for found in bench.work.contracts.statements] == ["release-1"]


def test_a_release_too_early_leaves_nothing_behind(bench: Bench) -> None:
    """Clause 5.5: no state, no statement, no event; the time left is told."""
    before = bench.work.contracts.put(scheduled())
    with pytest.raises(Refused) as refused:
        confirm_release(bench, at=HOLD_UNTIL - MICROSECOND)
    assert refused.value.details == {"seconds_left": 1}
    assert before == bench.work.contracts.rows[CONTRACT]
    assert (bench.work.said, bench.work.contracts.statements) == ([], [])


def test_the_text_for_the_next_step_comes_with_the_contract(bench: Bench) -> None:
    """The screen shows it, and its digest comes back with the statement."""
    terms = terms_of(offered())
    for contract, expected in (
        (offered(), None),
        (concluded(), texts.consent_text(terms)),
        (scheduled(), texts.release_text(terms)),
        (consented(amount=SMALL), None),
        (released(), None),
    ):
        bench.work.contracts.put(contract)
        statement = view(get_contract(bench))["statement"]
        if expected is None:
            assert statement is None
        else:
            assert expected.sha256 == view(statement)["sha256"]
            assert expected.text == view(statement)["text"]


def test_the_countdown_is_rounded_up_and_ends_at_zero(bench: Bench) -> None:
    """No hold, no countdown."""
    for contract, at, expected in (
        (concluded(), CONSENTED_AT, None),
        (scheduled(), HOLD_UNTIL - MICROSECOND, 1),
        (scheduled(), HOLD_UNTIL, 0),
        (scheduled(), HOLD_UNTIL + timedelta(days=1), 0),
        (active(), HOLD_UNTIL, None),
    ):
        bench.work.contracts.put(contract)
        bench.clock.at = at
        assert expected == view(get_contract(bench))["seconds_left"]


def test_a_refusal_before_the_conclusion_is_final_at_once(bench: Bench) -> None:
    """Disbursement knows nothing of the contract yet, and never will."""
    for contract in (offered(), signing()):
        bench.work.contracts.put(contract)
        reply = view(refuse(bench))
        assert (reply["refusal"], state_of(bench)) == ("final", S.ANNULLED)
    assert bench.disbursement.asked == []
    assert bench.work.said_types() == ["contract_annulled"] * 2


def test_a_refusal_is_final_when_the_payout_is_stopped(bench: Bench) -> None:
    """No money, no fees, no penalties; the annulment is published."""
    bench.work.contracts.put(scheduled())
    reply = view(refuse(bench))
    assert (reply["refusal"], state_of(bench)) == ("final", S.ANNULLED)
    assert bench.disbursement.asked == [CONTRACT]
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert event.reason == "client_refused"


def test_a_refusal_is_not_final_without_disbursements_word(bench: Bench) -> None:
    """Away, too late, or only recorded: the contract is not annulled."""
    bench.work.contracts.put(scheduled())
    bench.disbursement.away = True
    with pytest.raises(Transient):
        refuse(bench)
    bench.disbursement.away, bench.disbursement.answer = False, "too_late"
    with pytest.raises(Refused) as refused:
        refuse(bench)
    assert refused.value.code == "refusal_too_late"
    bench.disbursement.answer = "recorded"
    assert view(refuse(bench))["refusal"] == "pending"
    assert (state_of(bench), bench.work.said) == (S.CONSENTED, [])


def test_a_recorded_refusal_is_finished_later(bench: Bench) -> None:
    """The beat asks again until disbursement says `stopped`."""
    bench.work.contracts.put(concluded())
    bench.disbursement.answer = "recorded"
    refuse(bench)

    def beat() -> int:
        return contracts.finish_refusals(
            work=bench.work, disbursement=bench.disbursement, clock=bench.clock
        )

    assert (beat(), state_of(bench)) == (0, S.CONCLUDED)
    bench.disbursement.answer = "stopped"
    assert (beat(), state_of(bench)) == (1, S.ANNULLED)
    assert (beat(), bench.work.said_types()) == (0, ["contract_annulled"])


@pytest.mark.seeded("contracts_defect_holds_up_refusals")
def test_a_defect_of_one_refusal_does_not_hold_up_the_others(bench: Bench) -> None:
    """It is raised after them: somebody has to look."""
    second = UUID(int=0xC3)
    asked = replace(concluded(), refusal_asked_at=CONSENTED_AT)
    bench.work.contracts.put(asked)
    bench.work.contracts.put(replace(asked, id=second, client_id=STRANGER))

    def only_the_first_is_broken() -> None:
        if bench.disbursement.asked[-1] == CONTRACT:
            raise Broken("Disbursement gave no usable answer")

    bench.disbursement.meanwhile = only_the_first_is_broken
    with pytest.raises(Broken):
        contracts.finish_refusals(
            work=bench.work, disbursement=bench.disbursement, clock=bench.clock
        )
    assert state_of(bench) is S.CONCLUDED
    assert bench.work.contracts.rows[second].state is S.ANNULLED


def test_what_was_loaded_is_looked_at_again_after_the_stop(bench: Bench) -> None:
    """A contract that became active while disbursement was asked stays active."""
    bench.work.contracts.put(released())

    def the_money_arrives() -> None:
        bench.work.contracts.rows[CONTRACT] = active()

    bench.disbursement.meanwhile = the_money_arrives
    with pytest.raises(Refused) as refused:
        refuse(bench)
    assert (refused.value.code, state_of(bench)) == ("contract_active", S.ACTIVE)


def test_a_refusal_said_twice_asks_once(bench: Bench) -> None:
    """With or without a key the second answer is `final`."""
    bench.work.contracts.put(scheduled())
    bench.work.key = "k-1"
    first = refuse(bench)
    assert first == refuse(bench)
    bench.work.key = None
    assert view(refuse(bench))["refusal"] == "final"
    assert (len(bench.disbursement.asked), len(bench.work.said)) == (1, 1)


def test_silence_annuls_and_says_so(bench: Bench) -> None:
    """One beat, one event; the second beat finds nothing."""
    contract = bench.work.contracts.put(concluded())
    assert contract.silence_at is not None

    def beat() -> int:
        return contracts.annul_silent(work=bench.work, clock=bench.clock)

    bench.clock.at = contract.silence_at - MICROSECOND
    assert (beat(), state_of(bench)) == (0, S.CONCLUDED)
    bench.clock.at = contract.silence_at
    assert (beat(), state_of(bench)) == (1, S.ANNULLED)
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert (beat(), event.reason) == (0, "consent_silence")


def test_the_payer_reads_what_was_agreed_and_confirmed(bench: Bench) -> None:
    """Consented and released are facts, not guesses of the reader."""

    def read() -> dict[str, Json]:
        return view(contracts.read_contract(contract_id=CONTRACT, work=bench.work))

    with pytest.raises(Refused):
        read()
    for contract, consent_given, release_given in (
        (concluded(), False, False),
        (consented(), True, False),
        (released(), True, True),
    ):
        bench.work.contracts.put(contract)
        reply = read()
        assert (contract.state.value, "400000.00") == (reply["state"], reply["amount"])
        assert (str(CLIENT), str(ACCOUNT)) == (reply["client_id"], reply["account_id"])
        assert (consent_given, release_given) == (
            reply["consented"],
            reply["released"],
        )


def test_a_save_that_misses_is_tried_again_by_the_caller(bench: Bench) -> None:
    """The conditional update is the guard, whatever was loaded."""
    contract = bench.work.contracts.put(scheduled())
    stale = replace(contract, state=S.CONCLUDED)
    with pytest.raises(Transient):
        saving.save(bench.work, contract, was=stale)
