"""Where a contract can stand, and which state may follow which."""

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
        _S.AWAITING_RELEASE: frozenset({_S.RELEASED}) | _ENDS_UNPAID,
        _S.RELEASED: frozenset({_S.ACTIVE}) | _ENDS_UNPAID,
        _S.ACTIVE: frozenset(),
        _S.EXPIRED: frozenset(),
        _S.ANNULLED: frozenset(),
        _S.BLOCKED: frozenset(),
    }
)
"""Which state may follow which; everything else is a defect."""

FINAL: Final = frozenset({_S.ACTIVE, _S.EXPIRED, *_ENDS_UNPAID})
"""Nothing of signing, consent and release can change any more."""
ENDED: Final = frozenset({_S.ANNULLED, _S.EXPIRED})
"""Nobody owes anything any more, for ever."""
CONSENTED: Final = frozenset(
    {_S.CONSENTED, _S.AWAITING_RELEASE, _S.RELEASED, _S.ACTIVE}
)


def check_transition(before: ContractState, after: ContractState) -> None:
    """Raise Broken unless `after` may follow `before`, or is the same."""
    if after is not before and after not in TRANSITIONS[before]:
        raise Broken(f"A contract does not go from {before} to {after}")
