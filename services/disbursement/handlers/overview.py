"""What the treasurers are shown: ids, codes, amounts and instants; no personal data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.policy import Policy, Setting, value_to_wire
from services.disbursement.domain.explaining import outlook
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.witness import seconds_left
from services.disbursement.handlers.standing import earlier_sum
from services.disbursement.ports import Overview, Payouts, Recorded

LISTED: Final = 100
SOON: Final = timedelta(hours=1)
MOST_CHECKS: Final = 500
"""Some twenty passages; a payout held for long has more, and the newest tell why."""

_BY_CONTRACT: Final = (
    *("cooling.hours", "cooling.threshold"),
    *("cooling.confirmation_above", "cooling.aggregation"),
)
_BY_SENDING: Final = (
    *("payouts.most_mrp", "payouts.client_day_mrp"),
    *("payouts.day_mrp", "payouts.approval_above_mrp"),
)


def due(*, overview: Overview, now: datetime) -> Json:
    """What is due, and what will be within the hour."""
    return {
        "payouts": [
            _line(one) | {"late_s": _seconds(now, one.next_at)}
            for one in overview.due(until=now + SOON, limit=LISTED)
        ]
    }


def held(*, overview: Overview) -> Json:
    """What stands still, why, and who can release it."""
    return {"payouts": [_line(one) for one in overview.held(limit=LISTED)]}


def unknown(*, overview: Overview, now: datetime) -> Json:
    """What may be at the bank without a useful answer, and for how long."""
    return {
        "payouts": [
            _line(one)
            | {
                "age_s": _seconds(now, one.first_sent_at),
                "sent_at": jsonable(one.first_sent_at),
            }
            for one in overview.unknown(limit=LISTED)
        ]
    }


def explain(
    payout_id: UUID,
    *,
    overview: Overview,
    payouts: Payouts,
    policy: Policy,
    counted_ns: int | None,
    now: datetime,
) -> Json:
    """One payout: steps, hold, settings, checks, what comes next and who can act.

    Refused ``payout_unknown``.
    """
    payout = overview.one(payout_id)
    if payout is None:
        raise payout_unknown()
    counted = payout.amount + earlier_sum(payout, payouts=payouts, policy=policy)
    return {
        **_line(payout),
        "hold": {
            "counted_from": jsonable(payout.held_since),
            "consented_at": jsonable(payout.consented_at),
            "hold_until": jsonable(payout.hold_until),
            "seconds_left": seconds_left(payout, counted_ns=counted_ns, now=now),
            "counted_amount": counted.to_wire(),
            "release_required": payout.release_required,
        },
        "steps": _steps(payout),
        "settings": [
            *(_cited(policy, key, payout.signed_at) for key in _BY_CONTRACT),
            *(_cited(policy, key, payout.first_sent_at or now) for key in _BY_SENDING),
        ],
        "checks": _checks(overview.checks(payout_id, limit=MOST_CHECKS)),
    }


def payout_unknown() -> Refused:
    """Nobody has such a payout."""
    return Refused(
        "payout_unknown",
        "There is no such payout.",
        next_step="List the payouts that are due, held or unknown.",
    )


def _line(payout: Payout) -> dict[str, Json]:
    comes = outlook(payout)
    return {
        "payout_id": str(payout.payout_id),
        "contract_id": str(payout.contract_id),
        "state": payout.state.value,
        "amount": payout.amount.to_wire(),
        "code": payout.held_code,
        "next_at": jsonable(payout.next_at),
        "next": comes.next,
        "who": comes.who,
    }


def _steps(payout: Payout) -> Json:
    """What happened, in order, as far as it has."""
    instants = (
        ("signed", payout.signed_at),
        ("consented", payout.consented_at),
        ("hold counted anew", payout.hold_from),
        ("released", payout.released_at),
        ("sent first", payout.first_sent_at),
        ("sent last", payout.sent_at),
        ("settled", payout.settled_at),
    )
    known = sorted((at, step) for step, at in instants if at is not None)
    return [{"at": jsonable(at), "step": step} for at, step in known]


def _cited(policy: Policy, key: str, at: datetime) -> Json:
    setting: Setting = policy.setting_at(key, at)
    return {
        "key": key,
        "value": str(value_to_wire(setting.value)),
        "since": jsonable(setting.effective_at),
        "source": setting.source,
    }


def _checks(recorded: Sequence[Recorded]) -> Json:
    return [
        {
            "at": jsonable(one.at),
            "passage": str(one.passage),
            "check": one.check.name,
            "verdict": one.check.verdict.value,
            "code": one.check.code,
            "evidence": one.check.evidence,
        }
        for one in recorded
    ]


def _seconds(now: datetime, since: datetime | None) -> int:
    return 0 if since is None else int((now - since).total_seconds())
