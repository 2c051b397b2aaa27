"""Consents: on record before anybody is asked, taken back only without obligations."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest
from typing_extensions import override

from kernel.errors import Broken, Refused, Transient
from kernel.events.contracts import ContractAnnulled, ContractSigned
from kernel.events.onboarding import ConsentGiven, ConsentWithdrawn
from kernel.money import Money
from services.onboarding.adapters.biometrics import HttpProvider
from services.onboarding.adapters.http import OuterServer
from services.onboarding.adapters.state import HttpStateBase
from services.onboarding.domain.change import ChangeKind
from services.onboarding.domain.consent import ConsentAct, ConsentKind, Leave, standing
from services.onboarding.domain.person import StateRecord
from services.onboarding.handlers import changes, clients, consents
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.registration import Application
from tests.unit.onboarding.builders import (
    IBAN,
    IIN,
    NOW,
    OTHER_PHONE,
    PHONE,
    TEXT,
    TEXTS,
    consented,
    person,
    shown,
)
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign
from tests.unit.onboarding.outside_twins import (
    QUARANTINE,
    RIGHT_CODE,
    FakeStateBase,
    blind,
)

CONTRACT = UUID("01890000-0000-7000-8000-0000000000d1")
BIOMETRICS, BUREAU = ConsentKind.BIOMETRICS, ConsentKind.CREDIT_BUREAU


@pytest.fixture
def applicant(bench: Bench) -> Applicant:
    """Somebody whose phone is confirmed."""
    started = Applicant(bench)
    started.confirm()
    return started


@pytest.fixture
def client(applicant: Applicant) -> Applicant:
    """Somebody who is registered."""
    bench = applicant.bench
    applicant.give_data()
    applicant.give_photo()
    ceremony_id = applicant.open_ceremony()
    look(bench)
    sign(bench, ceremony_id, applicant.owner)
    assert applicant.activate()
    return applicant


def give(client: Applicant, kind: ConsentKind, text: str | None = None) -> object:
    bench = client.bench
    return consents.give_consent(
        begin=bench.unit.begin,
        clock=bench.clock,
        rules=bench.rules,
        client_id=client.client_id,
        kind=kind,
        text_sha256=text or TEXTS[kind].sha256,
    )


def withdraw(client: Applicant, kind: ConsentKind) -> object:
    bench = client.bench
    return consents.withdraw_consent(
        begin=bench.unit.begin,
        clock=bench.clock,
        client_id=client.client_id,
        kind=kind,
    )


def held(client: Applicant) -> set[ConsentKind]:
    return set(standing(client.bench.unit.consents.history(client.client_id)))


def code_of(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@dataclass
class Suspicious(FakeStateBase):
    """A state that looks whether the consent is on record when it is asked."""

    @override
    def person(self, iin: object, *, by: Leave) -> StateRecord | None:
        del iin, by
        assert not self.unit.open
        self.on_record = [len(acts) for acts in self.unit.consents.acts.values()]
        raise Transient("the state is away")


@pytest.mark.seeded("onboarding_state_asked_before_consent")
def test_consents_are_on_record_before_the_state_is_asked(
    applicant: Applicant,
) -> None:
    """In a commit of their own: the state's silence does not undo them."""
    bench = applicant.bench
    state = bench.state_base = Suspicious(bench.unit)
    with pytest.raises(Transient):
        applicant.give_data()
    assert state.on_record == [2]
    assert held(applicant) == {ConsentKind.PERSONAL_DATA, BIOMETRICS}
    told = [event for event in bench.unit.events if isinstance(event, ConsentGiven)]
    assert [(one.purpose, one.text_version, one.channel) for one in told] == [
        ("personal_data", "1", "lender"),
        ("biometrics", "1", "lender"),
    ]
    assert {one.text_sha256 for one in told} == {digest for _, digest in shown()}


