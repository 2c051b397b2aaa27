"""What the broker delivers, taken off the wire; all else that comes is py-amqp's.

py-amqp reads a message in nine calls and makes a dozen objects of it, most of which
nobody asks for; at thousands a second that was a good part of what a message cost.
Frames are those of AMQP 0-9-1, sections 4.2.3 (general), 4.2.6 (content) and
1.8.3.14 (basic.deliver).
"""

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, NamedTuple

from amqp.exceptions import UnexpectedFrame
from amqp.serialization import decode_properties_basic
from amqp.spec import Basic
from kombu import Connection

from kernel.bus.frames import BODY, END, FRAME, HEADER, METHOD

READ_BYTES: Final = 16_384
"""What one read may take from TLS: a whole record (RFC 8446, 5.1)."""

_DELIVER: Final = Struct(">HH").pack(*Basic.Deliver)
_DELIVERY: Final = Struct(">QB")  # delivery tag, redelivered
_CONTENT: Final = Struct(">HxxQ")  # class, weight, size of the body


class Received(NamedTuple):
    """A message as it came: nothing in it is believed yet."""

    body: bytes
    sender: str | None
    properties: dict[str, Any]
    delivery_tag: int
    redelivered: bool = False


class Deliveries:
    """Reads one connection, and gives every message that was delivered to ``take``.

    The bodies are given as they came: the charset a message claims is not believed,
    nor does a hostile header reach a decompressor.
    """

    def __init__(
        self, connection: Connection, take: Callable[[Received], object]
    ) -> None:
        self._wire: Any = connection.connection
        self._take = take
        self._method: bytes | None = None
        self._properties: dict[str, Any] = {}
        self._missing = 0
        self._chunks: list[bytes] = []

    def read(self, timeout_s: float) -> bool:
        """Whether something came in time; takes what one read gives.

        Raises one of BROKER_ERRORS when the connection is at its end.
        """
        transport = self._wire.transport
        try:
            with transport.having_timeout(timeout_s):
                came = transport._quick_recv(READ_BYTES)  # noqa: SLF001 - `read_frame` would ask for each part by itself
        except TimeoutError:
            return False
        except OSError:
            transport.connected = False
            raise
        if not came:
            transport.connected = False
            raise ConnectionResetError("the broker has closed the connection")
        # What is not whole yet stays where py-amqp would have left it.
        transport._read_buffer = self._frames(transport._read_buffer + came)  # noqa: SLF001 - as above
        return True

    def _frames(self, data: bytes) -> bytes:
        """Take every whole frame; the rest is returned."""
        start, last = 0, len(data) - FRAME.size
        while start <= last:
            kind, channel, size = FRAME.unpack_from(data, start)
            first = start + FRAME.size
            end = first + size
            if size > self._wire.frame_max:
                raise UnexpectedFrame("a frame is longer than was agreed")
            if end >= len(data):
                break
            if data[end] != END:
                raise UnexpectedFrame("a frame does not end where it should")
            self._frame(kind, channel, data[first:end])
            start = end + 1
        return data[start:]

    def _frame(self, kind: int, channel: int, payload: bytes) -> None:
        if kind == METHOD and payload.startswith(_DELIVER):
            self._method = payload
        elif kind == HEADER and self._method is not None:
            _, self._missing = _CONTENT.unpack_from(payload)
            self._properties, _ = decode_properties_basic(payload, _CONTENT.size)
        elif kind == BODY and self._method is not None:
            self._chunks.append(payload)
            self._missing -= len(payload)
        else:
            self._wire.on_inbound_frame((kind, channel, payload))
            return
        self._wire.bytes_recv += 1  # frames, in truth: how the heartbeat is watched
        if kind != METHOD and self._missing <= 0:
            self._give()

    def _give(self) -> None:
        method, self._method = self._method or b"", None
        body = b"".join(self._chunks)
        self._chunks.clear()
        behind_tag = len(_DELIVER) + 1 + method[len(_DELIVER)]
        tag, redelivered = _DELIVERY.unpack_from(method, behind_tag)
        sender = self._properties.get("user_id")
        # `redelivered` is one bit of its octet
        self._take(Received(body, sender, self._properties, tag, bool(redelivered & 1)))
