"""Giving consents and taking them back; the leave without which nobody is asked."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.events.contracts import (
    ContractAnnulled,
    ContractClosed,
    ContractReopened,
    ContractSigned,
)
from kernel.events.onboarding import ConsentGiven, ConsentWithdrawn
from services.onboarding.domain.consent import (
    LENDER_CHANNEL,
    REQUIRED,
    ConsentAct,
    ConsentKind,
    ConsentRecord,
    ConsentText,
    Leave,
    consent_missing,
    not_given,
    obligations_open,
    shown,
    standing,
)
from services.onboarding.domain.person import unknown_client
from services.onboarding.ports import Begin, Rules, Unit

_UNVERSIONED: Final = "unversioned"
"""In an event, for a text of before the texts had versions."""


def leave(unit: Unit, client_id: UUID, kind: ConsentKind) -> Leave:
    """The right to ask outside about a person.  Refused ``consent_missing``."""
    if kind not in standing(unit.consents.history(client_id)):
        raise consent_missing(kind)
    return Leave(kind)


def record_given(
    unit: Unit, client_id: UUID, texts: Iterable[ConsentText], *, at: datetime
) -> None:
    """Put consents on record and tell of them; one that stands already is not again."""
    held = standing(unit.consents.history(client_id))
    for text in texts:
        if text.kind in held and held[text.kind].text_sha256 == text.sha256:
            continue
        unit.consents.add(
            client_id,
            ConsentRecord(
                kind=text.kind,
                act=ConsentAct.GIVEN,
                version=text.version,
                text_sha256=text.sha256,
                channel=LENDER_CHANNEL,
                at=at,
            ),
        )
        unit.publish(
            ConsentGiven(
                client_id=client_id,
                purpose=text.kind.value,
                text_version=text.version,
                text_sha256=text.sha256,
                channel=LENDER_CHANNEL,
            )
        )


def give_consent(
    *,
    begin: Begin,
    clock: Clock,
    rules: Rules,
    client_id: UUID,
    kind: ConsentKind,
    text_sha256: str,
) -> Mapping[str, Json]:
    """Give one consent in the cabinet; once more changes nothing.

    Refused ``consent_text_changed``.
    """
    now = clock.now()
    text = shown(kind, text_sha256, rules.consent_texts(now))
    with begin() as unit:
        _lock(unit, client_id)
        record_given(unit, client_id, [text], at=now)
        return _shown(unit, client_id)


def withdraw_consent(
    *, begin: Begin, clock: Clock, client_id: UUID, kind: ConsentKind
) -> Mapping[str, Json]:
    """Take one consent back, unless obligations are open (law №94-V, art. 8).

    Refused: ``consent_not_given``, ``obligations_open``.
    """
    now = clock.now()
    with begin() as unit:
        _lock(unit, client_id)
        held = standing(unit.consents.history(client_id)).get(kind)
        if held is None:
            raise not_given(kind)
        if unit.obligations.are_open(client_id, at=now):
            raise obligations_open()
        unit.consents.add(
            client_id,
            ConsentRecord(
                kind=kind,
                act=ConsentAct.WITHDRAWN,
                version=held.version,
                text_sha256=held.text_sha256,
                channel=LENDER_CHANNEL,
                at=now,
            ),
        )
        unit.publish(
            ConsentWithdrawn(
                client_id=client_id,
                purpose=kind.value,
                text_version=held.version or _UNVERSIONED,
                text_sha256=held.text_sha256,
                channel=LENDER_CHANNEL,
            )
        )
        return _shown(unit, client_id)


def list_consents(*, begin: Begin, client_id: UUID) -> Mapping[str, Json]:
    """What the client gave and took back, the newest act first, and what holds."""
    with begin() as unit:
        return _shown(unit, client_id)


def consent_texts(*, clock: Clock, rules: Rules) -> Mapping[str, Json]:
    """The texts in force, for who is about to consent."""
    texts = rules.consent_texts(clock.now())
    return {
        "items": [
            {
                "kind": kind.value,
                "version": text.version,
                "text": text.text,
                "sha256": text.sha256,
                "required": kind in REQUIRED,
            }
            for kind, text in texts.items()
        ]
    }


def when_contract_signed(unit: Unit, event: ContractSigned) -> None:
    """A signed contract is an obligation until it is told that it is none."""
    unit.obligations.open(event.contract_id, event.client_id, at=event.signed_at)


def when_contract_annulled(
    unit: Unit, event: ContractAnnulled, *, at: datetime
) -> None:
    """An annulled contract obliges nobody, signed or not."""
    unit.obligations.close(event.contract_id, event.client_id, at=at)


def when_contract_closed(unit: Unit, event: ContractClosed, *, at: datetime) -> None:
    """A repaid contract obliges nobody any more."""
    unit.obligations.close(event.contract_id, event.client_id, at=at)


def when_contract_reopened(
    unit: Unit, event: ContractReopened, *, at: datetime
) -> None:
    """A payment was taken back: the contract obliges its client again."""
    unit.obligations.reopen(event.contract_id, event.client_id, at=at)


def _lock(unit: Unit, client_id: UUID) -> None:
    """Acts about one client's consents queue up."""
    if unit.clients.lock(client_id) is None:
        raise unknown_client()


def _shown(unit: Unit, client_id: UUID) -> Mapping[str, Json]:
    history = unit.consents.history(client_id)
    return {
        "standing": tuple(sorted(kind.value for kind in standing(history))),
        "items": tuple(consent_line(record) for record in reversed(history)),
    }


def consent_line(record: ConsentRecord) -> Mapping[str, Json]:
    """One act as its client sees it."""
    return {
        "kind": record.kind.value,
        "act": record.act.value,
        "text_version": record.version,
        "text_sha256": record.text_sha256,
        "channel": record.channel,
        "at": rfc3339(record.at),
    }
