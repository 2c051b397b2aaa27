"""Signed messages of a contract's annulment, as contracts would publish them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from kernel.bus import ConfirmingPublisher, Received
from kernel.crypto import random_bytes
from kernel.events import Envelope, Event
from kernel.events.contracts import ContractAnnulled
from kernel.events.envelope import routing_key
from tests.integration.kernel.conftest import PUBLISHER, Service

AT = datetime(2026, 11, 25, tzinfo=UTC)


def any_id() -> UUID:
    return UUID(bytes=random_bytes(16))


@dataclass
class Contract:
    """One subject; each message said takes the next version."""

    publisher: Service
    id: UUID = field(default_factory=any_id)
    said: list[Envelope] = field(default_factory=list)

    def say(
        self, reason: str, *, event: Event | None = None, under: UUID | None = None
    ) -> Received:
        """The next message of the subject, as the broker would deliver it.

        ``event`` is another fact than an annulment, ``under`` an id it must bear.
        """
        told = event or ContractAnnulled(
            contract_id=self.id, client_id=self.id, reason=reason
        )
        key = self.publisher.platform.signing_key
        version = len(self.said) + 1
        envelope = Envelope(
            id=under or any_id(),
            source=PUBLISHER,
            type=told.TYPE,
            time=AT,
            subject=told.subject,
            subjectversion=version,
            sequence=version,
            traceparent=f"00-{self.id.hex}-{'1' * 16}-01",
            correlation_id=any_id(),
            causation_id=None,
            keyid=key.keyid,
            data=told.to_data(),
        )
        self.said.append(envelope)
        return delivered(envelope.signed(key))

    @property
    def subject(self) -> str:
        return f"contract:{self.id}"


def delivered(body: bytes) -> Received:
    return Received(body=body, sender=PUBLISHER, properties={}, delivery_tag=1)


def send(publisher: Service, *messages: Received) -> None:
    """Let the real broker have them, in this order."""
    key = routing_key(ContractAnnulled.TYPE, "contract:")
    with ConfirmingPublisher(publisher.platform.broker) as to_broker:
        refused = to_broker.publish_all(
            (str(number), message.body, f"{PUBLISHER}.events", key)
            for number, message in enumerate(messages)
        )
    assert refused == frozenset()
