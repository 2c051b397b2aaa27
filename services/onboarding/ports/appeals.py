"""The register of appeals, which antifraud keeps."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json


class Appeals(Protocol):
    """Appeals against what was judged of a registration, as their person sees them.

    Refused with antifraud's own codes; Transient while it is away.
    """

    def file(
        self, registration_id: UUID, client_id: UUID, text: str
    ) -> Mapping[str, Json]: ...

    def listed(self, registration_id: UUID, client_id: UUID) -> Mapping[str, Json]: ...

    def get(
        self, registration_id: UUID, client_id: UUID, appeal_id: UUID
    ) -> Mapping[str, Json]: ...