def test_a_consent_given_again_is_not_recorded_again(applicant: Applicant) -> None:
    bench = applicant.bench
    bench.state_base.known = None
    for _ in range(2):
        with pytest.raises(Refused):
            applicant.give_data()
    assert len(bench.unit.said(ConsentGiven)) == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (shown(ConsentKind.PERSONAL_DATA), "consent_missing"),
        (shown(BIOMETRICS), "consent_missing"),
        ((("personal_data", TEXT), ("biometrics", TEXT)), "consent_text_changed"),
    ],
)
def test_without_consent_to_the_texts_in_force_nobody_is_asked(
    applicant: Applicant, given: tuple[tuple[str, str], ...], code: str
) -> None:
    form = Application(person=person(), named=IBAN, consents=given)
    assert code_of(lambda: applicant.give_data(form)) == code
    assert applicant.bench.state_base.asked == 0
    assert held(applicant) == set()


@pytest.mark.seeded("onboarding_coid_visit_without_consent")
def test_no_visit_to_coid_without_consent(applicant: Applicant) -> None:
    applicant.give_data()
    applicant.give_photo()
    take_back(applicant, BIOMETRICS)
    assert code_of(applicant.open_ceremony) == "consent_missing"
    assert applicant.bench.coid.opened == []


@pytest.mark.seeded("onboarding_photo_compared_without_consent")
def test_no_photo_is_compared_without_consent(applicant: Applicant) -> None:
    applicant.give_data()
    take_back(applicant, BIOMETRICS)
    assert code_of(applicant.give_photo) == "consent_missing"
    assert applicant.bench.coid.compared == []


@pytest.mark.seeded("onboarding_coid_result_without_consent")
def test_no_result_of_coid_is_fetched_without_consent(applicant: Applicant) -> None:
    applicant.give_data()
    applicant.give_photo()
    applicant.open_ceremony()
    take_back(applicant, BIOMETRICS)
    assert code_of(lambda: look(applicant.bench)) == "consent_missing"
    assert applicant.bench.unit.ceremonies.protocols == []


@pytest.mark.seeded("onboarding_number_checked_without_consent")
def test_the_state_is_not_asked_about_a_new_number_without_consent(
    client: Applicant,
) -> None:
    bench = client.bench
    begun = changes.start_phone_change(
        client_id=client.client_id,
        phone=OTHER_PHONE,
        begin=bench.unit.begin,
        clock=bench.clock,
        ids=bench.ids,
        blind=blind,
        codes=bench.codes,
    )
    bench.codes.confirms = blind("phone", OTHER_PHONE.reveal())
    which = Which(
        change_id=UUID(str(begun["change_id"])),
        client_id=client.client_id,
        kind=ChangeKind.PHONE,
    )
    changes.confirm_phone_change(
        begin=bench.unit.begin,
        clock=bench.clock,
        codes=bench.codes,
        quarantine=QUARANTINE,
        which=which,
        code=RIGHT_CODE,
    )
    withdraw(client, ConsentKind.PERSONAL_DATA)
    before = bench.state_base.numbers_asked
    code = code_of(
        lambda: changes.check_with_state(
            begin=bench.unit.begin,
            clock=bench.clock,
            state_base=bench.state_base,
            which=which,
        )
    )
    assert (code, bench.state_base.numbers_asked) == ("consent_missing", before)


@pytest.mark.seeded("onboarding_credit_report_without_consent")
def test_no_iin_for_a_credit_report_without_consent(client: Applicant) -> None:
    """Whoever has no ИИН asks no bureau; other purposes do not need this consent."""

    def ask(purpose: str) -> object:
        return clients.get_person(
            begin=client.bench.unit.begin,
            clock=client.bench.clock,
            client_id=client.client_id,
            reader="contracts",
            purpose=purpose,
        )

    ask("contract_document")
    assert code_of(lambda: ask("credit_report")) == "consent_missing"
    give(client, BUREAU)
    ask("credit_report")
    withdraw(client, BUREAU)
    assert code_of(lambda: ask("credit_report")) == "consent_missing"


@pytest.mark.seeded("onboarding_lending_checks_without_consent")
def test_no_iin_for_the_checks_of_a_loan_without_consent(client: Applicant) -> None:
    """Whoever has no ИИН asks neither the state nor the АФМ."""

    def ask() -> object:
        return clients.get_person(
            begin=client.bench.unit.begin,
            clock=client.bench.clock,
            client_id=client.client_id,
            reader="contracts",
            purpose="lending_checks",
        )

    ask()
    withdraw(client, ConsentKind.PERSONAL_DATA)
    assert code_of(ask) == "consent_missing"


class Unasked:
    """An outer system that nobody may ask."""

    def post_json(self, path: str, *_: object, **__: object) -> object:
        raise AssertionError(f"{path} was asked")


