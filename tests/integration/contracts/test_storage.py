"""What the database keeps, refuses, and does not show."""

import base64
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from kernel.crypto import sha256_hex
from kernel.errors import Broken
from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain import checks
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.rules import LendingRules
from services.contracts.domain.states import ContractState
from services.contracts.ports import Visit
from services.contracts.storage import metadata
from tests.integration.contracts.conftest import Desk, as_object
from tests.unit.contracts.builders import (
    ACCOUNT,
    APPLICATION,
    CLIENT,
    DOCUMENT,
    MICROSECOND,
    OFFERED_AT,
    POLICY,
    STRANGER,
    active,
    annulled,
    application,
    blocked,
    borrower,
    concluded,
    consented,
    offered,
    released,
    report,
    scheduled,
    signing,
)


def put(desk: Desk, contract: Contract, document: bytes = DOCUMENT) -> Contract:
    """A contract of any state, with the application it came from."""
    with desk.unit() as unit:
        assert unit.applications.add(
            application(id=contract.application_id, client_id=contract.client_id)
        )
        decided = application(
            id=contract.application_id,
            client_id=contract.client_id,
            state=ApplicationState.OFFERED,
            account_id=ACCOUNT,
            contract_id=contract.id,
        )
        assert unit.applications.save(decided, was=ApplicationState.SUBMITTED)
        unit.contracts.add(contract, document)
    return contract


def test_the_schema_made_by_migrations_is_the_schema_declared(desk: Desk) -> None:
    """Tables, columns, types and indexes; nothing more and nothing less."""
    with desk.owner.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: (
                    kind != "table" or name != "alembic_version"
                ),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_the_checks_of_the_database_are_those_declared(desk: Desk) -> None:
    """Alembic does not compare CHECK constraints, so this does."""
    found = desk.rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'c'"
        " AND connamespace = 'public'::regnamespace"
    )
    declared = {
        str(constraint.name)
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert declared == {row.conname for row in found}


@pytest.mark.parametrize(
    "build",
    [
        offered,
        signing,
        concluded,
        consented,
        scheduled,
        released,
        active,
        annulled,
        blocked,
    ],
)
def test_a_contract_comes_back_as_it_was_put(
    desk: Desk, build: Callable[[], Contract]
) -> None:
    """Every field, in every state, to the microsecond and the tiyn."""
    contract = put(desk, build())
    assert contract == desk.contract(contract.id)
    with desk.unit() as unit:
        assert unit.contracts.document(contract) == DOCUMENT
        assert [contract] == unit.contracts.list_own(CLIENT, Page())
        assert unit.contracts.list_own(STRANGER, Page()) == []


def test_a_save_writes_the_whole_progress_or_misses(desk: Desk) -> None:
    """One conditional update; a state that has moved on is not written over."""
    before, after = put(desk, signing()), released()
    with desk.unit() as unit:
        assert not unit.contracts.save(after, was=ContractState.OFFERED)
        assert unit.contracts.save(after, was=before.state)
        assert not unit.contracts.save(after, was=before.state)
    assert after == desk.contract(before.id)


def test_personal_data_are_sealed(desk: Desk) -> None:
    """Neither the document nor the trace can be read in the table."""
    contract_id = desk.offered()
    person = borrower()
    ((document,),) = desk.rows("SELECT document FROM contracts")
    traces = desk.rows("SELECT found FROM application_checks")
    assert len(traces) == 13
    stored = bytes(document) + b"".join(bytes(row.found) for row in traces)
    for secret in (person.iin, person.surname, person.document_number, "R-1", "%PDF"):
        assert secret.encode() not in stored
    shown = as_object(desk.document(contract_id))
    assert base64.b64decode(str(shown["document_b64"])).startswith(b"%PDF-")


@pytest.mark.clause("5.1")
@pytest.mark.seeded("contracts_document_unhashed")
def test_the_document_kept_has_the_digest_that_is_published(desk: Desk) -> None:
    """Clause 5.1: an electronic document, with its hash, in its original format."""
    contract_id = desk.offered()
    shown = as_object(desk.document(contract_id))
    digest = sha256_hex(base64.b64decode(str(shown["document_b64"])))
    ((data,),) = desk.rows(
        "SELECT data FROM outbox WHERE type = 'contracts.contract_offered.v1'"
    )
    assert digest == shown["sha256"] == desk.view(contract_id)["document_sha256"]
    assert digest.encode() in bytes(data)


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("contracts_document_digest_unchecked")
def test_another_document_in_its_place_is_detected(desk: Desk) -> None:
    """Even one sealed with the right key: its digest is not the contract's."""
    contract_id = desk.offered()
    other = desk.platform.field_keys.seal(
        b"another", table="contracts", column="document", row=contract_id
    )
    desk.rows("UPDATE contracts SET document = :other RETURNING id", other=other)
    with pytest.raises(Broken):
        desk.document(contract_id)


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("contracts_changed_document_served")
def test_a_changed_byte_is_detected(desk: Desk) -> None:
    """One bit of the stored document."""
    contract_id = desk.offered()
    desk.rows(
        "UPDATE contracts SET document = set_byte(document, 40,"
        " get_byte(document, 40) # 1) RETURNING id"
    )
    with pytest.raises(Broken):
        desk.document(contract_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contracts SET amount_minor = 1",
        "UPDATE contracts SET document_sha256 = ''",
        "UPDATE contracts SET document = ''",
        "UPDATE contracts SET account_id = client_id",
        "UPDATE applications SET amount_minor = 1",
        "UPDATE statements SET channel = 'egov'",
        "UPDATE application_checks SET passed = true",
        "UPDATE documents SET kind = 'evidence'",
        "UPDATE templates SET ru = ''",
        "DELETE FROM documents",
        "DELETE FROM contracts",
        "DELETE FROM statements",
        "DELETE FROM application_checks",
        "TRUNCATE statements",
        "ALTER TABLE contracts DROP CONSTRAINT contracts_released",
    ],
)
@pytest.mark.clause("3.3c")
@pytest.mark.seeded("contracts_role_may_rewrite")
def test_the_services_role_cannot_rewrite_what_was_agreed(
    desk: Desk, statement: str
) -> None:
    """Amount, document, account, statements and traces are only ever added."""
    with pytest.raises(ProgrammingError), desk.as_service() as connection:
        connection.execute(text(statement))


