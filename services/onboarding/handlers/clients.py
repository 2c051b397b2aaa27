"""What others may know of a client: clear values, each read for a purpose, recorded.

Nobody reads another's database: a service that needs a clear value asks here, says
why, and the reading itself becomes an event (clauses 1.3a, 6.1c).
"""

import base64
from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.values import Iin, Phone
from services.onboarding.domain.account import selected_of, unknown_account
from services.onboarding.domain.change import ChangeState
from services.onboarding.domain.consent import NEEDED
from services.onboarding.domain.person import COMMITTED_IIN
from services.onboarding.domain.reading import SEARCH, reader_of, refuse_purpose
from services.onboarding.handlers import accounts, consents
from services.onboarding.handlers.readings import (
    in_clear,
    load_client,
    record_reading,
)
from services.onboarding.ports import Begin, Blind


def get_person(
    *, begin: Begin, clock: Clock, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """Names, ИИН, document and phone of a client in clear. The reading is recorded.

    For a purpose that needs a consent nothing leaves without it: a neighbour cannot
    ask a credit bureau about somebody whose ИИН it does not get.
    """
    refuse_purpose(purpose)
    with begin() as unit:
        client, person = load_client(unit, client_id)
        if purpose in NEEDED:
            consents.leave(unit, client_id, NEEDED[purpose])
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return in_clear(client, person)


def disclose_person(
    *, begin: Begin, clock: Clock, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """Names and ИИН for who may be told, and what opens the ИИН's commitment.

    The reading is recorded.  Refused ``client_unknown``, ``person_erased``.
    """
    refuse_purpose(purpose)
    with begin() as unit:
        _, person = load_client(unit, client_id)
        salt = unit.keys.salt_of(client_id, COMMITTED_IIN)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return {
        "surname": person.names.surname,
        "given_name": person.names.given_name,
        "patronymic": person.names.patronymic,
        "iin": person.iin.reveal(),
        "iin_salt_b64": None
        if salt is None
        else base64.b64encode(salt).decode("ascii"),
    }


def find_client(
    *,
    begin: Begin,
    blind: Blind,
    clock: Clock,
    iin: Iin | None,
    phone: Phone | None,
    staff_id: UUID,
) -> Mapping[str, Json]:
    """Whose ИИН or number it is, by the keyed index; None when nobody's.

    That one of the staff looked is recorded, and the client sees it.
    """
    with begin() as unit:
        client_id = unit.clients.find(
            iin_token=None if iin is None else blind("iin", iin.reveal()),
            phone_token=None if phone is None else blind("phone", phone.reveal()),
        )
        if client_id is not None:
            record_reading(
                unit,
                client_id,
                reader=reader_of(staff_id),
                purpose=SEARCH,
                at=clock.now(),
            )
    return {"client_id": None if client_id is None else str(client_id)}


def get_contact(
    *, begin: Begin, clock: Clock, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """The phone number of a client in clear. The reading is recorded."""
    refuse_purpose(purpose)
    with begin() as unit:
        client, _ = load_client(unit, client_id)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return {"phone": client.phone.reveal()}


def get_account(
    *, begin: Begin, clock: Clock, client_id: UUID, account_id: UUID | None = None
) -> Mapping[str, Json]:
    """One account of the client, masked: the one named, or else the selected one.

    One that is being added (`state` is ``proposed``) may be named for a contract,
    while its change may be gone on with.
    """
    with begin() as unit:
        load_client(unit, client_id)
        selected = selected_of(unit.accounts.of_client(client_id))
        account = unit.accounts.get(account_id) if account_id else selected
        change = account_id and unit.changes.adding(account_id)
    if account is not None and account.client_id == client_id:
        return {
            "account_id": str(account.account_id),
            "masked_iban": account.destination.masked(),
            "state": account.state.value,
        }
    if (
        change
        and (change.client_id, change.state) == (client_id, ChangeState.CHECKED)
        and clock.now() < change.expires_at
    ):
        return {
            "account_id": str(account_id),
            "masked_iban": change.destination.masked(),
            "state": "proposed",
        }
    raise unknown_account()


def get_contract_account(
    *,
    begin: Begin,
    clock: Clock,
    client_id: UUID,
    account_id: UUID,
    reader: str,
    purpose: str,
) -> Mapping[str, Json]:
    """The account as a contract's document names it, in clear; the reading is recorded.

    It may be one the client is only adding: the contract's ceremony covers that.
    """
    refuse_purpose(purpose)
    with begin() as unit:
        load_client(unit, client_id)
        named = accounts.named(unit, client_id, account_id)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return {"account": named.value.reveal(), "account_token": named.token}


def get_payout_account(
    *,
    begin: Begin,
    clock: Clock,
    client_id: UUID,
    account_id: UUID,
    reader: str,
    purpose: str,
) -> Mapping[str, Json]:
    """IBAN, ИИН and the token of a card in clear for a payout. The reading is recorded.

    The answer proves nothing: `state` says what is known of the owner, and the payer
    asks `prove_ownership` before any order (clauses 5.3, 5.4).
    """
    refuse_purpose(purpose)
    with begin() as unit:
        _, person = load_client(unit, client_id)
        account = accounts.of_client(unit, client_id, account_id)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    card = account.destination.card
    return {
        "iban": account.destination.iban.reveal(),
        "card": None if card is None else card.token.reveal(),
        "iin": person.iin.reveal(),
        "account_token": account.token,
        "state": account.state.value,
    }
