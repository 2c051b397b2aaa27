"""What both processes of auth work with: clock, keys, rules and stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID

from kernel.context import Context
from kernel.crypto import BlindKeys, FieldKeys
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.platform import Platform
from kernel.settings import staff_site
from kernel.values import Phone
from services.auth.adapters import KeyedCodes, RandomTokens, WebAuthn
from services.auth.domain.codes import Challenge, Claim
from services.auth.domain.factors import Method
from services.auth.domain.rules import Allowance, Rules
from services.auth.domain.sources import Source
from services.auth.domain.templates import Template
from services.auth.handlers import codes, messages, sources
from services.auth.handlers.codes import CodeOrder
from services.auth.handlers.messages import Addressee
from services.auth.handlers.proofs import Counter, usable
from services.auth.handlers.sources import Bucket
from services.auth.handlers.staff_office import Office
from services.auth.settings import Settings
from services.auth.storage.attempts import SqlAttempts
from services.auth.storage.blocks import SqlBlocks
from services.auth.storage.codes import SqlChallenges
from services.auth.storage.devices import SqlDevices
from services.auth.storage.factors import (
    SqlFactorAttempts,
    SqlRecoveryCodes,
    SqlStandings,
    SqlTotps,
)
from services.auth.storage.languages import SqlLanguages
from services.auth.storage.logins import SqlLogins
from services.auth.storage.messages import SqlMessages
from services.auth.storage.passkeys import SqlPasskeys
from services.auth.storage.sessions import SqlSessions
from services.auth.storage.sources import SqlSources
from services.auth.storage.staff import SqlStaff, SqlStays
from services.auth.storage.tables import (
    staff_attempts,
    staff_passkey_ceremonies,
    staff_passkeys,
    staff_recovery_codes,
    staff_totps,
)
from services.auth.storage.visits import SqlOfficePasses

T = TypeVar("T")
Waiting: TypeAlias = tuple[Challenge, tuple[Method, ...]]
"""What waits for a second factor, and which ones may be given."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores over one open transaction."""

    challenges: SqlChallenges
    logins: SqlLogins
    attempts: SqlAttempts
    sources: SqlSources
    sessions: SqlSessions
    messages: SqlMessages
    languages: SqlLanguages
    standings: SqlStandings
    totps: SqlTotps
    recovery: SqlRecoveryCodes
    factor_attempts: SqlFactorAttempts
    passkeys: SqlPasskeys
    devices: SqlDevices
    office_passes: SqlOfficePasses
    blocks: SqlBlocks