def test_a_release_before_the_hold_cannot_stand_in_a_row(desk: Desk) -> None:
    """Clause 5.5, even if the code were wrong."""
    contract = put(desk, released())
    assert contract.hold_until is not None
    early = replace(contract, released_at=contract.hold_until - MICROSECOND)
    with pytest.raises(IntegrityError), desk.unit() as unit:
        unit.contracts.save(early, was=contract.state)


@pytest.mark.parametrize(
    "missing",
    ["signed_at", "protocol_id", "certificate_serial", "signature_sha256"],
)
def test_a_conclusion_without_both_proofs_cannot_stand_in_a_row(
    desk: Desk, missing: str
) -> None:
    """Clause 5.2, even if the code were wrong."""
    contract = put(desk, signing())
    gap: dict[str, Any] = {missing: None}
    lacking = replace(concluded(), **gap)
    with pytest.raises(IntegrityError), desk.unit() as unit:
        unit.contracts.save(lacking, was=contract.state)


def test_a_client_cannot_have_two_unfinished_contracts(desk: Desk) -> None:
    """A finished one is no obstacle, a blocked one is."""
    put(desk, annulled())
    second = offered(
        id=UUID(int=0xC9),
        application_id=UUID(int=0xA9),
        number="KSK-2",
        amount=Money(1),
    )
    put(desk, second)
    third = offered(id=UUID(int=0xCA), application_id=UUID(int=0xAA), number="KSK-3")
    with pytest.raises(IntegrityError):
        put(desk, third)


def test_the_beats_find_their_rows_and_no_others(desk: Desk) -> None:
    """Silent ones by their instant, refused ones until they are final."""
    contract = put(desk, concluded())
    assert contract.silence_at is not None
    with desk.unit() as unit:
        early = contract.silence_at - MICROSECOND
        assert unit.contracts.silent(at=early, limit=9) == []
        assert [contract.id] == unit.contracts.silent(at=contract.silence_at, limit=9)
        assert unit.contracts.refused(limit=9) == []
        asked = replace(contract, refusal_asked_at=contract.signed_at)
        assert unit.contracts.save(asked, was=contract.state)
        assert [asked] == unit.contracts.refused(limit=9)


