"""Changing number and account: both proofs over this very change, or nothing (4.10)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.events import Event
from kernel.events.onboarding import BankAccountChanged, IdentityChanged, PhoneChanged
from kernel.values import Iban, Phone
from services.onboarding.domain.account import AccountState
from services.onboarding.domain.ceremony import CeremonyState, parse_operation
from services.onboarding.domain.change import Act, ChangeKind, ChangeState
from services.onboarding.domain.person import Identity, Person, PhoneVerdict
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.signature import SignatureFacts
from services.onboarding.handlers import accounts, ceremonies, changes
from services.onboarding.handlers.account_changes import (
    AccountWish,
    start_account_change,
)
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.identity_changes import start_identity_change
from tests.unit.onboarding.builders import PHONE, names, person, record
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign
from tests.unit.onboarding.outside_twins import QUARANTINE, RIGHT_CODE, blind

NEW_PHONE = Phone("+77029876543")
OTHER_PHONE = Phone("+77770000000")
NEW_IBAN = Iban("KZ75125KZT2069100100")
NEW_IDENTITY = Identity(
    names=replace(names(), surname="Сейтова"),
    document=replace(
        person().document, number="087654321", valid_until=date(2036, 11, 1)
    ),
)
STRANGER = UUID(int=0xBAD)


class Client:
    """Somebody registered, who changes something step by step."""

    def __init__(self, bench: Bench, kind: ChangeKind = ChangeKind.PHONE) -> None:
        self.bench, self.kind = bench, kind
        applicant = Applicant(bench)
        sign(bench, applicant.up_to_ceremony(), applicant.owner)
        look(bench)
        assert applicant.activate()
        self.client_id = applicant.client_id
        bench.codes.confirms = blind("phone", NEW_PHONE.reveal())
        self.change_id = UUID(int=0)

    @property
    def which(self) -> Which:
        return Which(change_id=self.change_id, client_id=self.client_id, kind=self.kind)

    @property
    def state(self) -> ChangeState:
        return self.bench.unit.changes.rows[self.change_id].state

    @property
    def phone(self) -> Phone:
        return self.bench.unit.clients.rows[self.client_id].phone

    @property
    def iban(self) -> Iban:
        (account,) = self.bench.unit.accounts.of_client(self.client_id)
        return account.destination.iban

    def start(self, value: Phone | Iban | None = None) -> Mapping[str, Json]:
        bench = self.bench
        if self.kind is ChangeKind.PHONE:
            reply = changes.start_phone_change(
                client_id=self.client_id,
                phone=value if isinstance(value, Phone) else NEW_PHONE,
                begin=bench.unit.begin,
                clock=bench.clock,
                ids=bench.ids,
                blind=blind,
                codes=bench.codes,
            )
        elif self.kind is ChangeKind.IDENTITY:
            reply = self.start_identity()
        else:
            present = bench.unit.accounts.of_client(self.client_id)
            reply = start_account_change(
                AccountWish(
                    client_id=self.client_id,
                    act=Act.REPLACE,
                    account_id=None,
                    named=value if isinstance(value, Iban) else NEW_IBAN,
                    seen=accounts.version_of(present),
                ),
                begin=bench.unit.begin,
                clock=bench.clock,
                ids=bench.ids,
                blind=blind,
                owners=bench.owners,
                rules=bench.rules,
            )
        self.change_id = UUID(str(reply["change_id"]))
        return reply

    def start_identity(self, wanted: Identity = NEW_IDENTITY) -> Mapping[str, Json]:
        """The state knows the person by the new document, and nobody else does."""
        bench, document = self.bench, wanted.document
        bench.state_base.known = record(
            named=wanted.names,
            number=document.number,
            valid_until=document.valid_until,
        )
        reply = start_identity_change(
            client_id=self.client_id,
            identity=wanted,
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            blind=blind,
        )
        self.change_id = UUID(str(reply["change_id"]))
        return reply

    @property
    def person(self) -> Person:
        return self.bench.unit.registrations.persons[self.client_id]

    def confirm(self, code: str = RIGHT_CODE) -> Mapping[str, Json]:
        return changes.confirm_phone_change(
            begin=self.bench.unit.begin,
            clock=self.bench.clock,
            codes=self.bench.codes,
            quarantine=QUARANTINE,
            which=self.which,
            code=code,
        )

    def check(self) -> None:
        changes.check_with_state(
            begin=self.bench.unit.begin,
            clock=self.bench.clock,
            state_base=self.bench.state_base,
            which=self.which,
        )

    def open(self) -> UUID:
        self.check()
        shown = ceremonies.open_change_ceremony(desk=self.bench.desk, which=self.which)
        return UUID(str(shown["ceremony_id"]))

    def up_to_ceremony(self) -> UUID:
        self.start()
        if self.kind is ChangeKind.PHONE:
            self.confirm()
        return self.open()

    def sign(self, ceremony_id: UUID) -> Mapping[str, Json]:
        owner = Owner(token=None, client_id=self.client_id)
        return sign(self.bench, ceremony_id, owner)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Client:
    return Client(bench)


def refusal(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("kind", list(ChangeKind))
@pytest.mark.parametrize("first", ["signature", "biometrics"])
@pytest.mark.seeded("onboarding_one_proof_changes")
def test_one_proof_changes_nothing_and_both_change_once(
    bench: Bench, kind: ChangeKind, first: str
) -> None:
    client = Client(bench, kind)
    before = (client.phone, client.iban, client.person)
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    acts: list[Callable[[], object]] = [
        lambda: client.sign(ceremony_id),
        lambda: look(bench),
    ]
    one, other = acts if first == "signature" else reversed(acts)
    one()
    assert (client.phone, client.iban, client.person) == before
    states = [client.state]
    other()
    assert [*states, client.state] == [ChangeState.CHECKED, ChangeState.APPLIED]
    told: tuple[type[Event], ...] = (PhoneChanged, BankAccountChanged, IdentityChanged)
    assert sum(len(bench.unit.said(event)) for event in told) == 1
    assert (client.phone == NEW_PHONE) is (kind is ChangeKind.PHONE)
    assert (client.iban == NEW_IBAN) is (kind is ChangeKind.ACCOUNT)
    is_other = client.person.identity == NEW_IDENTITY
    assert is_other is (kind is ChangeKind.IDENTITY)


def use_another_signature(bench: Bench) -> None:
    """The client's ЭЦП over the change: that of the registration is used up."""
    facts = bench.signatures.of_client
    assert isinstance(facts, SignatureFacts)
    evidence = replace(
        facts.evidence, signature_sha256="5f" * 32, signed_sha256="5e" * 32
    )
    bench.signatures.of_client = replace(facts, evidence=evidence)


