"""Builds antifraud's use cases from its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter_ns
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken
from kernel.events.audit import MeasureOrdered
from kernel.money import Money
from kernel.platform import Platform
from services.antifraud import handlers
from services.antifraud.adapters import HttpCentre, LoggedAlarms, http_centre
from services.antifraud.domain.engine import Engines
from services.antifraud.domain.lists import Line, Listed
from services.antifraud.handlers import Tools, holding, ruling
from services.antifraud.ports import Decision, Explained, StoredDecision, Unit
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnit, SqlUnits
from services.antifraud.wiring.appeals import AppealCases
from services.antifraud.wiring.cases import CaseCases
from services.antifraud.wiring.centre import CentreCases
from services.antifraud.wiring.indicators import IndicatorCases
from services.antifraud.wiring.investigations import InvestigationCases
from services.antifraud.wiring.losses import LossCases
from services.antifraud.wiring.reports import ReportCases
from services.antifraud.wiring.risks import RiskCases
from services.antifraud.wiring.suspensions import SuspensionCases


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the door may call."""

    platform: Platform[Settings]
    centre: HttpCentre
    engines: Engines = field(default_factory=Engines)

    def decide(
        self,
        context: Context,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
        asked_by: str,
    ) -> Decision:
        return handlers.decide(
            operation=operation,
            client_id=client_id,
            amount=amount,
            facts=facts,
            asked_by=asked_by,
            units=self.units(context),
            tools=self.tools,
        )

    def suspend_client(
        self, context: Context, *, client_id: UUID, ground: str, by: str
    ) -> UUID:
        return handlers.suspend_client(
            client_id,
            ground=ground,
            by=by,
            units=self.units(context),
            tools=self.tools,
        )

    def when_measure_ordered(self, tx: Transaction, event: MeasureOrdered) -> None:
        holding.when_measure_ordered(event, unit=self.unit(tx), tools=self.tools)

    def get_decision(self, context: Context, *, decision_id: UUID) -> StoredDecision:
        return handlers.get_decision(decision_id, units=self.units(context))

    @property
    def rules(self) -> "RuleCases":
        return RuleCases(self)

    @property
    def appeals(self) -> AppealCases:
        return AppealCases(self.platform, self.tools)

    @property
    def cases(self) -> CaseCases:
        return CaseCases(self.platform, self.tools)

    @property
    def risks(self) -> RiskCases:
        return RiskCases(self.platform, self.tools)

    @property
    def indicators(self) -> IndicatorCases:
        return IndicatorCases(self.platform, self.tools)

    @property
    def investigations(self) -> InvestigationCases:
        return InvestigationCases(self.platform, self.tools)

    @property
    def losses(self) -> LossCases:
        return LossCases(self.platform, self.tools)

    @property
    def reports(self) -> ReportCases:
        return ReportCases(self.platform, self.tools)

    @property
    def suspensions(self) -> SuspensionCases:
        return SuspensionCases(self.platform, self.tools)

    def explain(self, context: Context, *, decision_id: UUID) -> Explained:
        return handlers.explain(
            decision_id, units=self.units(context), tools=self.tools
        )

    def put_on_list(
        self, context: Context, *, of: str, lines: Sequence[Line], by: str
    ) -> int:
        return handlers.put_on_list(
            of, lines, by=by, units=self.units(context), tools=self.tools
        )

    def take_from_list(
        self, context: Context, *, of: str, keys: Sequence[str], by: str
    ) -> int:
        return handlers.take_from_list(
            of, keys, by=by, units=self.units(context), tools=self.tools
        )

    def show_list(self, context: Context, *, of: str) -> Sequence[Listed]:
        return handlers.show_list(of, units=self.units(context), tools=self.tools)

    @property
    def with_centre(self) -> CentreCases:
        return CentreCases(self.platform, self.centre, self.tools)

    def counts(self, context: Context) -> Mapping[str, int]:
        with self.units(context).begin() as unit:
            return unit.counts()

    def watch_calendar(self) -> None:
        ruling.watch_calendar(
            units=self.units(self.platform.context()),
            tools=self.tools,
            alarms=LoggedAlarms(),
        )

    def unit(self, transaction: Transaction) -> Unit:
        """The unit of work a reaction runs in."""
        return SqlUnit(transaction)

    @property
    def tools(self) -> Tools:
        platform = self.platform
        return Tools(
            clock=platform.clock,
            ids=platform.ids,
            policy=platform.policy,
            engines=self.engines,
            ticks=perf_counter_ns,
            token=partial(_token, platform),
        )

    def units(self, context: Context) -> SqlUnits:
        return SqlUnits(self.platform.database, context)


