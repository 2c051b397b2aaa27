"""Frames of our own making are those of py-amqp, byte for byte, in both directions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import amqp
import pytest
from amqp.method_framing import frame_writer
from amqp.serialization import dumps
from amqp.spec import Basic
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu import Connection

from kernel.bus import BROKER_ERRORS, Received
from kernel.bus.deliveries import Deliveries
from kernel.bus.frames import END, FRAME, METHOD, Frames

CHANNEL = 1
FRAME_MAX = 4_096
HEARTBEAT = FRAME.pack(8, 0, 0) + bytes([END])
names = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=255)
bodies = st.binary(max_size=200) | st.binary(max_size=3).map(lambda b: b * FRAME_MAX)


def by_py_amqp(
    method: tuple[int, int], arguments: bytes, message: amqp.Message
) -> bytes:
    """The frames py-amqp writes of a method with content."""
    written = bytearray()
    wire = SimpleNamespace(frame_max=FRAME_MAX, bytes_sent=0)
    write = frame_writer(wire, SimpleNamespace(write=written.extend))
    write(METHOD, CHANNEL, method, arguments, message)
    return bytes(written)


def delivered(one: Received, *, consumer: str = "consumer") -> bytes:
    """The frames in which a broker delivers ``one``."""
    arguments = dumps(
        "sLbss", (consumer, one.delivery_tag, one.redelivered, "exchange", "key")
    )
    message = amqp.Message(one.body, **one.properties)
    return by_py_amqp(Basic.Deliver, arguments, message)


@dataclass
class Wire:
    """What a connection of py-amqp is to us; it gives ``pieces``, one a read."""

    pieces: list[bytes | Exception]
    frame_max: int = FRAME_MAX
    bytes_recv: int = 0
    connected: bool = True
    others: list[tuple[int, int, bytes]] = field(default_factory=list)
    _read_buffer: bytes = b""

    @property
    def transport(self) -> "Wire":
        return self

    @contextmanager
    def having_timeout(self, _timeout_s: float) -> Iterator[None]:
        yield

    def _quick_recv(self, _most: int) -> bytes:
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def on_inbound_frame(self, frame: tuple[int, int, bytes]) -> None:
        self.others.append(frame)


def reading(wire: Wire) -> tuple[Deliveries, list[Received]]:
    taken: list[Received] = []
    connection = cast("Connection", SimpleNamespace(connection=wire))
    return Deliveries(connection, taken.append), taken


received = st.builds(
    lambda body, properties, tag, again: Received(
        body, properties.get("user_id"), properties, tag, again
    ),
    bodies,
    st.fixed_dictionaries(
        {},
        optional={
            "content_type": names,
            "content_encoding": names,
            "correlation_id": names,
            "reply_to": names,
            "user_id": names,
        },
    ),
    st.integers(1, 2**63 - 1),
    st.booleans(),
)


@settings(deadline=None)
@given(names, names, names, names, bodies)
def test_what_is_published_is_written_as_py_amqp_would(
    principal: str, message_id: str, exchange: str, routing_key: str, body: bytes
) -> None:
    frames = Frames(CHANNEL, principal, frame_max=FRAME_MAX)
    message = amqp.Message(
        body,
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        message_id=message_id,
        user_id=principal,
    )
    arguments = dumps("Bssbb", (0, exchange, routing_key, True, False))
    expected = by_py_amqp(Basic.Publish, arguments, message)
    written = b"".join(frames.of(message_id, body, exchange, routing_key))
    assert expected == written


@pytest.mark.parametrize("place", range(3))
def test_a_name_too_long_for_the_wire_is_refused(place: int) -> None:
    names = ["id", "exchange", "key"]
    names[place] = "x" * 256
    message_id, exchange, routing_key = names
    with pytest.raises(ValueError, match="longer"):
        b"".join(
            Frames(CHANNEL, "p", frame_max=FRAME_MAX).of(
                message_id, b"", exchange, routing_key
            )
        )


@settings(deadline=None)
@given(
    st.lists(received, max_size=4),
    st.integers(1, 3_000),
    st.sampled_from([b"", HEARTBEAT]),
)
def test_what_is_delivered_is_taken_however_it_is_cut(
    messages: list[Received], piece: int, between: bytes
) -> None:
    """Frames of others between them find their way to py-amqp."""
    stream = b"".join(delivered(one) + between for one in messages)
    pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    wire = Wire(list(pieces))
    deliveries, taken = reading(wire)
    assert all(deliveries.read(1.0) for _ in pieces)
    assert messages == taken
    assert len(wire.others) == bool(between) * len(messages)
    assert wire._read_buffer == b""


def test_silence_is_no_failure() -> None:
    wire = Wire([TimeoutError(), delivered(Received(b"x", None, {}, 7))])
    deliveries, taken = reading(wire)
    assert not deliveries.read(1.0)
    assert deliveries.read(1.0)
    assert [one.delivery_tag for one in taken] == [7]


def test_a_connection_that_fails_is_not_used_again() -> None:
    """Whoever closes it later need not wait for an answer."""
    wire = Wire([ConnectionResetError()])
    deliveries, _ = reading(wire)
    with pytest.raises(ConnectionResetError):
        deliveries.read(1.0)
    assert not wire.connected


@pytest.mark.seeded("deliveries_fall_out_of_step")
@pytest.mark.parametrize(
    "piece",
    [
        b"",
        FRAME.pack(METHOD, CHANNEL, 1) + b"x\0",
        FRAME.pack(METHOD, CHANNEL, FRAME_MAX + 1),
    ],
    ids=["closed", "without its end", "longer than agreed"],
)
def test_a_connection_that_cannot_be_followed_is_given_up(
    piece: bytes,
) -> None:
    deliveries, taken = reading(Wire([piece]))
    with pytest.raises(BROKER_ERRORS):
        deliveries.read(1.0)
    assert not taken
