"""The languages a client may be written to in."""

from typing import Final, Literal, get_args

Language = Literal["kk", "ru", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "ru"
"""Of messages to who has chosen none: everybody here reads it."""
