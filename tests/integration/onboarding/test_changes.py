"""Changing number and account against the outer world and the database (4.10)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from infra.simulators.client import person_from_seed
from kernel.context import Call
from kernel.crypto import Json, sha256
from kernel.errors import Refused
from kernel.values import Iban, Phone
from services.onboarding.domain.change import ChangeKind
from services.onboarding.handlers.changes import Which
from tests.integration.onboarding.conftest import RIGHT_CODE, Applicant, Cabinet

KEY = "01a2130e-4a68-713f-b993-5feed469ea37"
NEW = person_from_seed("a new number and account")
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
        else:
            made = call(self.cabinet, client_id, "start_account_change", key)
            reply = cases.start_account_change(made, client_id=client_id, iban=NEW_IBAN)
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
        else:
            cases.start_account_change(made, client_id=client_id, iban=Iban(third.iban))

    def open(self) -> None:
        """Up to the open ceremony."""
        cases, context = self.cabinet.use_cases, self.cabinet.context()
        if self.kind is ChangeKind.PHONE:
            self.own_number()
            cases.confirm_phone_change(context, which=self.which, code=RIGHT_CODE)
        self.ceremony = cases.open_change_ceremony(context, which=self.which)
        self.client.ceremony = self.ceremony

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
    account = cabinet.use_cases.get_account(cabinet.context(), client_id=client_id)
    assert account["state"] == "unproved"
    cabinet.stand.control.create_account(iban=NEW.iban, iin=changing.client.person.iin)
    proof = cabinet.use_cases.prove_ownership(
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