@pytest.mark.clause("4.10")
def test_old_and_new_value_and_the_ceremony_are_on_record(
    bench: Bench, client: Client
) -> None:
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    look(bench)
    row = bench.unit.changes.rows[client.change_id]
    (said,) = bench.unit.said(PhoneChanged)
    assert (row.old, row.value) == (PHONE, NEW_PHONE)
    assert bench.unit.changes.applied[client.change_id][0] == ceremony_id
    assert said == PhoneChanged(
        client_id=client.client_id,
        change_id=client.change_id,
        ceremony_id=ceremony_id,
        old_phone_token=blind("phone", PHONE.reveal()),
        phone_token=blind("phone", NEW_PHONE.reveal()),
    )


def test_a_new_account_is_nobody_s_proved_account(bench: Bench) -> None:
    """What the bank said of the old one says nothing of it (clauses 5.3, 5.4)."""
    client = Client(bench, ChangeKind.ACCOUNT)
    (old,) = bench.unit.accounts.of_client(client.client_id)
    assert old.state is AccountState.PROVED
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    look(bench)
    new = bench.unit.accounts.get(old.account_id)
    assert new is not None
    assert (new.destination.iban, new.state) == (NEW_IBAN, AccountState.UNPROVED)
    assert not bench.unit.accounts.record(
        old,
        bench.unit.accounts.checks[0],
        check_id=UUID(int=1),
        becomes=AccountState.PROVED,
    )


