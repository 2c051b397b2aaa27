"""Where a list goes on: a sealed text that opens for one list of one client only."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kernel.crypto import FieldKeys, b64url, unb64url
from services.auth.gateway.problems import BadRequestError

LONGEST_CURSOR: Final = 200


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and opens cursors; all gateways have the same keys."""

    keys: FieldKeys

    def seal(self, place: UUID, *, collection: str, client_id: UUID) -> str:
        """The cursor of the entries after `place`."""
        sealed = self.keys.seal(
            place.bytes, table="cursor", column=collection, row=client_id
        )
        return b64url(sealed)

    def open(self, cursor: str, *, collection: str, client_id: UUID) -> UUID:
        """The place of a cursor.  BadRequestError ``cursor_invalid`` for any other."""
        try:
            place = self.keys.unseal(
                unb64url(cursor), table="cursor", column=collection, row=client_id
            )
        except ValueError as error:  # UnsealError is one
            raise BadRequestError(
                "cursor_invalid",
                "The cursor does not belong to this list.",
                next_step="Send the cursor of the last page, or none to begin.",
            ) from error
        return UUID(bytes=place)