def test_undecided_applications_are_found_oldest_first(desk: Desk) -> None:
    """Decided ones are not."""
    first = application(id=UUID(int=1), client_id=UUID(int=11))
    second = application(
        id=UUID(int=2),
        client_id=UUID(int=12),
        submitted_at=first.submitted_at + timedelta(seconds=1),
    )
    with desk.unit() as unit:
        assert unit.applications.add(second)
        assert unit.applications.add(first)
        assert not unit.applications.add(replace(first, id=UUID(int=3)))
        before = second.submitted_at

        def due(submitted_before: datetime, at: datetime = before) -> list[UUID]:
            return unit.applications.undecided(
                at=at, submitted_before=submitted_before, limit=9
            )

        assert [first.id, second.id] == due(before)
        assert [first.id] == due(before - MICROSECOND)
        held = replace(first, tries=1, next_ask_at=before + MICROSECOND)
        assert unit.applications.save(held, was=first.state)
        assert held == unit.applications.get(first.id)
        assert [second.id] == due(before)
        assert [first.id, second.id] == due(before, before + MICROSECOND)
        waiting = replace(held, next_ask_at=None, for_person_since=before)
        assert unit.applications.save(waiting, was=first.state)
        assert [second.id] == due(before)
        assert [waiting] == unit.applications.held(limit=9)
        refused = replace(
            first, state=ApplicationState.REFUSED, refusal_code="stop_credit"
        )
        assert unit.applications.save(refused, was=first.state)
        assert [second.id] == due(before)
        assert unit.applications.held(limit=9) == []


@pytest.mark.seeded("contracts_answer_written_over")
def test_a_line_of_a_trace_stands_once_it_is_written(desk: Desk) -> None:
    """With the settings it cites; askings without an answer stand beside it."""
    put(desk, offered())
    rules = LendingRules.at(POLICY, OFFERED_AT)
    first = checks.check_debt_burden(report(), rules)
    later = checks.check_debt_burden(report(debt_burden="0.99"), rules)
    silent = checks.unknown("debt_burden", "credit report")
    with desk.unit() as unit:
        for at, check in enumerate((silent, silent, first, later)):
            now = OFFERED_AT + timedelta(minutes=at)
            unit.applications.record(APPLICATION, [check], at=now)
        assert unit.applications.answered(APPLICATION) == {"debt_burden": first}
        lines = unit.applications.trace(APPLICATION)
    assert [line.check for line in lines] == [silent, silent, first]
    assert first.cited[0].key == "lending.kdn_max"
    (row,) = desk.rows("SELECT found FROM application_checks")
    assert b"0.31" not in bytes(row.found)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE application_checks SET passed = NOT passed",
        "UPDATE unanswered_checks SET name = 'x'",
        "UPDATE visits SET visited_on = visited_on",
        "DELETE FROM application_checks",
        "DELETE FROM unanswered_checks",
        "DELETE FROM visits",
    ],
)
def test_the_service_cannot_rewrite_a_trace_or_a_visit(
    desk: Desk, statement: str
) -> None:
    """Rows are only added."""
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.as_service() as connection,
    ):
        connection.execute(text(statement))


def test_a_visit_is_recorded_once_and_by_two(desk: Desk) -> None:
    """The database itself demands two persons."""
    visit = Visit(
        client_id=CLIENT,
        visited_on=OFFERED_AT.date(),
        approval_id=UUID(int=0xAE),
        recorded_by=UUID(int=0x51),
        confirmed_by=UUID(int=0x52),
    )
    with desk.unit() as unit:
        assert not unit.visits.has(CLIENT)
        assert unit.visits.add(visit, at=OFFERED_AT)
        assert not unit.visits.add(visit, at=OFFERED_AT)
        assert unit.visits.has(CLIENT)
        assert not unit.visits.has(STRANGER)
    alone = replace(visit, approval_id=UUID(int=0xAF), confirmed_by=visit.recorded_by)
    with pytest.raises(IntegrityError), desk.unit() as unit:
        unit.visits.add(alone, at=OFFERED_AT)


def test_every_field_of_a_contract_has_its_column() -> None:
    """A new field that storage forgets would be lost in silence."""
    columns = set(metadata.tables["contracts"].c.keys())
    names = {field.name for field in fields(Contract)} - {"amount"}
    assert names | {"amount_minor", "document"} == columns
