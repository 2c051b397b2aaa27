"""Whether an upload is a picture at all: type by content, size, dimensions.

The form is judged here, by reading the container only: no pixel is decoded, so no
image code runs beside secrets. The four conditions of clause 4.1e (face to the front,
light background, neutral expression, closed mouth) are not judged by this module.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kernel.errors import Refused

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MIN_SIDE: Final = 200  # pixels

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_START_OF_SCAN = 0xDA
# Start of frame 0…15 but for DHT, JPG and DAC, which share the range (ITU-T T.81, B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FRAME_LENGTH = 7  # precision, height, width, number of components, up to there
_MARKER = 0xFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the container says of itself."""

    media_type: str
    width: int
    height: int


def read_picture(raw: bytes) -> Picture:
    """The type and dimensions of a JPEG or PNG.

    Refused: ``photo_too_large`` (over 8 MiB), ``photo_not_an_image``,
    ``photo_dimensions`` (a side under 200 pixels, or over 40 megapixels).
    """
    if len(raw) > MAX_BYTES:
        raise Refused(
            "photo_too_large",
            "The photo is larger than 8 MiB.",
            next_step="Send a smaller photo.",
        )
    picture = _jpeg(raw) or _png(raw)
    if picture is None:
        raise Refused(
            "photo_not_an_image",
            "The file is neither a JPEG nor a PNG picture.",
            next_step="Send the photo as JPEG or PNG.",
        )
    _refuse_dimensions(picture)
    return picture


def _refuse_dimensions(picture: Picture) -> None:
    too_small = min(picture.width, picture.height) < MIN_SIDE
    if too_small or picture.width * picture.height > MAX_PIXELS:
        raise Refused(
            "photo_dimensions",
            "The photo is too small or too large in pixels.",
            next_step="Send a photo of at least 200 × 200 pixels.",
            width=picture.width,
            height=picture.height,
        )


def _jpeg(raw: bytes) -> Picture | None:
    """Frame header before the first scan, end-of-image marker at the very end."""
    if not raw.startswith(_JPEG_START) or not raw.endswith(_JPEG_END):
        return None
    for marker, segment in _segments(raw):
        if marker in _FRAMES and len(segment) >= _FRAME_LENGTH:
            height = int.from_bytes(segment[1:3])
            width = int.from_bytes(segment[3:5])
            return Picture(media_type="image/jpeg", width=width, height=height)
    return None


def _segments(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their segments, up to the first scan or the first nonsense."""
    place = 2
    while place + 4 <= len(raw) and raw[place] == _MARKER:
        marker = raw[place + 1]
        length = int.from_bytes(raw[place + 2 : place + 4])
        if marker == _START_OF_SCAN or length < 2:  # noqa: PLR2004 - counts itself
            return
        yield marker, raw[place + 4 : place + 2 + length]
        place += 2 + length


def _png(raw: bytes) -> Picture | None:
    """IHDR as the first chunk, IEND as the last (PNG, sections 5.3 and 11.2)."""
    if not raw.startswith(_PNG_START) or not raw.endswith(_PNG_END):
        return None
    if raw[8:16] != b"\x00\x00\x00\rIHDR":
        return None
    width, height = int.from_bytes(raw[16:20]), int.from_bytes(raw[20:24])
    return Picture(media_type="image/png", width=width, height=height)
