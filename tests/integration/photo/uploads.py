"""Uploads made by hand: what strangers send, byte by byte."""

import struct
import zlib
from collections.abc import Iterator

EOI = b"\xff\xd9"
ORIENTATION_TURNED = 6  # the camera was held upright: turn by a quarter
_GPS = 0x8825


def png(width: int, height: int, *, colour_type: int = 2, frames: int = 1) -> bytes:
    """A black PNG, true to its header; more than one frame makes it an animation."""
    samples = {0: 1, 2: 3, 6: 4}[colour_type]
    packer, rows = zlib.compressobj(1), bytearray()
    row = bytes(1 + width * samples)
    for _ in range(height):
        rows += packer.compress(row)
    rows += packer.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))]
    if frames > 1:
        parts.append((b"acTL", struct.pack(">II", frames, 0)))
        parts.append((b"fcTL", _frame(0, width, height)))
    parts.append((b"IDAT", bytes(rows)))
    for number in range(1, frames):
        parts.append((b"fcTL", _frame(2 * number - 1, width, height)))
        parts.append((b"fdAT", struct.pack(">I", 2 * number) + bytes(rows)))
    parts.append((b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than its body holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, part)
        for kind, part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )


def with_metadata(jpeg: bytes, *, orientation: int = 1, secret: bytes = b"") -> bytes:
    """The JPEG with EXIF (a place, an orientation), a comment, and a tail behind it."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack("<HHII", _GPS, 4, 1, 38)
    directory = struct.pack("<H", 2) + entries + struct.pack("<I", 0)
    place = struct.pack("<H", 1) + struct.pack("<HHI4s", 1, 2, 2, b"N\0\0\0") + bytes(4)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + directory + place + secret
    return (
        jpeg[:2]
        + _segment(0xE1, exif)
        + _segment(0xFE, b"comment " + secret)
        + jpeg[2:]
        + b"<html>"
        + secret
    )


def markers(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers of a JPEG with their segments, up to the first scan."""
    place = 2
    while jpeg[place + 1] != 0xDA:
        length = int.from_bytes(jpeg[place + 2 : place + 4])
        yield jpeg[place + 1], jpeg[place + 4 : place + 2 + length]
        place += 2 + length


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height, from the frame header."""
    frame = next(segment for marker, segment in markers(jpeg) if marker == 0xC0)
    return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])


def _frame(sequence: int, width: int, height: int) -> bytes:
    return struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, 1, 10, 0, 0)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
