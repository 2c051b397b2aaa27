"""Readings of a client's data in clear: each is on record, and the client sees it.

Whoever reads says what for; the row the client is shown and the event the log keeps
are one commit with the answer's transaction (clauses 1.3a, 6.1c).
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.context import StaffMember, jsonable
from kernel.crypto import Json
from kernel.errors import Broken
from kernel.events.contracts import DocumentRead, InquiryRead
from kernel.events.onboarding import PersonalDataRead
from kernel.pages import Page
from services.onboarding.domain.person import Person, unknown_client
from services.onboarding.domain.reading import Reading, StaffPurpose, What, reader_of
from services.onboarding.ports import Begin, Client, Unit


def record_reading(
    unit: Unit, client_id: UUID, *, reader: str, purpose: str, at: datetime
) -> None:
    """Keep and tell that somebody reads; the row bears the event's id."""
    reading_id = unit.publish(
        PersonalDataRead(client_id=client_id, reader=reader, purpose=purpose)
    )
    unit.readings.add(
        Reading(
            reading_id=reading_id,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
            at=at,
        )
    )


def when_read(
    unit: Unit, event: DocumentRead | InquiryRead, *, reading_id: UUID, at: datetime
) -> None:
    """A contract's document or the client's letters were shown: the client sees it."""
    unit.readings.add(
        Reading(
            reading_id=reading_id,
            client_id=event.client_id,
            reader=event.reader,
            purpose=event.purpose,
            at=at,
            what=What.DOCUMENT if isinstance(event, DocumentRead) else What.LETTERS,
        )
    )


def list_readings(*, begin: Begin, client_id: UUID, page: Page) -> Mapping[str, Json]:
    """A page of the readings of the client's own data, the newest first.

    Of the staff the client hears that it was the staff; the log knows who.
    """
    with begin() as unit:
        found = unit.readings.of_client(client_id, page)
    shown, next_before = page.cut(found, id_of=lambda reading: reading.reading_id)
    return {
        "items": tuple(reading_line(reading) for reading in shown),
        "next_before": jsonable(next_before),
    }


def reading_line(reading: Reading) -> Mapping[str, Json]:
    """A reading as its client sees it."""
    return {
        "reading_id": str(reading.reading_id),
        "reader": reading.kind_of_reader,
        "purpose": reading.purpose,
        "what": None if reading.what is None else reading.what.value,
        "at": rfc3339(reading.at),
    }


def show_client(*, begin: Begin, client_id: UUID) -> Mapping[str, Json]:
    """A client for the staff, what is personal masked.  Refused ``client_unknown``."""
    with begin() as unit:
        client, person = load_client(unit, client_id)
        accounts = unit.accounts.of_client(client_id)
        changes = unit.changes.of_client(client_id)
    return {
        "client_id": str(client_id),
        "registration_id": str(client.registration_id),
        "names": person.names.masked(),
        "iin": person.iin.masked(),
        "phone": client.phone.masked(),
        "document_kind": person.document.kind.value,
        "document_valid_until": person.document.valid_until.isoformat(),
        "accounts": tuple(
            {"account": one.destination.masked(), "state": one.state.value}
            for one in accounts
        ),
        "changes": tuple(
            {
                "change_id": str(one.change_id),
                "kind": one.kind.value,
                "act": one.act.value,
                "state": one.state.value,
                "refused_code": one.refused_code,
                "refused_reason": jsonable(one.refused_reason),
                "started_at": rfc3339(one.started_at),
            }
            for one in changes
        ),
    }


def read_client(
    *,
    begin: Begin,
    clock: Clock,
    client_id: UUID,
    purpose: StaffPurpose,
    by: StaffMember,
) -> Mapping[str, Json]:
    """A client in clear for a member of the staff.  Refused ``client_unknown``."""
    with begin() as unit:
        client, person = load_client(unit, client_id)
        accounts = unit.accounts.of_client(client_id)
        record_reading(
            unit,
            client_id,
            reader=reader_of(by.id),
            purpose=purpose.value,
            at=clock.now(),
        )
    named = tuple(account.destination.reveal() for account in accounts)
    return {**in_clear(client, person), "accounts": named}


def in_clear(client: Client, person: Person) -> Mapping[str, Json]:
    """Everything a client gave of themselves; only what is recorded may ask."""
    return {
        "client_id": str(client.client_id),
        "surname": person.names.surname,
        "given_name": person.names.given_name,
        "patronymic": person.names.patronymic,
        "iin": person.iin.reveal(),
        "phone": client.phone.reveal(),
        "document": {
            "kind": person.document.kind.value,
            "number": person.document.number,
            "valid_until": person.document.valid_until.isoformat(),
        },
    }


def load_client(unit: Unit, client_id: UUID) -> tuple[Client, Person]:
    """A client and who that is.  Refused ``client_unknown``."""
    client = unit.clients.get(client_id)
    if client is None:
        raise unknown_client()
    person = unit.registrations.person(client_id)
    if person is None:
        raise Broken("a client has no person")
    return client, person
