"""Builds antifraud's use cases from its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from uuid import UUID

from kernel.context import Context
from kernel.database import Transaction
from kernel.errors import Broken
from kernel.money import Money
from kernel.platform import Platform
from services.antifraud import handlers
from services.antifraud.adapters import HttpCentre, http_centre
from services.antifraud.domain.engine import Engines
from services.antifraud.domain.lists import Line, Listed
from services.antifraud.handlers import Tools
from services.antifraud.ports import Decision, Explained, StoredDecision, Unit
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnit, SqlUnits


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

    def explain(self, context: Context, *, decision_id: UUID) -> Explained:
        return handlers.explain(
            decision_id, units=self._units(context), tools=self._tools
        )

    def put_on_list(
        self, context: Context, *, of: str, lines: Sequence[Line], by: str
    ) -> int:
        return handlers.put_on_list(
            of, lines, by=by, units=self._units(context), tools=self._tools
        )

    def take_from_list(
        self, context: Context, *, of: str, keys: Sequence[str], by: str
    ) -> int:
        return handlers.take_from_list(
            of, keys, by=by, units=self._units(context), tools=self._tools
        )

    def show_list(self, context: Context, *, of: str) -> Sequence[Listed]:
        return handlers.show_list(of, units=self._units(context), tools=self._tools)

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
        return Tools(
            clock=platform.clock,
            ids=platform.ids,
            policy=platform.policy,
            engines=self.engines,
            ticks=perf_counter_ns,
            token=self._token,
        )

    def _token(self, kind: str, value: str) -> str:
        if self.platform.blind_keys is None:
            raise Broken("The environment is not usable: ANTIFRAUD_BLIND_KEYS missing")
        return self.platform.blind_keys.token(kind, value)

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
