"""Orders sealed by their client's own key, and what is left when it is destroyed."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from kernel.crypto import UnsealError
from kernel.errors import Broken
from kernel.events.onboarding import PersonalDataErased
from services.disbursement.domain.payout import State
from services.disbursement.storage import PayoutRows
from services.disbursement.wiring import UseCases
from tests.integration.disbursement.conftest import Office
from tests.unit.disbursement.builders import (
    CLIENT_IBAN,
    CLIENT_ID,
    CONTRACT_ID,
    DUE,
    PAYOUT_ID,
    SIGNED_AT,
    TOKEN,
    order,
    payout,
)

MARK = b"\x01\x06person"
TERM_OVER = DUE + timedelta(days=6 * 366)
SEALED = ("sealed_creditor", "sealed_digest")


@pytest.fixture
def drawn_up(office: Office) -> UseCases:
    """A payout whose order is sealed; it waits for its hold."""
    with office.desk.open() as work:
        assert work.payouts.conclude(payout(state=State.CONCLUDED))
    sql = "UPDATE payouts SET state = 'consented', consented_at = :at, hold_until = :at"
    with office.platform.database.engine.begin() as connection:
        connection.execute(text(sql), {"at": SIGNED_AT})
    with office.desk.open() as work:
        consented = office.payout(CONTRACT_ID)
        assert work.payouts.draw_up(consented, order(), account_token=TOKEN)
    use_cases = UseCases(office.platform)
    with office.platform.database.begin(office.platform.context()) as tx:
        use_cases.when_personal_data_erased(tx, PersonalDataErased(client_id=CLIENT_ID))
    return use_cases


def end(office: Office) -> None:
    """The client refused: nothing was sent."""
    with office.platform.database.engine.begin() as connection:
        connection.execute(text("UPDATE payouts SET state = 'cancelled'"))


def sealed(office: Office) -> dict[str, bytes]:
    (row,) = office.rows(f"SELECT {', '.join(SEALED)} FROM payouts")  # noqa: S608 - our own names
    return {name: bytes(getattr(row, name)) for name in SEALED}


@pytest.mark.seeded("disbursement_sealed_by_the_services_key")
@pytest.mark.usefixtures("drawn_up")
def test_an_order_is_sealed_by_its_clients_own_key(office: Office) -> None:
    for column, field in sealed(office).items():
        assert field.startswith(MARK)
        with pytest.raises(UnsealError):
            office.platform.field_keys.unseal(
                field, table="payouts", column=column, row=PAYOUT_ID
            )
    with office.desk.open() as work:
        assert work.payouts.order_of(office.payout(CONTRACT_ID))[0] == order()


@pytest.mark.seeded("disbursement_does_not_erase")
def test_after_the_term_nobody_can_tell_to_whom_it_was(
    office: Office, drawn_up: UseCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(office)
    with office.platform.database.engine.begin() as connection:
        connection.execute(text("UPDATE payouts SET agreed_token = 'k1.agreed'"))
    office.clock.instant = TERM_OVER
    monkeypatch.setitem(office.platform.__dict__, "clock", office.clock)
    assert (drawn_up.erase_heard(), drawn_up.erase_heard()) == (1, 0)
    with office.desk.open() as work, pytest.raises(Broken, match="does not open"):
        work.payouts.order_of(office.payout(CONTRACT_ID))
    (row,) = office.rows(
        "SELECT key_sealed, account_token, agreed_token FROM person_keys, payouts"
    )
    assert tuple(row) == (None, "erased", "erased")
    (said,) = office.rows("SELECT type FROM outbox WHERE type LIKE '%erased%'")
    assert said.type == "disbursement.client_orders_erased.v1"


@pytest.mark.seeded("disbursement_erased_while_it_pays")
def test_nothing_is_erased_while_a_payout_is_under_way(
    office: Office,
    owner: Engine,
    drawn_up: UseCases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor before the term is over, not even by the schema's owner."""
    monkeypatch.setitem(office.platform.__dict__, "clock", office.clock)
    office.clock.instant = TERM_OVER
    assert drawn_up.erase_heard() == 0
    erase = text("SELECT erase_person(:client, :at)")
    with (
        pytest.raises(DBAPIError, match="under way"),
        owner.begin() as connection,
    ):
        connection.execute(erase, {"client": CLIENT_ID, "at": TERM_OVER})
    end(office)
    with (
        pytest.raises(DBAPIError, match="five years"),
        owner.begin() as connection,
    ):
        connection.execute(erase, {"client": CLIENT_ID, "at": DUE})


def test_an_order_of_before_is_sealed_anew(
    office: Office, owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a client who had no key; the bank is told the same afterwards."""
    monkeypatch.setitem(office.platform.__dict__, "clock", office.clock)
    use_cases = UseCases(office.platform)
    with office.desk.open() as work:
        work.payouts.conclude(payout(state=State.CONSENTED))
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM person_keys"))
    with office.desk.open() as work:
        work.payouts.draw_up(office.payout(CONTRACT_ID), order(), account_token=TOKEN)
    assert not any(field.startswith(MARK) for field in sealed(office).values())
    with owner.begin() as connection:
        connection.execute(
            text("INSERT INTO person_keys (client_id) VALUES (:client)"),
            {"client": CLIENT_ID},
        )
    for _ in range(2):
        use_cases.seal_by_own_keys()
        office.clock.instant += timedelta(minutes=2)
    assert all(field.startswith(MARK) for field in sealed(office).values())
    with office.platform.database.begin(office.platform.context()) as tx:
        rows = PayoutRows(tx.connection, office.platform.field_keys)
        kept, _ = rows.order_of(office.payout(CONTRACT_ID))
    assert kept.creditor_iban == CLIENT_IBAN
