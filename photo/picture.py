"""An upload becomes a picture of our own making, or is refused.

In this order, and no decoder but those of JPEG and PNG is ever reached:

1. The container names a format of ours; nothing the sender says of it is read.
2. Dimensions are bounded before a pixel is decoded.
3. One picture: an animation is refused. A phone's JPEG may carry further pictures
   behind the first (depth, motion); they are never looked at.
4. The container is whole (`verify`), then it is opened anew.
5. Decode, smaller if the format can; turn as EXIF says; RGB; at most 2048 a side.
6. Copy the pixels into a new picture and encode that: metadata, comments and whatever
   stood behind the picture stay behind.
"""

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MIN_SIDE: Final = 200  # pixels
LONGEST_SIDE: Final = 2048  # pixels, of what is kept
QUALITY: Final = 90  # of JPEG, of what is kept
_FORMATS: Final = ("JPEG", "PNG")
_STILL: Final = ("JPEG", "MPO", "PNG")

# The library's own limit only warns between 89 and 179 megapixels; ours comes first,
# and a warning of it is an error all the same.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class PictureError(Exception):
    """The upload is not taken; `code` says why, in onboarding's words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The picture that is kept, and how densely the upload was coded."""

    image: Image.Image
    jpeg: bytes
    bytes_per_pixel: float


def clean(raw: bytes) -> Cleaned:
    """The picture in `raw`, made anew.

    Raises PictureError ``photo_too_large``, ``photo_not_an_image``,
    ``photo_dimensions``.
    """
    if len(raw) > MAX_BYTES:
        raise PictureError("photo_too_large")
    try:
        with _opened(raw) as first:  # steps 1 to 4
            width, height = first.size
            first.verify()
        with _opened(raw) as whole:
            image = _decoded(whole)  # step 5
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("photo_dimensions") from None
    except (OSError, SyntaxError, ValueError):
        # The library's text may quote what was sent.
        raise PictureError("photo_not_an_image") from None
    kept = Image.new("RGB", image.size)  # step 6
    kept.paste(image)
    buffer = io.BytesIO()
    kept.save(buffer, "JPEG", quality=QUALITY)
    return Cleaned(
        image=kept,
        jpeg=buffer.getvalue(),
        bytes_per_pixel=len(raw) / (width * height),
    )


def _opened(raw: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(raw), formats=_FORMATS)
    if image.format not in _STILL:
        raise PictureError("photo_not_an_image")
    width, height = image.size
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise PictureError("photo_dimensions")
    if image.format == "PNG" and getattr(image, "is_animated", False):
        raise PictureError("photo_not_an_image")
    return image


def _decoded(image: Image.Image) -> Image.Image:
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    turned = ImageOps.exif_transpose(image).convert("RGB")
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return turned
