"""The export of a client's own data: machine-readable, and itself on record.

What is kept of the person is here; applications, contracts and payouts are shown by
their owners.  An export is a reading: whoever makes one in the client's name is seen.
"""

import base64
from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.pages import MOST, Page
from services.onboarding.domain.account import Account
from services.onboarding.domain.change import Change
from services.onboarding.domain.reading import CLIENT, OWN_EXPORT
from services.onboarding.handlers.consents import consent_line
from services.onboarding.handlers.readings import (
    in_clear,
    load_client,
    reading_line,
    record_reading,
)
from services.onboarding.ports import Begin, Identified, PhotoOnFile


def export_own_data(
    *, begin: Begin, clock: Clock, client_id: UUID
) -> Mapping[str, Json]:
    """Everything kept of a client as a person.  Refused ``client_unknown``."""
    now = clock.now()
    with begin() as unit:
        client, person = load_client(unit, client_id)
        accounts = unit.accounts.of_client(client_id)
        photo = unit.dossiers.photo(client_id)
        history = unit.consents.history(client_id)
        changes = unit.changes.of_client(client_id)
        identified = unit.dossiers.identifications(client_id)
        readings = unit.readings.of_client(client_id, Page(limit=MOST))[:MOST]
        record_reading(unit, client_id, reader=CLIENT, purpose=OWN_EXPORT, at=now)
    return {
        "client_id": str(client_id),
        "exported_at": rfc3339(now),
        "person": in_clear(client, person),
        "accounts": tuple(_account(account) for account in accounts),
        "photo": None if photo is None else _photo(photo),
        "consents": tuple(consent_line(record) for record in reversed(history)),
        "changes": tuple(_change(change) for change in changes),
        "identifications": tuple(_identified(one) for one in identified),
        "readings": tuple(reading_line(reading) for reading in readings),
    }


def _account(account: Account) -> Mapping[str, Json]:
    return {"account": account.destination.reveal(), "state": account.state.value}


def _photo(photo: PhotoOnFile) -> Mapping[str, Json]:
    return {
        "media_type": photo.media_type,
        "sha256": photo.sha256,
        "photo_b64": base64.b64encode(photo.raw).decode(),
    }


def _change(change: Change) -> Mapping[str, Json]:
    return {
        "change_id": str(change.change_id),
        "kind": change.kind.value,
        "act": change.act.value,
        "state": change.state.value,
        "old_value": None if change.old is None else change.old.reveal(),
        "new_value": None if change.value is None else change.value.reveal(),
        "started_at": rfc3339(change.started_at),
    }


def _identified(one: Identified) -> Mapping[str, Json]:
    return {
        "ceremony_id": str(one.ceremony_id),
        "operation": one.operation,
        "state": one.state.value,
        "document_sha256": one.document_sha256,
        "opened_at": rfc3339(one.opened_at),
    }
