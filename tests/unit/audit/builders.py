"""Builders: signed events, and a writer over fakes that makes real logs of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from kernel.crypto import Json, SigningKey, TrustStore
from kernel.events import Envelope
from services.audit.handlers.following import Followed
from services.audit.handlers.writing import State, open_log, publish_note, write_batch
from services.audit.ports import Message
from tests.unit.audit.fakes import (
    NOON,
    FakeAnchor,
    FakeBoard,
    FakeClock,
    FakeIds,
    FakeLog,
    FakeSigner,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GRACE = timedelta(seconds=60)


class Producer:
    """A service that signs and numbers its events."""

    def __init__(self, name: str = "contracts") -> None:
        self.name = name
        self.key = SigningKey.generate(f"{name}-1")
        self.sequence = 0

    def event(
        self,
        *,
        event_id: UUID | None = None,
        sequence: int | None = None,
        data: dict[str, Json] | None = None,
        event_type: str | None = None,
        subject: str | None = None,
        version: int | None = None,
        cause: UUID | None = None,
    ) -> Message:
        """The next event as the broker would deliver it."""
        self.sequence = sequence or self.sequence + 1
        number = self.sequence
        envelope = Envelope(
            id=event_id or UUID(int=(len(self.name) << 64) + number),
            source=self.name,
            type=event_type or f"{self.name}.something_happened.v1",
            time=NOON,
            subject=subject or f"thing:{UUID(int=7)}",
            subjectversion=version or number,
            sequence=number,
            traceparent=TRACE,
            correlation_id=cause or UUID(int=9),
            causation_id=None,
            keyid=self.key.keyid,
            data=data or {"thing_id": str(UUID(int=7)), "note": "Договор №1"},
        )
        return Message(envelope.signed(self.key), self.name)


def trust(*producers: Producer) -> TrustStore:
    return TrustStore.of((p.key.keyid, p.name, p.key.public_bytes) for p in producers)


@dataclass
class Writer:
    """The writer's loop over fakes, one step a call."""

    producer: Producer = field(default_factory=Producer)
    log: FakeLog = field(default_factory=FakeLog)
    anchor: FakeAnchor = field(default_factory=FakeAnchor)
    board: FakeBoard = field(default_factory=FakeBoard)
    signer: FakeSigner = field(default_factory=FakeSigner)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: FakeIds = field(default_factory=FakeIds)
    state: State | None = None

    def open(
        self, *, witnessed: Sequence[bytes] = (), followed: Followed | None = None
    ) -> "Writer":
        self.state = open_log(
            store=self.log,
            anchor=self.anchor,
            board=self.board,
            signer=self.signer.held,
            clock=self.clock,
            policy=b"",
            witnessed=witnessed,
            followed=followed,
        )
        return self

    def write(self, *messages: Message) -> "Writer":
        assert self.state is not None
        self.state = write_batch(
            messages,
            state=self.state,
            store=self.log,
            signer=self.signer.held,
            trust=trust(self.producer),
            clock=self.clock,
            ids=self.ids,
            grace=GRACE,
        )
        publish_note(
            self.state.note,
            anchor=self.anchor,
            board=self.board,
            signer=self.signer.held,
        )
        return self

    def grow(self, leaves: int) -> "Writer":
        """Write events until the log has so many leaves, in batches of up to 100."""
        while (missing := leaves - len(self.log.rows)) > 0:
            self.write(*(self.producer.event() for _ in range(min(missing, 100))))
        return self

    @property
    def kinds(self) -> list[str]:
        return [row.kind.wire for row in self.log.rows]

    @property
    def leaves(self) -> list[bytes]:
        return [row.leaf for row in self.log.rows]


def written(leaves: int) -> Writer:
    """A log of so many leaves, the opening one included."""
    return Writer().open().grow(leaves)
