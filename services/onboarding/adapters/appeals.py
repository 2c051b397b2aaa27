"""Antifraud over the bus: the register of appeals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json, as_object
from kernel.rpc import RpcClient


@dataclass(frozen=True, slots=True)
class RpcAppeals:
    """Implements `ports.appeals.Appeals`; answers pass through as they are."""

    rpc: RpcClient
    context: Context

    def file(
        self, registration_id: UUID, client_id: UUID, text: str
    ) -> Mapping[str, Json]:
        told = {**_named(registration_id, client_id), "text": text}
        return self._asked("file_registration_appeal", told)

    def listed(self, registration_id: UUID, client_id: UUID) -> Mapping[str, Json]:
        told = _named(registration_id, client_id)
        return self._asked("list_registration_appeals", told)

    def get(
        self, registration_id: UUID, client_id: UUID, appeal_id: UUID
    ) -> Mapping[str, Json]:
        told = {**_named(registration_id, client_id), "appeal_id": appeal_id}
        return self._asked("get_registration_appeal", told)

    def _asked(self, method: str, told: Mapping[str, Any]) -> Mapping[str, Json]:
        return as_object(
            self.rpc.call("antifraud", method, context=self.context, **told)
        )


def _named(registration_id: UUID, client_id: UUID) -> dict[str, Any]:
    return {"registration_id": registration_id, "client_id": client_id}
