"""Whether an upload may be a picture at all: type by content, size, dimensions.

The form is judged here, by reading the container only: no pixel is decoded, so no
image code runs beside secrets. What passes goes to the photo judge, which decodes it
apart from everything, makes a clean picture of it and measures that; `portrait` judges
the measures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kernel.errors import Broken, Refused

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MIN_SIDE: Final = 200  # pixels

_JPEG_START = b"\xff\xd8\xff"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_START_OF_SCAN = 0xDA
# Start of frame 0…15 but for DHT, JPG and DAC, which share the range (ITU-T T.81, B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FRAME_LENGTH = 7  # precision, height, width, number of components, up to there
_MARKER = 0xFF


NOT_READABLE: Final = "photo_not_readable"
"""The judge gave up on it: too much time, or too much memory."""


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
        raise unfit("photo_too_large")
    picture = _jpeg(raw) or _png(raw)
    if picture is None:
        raise unfit("photo_not_an_image")
    too_small = min(picture.width, picture.height) < MIN_SIDE
    if too_small or picture.width * picture.height > MAX_PIXELS:
        raise unfit("photo_dimensions")
    return picture


_UNFIT: Final = {
    "photo_too_large": (
        "The photo is larger than 8 MiB.",
        "Send a smaller photo.",
    ),
    "photo_not_an_image": (
        "The file is neither a JPEG nor a PNG picture.",
        "Send the photo as JPEG or PNG.",
    ),
    "photo_dimensions": (
        "The photo is too small or too large in pixels.",
        "Send a photo of at least 200 × 200 pixels.",
    ),
    NOT_READABLE: (
        "The photo could not be read.",
        "Take another photo and send that.",
    ),
}


def unfit(code: str) -> Refused:
    """The upload is no picture we take; Broken for a word that is none of ours."""
    if code not in _UNFIT:
        raise Broken("the photo judge refused for a reason nobody knows")
    sentence, next_step = _UNFIT[code]
    return Refused(code, sentence, next_step=next_step)


def _jpeg(raw: bytes) -> Picture | None:
    """Frame header before the first scan.

    Phones write depth, motion and their own notes behind the picture: what follows it
    is not looked at, and is gone from what is kept.
    """
    if not raw.startswith(_JPEG_START):
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
