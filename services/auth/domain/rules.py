"""The numbers of clauses 4.3, 4.7 and 4.8 as they are in force at an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from kernel.policy import Policy

SESSION_ABSOLUTE: Final = timedelta(hours=12)
"""No session outlives this, however busy (ASVS 7.3.2)."""

SENDS_PER_WINDOW: Final = 5
"""Codes one number may be sent for one purpose within `SENDS_WINDOW` (ASVS 6.6.3)."""
SENDS_WINDOW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the dated settings say; a stricter record needs no restart (clause 6.3).

    `attempts` passwords, then `lock`; a session dies after more than `idle` of
    silence; a code lives `code_lifetime` and bears `code_tries` tries.
    """

    attempts: int
    lock: timedelta
    idle: timedelta
    code_lifetime: timedelta
    code_tries: int

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The rules in force at `now`.  Broken when a setting is missing."""
        return cls(
            attempts=policy.integer("auth.password_attempts", now),
            lock=timedelta(minutes=policy.integer("auth.lock_minutes", now)),
            idle=timedelta(minutes=policy.integer("auth.idle_minutes", now)),
            code_lifetime=timedelta(minutes=policy.integer("auth.code_minutes", now)),
            code_tries=policy.integer("auth.code_attempts", now),
        )
