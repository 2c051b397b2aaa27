"""Changing number and account against the outer world and the database (4.10)."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from infra.simulators.client import person_from_seed
from kernel.context import Call
from kernel.crypto import Json, sha256
from kernel.errors import Refused, Transient
from kernel.values import CardToken, Iban, Phone
from services.onboarding.domain.change import Act, ChangeKind
from services.onboarding.domain.person import (
    DocumentKind,
    Identity,
    IdentityDocument,
    Names,
)
from services.onboarding.handlers.account_changes import AccountWish
from services.onboarding.handlers.changes import Which
from tests.integration.onboarding.conftest import RIGHT_CODE, Applicant, Cabinet

KEY = "01a2130e-4a68-713f-b993-5feed469ea37"
NEW = person_from_seed("a new number and account")
NEW_IDENTITY = Identity(
    names=Names.parse("Сейтова", "Айгерим", None),
    document=IdentityDocument(
        kind=DocumentKind.PASSPORT, number="N98765432", valid_until=date(2036, 5, 1)
    ),
)
NEW_PHONE, NEW_IBAN = Phone(NEW.phone), Iban(NEW.iban)


def call(cabinet: Cabinet, client_id: UUID, method: str, key: str | None) -> Call:
    """A request as the door hands it over."""
    context = cabinet.context()
    return Call(
        id=cabinet.platform.ids.new(),
        caller="gateway",
        method=method,
        deadline=cabinet.platform.clock.now() + timedelta(seconds=5),
        context=context,
        client_id=client_id,
        idempotency_key=key,
        arguments_digest=sha256(method.encode()),
    )


@dataclass
class Changing:
    """A client who changes one thing."""

    cabinet: Cabinet
    client: Applicant
    kind: ChangeKind = ChangeKind.PHONE
    change_id: UUID = field(default_factory=lambda: UUID(int=0))
    ceremony: Mapping[str, Json] = field(default_factory=dict)

    @property
    def which(self) -> Which:
        return Which(
            change_id=self.change_id, client_id=self.client.client_id, kind=self.kind
        )

    def start(self, key: str | None = None) -> Mapping[str, Json]:
        cases, client_id = self.cabinet.use_cases, self.client.client_id
        if self.kind is ChangeKind.PHONE:
            made = call(self.cabinet, client_id, "start_phone_change", key)
            reply = cases.start_phone_change(made, client_id=client_id, phone=NEW_PHONE)
        elif self.kind is ChangeKind.IDENTITY:
            made = call(self.cabinet, client_id, "start_identity_change", key)
            reply = cases.start_identity_change(
                made, client_id=client_id, identity=NEW_IDENTITY
            )
        else:
            reply = self.act(Act.REPLACE, NEW_IBAN, key=key)
        self.change_id = UUID(str(reply["change_id"]))
        return reply

    def start_again(self) -> None:
        """Begin another change of the same kind, to yet another value."""
        cases, client_id = self.cabinet.use_cases, self.client.client_id
        third = person_from_seed("a third number and account")
        made = call(self.cabinet, client_id, "start", None)
        if self.kind is ChangeKind.PHONE:
            cases.start_phone_change(
                made, client_id=client_id, phone=Phone(third.phone)
            )
        elif self.kind is ChangeKind.IDENTITY:
            other = replace(NEW_IDENTITY, names=Names.parse("Третья", "Айгерим", None))
            cases.start_identity_change(made, client_id=client_id, identity=other)
        else:
            self.act(Act.REPLACE, Iban(third.iban))

    def act(
        self,
        act: Act,
        named: Iban | CardToken | None = None,
        *,
        account_id: UUID | None = None,
        key: str | None = None,
    ) -> Mapping[str, Json]:
        """Begin an act on an account, as one sees them now."""
        cases, client_id = self.cabinet.use_cases, self.client.client_id
        shown = cases.list_accounts(self.cabinet.context(), client_id=client_id)
        reply = cases.start_account_change(
            call(self.cabinet, client_id, "start_account_change", key),
            wish=AccountWish(
                client_id=client_id,
                act=act,
                account_id=account_id,
                named=named,
                seen=str(shown["version"]),
            ),
        )
        self.change_id = UUID(str(reply["change_id"]))
        return reply

    def carry_through(
        self,
        act: Act,
        named: Iban | CardToken | None = None,
        *,
        account_id: UUID | None = None,
    ) -> UUID:
        """A whole act with both proofs; the account's id."""
        reply = self.act(act, named, account_id=account_id)
        self.open()
        self.client.pass_biometrics()
        assert self.sign()["state"] == "completed"
        return UUID(str(reply["account_id"]))

    @property
    def accounts(self) -> Sequence[Mapping[str, Any]]:
        """The accounts as the client sees them."""
        shown = self.cabinet.use_cases.list_accounts(
            self.cabinet.context(), client_id=self.client.client_id
        )
        return cast("Sequence[Mapping[str, Any]]", shown["items"])

    def open(self) -> None:
        """Up to the open ceremony."""
        cases, context = self.cabinet.use_cases, self.cabinet.context()
        if self.kind is ChangeKind.PHONE:
            self.own_number()
            cases.confirm_phone_change(context, which=self.which, code=RIGHT_CODE)
        if self.kind is ChangeKind.IDENTITY:
            self.take_document()
        self.ceremony = cases.open_change_ceremony(context, which=self.which)
        self.client.ceremony = self.ceremony

    def take_document(self) -> None:
        """A new passport in a new name: the state knows the person by it."""
        person, names = self.client.person, NEW_IDENTITY.names
        document = NEW_IDENTITY.document
        person.identity = replace(
            person.identity,
            surname=names.surname,
            given_name=names.given_name,
            patronymic=names.patronymic,
            document=replace(
                person.identity.document,
                number=document.number,
                valid_until=document.valid_until,
            ),
        )
        self.cabinet.stand.control.create_person(person)

    def own_number(self) -> None:
        person = self.client.person
        person.identity = replace(person.identity, phone=NEW.phone)
        self.cabinet.stand.control.create_person(person)

    def sign(self, document: bytes | None = None) -> Mapping[str, Json]:
        cms = self.client.person.sign(document or self.client.document)
        return self.cabinet.use_cases.sign_change(
            self.cabinet.context(),
            which=self.which,
            cms_text=base64.b64encode(cms).decode(),
        )

    @property
    def state(self) -> str:
        shown = self.cabinet.use_cases.get_change(
            self.cabinet.context(), which=self.which
        )
        return str(shown["state"])


