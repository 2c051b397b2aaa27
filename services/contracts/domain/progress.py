"""Progress (ход заявки) of one wish for a loan: where it stands, who acts, by when.

One answer over application and contract, so that the client need not know where the one
ends and the other begins.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.contracts.domain import contract as machine
from services.contracts.domain import telling
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import PAID_OUT
from services.contracts.domain.telling import Telling


class Actor(StrEnum):
    """Whose turn it is."""

    CLIENT = "client"
    LENDER = "lender"
    TIME = "time"
    NOBODY = "nobody"


class StepState(StrEnum):
    """How a step stands: `skipped` are those that will not come any more."""

    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the way; ``at`` is when it was done."""

    name: str
    state: StepState
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where it stands, what comes next, whose turn that is, and until when.

    ``until`` is the end of the client's time to answer, or of the hold (5.5).
    """

    state: str
    next_step: str
    actor: Actor
    until: datetime | None
    explanation: Telling
    steps: tuple[Step, ...]


_ACTORS: Final = {
    "wait_for_decision": Actor.LENDER,
    "sign": Actor.CLIENT,
    "wait_for_signature": Actor.LENDER,
    "give_consent": Actor.CLIENT,
    "wait_for_hold": Actor.TIME,
    "confirm_release": Actor.CLIENT,
    "wait_for_payout": Actor.LENDER,
    "repay": Actor.CLIENT,
}


def progress_of(
    application: Application, contract: Contract | None, *, at: datetime
) -> Progress:
    """The whole way of an application, with its contract if there is one."""
    if contract is None:
        return _of_application(application)
    next_step = machine.next_step(contract, at=at)
    actor = _ACTORS.get(next_step, Actor.NOBODY)
    if contract.refusal_asked_at is not None and not contract.is_final:
        next_step, actor = "wait_for_refusal", Actor.LENDER
    return Progress(
        state=contract.state.value,
        next_step=next_step,
        actor=actor,
        until=_until(contract, actor),
        explanation=telling.of_contract(contract, next_step=next_step),
        steps=_steps(_done(application, contract), ended=_has_ended(contract)),
    )


def _of_application(application: Application) -> Progress:
    refused = application.state is ApplicationState.REFUSED
    return Progress(
        state=application.state.value,
        next_step="none" if refused else "wait_for_decision",
        actor=Actor.NOBODY if refused else Actor.LENDER,
        until=None,
        explanation=telling.of_application(application),
        steps=_steps([("applied", application.submitted_at), *_NOT_YET], ended=refused),
    )


_NOT_YET: Final[tuple[tuple[str, None], ...]] = tuple(
    (name, None)
    for name in (
        *("offered", "signed_by_client", "signed_by_company"),
        *("consented", "released", "paid_out", "repaid"),
    )
)


def _done(
    application: Application, contract: Contract
) -> list[tuple[str, datetime | None]]:
    """Each step with its instant; a release that is not asked for is no step."""
    paid = contract.final_at if contract.state in PAID_OUT else None
    steps: list[tuple[str, datetime | None]] = [
        ("applied", application.submitted_at),
        ("offered", contract.offered_at),
        ("signed_by_client", contract.client_signed_at or contract.signed_at),
        ("signed_by_company", contract.signed_at),
        ("consented", contract.consented_at),
    ]
    if contract.confirmation_required is not False:
        steps.append(("released", contract.released_at))
    return [*steps, ("paid_out", paid), ("repaid", contract.closed_at)]


def _steps(
    done: "list[tuple[str, datetime | None]]", *, ended: bool
) -> tuple[Step, ...]:
    """Done, then the one at hand, then those ahead; none of them after an end."""
    first_open = next((name for name, at in done if at is None), None)

    def state(name: str, at: datetime | None) -> StepState:
        if at is not None:
            return StepState.DONE
        if ended:
            return StepState.SKIPPED
        return StepState.CURRENT if name == first_open else StepState.AHEAD

    return tuple(Step(name=name, state=state(name, at), at=at) for name, at in done)


def _until(contract: Contract, actor: Actor) -> datetime | None:
    match actor:
        case Actor.CLIENT:
            return contract.silence_at
        case Actor.TIME:
            return contract.hold_until
        case _:
            return None


def _has_ended(contract: Contract) -> bool:
    return contract.is_final and contract.state not in PAID_OUT
