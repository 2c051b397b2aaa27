"""The picture for the registration form: a rendered head, no real face is shipped.

Made by `tests/portraits`; the photo judge measures it like any other.
"""

from pathlib import Path
from typing import Final

PORTRAIT: Final = Path(__file__).with_name("portrait.jpg")


def portrait() -> bytes:
    """A portrait as clause 4.1e wants it, JPEG, 480 × 640."""
    return PORTRAIT.read_bytes()