@pytest.fixture(params=list(ChangeKind))
def changing(cabinet: Cabinet, request: pytest.FixtureRequest) -> Changing:
    return Changing(cabinet, cabinet.client("changing"), request.param)


@pytest.mark.clause("4.10")
@pytest.mark.clause("4.2")
def test_both_proofs_over_this_change_apply_it(changing: Changing) -> None:
    """Recorded are old value, new value, and the ceremony with its evidence."""
    cabinet = changing.cabinet
    changing.start()
    changing.open()
    changing.client.pass_biometrics()
    assert changing.state == "checked"
    assert changing.sign()["state"] == "completed"
    assert changing.state == "applied"
    (row,) = cabinet.rows(
        "SELECT ceremony_id, operation, ceremonies.state FROM changes"
        " JOIN ceremonies USING (ceremony_id)"
        " JOIN signatures USING (ceremony_id) JOIN protocols USING (ceremony_id)"
    )
    assert row.state == "completed"
    assert row.operation.endswith(str(changing.change_id))
    if changing.kind is ChangeKind.PHONE:
        (event,) = cabinet.said("phone_changed")
    elif changing.kind is ChangeKind.IDENTITY:
        (event,) = cabinet.said("identity_changed")
        (kept,) = cabinet.rows("SELECT document_valid_until FROM persons")
        assert kept.document_valid_until == NEW_IDENTITY.document.valid_until
    else:
        (event,) = cabinet.said("bank_account_changed")
    assert event["ceremony_id"] == str(row.ceremony_id)
    assert event["change_id"] == str(changing.change_id)


