"""The first factor, the same for everything a password may begin (clause 4.7)."""

from collections.abc import Callable, Container
from datetime import datetime
from typing import Final, TypeVar

from prometheus_client import Counter

from kernel.context import Context
from kernel.database import Transaction
from kernel.errors import Refused
from kernel.values import Phone
from services.auth.domain.passwords import Attempt, Login
from services.auth.domain.rules import PasswordRules
from services.auth.domain.sources import Source
from services.auth.domain.strength import Surroundings, accept_password
from services.auth.handlers import logins, sources
from services.auth.ports import Passwords
from services.auth.wiring.desk import Desk, Stores, granted

T = TypeVar("T")

PASSWORDS_REHASHED: Final = Counter(
    "auth_passwords_rehashed_total", "Stored hashes exchanged for stronger ones"
)
LOGINS_NOT_LOOKED_AT: Final = Counter(
    "auth_logins_not_looked_at_total",
    "Logins refused before the password was looked at, by code",
    ("code",),
)


class FirstFactor:
    """Number and password, counted before they are compared."""

    def __init__(
        self, desk: Desk, passwords: Passwords, common: Container[str]
    ) -> None:
        self._desk = desk
        self._passwords = passwords
        self._common = common

    def prove(
        self,
        context: Context,
        *,
        phone: Phone,
        password: str,
        source: Source,
        then: Callable[[Login, Transaction, Stores, datetime], T | Refused],
    ) -> T:
        """What a right password begins, in the commit that concludes the attempt.

        1. Let the source try at all, reserve an attempt, and commit: a crash later
           leaves both counted.
        2. Verify, with no transaction open, the same work for everybody; hash anew
           what was hashed too cheaply.
        3. Conclude; a right password goes on with `then`.
        """
        attempt = self._reserved(context, phone, source)  # step 1
        known = attempt.login.password_hash if attempt.login else None
        right = self._passwords.matches(password, known, like=attempt.like)  # step 2
        stronger = self._stronger(password, known) if right else None
        with self._desk.begin(context) as (tx, stores):  # step 3
            now = self._desk.now()
            if right:  # before the count: locks are taken in one order everywhere
                buckets = self._desk.buckets(source, now)
                sources.readmit(buckets, sources=stores.sources)
            concluded = logins.conclude_attempt(
                attempt,
                right=right,
                now=now,
                attempts=stores.attempts,
                blocks=stores.blocks,
                publish=tx.publish,
            )
            begun: T | Refused
            if isinstance(concluded, Refused):
                begun = concluded
            else:
                if stronger and stores.logins.replace_hash(concluded, stronger):
                    PASSWORDS_REHASHED.inc()
                begun = then(concluded, tx, stores, now)
        return granted(begun)

    def accepted_hash(self, password: str, *, of: Login) -> str:
        """The hash of a new password; Refused ``password_weak``."""
        accepted = accept_password(
            password,
            rules=PasswordRules.at(self._desk.platform.policy, self._desk.now()),
            around=Surroundings(
                phone=of.phone, site=self._desk.site, common=self._common
            ),
        )
        return self._passwords.hash(accepted)

    def _reserved(self, context: Context, phone: Phone, source: Source) -> Attempt:
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            reserved: Attempt | Refused | None = self._desk.admit(
                source, tx, stores, now=now
            )
            if reserved is None:
                reserved = logins.reserve_attempt(
                    self._desk.phone_token(phone),
                    now=now,
                    rules=self._desk.rules(now),
                    logins=stores.logins,
                    attempts=stores.attempts,
                    publish=tx.publish,
                )
        if isinstance(reserved, Refused):
            LOGINS_NOT_LOOKED_AT.labels(reserved.code).inc()
        return granted(reserved)

    def _stronger(self, password: str, password_hash: str | None) -> str | None:
        if password_hash is None or not self._passwords.is_outdated(password_hash):
            return None
        return self._passwords.hash(password)
