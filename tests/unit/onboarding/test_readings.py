"""Readings by the staff: masked without a purpose, recorded and shown with one."""

import base64
from typing import Any
from uuid import UUID

import pytest

from kernel.context import StaffMember
from kernel.errors import Refused
from kernel.events.onboarding import PersonalDataRead
from kernel.pages import Page
from services.onboarding.domain.reading import StaffPurpose
from services.onboarding.handlers import exports, readings
from services.onboarding.ports import Client
from tests.unit.onboarding.builders import CLIENT, IBAN, IIN, PHONE, STRANGER, person
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign

ANNA = StaffMember(
    id=UUID("01890000-0000-7000-8000-0000000000aa"),
    permissions=frozenset({"clients.read"}),
)
PERSONAL = (IIN.reveal(), PHONE.reveal(), "Ахметов", "Арман", "Серикович", "012345678")


@pytest.fixture
def client(bench: Bench) -> Bench:
    """The bench with an active client."""
    bench.unit.clients.rows[CLIENT] = Client(
        client_id=CLIENT,
        registration_id=UUID(int=1),
        iin_token="iin",  # noqa: S106 - a twin of a token
        phone=PHONE,
        phone_token="phone",  # noqa: S106 - a twin of a token
    )
    bench.unit.registrations.persons[CLIENT] = person()
    return bench


def read(
    bench: Bench, purpose: StaffPurpose = StaffPurpose.COMPLAINT, of: UUID = CLIENT
) -> str:
    answer = readings.read_client(
        begin=bench.unit.begin,
        clock=bench.clock,
        client_id=of,
        purpose=purpose,
        by=ANNA,
    )
    return str(answer)


def own(bench: Bench, page: Page | None = None) -> dict[str, Any]:
    return dict(
        readings.list_readings(
            begin=bench.unit.begin, client_id=CLIENT, page=page or Page()
        )
    )


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("onboarding_staff_are_shown_everything")
def test_without_a_purpose_everything_personal_is_masked(client: Bench) -> None:
    shown = str(readings.show_client(begin=client.unit.begin, client_id=CLIENT))
    assert [value for value in PERSONAL if value in shown] == []
    assert "А*** А*** С***" in shown
    assert client.unit.said(PersonalDataRead) == []


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("onboarding_staff_read_unrecorded")
def test_a_reading_by_the_staff_is_recorded_with_who_and_why(client: Bench) -> None:
    answer = read(client)
    assert [value for value in PERSONAL if value not in answer] == []
    (event,) = client.unit.said(PersonalDataRead)
    assert isinstance(event, PersonalDataRead)
    assert (event.client_id, event.reader, event.purpose) == (
        CLIENT,
        f"staff:{ANNA.id}",
        "complaint",
    )


def test_the_client_sees_that_it_was_the_staff_and_what_for(client: Bench) -> None:
    read(client, StaffPurpose.COMPLAINT)
    read(client, StaffPurpose.FRAUD_CASE)
    newest, older = own(client)["items"]
    assert (newest["reader"], newest["purpose"]) == ("staff", "fraud_case")
    assert (older["reader"], older["purpose"]) == ("staff", "complaint")
    assert str(ANNA.id) not in str(own(client))


def test_the_history_goes_on_page_by_page(client: Bench) -> None:
    for purpose in StaffPurpose:
        read(client, purpose)
    first = own(client, Page(limit=3))
    rest = own(client, Page(limit=3, before=UUID(str(first["next_before"]))))
    seen = [line["purpose"] for page in (first, rest) for line in page["items"]]
    assert seen == [purpose.value for purpose in reversed(StaffPurpose)]
    assert rest["next_before"] is None


def test_nobody_unknown_is_read(client: Bench) -> None:
    with pytest.raises(Refused) as refused:
        read(client, of=STRANGER)
    assert refused.value.code == "client_unknown"
    assert client.unit.readings.rows == []


@pytest.mark.seeded("onboarding_export_unrecorded")
def test_an_export_holds_everything_and_is_a_reading_itself(bench: Bench) -> None:
    client = Applicant(bench)
    ceremony_id = client.up_to_ceremony()
    look(bench)
    sign(bench, ceremony_id, client.owner)
    client.activate()
    made: dict[str, Any] = dict(
        exports.export_own_data(
            begin=bench.unit.begin, clock=bench.clock, client_id=client.client_id
        )
    )
    assert made["person"]["iin"] == IIN.reveal()
    assert made["accounts"] == ({"account": IBAN.reveal(), "state": "proved"},)
    assert base64.b64decode(made["photo"]["photo_b64"]) == b"clean picture"
    assert {line["kind"] for line in made["consents"]} == {
        "personal_data",
        "biometrics",
    }
    assert [one["state"] for one in made["identifications"]] == ["completed"]
    (kept,) = bench.unit.readings.rows
    assert (kept.reader, kept.purpose) == ("client", "own_export")
    assert len(bench.unit.said(PersonalDataRead)) == 1
