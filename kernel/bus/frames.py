"""A message to publish as the bytes of its frames.

py-amqp writes the same bytes by a dozen calls a message; all that changes from one of
our messages to the next are id, routing key and body.  Frames are those of AMQP 0-9-1,
sections 4.2.3 (general), 4.2.6 (content) and 1.8.3.7 (basic.publish).
"""

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import Final

from amqp.spec import Basic

FRAME: Final = Struct(">BHI")
"""The head of a frame: type, channel, size of the payload."""
METHOD, HEADER, BODY = 1, 2, 3
END: Final = 0xCE
OVERHEAD: Final = FRAME.size + 1
"""What a frame has around its payload, in bytes."""

_METHOD: Final = Struct(">HH").pack(*Basic.Publish)
_NO_TICKET: Final = b"\0\0"
_MANDATORY: Final = b"\1"  # the first bit; the second would be "immediate"
_CONTENT: Final = Struct(">HxxQH")  # class, weight, size of the body, flags
_FLAGS: Final = 0x8000 | 0x4000 | 0x1000 | 0x0080 | 0x0010
"""Content type, content encoding, delivery mode, message id, user id."""
_PERSISTENT: Final = b"\2"
_LONGEST: Final = 255  # bytes of a short string
_KNOWN: Final = 1_000  # routing keys whose frame is kept in mind


class Frames:
    """Writes persistent, mandatory JSON messages of one principal on one channel."""

    def __init__(self, channel: int, principal: str, *, frame_max: int) -> None:
        self._channel = channel
        self._before_id = _short("application/json") + _short("utf-8") + _PERSISTENT
        self._behind_id = _short(principal)
        self._longest = frame_max - OVERHEAD
        self._method = lru_cache(_KNOWN)(self._made_method)

    def of(
        self, message_id: str, body: bytes, exchange: str, routing_key: str
    ) -> Iterator[bytes]:
        """The frames of one message.  Raises ValueError when a name is too long."""
        yield self._method(exchange, routing_key)
        content = _CONTENT.pack(Basic.CLASS_ID, len(body), _FLAGS)
        properties = self._before_id + _short(message_id) + self._behind_id
        yield self._frame(HEADER, content + properties)
        for start in range(0, len(body), self._longest):
            yield self._frame(BODY, body[start : start + self._longest])

    def _made_method(self, exchange: str, routing_key: str) -> bytes:
        names = _short(exchange) + _short(routing_key)
        return self._frame(METHOD, _METHOD + _NO_TICKET + names + _MANDATORY)

    def _frame(self, kind: int, payload: bytes) -> bytes:
        return b"%b%b\xce" % (FRAME.pack(kind, self._channel, len(payload)), payload)


def _short(text: str) -> bytes:
    """A short string: its length in one byte, its bytes."""
    octets = text.encode()
    if len(octets) > _LONGEST:
        raise ValueError("longer than a short string of AMQP")
    return bytes([len(octets)]) + octets
