"""The register of disclosures: asked for, agreed to by another, kept for ever (6.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json, sha256_hex
from kernel.events import Event
from kernel.events.contracts import DisclosureApproved
from kernel.pages import Page
from services.contracts.domain.disclosure import (
    LARGEST_DOCUMENT,
    Asked,
    Disclosure,
    Secrecy,
    disclosure_not_found,
    disclosure_not_valid,
    document_not_found,
    document_unfit,
)
from services.contracts.ports import Disclosures, Publish

RECORD: Final = "record_disclosure"
"""The operation two of the staff carry out together."""
LISTED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What two of the staff agreed on."""

    approval_id: UUID
    arguments: Mapping[str, Json]
    asked_by: UUID
    approved_by: UUID


def ask(
    asked: Asked,
    document: bytes,
    *,
    now: datetime,
    secrecy: Secrecy,
    register: Disclosures,
) -> str:
    """Keep the request a disclosure stands on; what a yes would do, in words.

    Refused as `Asked.ground_of`, ``document_unfit``.
    """
    ground = asked.ground_of(secrecy)
    if not 0 < len(document) <= LARGEST_DOCUMENT:
        raise document_unfit()
    register.keep_document(
        asked.document_sha256, document, client_id=asked.client_id, at=now
    )
    return (
        f"{asked.scope} may be disclosed to {ground.recipient_kind} ({asked.recipient})"
        f" on the ground {ground.name} for {asked.days} days;"
        f" request {asked.document_sha256}"
    )


def record(
    agreed: Agreed,
    *,
    now: datetime,
    secrecy: Secrecy,
    register: Disclosures,
    publish: Publish,
) -> None:
    """Two agree: the entry stands from now on.

    The grounds are those of this instant.  Refused as `Asked.ground_of`.
    """
    asked = asked_of(agreed.arguments)
    ground = asked.ground_of(secrecy)
    entry = Disclosure(
        disclosure_id=agreed.approval_id,
        asked=asked,
        recipient_kind=ground.recipient_kind,
        told=ground.told,
        asked_by=agreed.asked_by,
        approved_by=agreed.approved_by,
        approved_at=now,
        valid_until=now + timedelta(days=asked.days),
    )
    register.add(entry)
    publish(_approved(entry))


def listed(*, register: Disclosures, now: datetime) -> Json:
    """The newest entries."""
    found = register.newest(limit=LISTED)
    return {"disclosures": [_view(entry, now=now) for entry in found]}


def shown(disclosure_id: UUID, *, register: Disclosures, now: datetime) -> Json:
    """One entry.  Refused ``disclosure_not_found``."""
    entry = register.find(disclosure_id)
    if entry is None:
        raise disclosure_not_found()
    return _view(entry, now=now)


def document(sha256: str, *, register: Disclosures) -> bytes:
    """The request as it was scanned.

    Refused ``document_not_found``, ``person_erased``.
    """
    found = register.document(sha256)
    if found is None:
        raise document_not_found()
    return found


def valid(
    disclosure_id: UUID,
    client_id: UUID | None,
    *,
    register: Disclosures,
    now: datetime,
) -> Json:
    """The entry, if it covers a copy of that scope now.

    Refused ``disclosure_not_valid``.
    """
    entry = register.find(disclosure_id)
    if entry is None or not entry.covers(client_id, now=now):
        raise disclosure_not_valid()
    return _view(entry, now=now)


def own(client_id: UUID, page: Page, *, register: Disclosures) -> Json:
    """A page of what was disclosed of a client, as the client may know it."""
    found = register.told_to(client_id, page)
    entries, next_before = page.cut(found, id_of=lambda entry: entry.disclosure_id)
    return {
        "items": [
            jsonable(
                {
                    "disclosure_id": entry.disclosure_id,
                    "recipient": entry.recipient_kind,
                    "ground": entry.asked.ground,
                    "at": entry.approved_at,
                    "until": entry.valid_until,
                }
            )
            for entry in entries
        ],
        "next_before": jsonable(next_before),
    }


def arguments_of(asked: Asked) -> dict[str, Json]:
    """What the second pair of eyes decides on."""
    proofs: list[Json] = [*asked.proofs]
    return {
        "ground": asked.ground,
        "recipient": asked.recipient,
        "client_id": None if asked.client_id is None else str(asked.client_id),
        "document_sha256": asked.document_sha256,
        "proofs": proofs,
        "days": asked.days,
    }


def asked_of(arguments: Mapping[str, Json]) -> Asked:
    """The inverse of `arguments_of`."""
    client_id, proofs = arguments["client_id"], arguments["proofs"]
    return Asked(
        ground=str(arguments["ground"]),
        recipient=str(arguments["recipient"]),
        client_id=None if client_id is None else UUID(str(client_id)),
        document_sha256=str(arguments["document_sha256"]),
        proofs=tuple(map(str, proofs)) if isinstance(proofs, list) else (),
        days=int(str(arguments["days"])),
    )


def digest_of(document: bytes) -> str:
    """What a request is kept and named by."""
    return sha256_hex(document)


def _approved(entry: Disclosure) -> Event:
    asked = entry.asked
    return DisclosureApproved(
        disclosure_id=entry.disclosure_id,
        client_id=asked.client_id,
        ground=asked.ground,
        recipient_kind=entry.recipient_kind,
        document_sha256=asked.document_sha256,
        asked_by=entry.asked_by,
        approved_by=entry.approved_by,
        valid_until=entry.valid_until,
    )


def _view(entry: Disclosure, *, now: datetime) -> Json:
    asked = entry.asked
    return jsonable(
        {
            "disclosure_id": entry.disclosure_id,
            "ground": asked.ground,
            "recipient_kind": entry.recipient_kind,
            "recipient": asked.recipient,
            "scope": "log" if asked.client_id is None else "client",
            "client_id": asked.client_id,
            "document_sha256": asked.document_sha256,
            "proofs": asked.proofs,
            "told_to_client": entry.told,
            "asked_by": entry.asked_by,
            "approved_by": entry.approved_by,
            "approved_at": entry.approved_at,
            "valid_until": entry.valid_until,
            "valid": now < entry.valid_until,
        }
    )
