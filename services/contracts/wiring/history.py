"""Use cases of looking back: search, and the timeline of a contract."""

from dataclasses import dataclass, replace
from uuid import UUID

from kernel.context import Call
from kernel.crypto import Json
from services.contracts.adapters.onboarding import RpcOnboarding
from services.contracts.domain.search import Wanted
from services.contracts.handlers import history
from services.contracts.ports import Onboarding
from services.contracts.storage.history import HistoryRows
from services.contracts.wiring.parts import Parts


@dataclass(frozen=True, slots=True)
class HistoryUseCases:
    """What the staff may look back at."""

    parts: Parts

    def search(
        self, call: Call, wanted: Wanted, *, iin: str | None, phone: str | None
    ) -> Json:
        """A person is found first, outside the transaction."""
        if iin is not None or phone is not None:
            client_id = self._onboarding(call).find_client(
                iin=iin, phone=phone, staff_id=call.by.id
            )
            if client_id is None:
                return history.nobody()
            wanted = replace(wanted, client_id=client_id)
        with self.parts.platform.database.begin(call.context) as tx:
            return history.search(wanted, history=HistoryRows(tx.connection))

    def timeline(self, call: Call, contract_id: UUID) -> Json:
        with self.parts.platform.database.begin(call.context) as tx:
            return history.timeline(
                contract_id,
                unit=self.parts.unit(tx),
                history=HistoryRows(tx.connection),
            )

    def _onboarding(self, call: Call) -> Onboarding:
        return RpcOnboarding(self.parts.platform.rpc, call.context)
