"""Builds what reads indicators, and what the staff do with them."""

from dataclasses import dataclass
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms, definitions
from services.antifraud.domain.indicators import Indicator, Reading
from services.antifraud.handlers import Tools, indicators
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlRiskUnits


@dataclass(frozen=True, slots=True)
class IndicatorCases:
    """What the door may have done with indicators."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call) -> Json:
        found = indicators.listed(
            definitions.indicators(), units=self._units(call.context), tools=self.tools
        )
        return {"indicators": [_told(one, reading) for one, reading in found]}

    def series(self, call: Call, *, code: str, days: int) -> Json:
        found = indicators.series(
            code, days=days, units=self._units(call.context), tools=self.tools
        )
        return {"code": code, "readings": [_reading(each) for each in found]}

    def items(self, call: Call, *, waiting: bool) -> Json:
        found = indicators.items(waiting=waiting, units=self._units(call.context))
        return {"items": jsonable(found)}

    def answer(
        self, call: Call, *, item_id: UUID, words: str, risk_id: UUID | None
    ) -> Json:
        indicators.answer(
            item_id,
            words=words,
            risk_id=risk_id,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"item_id": str(item_id)}

    def watch(self) -> None:
        indicators.watch(
            definitions.indicators(),
            units=self._units(self.platform.context()),
            tools=self.tools,
            alarms=LoggedAlarms(),
        )

    def _units(self, context: Context) -> SqlRiskUnits:
        return SqlRiskUnits(self.platform.database, context)


def _told(one: Indicator, reading: Reading | None) -> Json:
    read: dict[str, Json] = {"colour": None, "value": None}
    return {
        "code": one.code,
        "words": one.words,
        "days": one.days,
        "share": one.share,
        **(read if reading is None else _reading(reading)),
    }


def _reading(reading: Reading) -> dict[str, Json]:
    return {
        "at": jsonable(reading.at),
        "colour": reading.colour.word,
        "value": reading.value,
        "base": reading.base,
        "amber": reading.limits.amber,
        "red": reading.limits.red,
    }
