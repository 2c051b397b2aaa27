"""The feature catalogue: every name a rule may speak of, its type and its default.

A *field* is told with the question (`operation`, `amount_minor` …), or says whether
something is held or listed.  A *feature* is measured over what happened before::

    <entity>_<kind>_<measure>_<window>        phone_login_failed_count_24h

`entity` is whose doing it is, `kind` what happened, `window` how far back it looks.
What happened is counted if ``at - window < happened <= at``; what belongs to the very
operation in question is not (ADR 0045).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, TypeAlias

Value: TypeAlias = bool | int | str


class Type(StrEnum):
    """What a value is; our expressions know no fourth."""

    INT = "int"
    BOOL = "bool"
    TEXT = "text"


class Entity(StrEnum):
    """Under whose name it is kept what happened."""

    CLIENT = "client"
    IIN = "iin"
    PHONE = "phone"
    DEVICE = "device"
    NETWORK = "network"
    ACCOUNT = "account"
    DOCUMENT = "document"
    STAFF = "staff"
    NAME = "name"


class Measure(StrEnum):
    """What is measured of one kind of occurrence within a window."""

    COUNT = "count"
    SUM = "sum"
    """Of the amounts, in tiyn."""
    DISTINCT = "distinct"
    """Of those on the other side: clients of a phone, accounts of a client."""
    MIN = "min"
    MAX = "max"
    FIRST = "first_s"
    """Seconds since the first within the window; `NEVER` if there was none."""
    LAST = "last_s"


WINDOWS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "10m": timedelta(minutes=10),
        "1h": timedelta(hours=1),
        "24h": timedelta(hours=24),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
        "180d": timedelta(days=180),
    }
)
NEVER: Final = 10**9
"""Longer ago than anything, in seconds."""
_OF_AMOUNTS: Final = frozenset({Measure.SUM, Measure.MIN, Measure.MAX})
_AGES: Final = frozenset({Measure.FIRST, Measure.LAST})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of occurrence: under whose names it is kept, and what it carries."""

    entities: frozenset[Entity]
    amount: bool = False
    paired: frozenset[Entity] = frozenset()
    """Where there is another side to be told apart."""


def _kind(
    *entities: Entity, amount: bool = False, paired: tuple[Entity, ...] = ()
) -> Kind:
    return Kind(frozenset(entities), amount=amount, paired=frozenset(paired))


