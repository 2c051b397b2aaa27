"""What the client states apart from signing: consent and release (clause 5.5)."""

from datetime import datetime, timedelta
from typing import Final

from kernel.errors import Refused
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import rules
from services.contracts.domain.contract.amending import not_amending, not_refused
from services.contracts.domain.contract.contract import (
    NOTHING,
    Contract,
    Statement,
    become,
    known,
    out_of_turn,
)
from services.contracts.domain.contract.waiting import still_waiting
from services.contracts.domain.states import ContractState
from services.contracts.domain.texts import StatementKind, StatementText

_S = ContractState

SECOND_FACTOR_LASTS: Final = timedelta(minutes=5)

CLOCK_SKEW: Final = timedelta(seconds=5)
"""How far ahead of ours the gateway's clock may be."""

_ONE_SECOND: Final = timedelta(seconds=1)


def consent(
    contract: Contract,
    statement: Statement,
    *,
    text: StatementText,
    earlier: Money = NOTHING,
    policy: Policy,
) -> Contract:
    """The additional consent (дополнительное согласие): it starts the hold (5.5).

    `earlier` as with `conclude`.  Counts at any time from the conclusion on.  Refused:
    ``not_signed``, ``already_consented``, ``silence_passed``, ``refusal_pending``,
    ``amendment_pending`` and what `_counts` refuses.
    """
    if contract.state in (_S.OFFERED, _S.SIGNING):
        raise Refused(
            "not_signed",
            "The contract is not signed yet.",
            next_step="Sign the contract first.",
        )
    if contract.state is not _S.CONCLUDED:
        raise out_of_turn(contract, "already_consented", "The consent is given.")
    still_waiting(contract, statement.given_at)
    not_refused(contract)
    not_amending(contract)
    _counts(statement, text=text, policy=policy)
    until = rules.hold_until(
        contract.amount + earlier,
        policy=policy,
        signed_at=known(contract.signed_at),
        consented_at=statement.given_at,
        held_from=contract.hold_from,
    )
    required = contract.confirmation_required
    return become(
        contract,
        _S.CONSENTED,
        consented_at=statement.given_at,
        hold_until=until,
        silence_at=rules.silence_until(policy, until) if required else None,
    )


def confirm_release(
    contract: Contract, statement: Statement, *, text: StatementText, policy: Policy
) -> Contract:
    """The release confirmation (повторное подтверждение) of clause 5.5.

    Counts only at or after ``hold_until``, so that it is a consent given after the
    period.  Refused: ``not_consented``, ``confirmation_not_needed``,
    ``already_released``, ``release_too_early`` (with ``seconds_left``),
    ``silence_passed``, ``refusal_pending``, ``amendment_pending`` and what `_counts`
    refuses.
    """
    if contract.state in (_S.OFFERED, _S.SIGNING, _S.CONCLUDED):
        raise Refused(
            "not_consented",
            "The additional consent is not given yet.",
            next_step="Give the additional consent first.",
        )
    if contract.state not in (_S.CONSENTED, _S.AWAITING_RELEASE):
        raise out_of_turn(contract, "already_released", "The release is confirmed.")
    if not contract.confirmation_required:
        raise Refused(
            "confirmation_not_needed",
            "This payout needs no confirmation.",
            next_step="Wait for the payout.",
        )
    _not_before_hold(contract, statement.given_at)
    still_waiting(contract, statement.given_at)
    not_refused(contract)
    not_amending(contract)
    _counts(statement, text=text, policy=policy)
    return become(
        contract, _S.RELEASED, released_at=statement.given_at, silence_at=None
    )


def _not_before_hold(contract: Contract, at: datetime) -> None:
    left = known(contract.hold_until) - at
    if left > timedelta(0):
        raise Refused(
            "release_too_early",
            "The cooling-off period is not over.",
            next_step="Confirm when the time left has run out, or refuse the loan.",
            # Rounded up: with a microsecond left there is still a second to wait.
            seconds_left=-(-left // _ONE_SECOND),
        )


def _counts(statement: Statement, *, text: StatementText, policy: Policy) -> None:
    """Refuse a statement of another text, channel, or without a fresh second factor.

    Refused: ``text_changed``, ``channel_not_allowed``, ``second_factor_needed``.
    """
    if statement.text_sha256 != text.sha256:
        raise Refused(
            "text_changed",
            "The text shown is not the text in force.",
            next_step="Read the text again and answer it.",
        )
    at = statement.given_at
    if not rules.channel_counts(statement.channel, policy=policy, at=at):
        raise Refused(
            "channel_not_allowed",
            "A consent given in this channel does not count.",
            next_step="Use another channel.",
        )
    age = at - statement.second_factor_at
    if not -CLOCK_SKEW <= age <= SECOND_FACTOR_LASTS:
        raise Refused(
            "second_factor_needed",
            "This step needs a fresh second factor.",
            next_step="Enter a new one-time code and repeat.",
        )


def awaited(contract: Contract) -> StatementKind | None:
    """Which statement of the client's a silence now counts against."""
    if contract.silence_at is None or contract.refusal_asked_at is not None:
        return None
    match contract.state:
        case _S.CONCLUDED:
            return "consent"
        case _S.CONSENTED | _S.AWAITING_RELEASE:
            return "release"
        case _:
            return None
