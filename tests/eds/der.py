"""DER by hand: the shortest way to structures no library lets one write."""

from collections.abc import Sequence
from datetime import datetime

from asn1crypto import core, parser

NULL = b"\x05\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element with a tag octet of its own, such as 0x30 or 0xA0."""
    class_, method, number = tag >> 6, tag >> 5 & 1, tag & 31
    emitted: bytes = parser.emit(class_, method, number, b"".join(parts))
    return emitted


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF in DER order."""
    return tlv(0x31, *sorted(parts))


def oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def integer(number: int) -> bytes:
    return bytes(core.Integer(number).dump())


def boolean(*, true: bool) -> bytes:
    return b"\x01\x01\xff" if true else b"\x01\x01\x00"


def octets(data: bytes) -> bytes:
    return tlv(0x04, data)


def bits(data: bytes) -> bytes:
    return tlv(0x03, b"\x00", data)


def utc_time(moment: datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(moment: datetime) -> bytes:
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def algorithm(dotted: str, parameters: bytes = NULL) -> bytes:
    return sequence(oid(dotted), parameters)


def name(parts: Sequence[tuple[str, str]]) -> bytes:
    """A distinguished name, one attribute per RDN, UTF-8."""
    return sequence(
        *(set_of(sequence(oid(kind), tlv(0x0C, text.encode()))) for kind, text in parts)
    )


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = boolean(true=True) if critical else b""
    return sequence(oid(dotted), flag, octets(value))
