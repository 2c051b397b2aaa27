"""What a leaf says, in one plain sentence of Russian or Kazakh, with Almaty's time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from kernel.clock import ALMATY, parse_rfc3339
from kernel.crypto import Json
from kernel.money import Money
from services.audit.domain.scope import Entry

Language = Literal["ru", "kk"]
LANGUAGES: Final[tuple[Language, ...]] = ("ru", "kk")
UNSAID: Final = "—"
_FIELD: Final = re.compile(r"\{([a-z_0-9]+)\}")
_MONEY: Final = re.compile(r"-?[0-9]+\.[0-9]{2}")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final[Mapping[Language, str]] = {"ru": "тенге", "kk": "теңге"}


@dataclass(frozen=True, slots=True)
class Telling:
    """How one kind of event or leaf is told; ``{field}`` stands for what it says."""

    ru: str
    kk: str
    clause: str
    """Of the Procedure."""

    def sentence(self, entry: Entry, language: Language) -> str:
        """What the event says; a field that it lacks is a dash."""
        text = self.ru if language == "ru" else self.kk
        fields = entry.data or entry.said
        return _FIELD.sub(lambda found: shown(fields.get(found[1]), language), text)


def fields_of(text: str) -> frozenset[str]:
    """The fields a sentence asks for."""
    return frozenset(_FIELD.findall(text))


def shown(value: Json, language: Language) -> str:
    """A value as people write it: money, instants and days by their forms."""
    if value is None or value == "":
        return UNSAID
    text = str(value)
    if _MONEY.fullmatch(text):
        grouped = f"{Money.from_wire(text).to_wire()}".replace(".", ",")
        whole, _, rest = grouped.partition(",")
        spaced = f"{int(whole):,}".replace(",", "\u00a0")
        return f"{spaced},{rest} {_CURRENCY[language]}"
    if _INSTANT.fullmatch(text):
        return almaty(parse_rfc3339(text))
    if _DAY.fullmatch(text):
        return f"{date.fromisoformat(text):%d.%m.%Y}"
    return text


def almaty(instant: datetime) -> str:
    """The instant in Almaty, to the second."""
    return f"{instant.astimezone(ALMATY):%d.%m.%Y %H:%M:%S}"
