"""Where a contract and its amendments can stand, and what may follow what."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kernel.errors import Broken


class ContractState(StrEnum):
    """Where a contract stands."""

    OFFERED = "offered"
    SIGNING = "signing"
    CONCLUDED = "concluded"
    CONSENTED = "consented"
    AWAITING_RELEASE = "awaiting_release"
    RELEASED = "released"
    ACTIVE = "active"
    CLOSED = "closed"
    EXPIRED = "expired"
    ANNULLED = "annulled"
    BLOCKED = "blocked"


_S = ContractState
_ENDS_UNPAID: Final = frozenset({_S.ANNULLED, _S.BLOCKED})

TRANSITIONS: Final[Mapping[ContractState, frozenset[ContractState]]] = MappingProxyType(
    {
        _S.OFFERED: frozenset({_S.SIGNING, _S.EXPIRED}) | _ENDS_UNPAID,
        _S.SIGNING: frozenset({_S.CONCLUDED, _S.EXPIRED}) | _ENDS_UNPAID,
        _S.CONCLUDED: frozenset({_S.CONSENTED}) | _ENDS_UNPAID,
        _S.CONSENTED: frozenset({_S.AWAITING_RELEASE, _S.RELEASED, _S.ACTIVE})
        | _ENDS_UNPAID,
        # Back to consented: an amendment begins the hold anew.
        _S.AWAITING_RELEASE: frozenset({_S.RELEASED, _S.CONSENTED}) | _ENDS_UNPAID,
        _S.RELEASED: frozenset({_S.ACTIVE, _S.CONSENTED}) | _ENDS_UNPAID,
        _S.ACTIVE: frozenset({_S.CLOSED}),
        # A payment the bank took back leaves a debt.
        _S.CLOSED: frozenset({_S.ACTIVE}),
        _S.EXPIRED: frozenset(),
        _S.ANNULLED: frozenset(),
        _S.BLOCKED: frozenset(),
    }
)
"""Which state may follow which; everything else is a defect."""

PAID_OUT: Final = frozenset({_S.ACTIVE, _S.CLOSED})
"""The client has the money, or had it."""
FINAL: Final = PAID_OUT | {_S.EXPIRED, *_ENDS_UNPAID}
"""Nothing of signing, consent and release can change any more."""
CONSENTED: Final = PAID_OUT | {_S.CONSENTED, _S.AWAITING_RELEASE, _S.RELEASED}

AMENDABLE: Final = frozenset(
    {_S.CONCLUDED, _S.CONSENTED, _S.AWAITING_RELEASE, _S.RELEASED}
)
"""Both have signed, and the money may not have left yet."""


class AmendmentState(StrEnum):
    """Where an amendment (дополнительное соглашение) stands."""

    REQUESTED = "requested"
    """Needed or wished; its document is not made, nor the payout known to be held."""
    OFFERED = "offered"
    SIGNING = "signing"
    CONCLUDED = "concluded"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_A = AmendmentState
_ENDS_UNSIGNED: Final = frozenset({_A.WITHDRAWN, _A.LAPSED})

AMENDMENT_TRANSITIONS: Final[Mapping[AmendmentState, frozenset[AmendmentState]]] = (
    MappingProxyType(
        {
            _A.REQUESTED: frozenset({_A.OFFERED, _A.WITHDRAWN}),
            _A.OFFERED: frozenset({_A.SIGNING}) | _ENDS_UNSIGNED,
            _A.SIGNING: frozenset({_A.CONCLUDED}) | _ENDS_UNSIGNED,
            _A.CONCLUDED: frozenset(),
            _A.WITHDRAWN: frozenset(),
            _A.LAPSED: frozenset(),
        }
    )
)
"""The same for amendments; the last three are final."""


def check_amendment(before: AmendmentState, after: AmendmentState) -> None:
    """Raise Broken unless `after` may follow `before`, or is the same."""
    if after is not before and after not in AMENDMENT_TRANSITIONS[before]:
        raise Broken(f"An amendment does not go from {before} to {after}")


def check_transition(before: ContractState, after: ContractState) -> None:
    """Raise Broken unless `after` may follow `before`, or is the same."""
    if after is not before and after not in TRANSITIONS[before]:
        raise Broken(f"A contract does not go from {before} to {after}")
