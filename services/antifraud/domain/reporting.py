"""What the National Bank's anti-fraud centre (антифрод-центр) is told: clause 6.1g iv.

The centre's real interface is not published, so the envelope is neutral. It carries
ids only: who stands behind them is asked of the owner when the interface is known.
"""

from datetime import datetime
from uuid import UUID

from kernel.calendar import WorkingCalendar
from kernel.clock import almaty_date, rfc3339
from kernel.crypto import Json
from services.antifraud.domain.decision import Inputs, Verdict


def suspension_notice(
    event_id: UUID,
    *,
    inputs: Inputs,
    verdict: Verdict,
    at: datetime,
    calendar: WorkingCalendar,
    working_days: int,
) -> Json:
    """The message about a suspended operation."""
    until = calendar.add_working_days(almaty_date(at), working_days)
    return {
        "event_id": str(event_id),
        "kind": "attempt",
        "detected_at": rfc3339(at),
        "status": "suspended",
        "initiator": {"client_id": str(inputs.client_id)},
        "operation": inputs.operation,
        "amount": inputs.amount.to_wire(),
        "currency": inputs.amount.currency,
        "time": rfc3339(at),
        "grounds": ",".join(verdict.grounds),
        "suspend_until": until.isoformat(),
        "correlation_id": inputs.operation,
    }