@pytest.mark.clause("4.10")
@pytest.mark.parametrize(
    "operation", ["phone_change", "account_change", "identity_change"]
)
@pytest.mark.parametrize("by", ["contracts", "gateway"])
@pytest.mark.seeded("onboarding_anybody_opens_a_change")
def test_nobody_else_opens_a_ceremony_that_changes_something(
    operation: str, by: str
) -> None:
    """With bytes of their own the client would sign something else than they see."""
    text = f"{operation}:{UUID(int=0xC)}"
    assert refusal(lambda: parse_operation(text, by=by)) == "operation_invalid"


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_change_of_other_bytes")
def test_a_ceremony_over_other_bytes_changes_nothing(
    bench: Bench, client: Client
) -> None:
    """Old value, new value, client and purpose are in the bytes; one differs."""
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    row = bench.unit.changes.rows[client.change_id]
    bench.unit.changes.rows[client.change_id] = replace(
        row, value=OTHER_PHONE, value_token=blind("phone", OTHER_PHONE.reveal())
    )
    with pytest.raises(Broken):
        look(bench)
    assert (client.phone, bench.unit.said(PhoneChanged)) == (PHONE, [])


@pytest.mark.clause("4.10")
def test_a_ceremony_of_another_operation_changes_nothing(
    bench: Bench, client: Client
) -> None:
    client.up_to_ceremony()
    use_another_signature(bench)
    shown = ceremonies.open_ceremony(
        desk=bench.desk,
        client_id=client.client_id,
        operation=f"contract:{client.change_id}",
        document=b"contract",
    )
    client.sign(UUID(str(shown["ceremony_id"])))
    assert look(bench)["state"] == "completed"
    assert (client.phone, client.state) == (PHONE, ChangeState.CHECKED)


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_anybodys_change")
def test_a_change_of_somebody_else_is_not_there(bench: Bench, client: Client) -> None:
    client.start()
    for which in (
        replace(client.which, client_id=STRANGER),
        replace(client.which, kind=ChangeKind.ACCOUNT),
    ):
        assert (
            refusal(lambda w=which: changes.get_change(begin=bench.unit.begin, which=w))
            == "change_unknown"
        )


def test_a_change_that_was_given_up_is_not_applied(
    bench: Bench, client: Client
) -> None:
    """The client thought better of it; the proofs for the first count for nothing."""
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    client.start(Phone("+77075550101"))
    assert refusal(lambda: look(bench)) == "change_superseded"
    assert client.phone == PHONE


def test_a_ceremony_is_not_opened_before_the_phone_is_confirmed(
    client: Client,
) -> None:
    client.start()
    assert refusal(client.check) == "change_step_wrong"
    assert refusal(lambda: client.confirm("000000")) == "code_wrong"
    client.confirm()
    assert refusal(client.confirm) == "change_step_wrong"


@pytest.mark.seeded("onboarding_anybodys_number")
@pytest.mark.parametrize("verdict", [PhoneVerdict.MISMATCH, PhoneVerdict.UNKNOWN])
def test_a_number_the_state_does_not_know_as_the_client_s_is_refused(
    bench: Bench, client: Client, verdict: PhoneVerdict
) -> None:
    client.start()
    client.confirm()
    bench.state_base.phone = verdict
    assert refusal(client.open) == "phone_not_confirmed"
    assert client.state is ChangeState.REFUSED


