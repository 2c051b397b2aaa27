"""The staff look back: contracts that fit, and one contract's whole way."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.clock import almaty_date
from kernel.errors import Refused
from services.contracts.domain.inquiries import About, Subject
from services.contracts.domain.search import Wanted
from services.contracts.domain.states import ContractState
from services.contracts.handlers import contracts, history
from services.contracts.storage.history import HistoryRows
from tests.integration.contracts import test_inquiries as inquiries
from tests.integration.contracts.conftest import Desk
from tests.unit.contracts.builders import CLIENT, STRANGER, borrower

S = ContractState
DAY = timedelta(days=1)


def found(desk: Desk, **wanted: Any) -> list[str]:  # noqa: ANN401 - as `Wanted` has it
    with desk.as_service() as connection:
        answer: Any = history.search(Wanted(**wanted), history=HistoryRows(connection))
    return [one["contract_id"] for one in answer["contracts"]]


def timeline(desk: Desk, contract_id: UUID) -> dict[str, Any]:
    with desk.unit() as unit, desk.as_service() as connection:
        told: Any = history.timeline(
            contract_id, unit=unit, history=HistoryRows(connection)
        )
    return dict(told)


def test_a_contract_is_found_by_all_that_is_named(desk: Desk) -> None:
    """By number, client, state and period alone or together; not by nothing."""
    contract_id = desk.concluded()
    contract = desk.contract(contract_id)
    on, one = contract.contract_on, [str(contract_id)]
    assert found(desk, number=contract.number) == one
    assert found(desk, client_id=CLIENT, state=S.CONCLUDED, since=on, until=on) == one
    assert found(desk, number="KSK-0") == []
    assert found(desk, client_id=STRANGER) == []
    assert found(desk, client_id=CLIENT, state=S.OFFERED) == []
    assert found(desk, since=on + DAY) == []
    assert found(desk, until=on - DAY) == []
    with pytest.raises(Refused, match="search_too_wide"):
        found(desk)


def test_what_expired_is_not_found_among_what_was_annulled(desk: Desk) -> None:
    """Though older releases read both as one word."""
    refused = desk.concluded()
    desk.refuse(refused)
    offered = UUID(str(desk.submit()["contract_id"]))
    desk.clock.at = desk.contract(offered).offered_at + 11 * DAY
    contracts.annul_silent(work=desk.work(), clock=desk.clock)
    assert found(desk, state=S.ANNULLED) == [str(refused)]
    assert found(desk, state=S.EXPIRED) == [str(offered)]
    for contract_id, ended_it in ((refused, "client"), (offered, "lender")):
        lines = timeline(desk, contract_id)["timeline"]
        who = {one["what"]: one["who"] for one in lines}
        assert who["contract_annulled"] == ended_it


@pytest.mark.clause("6.1d")
@pytest.mark.clause("3.2b")
@pytest.mark.seeded("contracts_timeline_without_evidence")
def test_a_timeline_tells_when_what_who_and_by_which_evidence(desk: Desk) -> None:
    """In order; each event by its id and place in the log; nothing of a person."""
    contract_id = desk.concluded()
    contract = desk.contract(contract_id)
    about = Subject(about=About.CONTRACT, id=contract_id)
    inquiries.cases_of(desk).open(inquiries.call_of(desk), about, inquiries.WORDS)
    told = timeline(desk, contract_id)
    lines = told["timeline"]
    assert [one["at"] for one in lines] == sorted(one["at"] for one in lines)
    by_name = {one["what"]: one for one in lines}
    assert by_name["application_submitted"]["who"] == "client"
    assert by_name["signing_begun"]["who"] == "client"
    assert by_name["check stop_credit: passed"]["who"] != ""
    assert by_name["check debt_burden: passed"]["evidence"]["settings"] == [
        "lending.kdn_max=0.5"
    ]
    assert by_name["document contract"]["evidence"]["sha256"] == (
        contract.document_sha256
    )
    proofs = by_name["proofs of the client"]["evidence"]
    assert proofs["signature_sha256"] == contract.signature_sha256
    assert proofs["certificate_serial"] == contract.certificate_serial
    assert by_name["inquiry_opened"]["who"] == "client"
    assert inquiries.WORDS not in str(told)
    ids = {str(row.id) for row in desk.rows("SELECT id FROM outbox")}
    events = [one for one in lines if "event_id" in one["evidence"]]
    assert {one["evidence"]["event_id"] for one in events} <= ids
    assert "contract_signed" in by_name
    assert almaty_date(desk.clock.now()).isoformat() == told["contract_on"]
    person = borrower()
    for word in (person.surname, person.iin, person.document_number):
        assert word not in str(told)


def test_nobodys_contract_has_no_timeline(desk: Desk) -> None:
    with pytest.raises(Refused, match="not_found"):
        timeline(desk, UUID(int=404))
