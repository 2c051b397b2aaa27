"""What the use cases are put together from: transactions, neighbours, registers."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.context import Call, Context
from kernel.database import Transaction
from kernel.errors import Broken
from kernel.judging import RpcAntifraud
from kernel.platform import Platform
from services.contracts.adapters.onboarding import RpcOnboarding, RpcWitness
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import (
    Bureau,
    CompanySigner,
    Judges,
    Monitoring,
    Printer,
    StateRegisters,
)
from services.contracts.ports.repayments import Statements
from services.contracts.settings import Settings
from services.contracts.storage.work import DatabaseUnit, DatabaseWork


@dataclass(frozen=True, slots=True)
class Parts:
    """The platform and the outside world; one object serves all workers."""

    platform: Platform[Settings]
    bureau: Bureau
    state: StateRegisters
    monitoring: Monitoring
    printer: Printer
    signer: CompanySigner
    bank: Statements
    resting: dict[UUID, datetime] = field(default_factory=dict)
    """Contracts whose signing failed by a defect, and until when they rest."""

    def work(self, context: Context, call: Call | None = None) -> DatabaseWork:
        return DatabaseWork(
            self.platform.database,
            context,
            field_keys=self.platform.field_keys,
            call=call,
        )

    def unit(self, tx: Transaction) -> DatabaseUnit:
        return DatabaseUnit(tx, field_keys=self.platform.field_keys)

    def signing_desk(self, context: Context) -> SigningDesk:
        return SigningDesk(
            work=self.work(context),
            antifraud=RpcAntifraud(self.platform.rpc, context),
            signer=self.signer,
            witness=RpcWitness(self.platform.rpc, context),
            printer=self.printer,
            policy=self.platform.policy,
            clock=self.platform.clock,
            resting=self.resting,
        )

    def judges(self, context: Context) -> Judges:
        return Judges(
            onboarding=RpcOnboarding(self.platform.rpc, context),
            bureau=self.bureau,
            state=self.state,
            monitoring=self.monitoring,
            antifraud=RpcAntifraud(self.platform.rpc, context),
            printer=self.printer,
        )


def client_of(call: Call) -> UUID:
    """The client in whose name the gateway asks; the door has verified it."""
    if call.client_id is None:
        raise Broken("A client's request came without a client")
    return call.client_id
