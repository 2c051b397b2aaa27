"""Consents and obligations as the database keeps them."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from kernel.errors import Refused
from kernel.events.contracts import ContractAnnulled, ContractSigned
from kernel.money import Money
from services.onboarding.domain.consent import ConsentKind
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.person import Names
from tests.integration.onboarding.conftest import Applicant, Cabinet

BIOMETRICS, BUREAU = ConsentKind.BIOMETRICS, ConsentKind.CREDIT_BUREAU
CONTRACT = UUID("01890000-0000-7000-8000-0000000000d1")
REWRITES = ("UPDATE consent_acts SET act = 'withdrawn'", "DELETE FROM consent_acts")


def move_clock(cabinet: Cabinet, by: timedelta) -> None:
    seconds = str(int(by.total_seconds()))
    cabinet.stand.clock_file.write_text(seconds)


def withdraw(cabinet: Cabinet, client: Applicant, kind: ConsentKind) -> object:
    return cabinet.use_cases.personal.withdraw_consent(
        cabinet.context(), client_id=client.client_id, kind=kind
    )


def held(cabinet: Cabinet, client: Applicant) -> object:
    shown = cabinet.use_cases.personal.list_consents(
        cabinet.context(), client_id=client.client_id
    )
    return shown["standing"]


def tell_signed(cabinet: Cabinet, client: Applicant) -> None:
    event = ContractSigned(
        contract_id=CONTRACT,
        client_id=client.client_id,
        account_id=UUID(int=1),
        amount=Money.of("400000"),
        document_sha256="a" * 64,
        ceremony_id=UUID(int=2),
        signed_at=cabinet.platform.clock.now(),
    )
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        cabinet.use_cases.personal.when_contract_signed(tx, event)


def tell_annulled(cabinet: Cabinet, client: Applicant) -> None:
    event = ContractAnnulled(
        contract_id=CONTRACT, client_id=client.client_id, reason="refused"
    )
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        cabinet.use_cases.personal.when_contract_annulled(tx, event)


def test_a_consent_survives_the_refusal_of_the_data(cabinet: Cabinet) -> None:
    """The state was asked by it; so it stays, whatever the state said."""
    applicant = cabinet.applicant("refused by the state")
    applicant.confirm_phone()
    with pytest.raises(Refused, match="person_not_confirmed"):
        applicant.give_data(
            applicant.claimed(names=Names.parse("Чужая", "Фамилия", None))
        )
    kinds = [said["purpose"] for said in cabinet.said("consent_given")]
    assert kinds == ["personal_data", "biometrics", "credit_bureau"]
    rows = cabinet.rows("SELECT kind, act, text_version, channel FROM consent_acts")
    assert sorted(map(tuple, rows)) == [
        ("biometrics", "given", "1", "lender"),
        ("credit_bureau", "given", "1", "lender"),
        ("personal_data", "given", "1", "lender"),
    ]


@pytest.mark.seeded("onboarding_consents_may_be_rewritten")
@pytest.mark.parametrize("statement", REWRITES)
def test_the_history_cannot_be_rewritten_even_by_the_schemas_owner(
    cabinet: Cabinet, statement: str
) -> None:
    cabinet.applicant("rewritten").up_to_ceremony()
    with (
        pytest.raises(DBAPIError, match="only added"),
        cabinet.owner.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement", [*REWRITES, "DELETE FROM obligations", "TRUNCATE consent_acts"]
)
def test_the_role_of_the_service_has_no_right_to_try(
    cabinet: Cabinet, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        cabinet.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.seeded("onboarding_signing_is_no_obligation")
def test_no_withdrawal_from_the_moment_a_contract_can_be_signed(
    cabinet: Cabinet,
) -> None:
    """Between signature and event the ceremony tells; when it has run out, nothing."""
    client = cabinet.client("obliged")
    client.open_contract(b"a contract", f"contract:{CONTRACT}")
    with pytest.raises(Refused, match="obligations_open"):
        withdraw(cabinet, client, BUREAU)
    move_clock(cabinet, timedelta(minutes=31))
    withdraw(cabinet, client, BUREAU)


def test_a_signed_contract_obliges_until_it_is_annulled(cabinet: Cabinet) -> None:
    client = cabinet.client("annulled")
    client.open_contract(b"a contract", f"contract:{CONTRACT}")
    client.pass_biometrics()
    client.sign()
    with pytest.raises(Refused, match="obligations_open"):
        withdraw(cabinet, client, BIOMETRICS)
    tell_signed(cabinet, client)
    move_clock(cabinet, timedelta(days=1))
    with pytest.raises(Refused, match="obligations_open"):
        withdraw(cabinet, client, BIOMETRICS)
    tell_annulled(cabinet, client)
    withdraw(cabinet, client, BIOMETRICS)
    assert held(cabinet, client) == ("credit_bureau", "personal_data")


def test_what_older_code_writes_newer_code_finds_and_the_other_way(
    cabinet: Cabinet,
) -> None:
    """Both releases run side by side for a while (ADR 0007)."""
    client = cabinet.client("side by side")
    old = cabinet.rows("SELECT kind, text_sha256 FROM consents ORDER BY kind")
    assert [(row.kind, row.text_sha256) for row in old] == [
        (kind.value, words.sha256) for kind, words in sorted(texts_of("1").items())
    ]
    with cabinet.platform.database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO consents VALUES (:client, 'biometrics', :sha, now())"),
            {"client": CONTRACT, "sha": "a" * 64},
        )
    (found,) = cabinet.rows(
        "SELECT kind, act, text_version FROM consent_acts WHERE client_id = :id",
        id=CONTRACT,
    )
    assert tuple(found) == ("biometrics", "given", None)
    withdraw(cabinet, client, BUREAU)
    assert len(cabinet.rows("SELECT 1 FROM consents")) == len(texts_of("1")) + 1
