"""Clients' own keys in contracts, and what is left when one is destroyed."""

import base64
import importlib.util
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from kernel.crypto import UnsealError
from kernel.erasure import seal_by_own_keys
from kernel.errors import Refused
from kernel.events.onboarding import PersonalDataErased
from services.contracts.domain.contract import Contract
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import documents, erasures, exports, underwriting
from services.contracts.handlers.signing import SigningDesk
from services.contracts.storage import metadata
from services.contracts.storage.keys import HOUSE
from services.contracts.wiring.disclosures import DisclosureUseCases
from tests.integration.contracts import test_inquiries as inquiries
from tests.integration.contracts.conftest import MIGRATIONS, PRINTER, Desk
from tests.integration.contracts.test_disclosures import (
    FIRST,
    OF_ONE,
    OF_THE_LOG,
    REQUEST,
    agree,
    ask,
    call_of,
    entered,
)
from tests.integration.contracts.test_storage import put
from tests.staff import ANNA, member
from tests.unit.contracts.builders import CLIENT, STRANGER, offered

MARK = b"\x01\x06person"
TERM_OVER = timedelta(days=6 * 366)
SEALED = {
    "contracts": ("document", "id::text"),
    "documents": ("data", "sha256"),
    "company_signatures": ("proof", "document_sha256"),
    "application_checks": ("found", "application_id || '/' || name"),
    "disclosure_documents": ("document", "sha256"),
    "letters": ("text", "id::text"),
}


def fields(desk: Desk) -> list[tuple[str, str, str, bytes]]:
    """Every sealed field: table, column, name of the row in its seal, bytes."""
    return [
        (table, column, row.key, bytes(row.sealed))
        for table, (column, key) in SEALED.items()
        for row in desk.rows(f"SELECT {key} AS key, {column} AS sealed FROM {table}")  # noqa: S608 - our own names
    ]


def hear(desk: Desk, client_id: UUID = CLIENT) -> None:
    """Onboarding has erased the client."""
    with desk.unit() as unit:
        erasures.when_personal_data_erased(
            PersonalDataErased(client_id=client_id), unit=unit, clock=desk.clock
        )


def beat(desk: Desk) -> int:
    return erasures.erase_heard(
        work=desk.work(), policy=desk.platform.policy, clock=desk.clock
    )


def refused(desk: Desk) -> Contract:
    """A contract both signed and the client refused."""
    contract_id = desk.concluded()
    desk.refuse(contract_id)
    return desk.contract(contract_id)


def write(desk: Desk) -> UUID:
    """A letter of the client's."""
    return inquiries.opened(desk, inquiries.cases_of(desk))


@pytest.fixture
def erased(desk: Desk) -> Contract:
    """The refused contract of a client whose terms are over."""
    contract = refused(desk)
    entered(desk, DisclosureUseCases(desk.platform), OF_ONE)
    write(desk)
    hear(desk)
    desk.clock.move(TERM_OVER)
    assert beat(desk) == 1
    return contract


def sql(desk: Desk, statement: str) -> None:
    with desk.owner.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.seeded("contracts_sealed_by_the_services_key")
def test_everything_of_a_client_is_sealed_by_their_own_key(desk: Desk) -> None:
    """Copied out with the service's keys, without the one row, nothing opens."""
    refused(desk)
    write(desk)
    register = DisclosureUseCases(desk.platform)
    ask(desk, register, OF_ONE)
    ask(desk, register, OF_THE_LOG, b"a request about everybody")
    found = fields(desk)
    assert {table for table, *_ in found} == set(SEALED)
    for table, column, row, sealed in found:
        assert sealed.startswith(MARK), table
        with pytest.raises(UnsealError):
            desk.platform.field_keys.unseal(sealed, table=table, column=column, row=row)


