"""Clear values of clients, for the services that need them."""

from collections.abc import Callable, Mapping
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.platform import Platform
from kernel.values import Iin, Phone
from services.onboarding.handlers import (
    accounts,
    clients,
)
from services.onboarding.ports import Begin, Blind
from services.onboarding.settings import Settings
from services.onboarding.wiring.outside import Outside


class ClientData:
    """What other services may know of a client, each reading recorded."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        begin: Callable[[Context], Begin],
        outside: Outside,
        blind: Blind,
    ) -> None:
        self._platform = platform
        self._begin = begin
        self._outside = outside
        self._blind = blind

    def get_person(
        self, context: Context, *, client_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return clients.get_person(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
        )

    def disclose_person(
        self, context: Context, *, client_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return clients.disclose_person(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
        )

    def find_client(
        self, context: Context, *, iin: Iin | None, phone: Phone | None, staff_id: UUID
    ) -> Mapping[str, Json]:
        return clients.find_client(
            begin=self._begin(context),
            blind=self._blind,
            clock=self._platform.clock,
            iin=iin,
            phone=phone,
            staff_id=staff_id,
        )

    def get_contact(
        self, context: Context, *, client_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return clients.get_contact(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
        )

    def get_account(
        self, context: Context, *, client_id: UUID, account_id: UUID | None = None
    ) -> Mapping[str, Json]:
        return clients.get_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
        )

    def get_contract_account(
        self,
        context: Context,
        *,
        client_id: UUID,
        account_id: UUID,
        reader: str,
        purpose: str,
    ) -> Mapping[str, Json]:
        return clients.get_contract_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
            reader=reader,
            purpose=purpose,
        )

    def get_payout_account(
        self,
        context: Context,
        *,
        client_id: UUID,
        account_id: UUID,
        reader: str,
        purpose: str,
    ) -> Mapping[str, Json]:
        return clients.get_payout_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
            reader=reader,
            purpose=purpose,
        )

    def prove_ownership(
        self, context: Context, *, client_id: UUID, account_id: UUID
    ) -> Mapping[str, Json]:
        return accounts.prove_ownership(
            begin=self._begin(context),
            ids=self._platform.ids,
            owners=self._outside.owners,
            client_id=client_id,
            account_id=account_id,
        )