def test_without_an_answer_of_the_state_the_change_waits(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.start()
    client.confirm()

    def away(*_: object, **_by: object) -> PhoneVerdict:
        raise Transient("the state is away")

    with monkeypatch.context() as patched:
        patched.setattr(bench.state_base, "phone_owner", away)
        with pytest.raises(Transient):
            client.open()
    client.open()
    assert client.state is ChangeState.CHECKED


@pytest.mark.clause("4.4")
@pytest.mark.seeded("onboarding_numbers_rest_not")
def test_a_number_given_up_is_nobody_else_s_until_its_time(
    bench: Bench, client: Client
) -> None:
    """Who gave it up may take it back; a newcomer waits (clause 4.4)."""
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    look(bench)
    bench.codes.confirms = blind("phone", PHONE.reveal())
    newcomer = Applicant(bench)
    assert refusal(newcomer.confirm) == "phone_quarantined"
    client.start(PHONE)
    assert client.confirm()["state"] == "confirmed"
    bench.clock.move(days=QUARANTINE.days + 1)
    assert Applicant(bench).confirm()["state"] == "phone_confirmed"


def test_a_number_of_another_client_is_told_to_its_holder_alone(
    bench: Bench, client: Client
) -> None:
    other = bench.unit.clients.rows[client.client_id]
    client.start()
    bench.unit.clients.rows[STRANGER] = replace(
        other, client_id=STRANGER, phone_token=blind("phone", NEW_PHONE.reveal())
    )
    assert refusal(client.confirm) == "phone_already_registered"
    assert refusal(client.confirm) == "phone_already_registered"


def test_a_number_taken_while_the_ceremony_went_on_ends_the_change(
    bench: Bench, client: Client
) -> None:
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    client.sign(ceremony_id)
    other = bench.unit.clients.rows[client.client_id]
    bench.unit.clients.rows[STRANGER] = replace(
        other, client_id=STRANGER, phone_token=blind("phone", NEW_PHONE.reveal())
    )
    assert look(bench)["state"] == "completed"
    assert (client.state, client.phone) == (ChangeState.REFUSED, PHONE)


def test_the_same_request_begins_one_change_and_sends_one_code(
    bench: Bench, client: Client
) -> None:
    bench.unit.replies = []
    assert client.start() == client.start()
    assert bench.codes.sent.count(NEW_PHONE) == 1


def test_a_code_that_could_not_be_sent_is_sent_by_the_same_request(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.unit.replies = []

    def away(*_: object, **__: object) -> object:
        raise Transient("auth is away")

    with monkeypatch.context() as patched:
        patched.setattr(bench.codes, "send", away)
        with pytest.raises(KernelError):
            client.start()
    client.start()
    assert bench.codes.sent.count(NEW_PHONE) == 1


def test_changes_are_begun_five_times_a_day_and_live_an_hour(
    bench: Bench, client: Client
) -> None:
    for number in range(5):
        client.start(Phone(f"+7702000000{number}"))
    assert refusal(client.start) == "change_too_often"
    bench.clock.move(hours=1)
    assert refusal(client.confirm) == "change_expired"
    bench.clock.move(days=1)
    client.start()


def test_the_value_there_is_already_is_no_change(client: Client) -> None:
    assert refusal(lambda: client.start(PHONE)) == "change_without_difference"


def test_the_statement_names_client_purpose_and_both_values(
    bench: Bench, client: Client
) -> None:
    client.up_to_ceremony()
    ceremony = next(reversed(bench.unit.ceremonies.rows.values()))
    text = ceremony.document.decode()
    person = bench.unit.registrations.persons[client.client_id]
    for part in (
        "ИЗМЕНЕНИИ АБОНЕНТСКОГО НОМЕРА",
        str(client.client_id),
        str(client.change_id),
        person.iin.reveal(),
        f"Прежнее значение: {PHONE.reveal()}",
        f"Новое значение: {NEW_PHONE.reveal()}",
    ):
        assert part in text
    assert ceremony.expires_at - bench.clock.now() == timedelta(minutes=30)


@pytest.fixture
def renewing(bench: Bench) -> Client:
    return Client(bench, ChangeKind.IDENTITY)


def finish(client: Client, ceremony_id: UUID) -> None:
    use_another_signature(client.bench)
    client.sign(ceremony_id)
    look(client.bench)


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_expired_document_never_renewed")
def test_a_renewed_document_lifts_what_an_expired_one_kept(
    bench: Bench, renewing: Client
) -> None:
    """The old one is kept with the change; the ИИН stays (clause 4.11)."""
    old = renewing.person
    expired = replace(old.document, valid_until=date(2026, 1, 1))
    bench.unit.registrations.persons[renewing.client_id] = replace(
        old, document=expired
    )

    def sign_contract() -> None:
        ceremonies.open_ceremony(
            desk=bench.desk,
            client_id=renewing.client_id,
            operation=f"contract:{STRANGER}",
            document=b"a contract",
        )

    assert refusal(sign_contract) == "identity_document_expired"
    finish(renewing, renewing.up_to_ceremony())
    sign_contract()
    assert renewing.person.identity == NEW_IDENTITY
    assert renewing.person.iin == old.iin
    kept = bench.unit.changes.rows[renewing.change_id]
    assert kept.old == Identity(names=old.names, document=expired)
    (said,) = bench.unit.said(IdentityChanged)
    assert isinstance(said, IdentityChanged)
    assert said.renamed


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_state_not_asked_of_an_identity")
@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, Reason.STATE_KNOWS_NOBODY),
        (record(), Reason.NAMES_DIFFER),
        (record(named=NEW_IDENTITY.names), Reason.DOCUMENT_NUMBER_DIFFERS),
        (
            record(named=NEW_IDENTITY.names, number="087654321"),
            Reason.DOCUMENT_DATE_DIFFERS,
        ),
    ],
)
def test_an_identity_the_state_does_not_know_is_refused(
    bench: Bench, renewing: Client, known: object, reason: Reason
) -> None:
    """The client hears one code; the staff see which it was."""
    before = renewing.person
    renewing.start()
    monkeyed: Any = bench.state_base
    monkeyed.known = known
    assert refusal(renewing.open) == "person_not_confirmed"
    row = bench.unit.changes.rows[renewing.change_id]
    assert (row.state, row.refused_reason) == (ChangeState.REFUSED, reason)
    assert renewing.person == before