def _token(platform: Platform[Settings], kind: str, value: str) -> str:
    if platform.blind_keys is None:
        raise Broken("The environment is not usable: ANTIFRAUD_BLIND_KEYS missing")
    return platform.blind_keys.token(kind, value)


@dataclass(frozen=True, slots=True)
class RuleCases:
    """What the door may have done with the rules."""

    of: UseCases

    def draft(self, call: Call, *, version: str, rules: Json, note: str) -> Json:
        digest = ruling.draft(
            version,
            rules,
            note=note,
            by=call.by.id,
            units=self.of.units(call.context),
            tools=self.of.tools,
        )
        return {"version": version, "sha256": digest}

    def test(self, call: Call, *, version: str, days: int) -> Json:
        return ruling.test(
            version,
            days=days,
            by=call.by.id,
            units=self.of.units(call.context),
            tools=self.of.tools,
        )

    def compare(self, call: Call, *, old: str, new: str) -> Json:
        return ruling.compare(old, new, units=self.of.units(call.context))

    def show(self, call: Call, *, version: str) -> Json:
        return ruling.show(version, units=self.of.units(call.context))

    def versions(self, call: Call) -> Json:
        return ruling.versions(units=self.of.units(call.context), tools=self.of.tools)

    def to_shadow(self, call: Call, *, version: str) -> Json:
        ruling.to_shadow(
            version,
            by=call.by.id,
            units=self.of.units(call.context),
            tools=self.of.tools,
        )
        return {"version": version, "stage": "shadow"}

    def ask_promotion(self, call: Call, *, version: str) -> Json:
        platform = self.of.platform
        with platform.database.begin(call.context) as tx:
            arguments, effect = ruling.promotion(
                version, unit=self.of.unit(tx), tools=self.of.tools
            )
            asked = approvals.request(
                tx,
                operation=ruling.PROMOTE,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=platform.policy,
                ids=platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def promote(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        ruling.promote(
            approval.arguments,
            asked_by=approval.requested_by,
            approved_by=by,
            unit=self.of.unit(tx),
            tools=self.of.tools,
        )

    def rollback(self, call: Call, *, reason: str) -> Json:
        version = ruling.rollback(
            reason=reason,
            by=call.by.id,
            units=self.of.units(call.context),
            tools=self.of.tools,
        )
        return {"version": version, "stage": "live"}

    def label(self, call: Call, *, decision_id: UUID, fraud: bool) -> Json:
        ruling.label(
            decision_id,
            fraud=fraud,
            by=call.by.id,
            units=self.of.units(call.context),
            tools=self.of.tools,
        )
        return {"decision_id": str(decision_id), "fraud": fraud}

    def calendar(self, call: Call) -> Json:
        return ruling.calendar(units=self.of.units(call.context), tools=self.of.tools)


def build(platform: Platform[Settings]) -> UseCases:
    """Nothing is connected yet."""
    settings = platform.settings
    centre = http_centre(
        settings.centre_url,
        ca=settings.outer_ca,
        cert=settings.outer_cert,
        key=settings.outer_key,
        token=partial(_token, platform),
    )
    return UseCases(platform, centre)
