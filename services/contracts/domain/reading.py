"""Readings of contracts' documents: by whom and for what, in words of closed lists."""

from enum import StrEnum
from typing import Final
from uuid import UUID

CLIENT: Final = "client"
"""The client, or whoever came in as the client."""
OWN_DOCUMENT: Final = "own_document"


class ReadPurpose(StrEnum):
    """What a member of the staff may need a document for.

    Words of their own choosing would sooner or later hold somebody's name.
    """

    CLIENT_REQUEST = "client_request"
    COMPLAINT = "complaint"
    CONTRACT_SERVICE = "contract_service"
    COURT_CASE = "court_case"
    FRAUD_CASE = "fraud_case"
    AUTHORITY_REQUEST = "authority_request"


def reader_of(staff_id: UUID) -> str:
    """How a member of the staff stands on record."""
    return f"staff:{staff_id}"