@pytest.mark.clause("5.3")
def test_the_new_account_is_proved_by_the_bank_as_at_registration(
    cabinet: Cabinet,
) -> None:
    """And stays unproved while the bank knows another owner."""
    changing = Changing(cabinet, cabinet.client("owner"), ChangeKind.ACCOUNT)
    client_id = changing.client.client_id
    changing.start()
    changing.open()
    changing.client.pass_biometrics()
    changing.sign()
    account = cabinet.use_cases.clients.get_account(
        cabinet.context(), client_id=client_id
    )
    assert account["state"] == "unproved"
    cabinet.stand.control.create_account(iban=NEW.iban, iin=changing.client.person.iin)
    proof = cabinet.use_cases.clients.prove_ownership(
        cabinet.context(),
        client_id=client_id,
        account_id=UUID(str(account["account_id"])),
    )
    assert proof["state"] == "proved"
    checks = cabinet.rows("SELECT DISTINCT iban_token FROM ownership_checks")
    assert len(checks) == 2


@pytest.mark.clause("4.10")
def test_a_signature_over_other_bytes_is_refused(changing: Changing) -> None:
    changing.start()
    changing.open()
    changing.client.pass_biometrics()
    spoilt = changing.client.document.replace("Новое".encode(), "новое".encode())
    with pytest.raises(Refused, match="digest_mismatch"):
        changing.sign(spoilt)
    assert changing.state == "checked"


@pytest.mark.clause("4.10")
def test_another_person_before_the_camera_changes_nothing(changing: Changing) -> None:
    changing.start()
    changing.open()
    changing.sign()
    with pytest.raises(Refused, match="biometrics_score_too_low"):
        changing.client.pass_biometrics(present_iin="850101300603")
    assert changing.state == "checked"


def test_a_number_registered_in_another_s_name_is_refused(cabinet: Cabinet) -> None:
    changing = Changing(cabinet, cabinet.client("not mine"))
    changing.start()
    context = cabinet.context()
    cabinet.use_cases.confirm_phone_change(
        context, which=changing.which, code=RIGHT_CODE
    )
    with pytest.raises(Refused, match="phone_not_confirmed"):
        cabinet.use_cases.open_change_ceremony(context, which=changing.which)
    assert changing.state == "refused"


@pytest.mark.catalogue("B02")
def test_the_same_request_begins_one_change(changing: Changing) -> None:
    """Another request gives the first one up."""
    first = changing.start(KEY)
    assert changing.start(KEY) == first
    assert changing.start()["change_id"] != first["change_id"]
    states = changing.cabinet.rows("SELECT state FROM changes ORDER BY started_at")
    assert len(states) == 2
    assert states[0].state == "refused"


_BY_HAND = {
    "identity": "UPDATE persons SET document_valid_until = '2099-01-01'",
    "phone": "UPDATE clients SET phone_token = 'mine', phone_sealed = '\\x00'",
    "account": "UPDATE accounts SET iban_token = 'mine', iban_sealed = '\\x00'",
}


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_database_asks_no_proof")
@pytest.mark.parametrize("owner", [True, False], ids=["owner", "role"])
def test_the_database_itself_asks_for_the_proof(
    changing: Changing, *, owner: bool
) -> None:
    """Without a change applied by its completed ceremony nobody moves a value."""
    cabinet = changing.cabinet
    changing.start()
    engine = cabinet.owner if owner else cabinet.platform.database.engine
    with (
        pytest.raises(DBAPIError, match=r"4\.10"),
        engine.begin() as connection,
    ):
        connection.execute(text(_BY_HAND[changing.kind.value]))


@pytest.mark.clause("4.10")
def test_a_ceremony_applies_one_change_only(changing: Changing) -> None:
    changing.start()
    changing.open()
    changing.client.pass_biometrics()
    changing.sign()
    used = changing.client.ceremony_id
    changing.start_again()
    with (
        pytest.raises(IntegrityError),
        changing.cabinet.owner.begin() as connection,
    ):
        connection.execute(
            text(
                "UPDATE changes SET state = 'applied', ceremony_id = :ceremony"
                " WHERE state <> 'applied'"
            ),
            {"ceremony": used},
        )