@pytest.mark.seeded("contracts_erased_looks_broken")
def test_whom_onboarding_erased_nobody_opens_here(desk: Desk, erased: Contract) -> None:
    """Neither a reader, nor an export, nor a backup of the other tables."""
    (row,) = desk.rows(
        "SELECT key_sealed FROM person_keys WHERE client_id = :client", client=CLIENT
    )
    assert row.key_sealed is None
    assert desk.said()[-1] == "client_records_erased"
    for table, column, name, sealed in fields(desk):
        with pytest.raises(UnsealError):
            desk.platform.field_keys.unseal(
                sealed, table=table, column=column, row=name
            )
    by = member(ANNA, frozenset({"documents.read"}))
    readings: list[Any] = [
        lambda: desk.document(erased.id),
        lambda: documents.read_for_staff(
            contract_id=erased.id,
            sha256=erased.document_sha256,
            purpose=ReadPurpose.COMPLAINT,
            by=by,
            work=desk.work(),
        ),
        lambda: underwriting.show(erased.application_id, work=desk.work()),
        lambda: inquiries.cases_of(desk).show_own(
            inquiries.call_of(desk), desk.rows("SELECT id FROM inquiries")[0][0]
        ),
        lambda: DisclosureUseCases(desk.platform).document(
            call_of(desk), desk.rows("SELECT sha256 FROM disclosure_documents")[0][0]
        ),
    ]
    for reading in readings:
        with pytest.raises(Refused, match="person_erased"):
            reading()


def test_an_export_says_erased(desk: Desk, erased: Contract) -> None:
    """Even for an entry of the register made after the erasure."""
    register = DisclosureUseCases(desk.platform)
    in_force = ask(desk, register, replace(OF_ONE, client_id=STRANGER), b"another")
    agree(desk, register, in_force)
    sql(desk, f"UPDATE disclosures SET client_id = '{CLIENT}'")  # noqa: S608 - our own id
    sql(desk, "UPDATE disclosures SET valid_until = 'infinity'")
    with pytest.raises(Refused, match="person_erased"):
        exports.export_contract(
            erased.id,
            disclosure_id=in_force,
            purpose=ReadPurpose.COMPLAINT,
            by=FIRST,
            desk=SigningDesk(
                work=desk.work(),
                antifraud=desk.antifraud,
                signer=desk.signer,
                witness=desk.witness,
                printer=PRINTER,
                policy=desk.platform.policy,
                clock=desk.clock,
                resting={},
            ),
        )


def test_a_printed_code_still_tells_what_became_of_the_contract(
    desk: Desk, erased: Contract
) -> None:
    told: Any = documents.look_up(digest=erased.document_sha256, work=desk.work())
    assert told["state"] == "annulled"
    listed: Any = documents.list_for_staff(contract_id=erased.id, work=desk.work())
    assert len(listed["documents"]) == 2


@pytest.mark.seeded("contracts_erasure_keeps_tokens")
def test_nothing_by_which_others_know_the_client_is_left(desk: Desk) -> None:
    """No certificate, protocol or keyed token, of an amendment neither."""
    refused(desk)
    sql(
        desk,
        "UPDATE contracts SET account_token = 'token.a', amended_token = 'token.b',"
        " protocol_id = 'token.c', certificate_serial = 'token.d';"
        " UPDATE clients SET iin_token = 'token.e';"
        " INSERT INTO amendments (id, contract_id, client_id, ordinal, cause,"
        " previous_sha256, requested_at, state, account_token, protocol_id,"
        " certificate_serial)"
        " SELECT gen_random_uuid(), id, client_id, 1, 'client', 'd', now(),"
        " 'withdrawn', 'token.f', 'token.g', 'token.h' FROM contracts",
    )
    hear(desk)
    desk.clock.move(TERM_OVER)
    assert beat(desk) == 1
    for table in metadata.sorted_tables:
        if table.name == "outbox":  # events said it, and are for ever
            continue
        rows = desk.rows(f'SELECT "{table.name}"::text AS row FROM "{table.name}"')  # noqa: S608 - our own names
        assert (table.name, [row for row in rows if "token." in row.row]) == (
            table.name,
            [],
        )
    assert not any(
        bytes(one.reply) for one in desk.rows("SELECT reply FROM idempotency")
    )


@pytest.mark.seeded("contracts_erased_while_open")
def test_nobody_is_erased_while_a_contract_is_open(desk: Desk) -> None:
    """Not even by the schema's owner; it is looked at again a day later."""
    contract_id = desk.concluded()
    hear(desk)
    desk.clock.move(TERM_OVER)
    assert beat(desk) == 0
    assert desk.document(contract_id)
    with pytest.raises(DBAPIError, match="open contract"):
        sql(desk, f"SELECT erase_person('{CLIENT}', now() + interval '9 years')")


@pytest.mark.seeded("contracts_erased_before_the_term")
def test_documents_stay_for_their_term(desk: Desk) -> None:
    contract = refused(desk)
    hear(desk)
    assert beat(desk) == 0
    desk.clock.move(timedelta(days=5 * 365))  # a leap day short
    assert beat(desk) == 0
    assert desk.document(contract.id)
    with pytest.raises(DBAPIError, match="five years"):
        sql(desk, f"SELECT erase_person('{CLIENT}', now() + interval '4 years')")
    desk.clock.move(timedelta(days=2))
    assert beat(desk) == 1


