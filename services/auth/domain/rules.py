"""The numbers of clauses 4.3, 4.5, 4.7 and 4.8 as they are in force at an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from kernel.policy import Policy

STEP_UP_FRESH: Final = timedelta(minutes=5)
"""How long a second factor given again opens one change of factors (ASVS 7.5.1)."""

SENDS_PER_WINDOW: Final = 5
"""Codes one number may be sent for one purpose within `SENDS_WINDOW` (ASVS 6.6.3)."""
SENDS_WINDOW: Final = timedelta(minutes=10)

NETWORK_SHARE: Final = 4
"""A network may cause as many failed logins as so many of its addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the dated settings say; a stricter record needs no restart (clause 6.3).

    `attempts` passwords, then `lock`; a session dies after more than `idle` of
    silence or `absolute` of age, and a client has at most `parallel_sessions`; a code
    lives `code_lifetime` and bears `code_tries` tries.
    """

    attempts: int
    lock: timedelta
    idle: timedelta
    absolute: timedelta
    parallel_sessions: int
    code_lifetime: timedelta
    code_tries: int
    new_device_biometrics: bool

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The rules in force at `now`.  Broken when a setting is missing."""
        return cls(
            attempts=policy.integer("auth.password_attempts", now),
            lock=timedelta(minutes=policy.integer("auth.lock_minutes", now)),
            idle=timedelta(minutes=policy.integer("auth.idle_minutes", now)),
            absolute=timedelta(hours=policy.integer("auth.session_hours", now)),
            parallel_sessions=policy.integer("auth.parallel_sessions", now),
            code_lifetime=timedelta(minutes=policy.integer("auth.code_minutes", now)),
            code_tries=policy.integer("auth.code_attempts", now),
            new_device_biometrics=bool(
                policy.integer("auth.new_device_biometrics", now)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """What one look at a password costs: the parameters of argon2id (RFC 9106)."""

    memory_kib: int
    passes: int
    lanes: int

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The cost in force at `now`.  Broken when a setting is missing."""
        return cls(
            memory_kib=policy.integer("auth.hash_memory_kib", now),
            passes=policy.integer("auth.hash_passes", now),
            lanes=policy.integer("auth.hash_lanes", now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """How long a password may be, in characters of its normal form."""

    shortest: int
    longest: int

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The rules in force at `now`.  Broken when a setting is missing."""
        return cls(
            shortest=policy.integer("auth.password_min_chars", now),
            longest=policy.integer("auth.password_max_chars", now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many failed logins one source may cause.

    A bucket of `burst` attempts, one of which comes back every `refill`; a right
    password gives its own back at once.
    """

    burst: int
    refill: timedelta

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The allowance of one address in force at `now`."""
        return cls(
            burst=policy.integer("auth.source_attempts", now),
            refill=timedelta(seconds=policy.integer("auth.source_refill_s", now)),
        )

    def of_network(self) -> Self:
        """The allowance of all addresses of one network together."""
        return type(self)(
            burst=self.burst * NETWORK_SHARE, refill=self.refill / NETWORK_SHARE
        )
