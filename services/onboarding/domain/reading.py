"""Readings of a client's data in clear: who, for what, when; the client sees them."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.errors import Refused

STAFF: Final = "staff"
CLIENT: Final = "client"
"""The reader of an export: the client, or whoever came in as the client."""
OWN_EXPORT: Final = "own_export"
SEARCH: Final = "search"
"""One of the staff asked whose ИИН or number it is."""
_PURPOSE = re.compile(r"[a-z][a-z0-9_:-]{2,79}")


class What(StrEnum):
    """What was read: data of the person, a contract's document, or letters."""

    PERSON = "person"
    DOCUMENT = "document"
    LETTERS = "letters"


class StaffPurpose(StrEnum):
    """What a member of the staff may need full data for: a closed list.

    Words of their own choosing would sooner or later hold somebody's name.
    """

    CLIENT_REQUEST = "client_request"
    COMPLAINT = "complaint"
    CONTRACT_SERVICE = "contract_service"
    FRAUD_CASE = "fraud_case"
    AUTHORITY_REQUEST = "authority_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading; ``reader`` is a service, or a member of the staff by id.

    ``what`` is None for readings of before it was noted.
    """

    reading_id: UUID
    client_id: UUID
    reader: str
    purpose: str
    at: datetime
    what: What | None = What.PERSON

    @property
    def kind_of_reader(self) -> str:
        """What the client is told: which service it was, or that it was the staff."""
        return self.reader.partition(":")[0]


def reader_of(staff_id: UUID) -> str:
    """How a member of the staff stands on record."""
    return f"{STAFF}:{staff_id}"


def refuse_purpose(purpose: str) -> None:
    """Refused with ``purpose_missing`` unless the purpose is a word."""
    if not _PURPOSE.fullmatch(purpose):
        raise Refused(
            "purpose_missing",
            "Personal data are given for a stated purpose only.",
            next_step="Name the purpose as a word.",
        )
