"""Readings and refusals as the database keeps them."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from kernel.clock import rfc3339
from kernel.context import StaffMember
from kernel.crypto import sha256_hex
from kernel.errors import Refused
from kernel.events import Envelope
from kernel.events.contracts import DocumentRead
from kernel.pages import Page
from kernel.values import Iin, Phone
from services.onboarding.domain.person import Names
from services.onboarding.domain.reading import StaffPurpose
from tests.integration.onboarding.conftest import CONSENTS, Applicant, Cabinet

REWRITES = ("UPDATE readings SET purpose = 'another'", "DELETE FROM readings")


def read(cabinet: Cabinet, client: Applicant, purpose: StaffPurpose) -> None:
    cabinet.use_cases.personal.read_client(
        cabinet.context(),
        client_id=client.client_id,
        purpose=purpose,
        by=StaffMember(id=uuid4(), permissions=frozenset({"clients.read"})),
    )


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("onboarding_anybodys_readings")
def test_a_client_sees_the_readings_of_their_own_data_only(cabinet: Cabinet) -> None:
    one, other = cabinet.client("read one"), cabinet.client("read other")
    for purpose in StaffPurpose:
        read(cabinet, one, purpose)
    read(cabinet, other, StaffPurpose.COMPLAINT)

    def page(before: object = None) -> dict[str, Any]:
        asked = Page(limit=3, before=before)  # type: ignore[arg-type] # an id
        return dict(
            cabinet.use_cases.personal.list_readings(
                cabinet.context(), asked, client_id=one.client_id
            )
        )

    first = page()
    rows = cabinet.rows(
        "SELECT reading_id, purpose FROM readings WHERE client_id = :id"
        " ORDER BY reading_id DESC",
        id=one.client_id,
    )
    rest = page(rows[2].reading_id)
    seen = [line["reading_id"] for part in (first, rest) for line in part["items"]]
    assert seen == [str(row.reading_id) for row in rows]
    events = {said["purpose"] for said in cabinet.said("personal_data_read")}
    assert events == {purpose.value for purpose in StaffPurpose}


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("onboarding_documents_read_unseen")
def test_a_document_of_a_contract_that_was_read_stands_among_the_readings(
    cabinet: Cabinet,
) -> None:
    """By whom the client hears as of any reading: of the staff, that it was they."""
    client = cabinet.client("whose contract was read")
    read = DocumentRead(
        contract_id=UUID(int=1),
        client_id=client.client_id,
        document_sha256="5e" * 32,
        reader=f"staff:{UUID(int=7)}",
        purpose="court_case",
    )
    envelope = Envelope(
        id=cabinet.platform.ids.new(),
        source="contracts",
        type=read.TYPE,
        time=cabinet.platform.clock.now(),
        subject=read.subject,
        subjectversion=1,
        sequence=1,
        traceparent="",
        correlation_id=UUID(int=2),
        causation_id=None,
        keyid="k",
        data=read.to_data(),
    )
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        cabinet.use_cases.personal.when_read(tx, read, envelope)
    shown: dict[str, Any] = dict(
        cabinet.use_cases.personal.list_readings(
            cabinet.context(), Page(limit=1, before=None), client_id=client.client_id
        )
    )
    (newest,) = shown["items"]
    assert newest == {
        "reading_id": str(envelope.id),
        "reader": "staff",
        "purpose": "court_case",
        "what": "document",
        "at": rfc3339(envelope.time),
    }


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("onboarding_search_leaves_no_record")
def test_who_is_looked_for_by_number_sees_it(cabinet: Cabinet) -> None:
    """By the keyed index, the whole value or nothing; a look at nobody is none."""
    client = cabinet.client("who is looked for")
    iin_of, phone_of = Iin(client.person.iin), Phone(client.person.phone)

    def find(iin: Iin | None = None, phone: Phone | None = None) -> object:
        return cabinet.use_cases.clients.find_client(
            cabinet.context(), iin=iin, phone=phone, staff_id=UUID(int=7)
        )["client_id"]

    assert find(iin=iin_of) == str(client.client_id)
    assert find(phone=phone_of) == str(client.client_id)
    assert find(iin=Iin("931002451325"), phone=phone_of) is None
    assert find(iin=Iin("931002451325")) is None
    assert find() is None
    shown: dict[str, Any] = dict(
        cabinet.use_cases.personal.list_readings(
            cabinet.context(), Page(limit=100), client_id=client.client_id
        )
    )
    looks = [one for one in shown["items"] if one["purpose"] == "search"]
    assert [one["reader"] for one in looks] == ["staff", "staff"]


@pytest.mark.seeded("onboarding_readings_may_be_rewritten")
@pytest.mark.parametrize("statement", REWRITES)
def test_no_reading_is_forgotten_even_by_the_schemas_owner(
    cabinet: Cabinet, statement: str
) -> None:
    read(cabinet, cabinet.client("forgotten"), StaffPurpose.FRAUD_CASE)
    with (
        pytest.raises(DBAPIError, match="only added"),
        cabinet.owner.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", [*REWRITES, "DELETE FROM registration_refusals"])
def test_the_role_of_the_service_has_no_right_to_try(
    cabinet: Cabinet, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        cabinet.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_a_refusal_is_kept_with_its_reason(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("of another name")
    applicant.confirm_phone()
    with pytest.raises(Refused, match="person_not_confirmed"):
        applicant.give_data(
            applicant.claimed(names=Names.parse("Чужая", "Фамилия", None))
        )
    shown: dict[str, Any] = dict(
        cabinet.use_cases.personal.show_registration(
            cabinet.context(), registration_id=applicant.registration_id
        )
    )
    (line,) = shown["refusals"]
    assert (line["reason"], line["outcome"]) == ("names_differ", "retry")
    listed = cabinet.use_cases.personal.list_refusals(cabinet.context())
    assert listed["refusals"] == shown["refusals"]
    (told,) = cabinet.said("registration_refused")
    assert (told["code"], told["reason"]) == ("person_not_confirmed", "names_differ")


def test_an_export_is_the_client_s_own_and_whole(cabinet: Cabinet) -> None:
    """What was given comes back, with every consent, proof and reading."""
    client = cabinet.client("exported")
    read(cabinet, client, StaffPurpose.COMPLAINT)
    made: dict[str, Any] = dict(
        cabinet.use_cases.personal.export_own_data(
            cabinet.context(), client_id=client.client_id
        )
    )
    identity = client.person.identity
    assert made["person"]["iin"] == identity.iin
    assert made["person"]["document"]["number"] == identity.document.number
    assert made["accounts"][0]["account"] == client.person.iban
    picture = base64.b64decode(made["photo"]["photo_b64"])
    assert sha256_hex(picture) == made["photo"]["sha256"]
    assert len(made["consents"]) == len(CONSENTS)
    assert [one["operation"] for one in made["identifications"]] == [
        f"registration:{client.registration_id}"
    ]
    assert [one["purpose"] for one in made["readings"]] == ["complaint"]
    assert cabinet.said("personal_data_read")[-1]["purpose"] == "own_export"
