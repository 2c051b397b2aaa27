"""What others may know of a client: clear values, each read for a purpose, recorded.

Nobody reads another's database: a service that needs a clear value asks here, says
why, and the reading itself becomes an event (clauses 1.3a, 6.1c).
"""

from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.events.onboarding import AccountOwnershipLost
from kernel.ids import Ids
from services.onboarding.domain.account import (
    Account,
    AccountState,
    OwnershipVerdict,
    unknown_account,
)
from services.onboarding.domain.consent import NEEDED
from services.onboarding.domain.reading import refuse_purpose
from services.onboarding.handlers import consents
from services.onboarding.handlers.readings import (
    in_clear,
    load_client,
    record_reading,
)
from services.onboarding.handlers.registration import record_ownership
from services.onboarding.ports import Bank, Begin, Unit


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


def get_contact(
    *, begin: Begin, clock: Clock, client_id: UUID, reader: str, purpose: str
) -> Mapping[str, Json]:
    """The phone number of a client in clear. The reading is recorded."""
    refuse_purpose(purpose)
    with begin() as unit:
        client, _ = load_client(unit, client_id)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return {"phone": client.phone.reveal()}


def get_account(*, begin: Begin, client_id: UUID) -> Mapping[str, Json]:
    """The client's account, masked, and whether it is shown to be theirs."""
    with begin() as unit:
        load_client(unit, client_id)
        account = unit.accounts.of_client(client_id)
    if account is None:
        raise unknown_account()
    return {
        "account_id": str(account.account_id),
        "masked_iban": account.iban.masked(),
        "state": account.state.value,
    }


def get_payout_account(
    *,
    begin: Begin,
    clock: Clock,
    client_id: UUID,
    account_id: UUID,
    reader: str,
    purpose: str,
) -> Mapping[str, Json]:
    """IBAN and ИИН in clear for a payout. The reading is recorded.

    The answer proves nothing: `state` says what is known of the owner, and the payer
    asks `prove_ownership` before any order (clauses 5.3, 5.4).
    """
    refuse_purpose(purpose)
    with begin() as unit:
        _, person = load_client(unit, client_id)
        account = _account(unit, client_id, account_id)
        record_reading(unit, client_id, reader=reader, purpose=purpose, at=clock.now())
    return {
        "iban": account.iban.reveal(),
        "iin": person.iin.reveal(),
        "account_token": account.token,
        "state": account.state.value,
    }


def prove_ownership(
    *, begin: Begin, ids: Ids, bank: Bank, client_id: UUID, account_id: UUID
) -> Mapping[str, Json]:
    """Ask the bank now whose account it is; the answer is kept and told.

    A match proves the account, a mismatch takes an earlier proof away. Transient when
    the bank gives no answer: that proves nothing either way.
    """
    with begin() as unit:
        _, person = load_client(unit, client_id)
        account = _account(unit, client_id, account_id)
    ownership = bank.ownership(account.iban, person.iin)
    with begin() as unit:
        becomes = record_ownership(unit, account, ownership, check_id=ids.new())
        if becomes is AccountState.LOST and account.state is AccountState.PROVED:
            unit.publish(
                AccountOwnershipLost(
                    account_id=account_id,
                    client_id=client_id,
                    code=f"ownership_{OwnershipVerdict.MISMATCH.value}",
                )
            )
    return {
        "verdict": ownership.verdict.value,
        "evidence_id": ownership.evidence_id,
        "checked_at": rfc3339(ownership.checked_at),
        "state": becomes.value,
    }


def _account(unit: Unit, client_id: UUID, account_id: UUID) -> Account:
    account = unit.accounts.get(account_id)
    if account is None or account.client_id != client_id:
        raise unknown_account()
    return account