_CLIENT, _PHONE, _ACCOUNT, _STAFF = (
    Entity.CLIENT,
    Entity.PHONE,
    Entity.ACCOUNT,
    Entity.STAFF,
)
_ASKED: Final = _kind(
    _CLIENT,
    Entity.DEVICE,
    Entity.NETWORK,
    Entity.DOCUMENT,
    Entity.NAME,
    paired=(
        _CLIENT,
        Entity.DEVICE,
        Entity.NETWORK,
        Entity.DOCUMENT,
        Entity.NAME,
    ),
)
_CLIENTS_ACCOUNT: Final = _kind(_CLIENT, _ACCOUNT, paired=(_CLIENT, _ACCOUNT))

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        # What clients do with money.
        "application": _kind(_CLIENT, amount=True),
        "application_refused": _kind(_CLIENT),
        "application_held": _kind(_CLIENT),
        "contract_offered": _kind(_CLIENT, amount=True),
        "contract_signed": _kind(
            _CLIENT, _ACCOUNT, amount=True, paired=(_CLIENT, _ACCOUNT)
        ),
        "contract_annulled": _kind(_CLIENT),
        "contract_closed": _kind(_CLIENT),
        "payout": _kind(_CLIENT, amount=True),
        "repayment": _kind(_CLIENT, amount=True),
        "overdue": _kind(_CLIENT, amount=True),
        "early_repayment": _kind(_CLIENT, amount=True),
        # Who they are and how that was proved.
        "activation": _kind(
            _CLIENT, Entity.IIN, _PHONE, paired=(_CLIENT, Entity.IIN, _PHONE)
        ),
        "number_proved": _kind(_PHONE, paired=(_PHONE,)),
        "identified": _kind(_CLIENT),
        "identification_failed": _kind(_CLIENT, paired=(_CLIENT,)),
        "identity_changed": _kind(_CLIENT),
        "phone_changed": _kind(_CLIENT, _PHONE, paired=(_CLIENT, _PHONE)),
        "consent_withdrawn": _kind(_CLIENT),
        # Accounts.
        "account_named": _CLIENTS_ACCOUNT,
        "account_proved": _CLIENTS_ACCOUNT,
        "account_lost": _CLIENTS_ACCOUNT,
        "account_removed": _CLIENTS_ACCOUNT,
        # Entry.
        "login": _kind(_CLIENT, paired=(_CLIENT,)),
        "login_failed": _kind(_PHONE),
        "login_locked": _kind(_PHONE),
        "device_admitted": _kind(
            _CLIENT, Entity.DEVICE, paired=(_CLIENT, Entity.DEVICE)
        ),
        "device_doubted": _kind(_CLIENT),
        "recovery_asked": _kind(_PHONE),
        "recovery_opened": _kind(_CLIENT),
        "recovery_passed": _kind(_CLIENT),
        "password_changed": _kind(_CLIENT),
        "factor_added": _kind(_CLIENT),
        "factor_removed": _kind(_CLIENT),
        "action": _kind(_CLIENT, paired=(_CLIENT,)),
        "throttled": _kind(Entity.NETWORK),
        # The staff.
        "client_read": _kind(_CLIENT, _STAFF, paired=(_CLIENT, _STAFF)),
        "office_visit": _kind(_CLIENT, _STAFF, paired=(_CLIENT, _STAFF)),
        "review_decided": _kind(_CLIENT, _STAFF, paired=(_CLIENT, _STAFF)),
        "staff_login": _kind(_STAFF),
        "staff_role": _kind(_STAFF),
        # Questions put to antifraud itself, by what they are about.
        "asked_activation": _ASKED,
        "asked_application": _ASKED,
        "asked_signing": _ASKED,
        "asked_payout": _ASKED,
        "asked_phone_change": _ASKED,
        "asked_account_change": _ASKED,
    }
)
LISTS: Final = ("refused", "watched", "trusted", "centre")
"""Lists of ours by what they mean; `centre` is what the National Bank's centre sent."""
HELD: Final = ("operation", "client", "account", "device")

FIELDS: Final[Mapping[str, tuple[Type, Value]]] = MappingProxyType(
    {
        "operation": (Type.TEXT, ""),
        "amount_minor": (Type.INT, 0),
        "hour": (Type.INT, 12),
        "term_days": (Type.INT, 0),
        **{f"{what}_held": (Type.BOOL, False) for what in HELD},
        **{f"{entity}_named": (Type.BOOL, False) for entity in Entity},
        **{
            f"{entity}_on_{name}": (Type.BOOL, False)
            for name in LISTS
            for entity in Entity
        },
    }
)
"""Told with the question, or looked up as it stands now; with type and default."""

OF_OLD: Final = frozenset(
    {
        *("applications", "refusals", "failed_logins", "account_changes"),
        *("phone_changes", "accounts_lost"),
    }
)
"""Whole numbers of decisions made before the catalogue; no new rule may name them."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One measure of the catalogue."""

    entity: Entity
    kind: str
    measure: Measure
    window: str

    @property
    def name(self) -> str:
        return f"{self.entity}_{self.kind}_{self.measure}_{self.window}"

    @property
    def default(self) -> int:
        """Its value when nothing happened."""
        return NEVER if self.measure in _AGES else 0


def _measures(kind: Kind, entity: Entity) -> list[Measure]:
    return [
        measure
        for measure in Measure
        if (kind.amount or measure not in _OF_AMOUNTS)
        and (entity in kind.paired or measure is not Measure.DISTINCT)
    ]


@cache
def features() -> Mapping[str, Feature]:
    """Every feature by its name."""
    every = (
        Feature(entity, name, measure, window)
        for name, kind in KINDS.items()
        for entity in sorted(kind.entities)
        for measure in _measures(kind, entity)
        for window in WINDOWS
    )
    return MappingProxyType({feature.name: feature for feature in every})


def type_of(name: str) -> Type | None:
    """The type of a name; None for one the catalogue has not."""
    if name in FIELDS:
        return FIELDS[name][0]
    return Type.INT if name in features() or name in OF_OLD else None


def default_of(name: str) -> Value:
    """The value of a name nothing is known about.  Raises KeyError for others."""
    if name in FIELDS:
        return FIELDS[name][1]
    return 0 if name in OF_OLD else features()[name].default
