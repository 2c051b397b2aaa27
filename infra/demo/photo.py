"""A plain picture for the registration form, made here: no real face is shipped."""

import struct
import zlib

WIDTH, HEIGHT = 480, 640
LIGHT_GREY = 0xE6


def plain_png() -> bytes:
    """A light grey portrait-sized PNG (RFC 2083), the same bytes every time."""
    row = b"\x00" + bytes([LIGHT_GREY]) * WIDTH
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(row * HEIGHT, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