def test_without_an_answer_of_the_state_an_identity_waits(
    bench: Bench, renewing: Client
) -> None:
    renewing.start()
    bench.state_base.away = True
    with pytest.raises(Transient):
        renewing.open()
    bench.state_base.away = False
    renewing.open()
    assert renewing.state is ChangeState.CHECKED


def test_a_document_that_has_expired_or_is_known_is_no_change(
    renewing: Client,
) -> None:
    gone = replace(NEW_IDENTITY.document, valid_until=date(2020, 1, 1))
    over = replace(NEW_IDENTITY, document=gone)
    assert refusal(lambda: renewing.start_identity(over)) == "document_expired"
    same = renewing.person.identity
    assert refusal(lambda: renewing.start_identity(same)) == "change_without_difference"


@pytest.mark.seeded("onboarding_old_names_signed")
def test_a_ceremony_over_the_old_names_is_given_up(
    bench: Bench, renewing: Client
) -> None:
    """Another change whose statement names the person as before is signed no more."""
    phone = Client.__new__(Client)
    phone.bench, phone.kind, phone.client_id = (
        bench,
        ChangeKind.PHONE,
        (renewing.client_id),
    )
    phone.start()
    phone.confirm()
    stale = phone.open()
    finish(renewing, renewing.up_to_ceremony())
    assert bench.unit.ceremonies.rows[stale].state is CeremonyState.FAILED
    assert phone.open() != stale
