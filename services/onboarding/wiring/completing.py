"""What a completed ceremony leads on to: at once, and by the beat what was left."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken, Transient
from kernel.events.antifraud import OperationReleased
from kernel.judging import RpcAntifraud
from kernel.origins import kept_since
from kernel.platform import Platform
from services.onboarding.domain.ceremony import REGISTRATION
from services.onboarding.handlers import activation, applying, changes, judging
from services.onboarding.handlers.judging import Judge
from services.onboarding.ports import Begin, Blind
from services.onboarding.settings import Settings
from services.onboarding.storage import SqlUnit
from services.onboarding.wiring.clients import ClientData
from services.onboarding.wiring.outside import Outside
from services.onboarding.wiring.rules import DatedRules

AT_ONCE: Final = 20
"""Registrations, and changes, gone on with per beat."""


class Completing:
    """Registrations become active and changes take effect, when antifraud lets them."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        begin: Callable[[Context], Begin],
        outside: Outside,
        blind: Blind,
        rules: DatedRules,
        clients: ClientData,
    ) -> None:
        self._platform = platform
        self._begin = begin
        self._outside = outside
        self._blind = blind
        self._rules = rules
        self._clients = clients

    def after_proof(
        self, context: Context, standing: Mapping[str, Json]
    ) -> Mapping[str, Json]:
        """Go on at once with what the last proof completed.

        A registration is activated, a change takes effect; the beats are the net. Of an
        account that came, or was chosen, it is asked whose it is; the net is the payer,
        who asks before any order (5.3).
        """
        if standing["state"] == "completed":
            operation = str(standing["operation"])
            kind, _, subject = operation.partition(":")
            if kind == REGISTRATION:
                self._activate(context, UUID(subject))
            else:
                if kind in changes.KINDS:
                    self._apply(context, UUID(subject))
                self._prove(context, operation)
        return standing

    def activate_identified(self) -> int:
        """Activate what was identified and left behind; how many became active."""
        context, at = self._platform.context(), self._platform.clock.now()
        with self._begin(context)() as unit:
            waiting = unit.registrations.identified(at=at, limit=AT_ONCE)
        return sum(self._activate(context, one) for one in waiting)

    def apply_proved(self) -> int:
        """Let changes take effect that waited for antifraud; how many did."""
        context, at = self._platform.context(), self._platform.clock.now()
        with self._begin(context)() as unit:
            waiting = unit.changes.proved(at=at, limit=AT_ONCE)
        return sum(self._apply_and_prove(context, one) for one in waiting)

    def forget_origins(self) -> int:
        """Forget where what has ended, or was given up, was asked for; how many."""
        before = kept_since(self._platform.policy, self._platform.clock.now())
        with self._begin(self._platform.context())() as unit:
            return unit.origins.forget_ended(before=before)

    def when_operation_released(
        self, tx: Transaction, event: OperationReleased
    ) -> None:
        judging.when_operation_released(
            event, unit=SqlUnit(tx, self._platform.field_keys), at=tx.now
        )

    def _apply_and_prove(self, context: Context, change_id: UUID) -> bool:
        applied = self._apply(context, change_id)
        if applied:
            with self._begin(context)() as unit:
                change = unit.changes.get(change_id)
            if change is not None:
                self._prove(context, change.operation)
        return applied

    def _prove(self, context: Context, operation: str) -> None:
        """Ask whose an account is that a change has put in place."""
        with self._begin(context)() as unit:
            change = changes.applied_by(unit, operation)
        if change is None or change.account_id is None or change.value is None:
            return
        with suppress(Transient, Broken):
            self._clients.prove_ownership(
                context, client_id=change.client_id, account_id=change.account_id
            )

    def _apply(self, context: Context, change_id: UUID) -> bool:
        return applying.apply_proved(
            begin=self._begin(context),
            clock=self._platform.clock,
            judge=self._judge(context),
            change_id=change_id,
        )

    def _activate(self, context: Context, registration_id: UUID) -> bool:
        return activation.activate(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
            owners=self._outside.owners,
            judge=self._judge(context),
            rules=self._rules,
            registration_id=registration_id,
        )

    def _judge(self, context: Context) -> Judge:
        return Judge(
            antifraud=RpcAntifraud(self._platform.rpc, context),
            rules=self._rules,
            ids=self._platform.ids,
        )
