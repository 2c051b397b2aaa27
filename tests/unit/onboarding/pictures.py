"""Pictures made by hand: headers as the standards give them, no person on them."""

import struct
import zlib


def png(width: int = 300, height: int = 400) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def jpeg(width: int = 300, height: int = 400, frame: int = 0xC0) -> bytes:
    start = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
    size = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0"
    scan = _segment(0xDA, b"\x01\x01\0\0\x3f\0")
    return start + _segment(frame, size) + scan + b"\x12\x34" + b"\xff\xd9"


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
