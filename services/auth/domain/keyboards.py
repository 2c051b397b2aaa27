"""How one password looks on other keyboards, and paths that fingers walk along.

A word typed with the wrong layout switched on looks like noise, and is guessed as early
as the word itself: «gfhjkm» is «пароль».
"""

from collections.abc import Iterator, Mapping
from typing import Final

_ENGLISH: Final = "`1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./"
_RUSSIAN: Final = "ё1234567890-=йцукенгшщзхъфывапролджэячсмитьбю."
_KAZAKH: Final = '("әіңғ,.үұқөһйцукенгшщзхъфывапролджэячсмитьбю№'

_SWITCHES: Final[tuple[Mapping[int, str], ...]] = tuple(
    {ord(typed): meant for typed, meant in zip(one, other, strict=True)}
    for one, other in (
        (_ENGLISH, _RUSSIAN),
        (_RUSSIAN, _ENGLISH),
        (_ENGLISH, _KAZAKH),
        (_KAZAKH, _ENGLISH),
    )
)

SHORTEST_WALK: Final = 3
MOST_WALKS: Final = 4
"""More pieces than that are no path a hand would remember."""
_WALKS: Final = (
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp",
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
)
_PATHS: Final = tuple(path for walk in _WALKS for path in (walk, walk[::-1]))


def readings(text: str) -> Iterator[str]:
    """The text as typed, and as it reads with another layout switched on."""
    yield text
    for switch in _SWITCHES:
        switched = text.translate(switch)
        if switched != text:
            yield switched


def is_a_walk(text: str) -> bool:
    """Whether the text is a few paths over a keyboard or an alphabet, end to end.

    One key held down is a path too.
    """
    place, walks = 0, 0
    while place < len(text):
        step = max(_longest_step(text, place), _held_down(text, place))
        if step < SHORTEST_WALK:
            return False
        place, walks = place + step, walks + 1
    return 0 < walks <= MOST_WALKS


def _longest_step(text: str, place: int) -> int:
    step = 0
    for path in _PATHS:
        while text[place : place + step + 1] in path and place + step < len(text):
            step += 1
    return step


def _held_down(text: str, place: int) -> int:
    rest = text[place:]
    return len(rest) - len(rest.lstrip(rest[0]))
