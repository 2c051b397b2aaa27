"""Builds what the staff do with the base of losses."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.money import Money
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.losses import (
    Facts,
    Loss,
    Side,
    Sums,
    by_cause,
    by_risk,
    number_of,
    sums_of,
)
from services.antifraud.handlers import Tools, losses
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlRiskUnits


@dataclass(frozen=True, slots=True)
class LossCases:
    """What the door may have done with losses."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call, *, since: date | None, until: date | None) -> Json:
        found = losses.listed(
            since=since, until=until, units=self._units(call.context), tools=self.tools
        )
        return {
            "losses": [_told(one) for one in found],
            "all": _sums(sums_of(found)),
            "by_cause": [
                {"cause": cause.value, **_sums(sums)}
                for cause, sums in by_cause(found).items()
            ],
            "by_risk": [
                {"risk_id": str(risk_id), **_sums(sums)}
                for risk_id, sums in by_risk(found).items()
            ],
        }

    def show(self, call: Call, *, loss_id: UUID) -> Json:
        found = losses.show(loss_id, units=self._units(call.context))
        return {
            **_told(found.loss),
            "facts": jsonable(found.loss.facts),
            "entries": jsonable(found.entries),
            "told": jsonable(found.told),
        }

    def record(self, call: Call, *, facts: Facts, gross: Money) -> Json:
        return _told(
            losses.record(
                facts,
                gross,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def recover(
        self, call: Call, *, loss_id: UUID, amount: Money, on: date, words: str
    ) -> Json:
        return _told(
            losses.recover(
                loss_id,
                amount,
                on=on,
                words=words,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def correct(
        self, call: Call, *, loss_id: UUID, side: Side, amount: Money, words: str
    ) -> Json:
        return _told(
            losses.correct(
                loss_id,
                side,
                amount,
                words=words,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def amend(self, call: Call, *, loss_id: UUID, facts: Facts) -> Json:
        told = losses.amend(
            loss_id,
            facts,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"loss_id": str(loss_id), "told": told.number}

    def watch(self) -> None:
        units = self._units(self.platform.context())
        losses.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _units(self, context: Context) -> SqlRiskUnits:
        return SqlRiskUnits(self.platform.database, context)


def _told(loss: Loss) -> dict[str, Json]:
    facts = loss.facts
    return {
        "loss_id": str(loss.loss_id),
        "number": number_of(loss.number),
        "cause": facts.cause.value,
        "risk_id": str(facts.risk_id),
        "case_id": None if facts.case_id is None else str(facts.case_id),
        "contract_id": None if facts.contract_id is None else str(facts.contract_id),
        "found_on": facts.found_on.isoformat(),
        "gross": loss.gross.to_wire(),
        "recovered": loss.recovered.to_wire(),
        "net": loss.net.to_wire(),
    }


def _sums(sums: Sums) -> dict[str, Json]:
    return {
        "count": sums.count,
        "gross": sums.gross.to_wire(),
        "recovered": sums.recovered.to_wire(),
        "net": sums.net.to_wire(),
    }
