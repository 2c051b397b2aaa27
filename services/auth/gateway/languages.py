"""In which language a person is answered: Kazakh, Russian or English.

English is what the services themselves say; the other two stand here by code, one file
each.  A code without an entry, or a request in no language of ours, gets English.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from services.auth.domain.languages import LANGUAGES, Language

DEFAULT: Final[Language] = "en"
_SENTENCES: Final = Path(__file__).parent / "sentences"
_MOST_WISHES: Final = 20


@dataclass(frozen=True, slots=True)
class Sentences:
    """What one language says.

    Titles by status, problems by code, fields by kind, hints by a photo's fault.
    """

    titles: Mapping[str, str]
    problems: Mapping[str, tuple[str, str]]
    fields: Mapping[str, str]
    hints: Mapping[str, str]


@cache
def sentences_in(language: Language) -> Sentences:
    """The catalogue of one language; problems have a detail and a next step."""
    found = tomllib.loads((_SENTENCES / f"{language}.toml").read_text("utf-8"))
    problems = {
        code: (problem["detail"], problem["next_step"])
        for problem in found.get("problems", ())
        for code in problem["codes"]
    }
    return Sentences(found["titles"], problems, found["fields"], found["hints"])


def language_of(accept_language: str, *, otherwise: Language = DEFAULT) -> Language:
    """The language a client likes best of ours (RFC 9110 §12.5.4).

    A dialect counts as its language; of equals the first stands.
    """
    best, weight = otherwise, 0.0
    for wish in accept_language.split(",")[:_MOST_WISHES]:
        tag, _, parameter = wish.strip().partition(";")
        language = _ours(tag.strip().lower(), otherwise)
        liked = _weight(parameter.strip())
        if language is not None and liked > weight:
            best, weight = language, liked
    return best


def _ours(tag: str, otherwise: Language) -> Language | None:
    if tag == "*":
        return otherwise
    primary = tag.partition("-")[0]
    return next((ours for ours in LANGUAGES if ours == primary), None)


def _weight(parameter: str) -> float:
    """``q=0.5``; 1 when it is not given, 0 when it is not a weight."""
    if not parameter:
        return 1.0
    name, _, value = parameter.partition("=")
    whole, _, part = value.partition(".")
    digits = whole + part
    if name.strip() != "q" or not digits.isdecimal() or not digits.isascii():
        return 0.0
    return min(1.0, float(f"{whole or 0}.{part or 0}"[:8]))
