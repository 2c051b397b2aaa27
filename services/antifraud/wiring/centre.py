"""Builds the use cases between the National Bank's centre and us."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json, as_object
from kernel.platform import Platform
from services.antifraud import handlers
from services.antifraud.adapters import HttpCentre, LoggedAlarms
from services.antifraud.handlers import Tools
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlCentreUnits

SHOWN: Final = 100
DAYS_SHOWN: Final = 31


@dataclass(frozen=True, slots=True)
class CentreCases:
    """What the door may have done with the centre."""

    platform: Platform[Settings]
    centre: HttpCentre
    tools: Tools

    def send(self) -> int:
        return handlers.send_reports(
            centre=self.centre, units=self._units(), tools=self.tools
        )

    def hear(self) -> int:
        return handlers.hear(centre=self.centre, units=self._units(), tools=self.tools)

    def follow(self) -> None:
        handlers.follow(centre=self.centre, units=self._units(), tools=self.tools)

    def complete(self) -> None:
        handlers.complete(centre=self.centre, units=self._units(), tools=self.tools)

    def watch(self) -> None:
        handlers.watch(units=self._units(), alarms=LoggedAlarms(), tools=self.tools)

    def status(self, call: Call) -> Json:
        with self._units(call.context).begin() as unit:
            line = unit.line()
        return as_object(jsonable(asdict(line)))

    def messages(self, call: Call, *, state: str | None) -> Json:
        """Both directions, what was last before the others."""
        with self._units(call.context).begin() as unit:
            sent = unit.sent(state=state, limit=SHOWN)
            heard = unit.items(state=state, limit=SHOWN)
        out: list[Json] = [
            {
                "name": str(each.event_id),
                "way": "out",
                "kind": each.kind,
                "state": each.state,
                "says": each.reason or each.status,
                "at": jsonable(each.created_at),
            }
            for each in sent
        ]
        return {
            "messages": out
            + [
                {
                    "name": str(each.number),
                    "way": "in",
                    "kind": each.kind,
                    "state": each.state,
                    "says": each.why,
                    "at": jsonable(each.taken_at),
                }
                for each in heard
            ]
        }

    def replay(self, call: Call, *, name: UUID | int) -> Json:
        state = handlers.replay(
            name,
            centre=self.centre,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"name": str(name), "state": state}

    def close(self, call: Call, *, name: UUID | int, ground: str) -> Json:
        handlers.close(
            name,
            ground=ground,
            by=str(call.by.id),
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"name": str(name), "state": "closed"}

    def completeness(self, call: Call, *, day: date | None) -> Json:
        """The reports; of one day, if it is named, made anew."""
        units = self._units(call.context)
        if day is not None:
            handlers.check_day(day, centre=self.centre, units=units, tools=self.tools)
        with units.begin() as unit:
            found = unit.days(limit=DAYS_SHOWN)
        return {
            "days": [
                _day(of, report) | {"made_at": jsonable(made_at)}
                for of, made_at, report in found
                if day in {None, of}
            ]
        }

    def _units(self, context: Context | None = None) -> SqlCentreUnits:
        return SqlCentreUnits(
            self.platform.database, context or self.platform.context()
        )


def _day(day: date, report: Mapping[str, Json]) -> dict[str, Json]:
    differences = as_object(report["differences"])
    return {
        "day": day.isoformat(),
        **report,
        "differs": ", ".join(sorted(differences)),
    }