@pytest.mark.seeded("onboarding_any_consent_is_leave")
def test_every_adapter_wants_the_consent_of_its_own_purpose() -> None:
    """Whatever a handler has got leave for: consents are per purpose."""
    server = cast("OuterServer", Unasked())
    state, coid = HttpStateBase(server), HttpProvider(server, return_url="https://x")
    asked = (
        lambda leave: state.person(IIN, by=leave),
        lambda leave: state.phone_owner(IIN, PHONE, by=leave),
        lambda leave: coid.result("session-1", "1", by=leave),
        lambda leave: coid.compare(iin=IIN, nonce="n", photo=b"", by=leave),
        lambda leave: coid.open(
            reference="r", nonce="n", iin=IIN, document_sha256=TEXT, by=leave
        ),
    )
    for ask in asked:
        with pytest.raises(Broken):
            ask(Leave(BUREAU))


def test_a_withdrawal_is_told_and_ends_what_it_withdraws(client: Applicant) -> None:
    withdraw(client, BIOMETRICS)
    assert held(client) == {ConsentKind.PERSONAL_DATA}
    (told,) = client.bench.unit.said(ConsentWithdrawn)
    assert isinstance(told, ConsentWithdrawn)
    assert (told.client_id, told.purpose) == (client.client_id, "biometrics")
    assert told.text_sha256 == TEXTS[BIOMETRICS].sha256
    assert code_of(lambda: withdraw(client, BIOMETRICS)) == "consent_not_given"
    give(client, BIOMETRICS)
    assert BIOMETRICS in held(client)


def test_an_outdated_text_cannot_be_consented_to(client: Applicant) -> None:
    assert code_of(lambda: give(client, BUREAU, TEXT)) == "consent_text_changed"
    assert BUREAU not in held(client)


@pytest.mark.seeded("onboarding_withdrawal_despite_obligations")
@pytest.mark.parametrize("kind", [ConsentKind.PERSONAL_DATA, BIOMETRICS])
def test_no_withdrawal_while_a_contract_is_open(
    client: Applicant, kind: ConsentKind
) -> None:
    unit = client.bench.unit
    consents.when_contract_signed(unit, signed(client.client_id))
    assert code_of(lambda: withdraw(client, kind)) == "obligations_open"
    assert unit.said(ConsentWithdrawn) == []
    annulled = ContractAnnulled(
        contract_id=CONTRACT, client_id=client.client_id, reason="refused"
    )
    consents.when_contract_annulled(unit, annulled, at=NOW)
    withdraw(client, kind)


def test_a_contract_annulled_before_it_was_known_stays_closed(
    client: Applicant,
) -> None:
    unit = client.bench.unit
    annulled = ContractAnnulled(
        contract_id=CONTRACT, client_id=client.client_id, reason="refused"
    )
    consents.when_contract_annulled(unit, annulled, at=NOW)
    consents.when_contract_signed(unit, signed(client.client_id))
    assert not unit.obligations.are_open(client.client_id, at=NOW)


def test_the_client_sees_every_act_the_newest_first(client: Applicant) -> None:
    withdraw(client, BIOMETRICS)
    shown_to_client = consents.list_consents(
        begin=client.bench.unit.begin, client_id=client.client_id
    )
    lines = shown_to_client["items"]
    assert isinstance(lines, tuple)
    assert [(line["kind"], line["act"]) for line in lines] == [  # type: ignore[index, call-overload] # JSON
        ("biometrics", "withdrawn"),
        ("biometrics", "given"),
        ("personal_data", "given"),
    ]
    assert shown_to_client["standing"] == ("personal_data",)


def take_back(applicant: Applicant, kind: ConsentKind) -> None:
    """A withdrawal by who is no client yet: none can be made, but one could stand."""
    applicant.bench.unit.consents.add(
        applicant.client_id, consented(kind, ConsentAct.WITHDRAWN)
    )


def signed(client_id: UUID) -> ContractSigned:
    return ContractSigned(
        contract_id=CONTRACT,
        client_id=client_id,
        account_id=UUID(int=1),
        amount=Money.of("400000"),
        document_sha256=TEXT,
        ceremony_id=UUID(int=2),
        signed_at=NOW,
    )
