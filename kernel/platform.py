"""What every process is made of, built once from its settings."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine

from kernel.bus import Broker
from kernel.clock import Clock, Uptime, clock_from
from kernel.context import Context, fresh_context
from kernel.crypto import BlindKeys, FieldKeys, SigningKey, TrustStore
from kernel.database import Database, engine_of
from kernel.ids import Ids, system_ids
from kernel.policy import LivePolicy, Policy
from kernel.quarantine import Quarantine
from kernel.rpc import RpcClient
from kernel.settings import PlatformSettings, WireSettings
from kernel.starting_policy import STARTING_POLICY
from kernel.tokens import Assertions
from kernel.uptime import uptime_from

S = TypeVar("S", bound=PlatformSettings)


@dataclass(frozen=True)
class Platform(Generic[S]):
    """The common parts; a service's ``wiring`` builds its use cases on them."""

    settings: S
    clock: Clock
    ids: Ids
    trust: TrustStore
    field_keys: FieldKeys
    blind_keys: BlindKeys | None
    database: Database
    broker: Broker
    policy: Policy

    @classmethod
    def open(cls, settings: S) -> "Platform[S]":
        """Read keys and make ready; nothing is connected yet.

        Raises Broken when a key or the clock is not what the stage allows.
        """
        clock = clock_from(settings.clock, stage=settings.stage)
        ids = system_ids(clock)
        trust = TrustStore.load(settings.trust)
        field_keys = FieldKeys.load(settings.field_keys)
        return cls(
            settings=settings,
            clock=clock,
            ids=ids,
            trust=trust,
            field_keys=field_keys,
            blind_keys=(
                BlindKeys.load(settings.blind_keys) if settings.blind_keys else None
            ),
            database=Database.connect(
                settings.database_url,
                ca=settings.tls_ca,
                cert=settings.tls_cert,
                key=settings.tls_key,
                clock=clock,
                ids=ids,
                field_keys=field_keys,
            ),
            broker=_broker(settings),
            policy=LivePolicy(STARTING_POLICY),
        )

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key this principal signs with; migrators have none."""
        keyid = self.trust.keyid_of(self.settings.principal)
        return SigningKey.load(self.settings.signing_key, keyid=keyid)

    @cached_property
    def uptime(self) -> Uptime:
        """How long the machine has run; only who measures a time span needs it."""
        return uptime_from(self.settings.clock, stage=self.settings.stage)

    @cached_property
    def rpc(self) -> RpcClient:
        """The caller of other services; connects at the first call."""
        return RpcClient(
            self.broker, key=self.signing_key, clock=self.clock, ids=self.ids
        )

    @cached_property
    def assertions(self) -> Assertions:
        """Issues (gateway) or verifies (everybody) client assertions."""
        return Assertions(self.signing_key, self.trust, self.clock)

    @cached_property
    def quarantine(self) -> Quarantine:
        """The record of messages that must not be believed."""
        return Quarantine(self.database, self.clock, self.ids)

    def context(self) -> Context:
        """A fresh cause: work that no request and no event began."""
        return fresh_context(self.ids)

    def close(self) -> None:
        """Give connections back."""
        if "rpc" in self.__dict__:
            self.rpc.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class Migrator:
    """A schema's owner: its way into database and broker, and no other secret."""

    engine: Engine
    broker: Broker

    @classmethod
    def open(cls, settings: WireSettings) -> "Migrator":
        """Make both ready; nothing is connected yet."""
        engine = engine_of(
            settings.database_url,
            ca=settings.tls_ca,
            cert=settings.tls_cert,
            key=settings.tls_key,
        )
        return cls(engine, _broker(settings))


def _broker(settings: WireSettings) -> Broker:
    return Broker(
        url=settings.broker_url,
        principal=settings.principal,
        ca=settings.tls_ca,
        cert=settings.tls_cert,
        key=settings.tls_key,
    )


AnyPlatform = Platform[Any]
"""The platform of a service the kernel does not know."""