OTHER_IBAN = Iban(person_from_seed("a third number and account").iban)
CARD = CardToken("tok_" + "c" * 20)


@pytest.fixture
def owner(cabinet: Cabinet) -> Changing:
    """A client of several accounts; the bank knows them all, and a card."""
    changing = Changing(cabinet, cabinet.client("several"), ChangeKind.ACCOUNT)
    control, iin = cabinet.stand.control, changing.client.person.iin
    for iban in (NEW_IBAN, OTHER_IBAN):
        control.create_account(iban=iban.reveal(), iin=iin)
    control.create_card(
        token=CARD.reveal(), iban=NEW_IBAN.reveal(), iin=iin, last4="4242"
    )
    return changing


@pytest.mark.clause("4.10")
@pytest.mark.clause("5.3")
def test_accounts_are_added_selected_and_removed_by_both_proofs(
    owner: Changing,
) -> None:
    """Each is asked of the bank when it comes; one is selected at any time."""
    (first,) = owner.accounts
    added = owner.carry_through(Act.ADD, NEW_IBAN)
    assert [one["selected"] for one in owner.accounts] == [True, False]
    assert [one["state"] for one in owner.accounts] == ["proved", "proved"]
    owner.carry_through(Act.SELECT, account_id=added)
    assert [one["selected"] for one in owner.accounts] == [False, True]
    owner.carry_through(Act.REMOVE, account_id=UUID(first["account_id"]))
    (left,) = owner.accounts
    assert left["account_id"] == str(added)
    told = [
        len(owner.cabinet.said(f"bank_account_{act}"))
        for act in ("added", "selected", "removed", "changed")
    ]
    assert told == [1, 1, 1, 0]
    checks = owner.cabinet.rows("SELECT verdict FROM ownership_checks")
    assert [check.verdict for check in checks] == ["match"] * 3


@pytest.mark.clause("5.3")
def test_a_card_is_known_by_its_token_and_the_account_behind_it(
    owner: Changing,
) -> None:
    """A card that stands before another account by now is proved no more."""
    cabinet = owner.cabinet
    card = owner.carry_through(Act.ADD, CARD)
    shown = owner.accounts[1]
    assert (shown["kind"], shown["masked"], shown["state"]) == (
        "card",
        "•••• 4242",
        "proved",
    )
    paid = cabinet.use_cases.clients.get_payout_account(
        cabinet.context(),
        client_id=owner.client.client_id,
        account_id=card,
        reader="payer",
        purpose="payout",
    )
    assert (paid["iban"], paid["card"]) == (NEW_IBAN.reveal(), CARD.reveal())
    iin = owner.client.person.iin
    cabinet.stand.control.create_card(
        token=CARD.reveal(), iban=OTHER_IBAN.reveal(), iin=iin, last4="4242"
    )
    proof = cabinet.use_cases.clients.prove_ownership(
        cabinet.context(), client_id=owner.client.client_id, account_id=card
    )
    assert (proof["verdict"], proof["state"]) == ("mismatch", "lost")


