"""The events every party is given: contracts signed, of many clients side by side."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.crypto import SigningKey
from kernel.events import Envelope
from kernel.events.contracts import ContractSigned
from kernel.money import Money

SOURCE: Final = "contracts"
EVENTS_PER_SUBJECT: Final = 5
FIRST_TIME: Final = datetime(2026, 11, 25, 9, tzinfo=UTC)


def subjects_of(count: int) -> int:
    """How many contracts ``count`` events are about."""
    return max(1, count // EVENTS_PER_SUBJECT)


def fact(index: int, *, subjects: int) -> ContractSigned:
    """The event with this number, which stands in its digest."""
    contract = UUID(int=(1 << 96) + index % subjects)
    return ContractSigned(
        contract_id=contract,
        client_id=contract,
        account_id=contract,
        ceremony_id=contract,
        document_sha256=f"{index:064x}",
        amount=Money.from_wire("400000.00"),
        signed_at=FIRST_TIME,
    )


def envelope(index: int, *, subjects: int, keyid: str) -> Envelope:
    """As the relay of `SOURCE` would fill it, if this were all it ever published."""
    event = fact(index, subjects=subjects)
    return Envelope(
        id=UUID(int=(2 << 96) + index),
        source=SOURCE,
        type=event.TYPE,
        time=FIRST_TIME + timedelta(milliseconds=index),
        subject=event.subject,
        subjectversion=1 + index // subjects,
        sequence=1 + index,
        traceparent=f"00-{index:032x}-{index:016x}-01",
        correlation_id=event.contract_id,
        causation_id=None,
        keyid=keyid,
        data=event.to_data(),
    )


def envelopes(count: int, *, keyid: str) -> list[Envelope]:
    """``count`` of them, each contract's in its order."""
    subjects = subjects_of(count)
    return [envelope(i, subjects=subjects, keyid=keyid) for i in range(count)]


def messages(count: int, key: SigningKey) -> list[bytes]:
    """The same, signed: the bytes of the wire."""
    return [e.signed(key) for e in envelopes(count, keyid=key.keyid)]