@dataclass(frozen=True, slots=True)
class Desk:
    """What both processes work with."""

    platform: Platform[Settings]
    fields: FieldKeys
    blind: BlindKeys
    codes: KeyedCodes
    tokens: RandomTokens
    authenticators: WebAuthn
    security_keys: WebAuthn

    @classmethod
    def of(cls, platform: Platform[Settings]) -> "Desk":
        """Broken when the process was not given the key of blind tokens."""
        blind = platform.blind_keys
        if blind is None:
            raise Broken("The environment is not usable: AUTH_BLIND_KEYS is missing")
        return cls(
            platform=platform,
            fields=platform.field_keys,
            blind=blind,
            codes=KeyedCodes(blind),
            tokens=RandomTokens(),
            authenticators=WebAuthn(platform.settings.public_host),
            security_keys=WebAuthn(staff_site(platform.settings.stage)),
        )

    @property
    def site(self) -> str:
        """The site's name as it signs messages."""
        return self.platform.settings.public_host

    def now(self) -> datetime:
        """The present instant."""
        return self.platform.clock.now()

    def rules(self, now: datetime) -> Rules:
        """The dated settings in force."""
        return Rules.at(self.platform.policy, now)

    def phone_token(self, phone: Phone) -> str:
        """The keyed token of a number."""
        return self.blind.token("phone", phone.reveal())

    def device_token(self, browser_id: str) -> str:
        """The keyed token of a browser."""
        return self.blind.token("device", browser_id)

    def network_token(self, source: Source) -> str:
        """The keyed token of a visitor's network."""
        return self.blind.token("network", source.network)

    def buckets(self, source: Source, now: datetime) -> tuple[Bucket, ...]:
        """What an attempt from there takes from, always in this order."""
        one = Allowance.at(self.platform.policy, now)
        return (
            Bucket("address", self.blind.token("address", source.address), one),
            Bucket("network", self.network_token(source), one.of_network()),
        )

    def admit(
        self, source: Source, tx: Transaction, stores: Stores, *, now: datetime
    ) -> Refused | None:
        """Count a try of that source; the refusal when it has made too many."""
        return sources.admit(
            self.buckets(source, now),
            now=now,
            sources=stores.sources,
            publish=tx.publish,
        )

    def stores(self, tx: Transaction) -> Stores:
        """The stores over `tx`."""
        return Stores(
            SqlChallenges(tx.connection, self.fields),
            SqlLogins(tx.connection, self.fields, self.platform.clock),
            SqlAttempts(tx.connection),
            SqlSources(tx.connection),
            SqlSessions(tx.connection),
            SqlMessages(tx.connection, self.fields),
            SqlLanguages(tx.connection),
            SqlStandings(tx.connection),
            SqlTotps(tx.connection, self.fields),
            SqlRecoveryCodes(tx.connection),
            SqlFactorAttempts(tx.connection),
            SqlPasskeys(tx.connection, self.fields),
            SqlDevices(tx.connection),
            SqlOfficePasses(tx.connection),
            SqlBlocks(tx.connection),
        )

    def office(self, tx: Transaction) -> Office:
        """What the staff's door works with over `tx`."""
        now = self.now()
        hours = self.platform.policy.integer("staff.session_hours", now)
        return Office(
            now=now,
            rules=replace(self.rules(now), absolute=timedelta(hours=hours)),
            ids=self.platform.ids,
            codes=self.codes,
            staff=SqlStaff(tx.connection, self.fields, self.platform.ids),
            stays=SqlStays(tx.connection),
            attempts=SqlAttempts(tx.connection, staff_attempts),
            totps=SqlTotps(tx.connection, self.fields, staff_totps),
            recovery=SqlRecoveryCodes(tx.connection, staff_recovery_codes),
            passkeys=SqlPasskeys(
                tx.connection, self.fields, staff_passkeys, staff_passkey_ceremonies
            ),
            authenticators=self.security_keys,
            blocks=SqlBlocks(tx.connection),
            publish=tx.publish,
        )

    @contextmanager
    def begin(self, context: Context) -> Iterator[tuple[Transaction, Stores]]:
        """One unit of work."""
        with self.platform.database.begin(context) as tx:
            yield tx, self.stores(tx)

    def send_code(
        self, order: CodeOrder, stores: Stores, *, now: datetime
    ) -> Challenge | Refused:
        """Send a code within the unit of work at hand."""
        return codes.send_code(
            order,
            now=now,
            rules=self.rules(now),
            site=self.site,
            ids=self.platform.ids,
            codes=self.codes,
            challenges=stores.challenges,
            languages=stores.languages,
            messages=stores.messages,
        )

    def ask_second_factor(
        self, login_id: UUID, order: CodeOrder, stores: Stores, *, now: datetime
    ) -> Waiting | Refused:
        """Ask for a second factor: by a message, unless the login has better."""
        standing = stores.standings.of(login_id)
        if standing.needs_message:
            sent = self.send_code(order, stores, now=now)
        else:
            sent = codes.hold_challenge(
                order,
                now=now,
                rules=self.rules(now),
                ids=self.platform.ids,
                codes=self.codes,
                challenges=stores.challenges,
            )
        return sent if isinstance(sent, Refused) else (sent, standing.methods)

    def send_again(
        self, claim: Claim, tx: Transaction, stores: Stores, *, now: datetime
    ) -> Challenge | Refused:
        """Send a code for a challenge that waits; it prolongs nothing."""
        found = usable(claim, at=self.counter(tx, stores, now=now))
        if isinstance(found, Refused):
            return found
        order = CodeOrder(
            purpose=found.purpose,
            reference=found.reference,
            phone=found.phone,
            phone_token=found.phone_token,
            client_id=found.client_id,
            until=found.expires_at,
        )
        return self.send_code(order, stores, now=now)

    def counter(self, tx: Transaction, stores: Stores, *, now: datetime) -> Counter:
        """What second factors are judged with, within the unit of work at hand."""
        return Counter(
            now=now,
            rules=self.rules(now),
            codes=self.codes,
            challenges=stores.challenges,
            totps=stores.totps,
            recovery=stores.recovery,
            attempts=stores.factor_attempts,
            passkeys=stores.passkeys,
            authenticators=self.authenticators,
            publish=tx.publish,
        )

    def check_code(
        self, claim: Claim, code: str, stores: Stores, *, now: datetime
    ) -> Challenge | Refused:
        """Judge a code within the unit of work at hand."""
        return codes.check_code(
            claim,
            code,
            now=now,
            rules=self.rules(now),
            codes=self.codes,
            challenges=stores.challenges,
        )

    def notify(
        self,
        template: Template,
        *,
        phone: Phone,
        client_id: UUID,
        stores: Stores,
        now: datetime,
    ) -> None:
        """Queue a notice within the unit of work at hand."""
        messages.notify(
            template,
            to=Addressee(
                client_id=client_id, phone=phone, phone_token=self.phone_token(phone)
            ),
            site=self.site,
            at=now,
            now=now,
            ids=self.platform.ids,
            languages=stores.languages,
            messages=stores.messages,
        )


def granted(judged: T | Refused) -> T:
    """What a handler granted; the refusal it returned instead is raised here.

    Handlers return refusals that must be committed with what they cost; this is
    called when the commit is done.
    """
    if isinstance(judged, Refused):
        raise judged
    return judged
