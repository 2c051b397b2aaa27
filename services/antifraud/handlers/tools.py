"""What every use case is given besides its arguments."""

from dataclasses import dataclass

from kernel.clock import Clock
from kernel.ids import Ids
from kernel.policy import Policy
from services.antifraud.domain.engine import Engines, Ticks
from services.antifraud.domain.lists import Token


@dataclass(frozen=True, slots=True)
class Tools:
    """Time, ids, dated settings, compiled rules and keyed tokens."""

    clock: Clock
    ids: Ids
    policy: Policy
    engines: Engines
    ticks: Ticks
    token: Token