@pytest.mark.clause("5.4")
def test_a_card_of_another_is_refused_and_silence_is_no_answer(
    owner: Changing,
) -> None:
    control = owner.cabinet.stand.control
    control.arm_bank("/v1/cards/lookup", "down", times=1)
    with pytest.raises(Transient):
        owner.act(Act.ADD, CARD)
    control.create_card(
        token=CARD.reveal(), iban=NEW_IBAN.reveal(), iin="850101300603", last4="4242"
    )
    with pytest.raises(Refused, match="card_not_confirmed"):
        owner.act(Act.ADD, CARD)


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_database_asks_no_proof_of_acts")
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO accounts (account_id, client_id, iban_sealed, iban_token, state,"  # noqa: ISC004 - one statement
        " added_at, selected) SELECT gen_random_uuid(), client_id, iban_sealed, 'mine',"
        " 'unproved', added_at, false FROM accounts LIMIT 1",
        "UPDATE accounts SET selected = NOT selected",
        "UPDATE accounts SET card_sealed = '\\x00'",
        "UPDATE accounts SET removed_at = added_at WHERE NOT selected",
    ],
)
@pytest.mark.parametrize("by_owner", [True, False], ids=["owner", "role"])
def test_the_database_asks_for_the_proof_of_every_act(
    owner: Changing, statement: str, *, by_owner: bool
) -> None:
    """A change that was applied once proves nothing a second time, either."""
    owner.carry_through(Act.ADD, NEW_IBAN)
    cabinet = owner.cabinet
    engine = cabinet.owner if by_owner else cabinet.platform.database.engine
    with pytest.raises(DBAPIError, match=r"4\.10"), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.clause("5.3")
@pytest.mark.clause("5.4")
@pytest.mark.seeded("onboarding_database_asks_no_answer")
@pytest.mark.parametrize("by_owner", [True, False], ids=["owner", "role"])
def test_the_database_asks_for_the_answer_that_proves_an_account(
    owner: Changing, *, by_owner: bool
) -> None:
    """Of this very value, and given now: an earlier answer proves nothing anew."""
    cabinet = owner.cabinet
    engine = cabinet.owner if by_owner else cabinet.platform.database.engine
    with engine.begin() as connection:
        # What is proved stays so by whatever is no mismatch.
        connection.execute(text("UPDATE accounts SET state = 'proved'"))
    cabinet.stand.control.create_account(
        iban=owner.client.person.iban, iin="850101300603"
    )
    (account,) = owner.accounts
    proof = cabinet.use_cases.clients.prove_ownership(
        cabinet.context(),
        client_id=owner.client.client_id,
        account_id=UUID(account["account_id"]),
    )
    assert proof["state"] == "lost"
    with pytest.raises(DBAPIError, match=r"5\.4"), engine.begin() as connection:
        connection.execute(text("UPDATE accounts SET state = 'proved'"))


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_old_proof_moves_an_account")
def test_what_was_replaced_comes_back_by_new_proofs_only(owner: Changing) -> None:
    """The first change's proof was of its own transaction."""
    (first,) = owner.cabinet.rows("SELECT iban_token, iban_sealed FROM accounts")
    owner.carry_through(Act.REPLACE, NEW_IBAN)
    (second,) = owner.cabinet.rows("SELECT iban_token, iban_sealed FROM accounts")
    owner.carry_through(Act.REPLACE, Iban(owner.client.person.iban))
    assert first.iban_token != second.iban_token
    with (
        pytest.raises(DBAPIError, match=r"4\.10"),
        owner.cabinet.owner.begin() as connection,
    ):
        connection.execute(
            text(
                "UPDATE accounts SET iban_token = :token, iban_sealed = :sealed,"
                " state = 'unproved'"
            ),
            {"token": second.iban_token, "sealed": second.iban_sealed},
        )


@pytest.mark.clause("5.2b")
@pytest.mark.clause("4.10")
def test_an_account_named_in_a_contract_is_added_by_its_ceremony(
    owner: Changing,
) -> None:
    """No statement of its own is signed: the document names the account in full."""
    reply = owner.act(Act.ADD, NEW_IBAN)
    account_id = UUID(str(reply["account_id"]))
    client, contract = owner.client, f"contract:{account_id}"
    with pytest.raises(Refused, match="account_changed"):
        client.open_contract(b"to another account", contract, account_id)
    client.open_contract(f"to {NEW_IBAN.reveal()}".encode(), contract, account_id)
    client.pass_biometrics()
    assert len(owner.accounts) == 1
    assert client.sign()["state"] == "completed"
    assert owner.state == "applied"
    assert owner.accounts[1]["state"] == "proved"
    (event,) = owner.cabinet.said("bank_account_added")
    assert event["ceremony_id"] == str(client.ceremony_id)
