"""The company signs after the client; until it has, nothing is concluded or lost."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.crypto import sha256_hex
from kernel.errors import Broken, Transient
from kernel.events.contracts import ContractSigned
from services.contracts.domain import contract as machine
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.states import ContractState
from services.contracts.handlers.signing import (
    BATCH,
    REST,
    SigningDesk,
    sign_for_company,
)
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    APPLICATION,
    CEREMONY,
    CONTRACT,
    DOCUMENT,
    HOLD_UNTIL,
    POLICY,
    SIGNED_AT,
    application,
    borrower,
    client_signed,
    offered,
    signing,
)
from tests.unit.contracts.fakes import Bench, FakePrinter

S = ContractState
LATER = SIGNED_AT + timedelta(minutes=3)


def desk_of(bench: Bench) -> SigningDesk:
    return SigningDesk(
        work=bench.work,
        antifraud=bench.antifraud,
        signer=bench.signer,
        witness=bench.witness,
        printer=FakePrinter(),
        policy=POLICY,
        clock=bench.clock,
    )


def sign(bench: Bench) -> int:
    return sign_for_company(desk_of(bench))


def waiting(bench: Bench, contract_id: UUID = CONTRACT) -> None:
    """A contract the client has signed."""
    bench.work.applications.rows[APPLICATION] = application(
        state=ApplicationState.OFFERED, contract_id=contract_id
    )
    bench.work.contracts.put(client_signed(id=contract_id), DOCUMENT)


@pytest.mark.clause("5.2b")
def test_the_companys_signature_concludes_the_contract(bench: Bench) -> None:
    """At its trusted time; its proofs are kept, and everybody is told."""
    waiting(bench)
    bench.witness.stamped_at = LATER
    assert sign(bench) == 1
    contract = bench.work.contracts.rows[CONTRACT]
    assert (contract.state, contract.signed_at) == (S.CONCLUDED, LATER)
    kept = bench.work.signatures.rows[contract.document_sha256]
    assert kept.cms == b"company over " + contract.document_sha256.encode()
    (event,) = bench.work.said
    assert isinstance(event, ContractSigned)
    assert (event.signed_at, event.account_id, event.amount, event.ceremony_id) == (
        LATER,
        ACCOUNT,
        AMOUNT,
        CEREMONY,
    )
    assert sign(bench) == 0
    assert len(bench.work.said) == 1


@pytest.mark.clause("5.1")
def test_a_page_of_evidence_says_who_signed_when_and_by_which_proofs(
    bench: Bench,
) -> None:
    """Digests, serial numbers and instants; a certificate's names are not on it."""
    waiting(bench)
    bench.witness.stamped_at = LATER
    sign(bench)
    (page,) = bench.work.documents.of_contract(CONTRACT)
    document = bench.work.documents.get(page.sha256)
    assert document is not None
    text = document.data.decode()
    digest = offered().document_sha256
    for expected in (
        f"Документ, SHA-256 | {digest}",
        "Протокол ЦОИД | P-1, SHA-256 " + "b" * 64,
        "Заёмщик: сертификат № | 0A1B",
        "Займодатель: TSP | 2026-11-02T07:03:00",
        "Заёмщик: OCSP | 2026-11-02T07:00:00",
        "Договор заключён | 2026-11-02T07:03:00",
    ):
        assert expected in text
    assert text.endswith(digest)
    assert page.kind == "evidence"
    assert borrower().surname not in text


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_signer_away_concludes")
@pytest.mark.parametrize("who", ["signer", "witness"])
def test_while_a_signer_is_away_the_contract_waits_and_is_not_lost(
    bench: Bench, who: str
) -> None:
    waiting(bench)
    getattr(bench, who).away = True
    with pytest.raises(Transient):
        sign(bench)
    assert machine.awaits_company(bench.work.contracts.rows[CONTRACT])
    assert (bench.work.said, bench.work.signatures.rows) == ([], {})
    getattr(bench, who).away = False
    assert sign(bench) == 1


def test_a_signature_that_is_not_good_concludes_nothing(bench: Bench) -> None:
    waiting(bench)
    bench.witness.refuses = True
    with pytest.raises(Broken):
        sign(bench)
    assert bench.work.contracts.rows[CONTRACT].state is S.SIGNING
    assert bench.work.said == []


@pytest.mark.seeded("contracts_defect_holds_up_signatures")
def test_a_defect_of_one_contract_does_not_hold_up_the_others(bench: Bench) -> None:
    """It is raised after them, so that somebody looks."""
    waiting(bench)
    bench.work.contracts.put(replace(client_signed(), ceremony_id=None), DOCUMENT)
    other = UUID(int=0xC9)
    bench.work.contracts.put(
        client_signed(id=other, document_sha256=sha256_hex(DOCUMENT)), DOCUMENT
    )
    with pytest.raises(Broken):
        sign(bench)
    rows = bench.work.contracts.rows
    assert (rows[CONTRACT].state, rows[other].state) == (S.SIGNING, S.CONCLUDED)


@pytest.mark.seeded("contracts_defect_rings_at_every_beat")
def test_a_contract_with_a_defect_rests_before_it_is_tried_again(bench: Bench) -> None:
    """However many such there are, those behind them are signed."""
    desk = desk_of(bench)
    for place in range(BATCH):
        broken = replace(client_signed(id=UUID(int=place)), ceremony_id=None)
        bench.work.contracts.put(broken, DOCUMENT)
    waiting(bench)
    with pytest.raises(Broken):
        sign_for_company(desk)
    assert sign_for_company(desk) == 1
    assert sign_for_company(desk) == 0
    bench.clock.at += REST
    with pytest.raises(Broken):
        sign_for_company(desk)


@pytest.mark.seeded("contracts_refused_while_signing_concludes")
def test_who_refuses_while_the_company_signs_has_refused(bench: Bench) -> None:
    """The signature is nobody's then."""
    waiting(bench)

    def refuse() -> None:
        row = bench.work.contracts.rows[CONTRACT]
        bench.work.contracts.rows[CONTRACT] = machine.refuse(row, None, at=HOLD_UNTIL)

    bench.signer.meanwhile = refuse
    assert sign(bench) == 0
    assert bench.work.contracts.rows[CONTRACT].state is S.ANNULLED
    assert (bench.work.said, bench.work.signatures.rows) == ([], {})


def test_what_the_client_has_not_signed_is_not_signed(bench: Bench) -> None:
    bench.work.contracts.put(signing(), DOCUMENT)
    assert (sign(bench), bench.signer.asked) == (0, 0)


def test_the_clients_proofs_are_read_for_a_purpose(bench: Bench) -> None:
    waiting(bench)
    sign(bench)
    assert bench.witness.purposes == ["contract_evidence"]
