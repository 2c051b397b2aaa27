"""Builds antifraud's use cases from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.context import Context
from kernel.database import Transaction
from kernel.money import Money
from kernel.platform import Platform
from services.antifraud import handlers
from services.antifraud.adapters import HttpCentre, http_centre
from services.antifraud.handlers import Tools
from services.antifraud.ports import Decision, StoredDecision, Unit
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnit, SqlUnits


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the door may call."""

    platform: Platform[Settings]
    centre: HttpCentre

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
            units=self._units(context),
            tools=self._tools,
        )

    def suspend_client(
        self, context: Context, *, client_id: UUID, ground: str, by: str
    ) -> UUID:
        return handlers.suspend_client(
            client_id,
            ground=ground,
            by=by,
            units=self._units(context),
            tools=self._tools,
        )

    def release(self, context: Context, *, held: str, ground: str, by: str) -> UUID:
        return handlers.release(
            held, ground=ground, by=by, units=self._units(context), tools=self._tools
        )

    def get_decision(self, context: Context, *, decision_id: UUID) -> StoredDecision:
        return handlers.get_decision(decision_id, units=self._units(context))

    def send_reports(self) -> int:
        return handlers.send_reports(
            centre=self.centre,
            units=self._units(self.platform.context()),
            tools=self._tools,
        )

    def counts(self, context: Context) -> Mapping[str, int]:
        with self._units(context).begin() as unit:
            return unit.counts()

    def unit(self, transaction: Transaction) -> Unit:
        """The unit of work a reaction runs in."""
        return SqlUnit(transaction)

    @property
    def _tools(self) -> Tools:
        platform = self.platform
        return Tools(platform.clock, platform.ids, platform.policy)

    def _units(self, context: Context) -> SqlUnits:
        return SqlUnits(self.platform.database, context)


def build(platform: Platform[Settings]) -> UseCases:
    """Nothing is connected yet."""
    settings = platform.settings
    centre = http_centre(
        settings.centre_url,
        ca=settings.outer_ca,
        cert=settings.outer_cert,
        key=settings.outer_key,
    )
    return UseCases(platform, centre)
