"""The bytes of parsed structures, exactly as they came.

asn1crypto's own `dump` takes a header that ends in 0x80 for an indefinite length and
encodes the value anew: one certificate in 256 would be signed bytes nobody signed.
"""

from typing import Any, Final

from asn1crypto import core, parser

UNPARSABLE: Final = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    RecursionError,
    OverflowError,
)
"""What asn1crypto raises on bytes that are not what they should be."""

_SET: Final = (0, 1, 17)


def der(value: Any) -> bytes:  # noqa: ANN401 - asn1crypto is untyped
    """The bytes of a parsed value, under its tag. Of a choice: those of what it is."""
    if isinstance(value, core.Choice):
        return der(value.chosen)
    raw: bytes = parser.emit(value.class_, value.method, value.tag, value.contents)
    return raw


def der_of_set(value: Any) -> bytes:  # noqa: ANN401 - as above
    """The same under the tag of a SET (RFC 5652, 5.4), not of the [0] on the wire."""
    raw: bytes = parser.emit(*_SET, value.contents)
    return raw


def absent(value: object) -> bool:
    """Whether an optional field is not there."""
    return value is None or isinstance(value, core.Void)
