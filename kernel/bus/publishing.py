"""Publishing with confirms: what the broker has not accepted has not been said."""

from collections.abc import Iterable
from itertools import takewhile
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

import amqp

from kernel.bus.broker import BROKER_ERRORS, Broker, close_quietly
from kernel.bus.frames import Frames

CONFIRM_TIMEOUT_S: Final = 15
"""Past this the broker counts as away: an alarm of memory or disk, or frozen."""

WRITE_BYTES: Final = 65_536
"""Made and written together: a TLS record a message costs both ends dear."""


class ConfirmingPublisher:
    """Sends a batch and waits once until the broker has answered for each.

    The broker may confirm, refuse (nack) or return (unroutable) each message; only
    confirmed and routed ones count.  Not for two threads at once.
    """

    def __init__(self, broker: Broker) -> None:
        self._connection = broker.connect()
        self._wire: Any = self._connection.connection
        try:
            self._channel: Any = self._connection.channel()
            self._channel.confirm_select()
        except BROKER_ERRORS:
            close_quietly(self._connection)
            raise
        self._frames = Frames(
            self._channel.channel_id,
            broker.principal,
            frame_max=self._wire.frame_max,
        )
        self._sent = 0
        self._open: dict[int, str] = {}
        self._failed: dict[int, str] = {}
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)

    def publish_all(
        self, messages: Iterable[tuple[str, bytes, str, str]]
    ) -> frozenset[str]:
        """Say (id, body, exchange, routing key) each; the ids that were not accepted.

        Raises one of BROKER_ERRORS when the broker takes no more, or does not answer.
        """
        return self.refused(up_to=self.send(messages))

    def send(self, messages: Iterable[tuple[str, bytes, str, str]]) -> int:
        """Say each without waiting for an answer; the number of the last said.

        Some are written at a time, so that the broker begins before the last is made.
        Raises one of BROKER_ERRORS when the broker takes no more.
        """
        frames = bytearray()
        for message_id, body, exchange, routing_key in messages:
            frames += b"".join(self._frames.of(message_id, body, exchange, routing_key))
            self._sent += 1
            self._open[self._sent] = message_id
            if len(frames) > WRITE_BYTES:
                self._write(frames)
                frames = bytearray()
        self._write(frames)
        return self._sent

    def _write(self, frames: bytearray) -> None:
        transport = self._wire.transport
        with transport.having_timeout(CONFIRM_TIMEOUT_S):
            transport.write(memoryview(frames))
        self._wire.bytes_sent += 1  # by this the heartbeat knows that we are alive

    def refused(self, *, up_to: int) -> frozenset[str]:
        """Wait for the answers up to number ``up_to``; ids of what was not accepted.

        Only an answer moves the deadline: a broker under an alarm keeps sending
        heartbeats, so that a time-out of the socket alone would never come.
        Raises one of BROKER_ERRORS when none comes.
        """
        waiting, deadline = len(self._open), monotonic() + CONFIRM_TIMEOUT_S
        while self._open and next(iter(self._open)) <= up_to:
            left_s = deadline - monotonic()
            if left_s <= 0:
                raise TimeoutError("the broker does not confirm")
            self._wire.blocking_read(left_s)
            if len(self._open) < waiting:
                waiting = len(self._open)
                deadline = monotonic() + CONFIRM_TIMEOUT_S
        tags = [tag for tag in self._failed if tag <= up_to]
        return frozenset([self._failed.pop(tag) for tag in tags])

    def _settled(self, tag: int, *, multiple: bool) -> dict[int, str]:
        if not multiple:
            return {tag: self._open.pop(tag)} if tag in self._open else {}
        tags = list(takewhile(lambda t: t <= tag, self._open))  # oldest first
        return {t: self._open.pop(t) for t in tags}

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._settled(tag, multiple=multiple)

    def _on_nack(self, tag: int, multiple: bool = False, *_: object) -> None:  # noqa: FBT001, FBT002 - as above
        self._failed.update(self._settled(tag, multiple=multiple))

    def _on_return(
        self, _error: Exception, _exchange: str, _key: str, message: amqp.Message
    ) -> None:
        returned = message.properties["message_id"]
        self._failed.update((t, i) for t, i in self._open.items() if i == returned)

    def beat(self) -> None:
        """Keep an idle connection alive.  Raises one of BROKER_ERRORS if it is dead."""
        try:
            self._connection.drain_events(timeout=0.001)
        except TimeoutError:
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Let the connection go; a broker that does not answer is not waited for."""
        close_quietly(self._connection)

    def __enter__(self) -> Self:
        """Use as a context: closed on leaving."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
