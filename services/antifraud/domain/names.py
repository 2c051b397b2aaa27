"""Names of persons, compared across Cyrillic and Latin.

One person is Қуаныш in one list, Kuanysh in another and Quanysh in a third.  A name is
brought to a skeleton that all usual spellings share; what leaves is the skeleton's
keyed token, so that a name can be found and not read.  Two names of one skeleton are a
reason to look, never a proof.
"""

import unicodedata
from typing import Final

from kernel.errors import Refused

MAX_CHARACTERS: Final = 150
_CYRILLIC: Final = {
    **dict(zip("абвгдезиклмнопрстуфхы", "abvgdeziklmnoprstufhi", strict=True)),
    **dict(zip("әғқңөұүһіё", "agknouuhie", strict=True)),
    "ж": "j",
    "й": "i",
    "э": "e",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sh",
    "ю": "iu",
    "я": "ia",
    "ъ": "",
    "ь": "",
}
_LATIN: Final = {
    "ş": "sh",
    "š": "sh",
    "ç": "ch",
    "č": "ch",
    "ž": "j",
    "ı": "i",
    "w": "v",
    "q": "k",
    "x": "ks",
    "y": "i",
}
_LOOKALIKES: Final = str.maketrans("acekmhoptxyb", "асекмнортхув")
"""Latin letters set between Cyrillic ones so that a search passes the name by."""
_FOLDED: Final = (
    *(("shch", "sh"), ("dzh", "j"), ("zh", "j"), ("dj", "j"), ("kh", "h")),
    *(("gh", "g"), ("ph", "f"), ("ck", "k"), ("ie", "e"), ("ii", "i")),
)


def skeleton(name: str) -> str:
    """What the spellings of one name have in common; the order of words is not.

    Refused ``name_unfit`` for what has no letters or is too long.
    """
    if len(name) > MAX_CHARACTERS:
        raise _unfit()
    words = unicodedata.normalize("NFC", name).casefold().replace("-", " ").split()
    bones = sorted(filter(None, map(_bone, words)))
    if not bones:
        raise _unfit()
    return " ".join(bones)


def _bone(word: str) -> str:
    if any(letter in _CYRILLIC for letter in word):
        word = word.translate(_LOOKALIKES)
    letters = "".join(_letter(letter) for letter in word)
    for many, one in _FOLDED:
        letters = letters.replace(many, one)
    return "".join(
        letter
        for place, letter in enumerate(letters)
        if place == 0 or letter != letters[place - 1]
    )


def _letter(letter: str) -> str:
    for table in (_CYRILLIC, _LATIN):
        if letter in table:
            return table[letter]
    plain = unicodedata.normalize("NFD", letter)[0]
    return plain if plain.isascii() and plain.isalpha() else ""


def _unfit() -> Refused:
    return Refused(
        "name_unfit",
        "This is no name of a person.",
        next_step="Write surname and given name.",
    )