@pytest.mark.seeded("contracts_do_not_erase")
def test_who_has_nothing_here_is_erased_at_once(desk: Desk) -> None:
    """And nothing is sealed of them afterwards."""
    hear(desk, STRANGER)
    hear(desk, STRANGER)
    assert (beat(desk), beat(desk)) == (1, 0)
    desk.activate(STRANGER)
    with pytest.raises(Refused, match="person_erased"):
        desk.submit(client_id=STRANGER)


def test_an_erasure_is_of_one_client_only(desk: Desk) -> None:
    contract = refused(desk)
    put(desk, replace(offered(), id=STRANGER, client_id=STRANGER, number="KSK-2"))
    hear(desk, CLIENT)
    desk.clock.move(TERM_OVER)
    assert beat(desk) == 1
    with pytest.raises(Refused, match="person_erased"):
        desk.document(contract.id)
    with desk.unit() as unit:
        other = unit.contracts.get(STRANGER)
        assert other is not None
        assert unit.contracts.document(other)


def test_a_destroyed_key_does_not_come_back(desk: Desk, erased: Contract) -> None:
    del erased
    with pytest.raises(DBAPIError, match="does not come back"):
        sql(desk, "UPDATE person_keys SET destroyed_at = NULL")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE person_keys SET destroyed_at = now()", "DELETE FROM person_keys"],
)
def test_the_services_role_destroys_a_key_by_the_whole_act_alone(
    desk: Desk, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.as_service() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("column", "becomes"),
    [("proof", b"\x01\x06other"), ("certificate_serial", MARK), ("data", MARK)],
)
def test_nothing_but_a_sealed_field_is_sealed_anew(
    desk: Desk, column: str, becomes: bytes
) -> None:
    with (
        pytest.raises(DBAPIError, match="sealed anew once"),
        desk.as_service() as connection,
    ):
        connection.execute(
            text(
                "SELECT reseal('company_signatures', :column, 'document_sha256',"
                " 'x', :was, :becomes)"
            ),
            {"column": column, "was": b"\x01\x02k1", "becomes": becomes},
        )


def migration(name: str) -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location(name, MIGRATIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.seeded("contracts_old_requests_not_resealed")
def test_who_was_there_before_is_sealed_anew_and_reads_the_same(desk: Desk) -> None:
    """Clients of before there were keys, and requests about nobody in particular."""
    from kernel.migrations import MAKE_NO_KEYS_YET  # noqa: PLC0415 - once

    sql(desk, "DELETE FROM person_keys")
    sql(desk, MAKE_NO_KEYS_YET)
    contract = refused(desk)
    inquiry_id = write(desk)
    register = DisclosureUseCases(desk.platform)
    entered(desk, register, OF_ONE)
    ask(desk, register, OF_THE_LOG, b"a request about everybody")
    sql(desk, "UPDATE disclosure_documents SET client_id = NULL")  # of before
    assert not any(sealed.startswith(MARK) for *_, sealed in fields(desk))
    whom = migration("0024_post_person_keys").WHOM
    sql(
        desk,
        "DROP TRIGGER person_keys_not_yet ON person_keys;"
        " DROP FUNCTION make_no_key_yet();"
        f" INSERT INTO person_keys (client_id) {whom}",
    )
    before = desk.document(contract.id)
    for _ in range(2):
        assert seal_by_own_keys(desk.work().begin, at=desk.clock.now()) == ()
        desk.clock.move(timedelta(minutes=2))
    assert all(sealed.startswith(MARK) for *_, sealed in fields(desk))
    assert desk.document(contract.id) == before
    shown: Any = inquiries.cases_of(desk).show_own(inquiries.call_of(desk), inquiry_id)
    assert shown["letters"][0]["text"] == inquiries.WORDS
    for request in (REQUEST, b"a request about everybody"):
        digest = desk.rows(
            "SELECT encode(sha256(:request), 'hex') AS digest", request=request
        )[0].digest
        kept: Any = register.document(call_of(desk), digest)
        assert base64.b64decode(kept["document_b64"]) == request
    (house,) = desk.rows(
        "SELECT whole_at FROM person_keys WHERE client_id = :house", house=HOUSE
    )
    assert house.whole_at is not None
