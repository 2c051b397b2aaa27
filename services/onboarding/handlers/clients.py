"""What others may know of a client: clear values, each read for a purpose, recorded.

Nobody reads another's database: a service that needs a clear value asks here, says
why, and the reading itself becomes an event (clauses 1.3a, 6.1c).
"""

import re
from collections.abc import Mapping
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.onboarding import PersonalDataRead
from services.onboarding.domain.account import selected_of, unknown_account
from services.onboarding.domain.change import ChangeState
from services.onboarding.domain.person import Person
from services.onboarding.handlers import accounts
from services.onboarding.ports import Begin, Client, Unit

_PURPOSE = re.compile(r"[a-z][a-z0-9_:-]{2,79}")


def get_person(
    *, begin: Begin, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """Names, ИИН, document and phone of a client in clear. The reading is recorded."""
    _refuse_purpose(purpose)
    with begin() as unit:
        client, person = _client(unit, client_id)
        _record_reading(unit, client_id, reader=reader, purpose=purpose)
    return {
        "client_id": str(client_id),
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


def get_contact(
    *, begin: Begin, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """The phone number of a client in clear. The reading is recorded."""
    _refuse_purpose(purpose)
    with begin() as unit:
        client, _ = _client(unit, client_id)
        _record_reading(unit, client_id, reader=reader, purpose=purpose)
    return {"phone": client.phone.reveal()}


def get_account(
    *, begin: Begin, client_id: UUID, account_id: UUID | None = None
) -> Mapping[str, Json]:
    """One account of the client, masked: the one named, or else the selected one.

    One that is being added (`state` is ``proposed``) may be named for a contract.
    """
    with begin() as unit:
        _client(unit, client_id)
        selected = selected_of(unit.accounts.of_client(client_id))
        account = unit.accounts.get(account_id) if account_id else selected
        change = account_id and unit.changes.adding(account_id)
    if account is not None and account.client_id == client_id:
        return {
            "account_id": str(account.account_id),
            "masked_iban": account.destination.masked(),
            "state": account.state.value,
        }
    if change and (change.client_id, change.state) == (client_id, ChangeState.CHECKED):
        return {
            "account_id": str(account_id),
            "masked_iban": change.destination.masked(),
            "state": "proposed",
        }
    raise unknown_account()


def get_contract_account(
    *, begin: Begin, client_id: UUID, account_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """The account as a contract's document names it, in clear; the reading is recorded.

    It may be one the client is only adding: the contract's ceremony covers that.
    """
    _refuse_purpose(purpose)
    with begin() as unit:
        _client(unit, client_id)
        named = accounts.named(unit, client_id, account_id)
        _record_reading(unit, client_id, reader=reader, purpose=purpose)
    return {"account": named.reveal()}


def get_payout_account(
    *, begin: Begin, client_id: UUID, account_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """IBAN and ИИН in clear for a payout. The reading is recorded.

    The answer proves nothing: `state` says what is known of the owner, and the payer
    asks `prove_ownership` before any order (clauses 5.3, 5.4).
    """
    _refuse_purpose(purpose)
    with begin() as unit:
        _, person = _client(unit, client_id)
        account = accounts.of_client(unit, client_id, account_id)
        _record_reading(unit, client_id, reader=reader, purpose=purpose)
    return {
        "iban": account.destination.iban.reveal(),
        "iin": person.iin.reveal(),
        "account_token": account.token,
        "state": account.state.value,
    }


def _client(unit: Unit, client_id: UUID) -> tuple[Client, Person]:
    client = unit.clients.get(client_id)
    if client is None:
        raise Refused(
            "client_unknown",
            "There is no such client.",
            next_step="Name a client who has an account.",
        )
    person = unit.registrations.person(client_id)
    if person is None:
        raise Broken("a client has no person")
    return client, person


def _record_reading(unit: Unit, client_id: UUID, *, reader: str, purpose: str) -> None:
    unit.publish(PersonalDataRead(client_id=client_id, reader=reader, purpose=purpose))


def _refuse_purpose(purpose: str) -> None:
    if not _PURPOSE.fullmatch(purpose):
        raise Refused(
            "purpose_missing",
            "Personal data are given for a stated purpose only.",
            next_step="Name the purpose as a word.",
        )
