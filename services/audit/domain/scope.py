"""What part of the log somebody asks for: of whom, of what, of when.

An event belongs to a thing if it is its subject or names it in ``<kind>_id``. Whoever
holds an export judges by the same rules (`tools/verify_export.py`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from kernel.clock import parse_rfc3339
from kernel.crypto import Json, as_object, parse_canonical
from kernel.errors import Broken, KernelError, Refused
from services.audit.domain.leaf import Kind, stamp

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UUID: Final = re.compile(_ID)
SUBJECT: Final = rf"^[a-z][a-z_]{{0,39}}:{_ID}$"
"""How events name what they are about: a kind and an id."""
_SUBJECT: Final = re.compile(SUBJECT)
_KIND: Final = re.compile(r"[a-z][a-z0-9_.]{1,99}")
_WORDS: Final = frozenset({"subject", "incident", "kinds", "from", "until"})
MOST_KINDS: Final = 50
CLIENT: Final = "client"
TELLTALES: Final = frozenset(
    {"audit.export_made.v1", "contracts.disclosure_approved.v1"}
)
"""What says that a client was told of: a client who reads their own part must not learn
of an inquiry that the law forbids to tell (6.2)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf with what it says; `leaf` are its own bytes."""

    seq: int
    leaf: bytes
    said: Mapping[str, Json]

    @classmethod
    def of(cls, seq: int, leaf: bytes) -> Self:
        return cls(seq, leaf, as_object(parse_canonical(leaf)))

    @property
    def event(self) -> Mapping[str, Json]:
        """The envelope; empty for a leaf of the log's own."""
        return as_object(self.said.get("event") or {})

    @property
    def data(self) -> Mapping[str, Json]:
        return as_object(self.event.get("data") or {})

    @property
    def kind(self) -> str:
        """The event's type; of a leaf of the log's own, the name of its kind."""
        return str(self.event.get("type", self.said["kind"]))

    @property
    def subject(self) -> str | None:
        found = self.event.get("subject", self.said.get("subject"))
        return found if isinstance(found, str) else None

    @property
    def received_at(self) -> str:
        """As the leaf spells it: such texts are ordered as their instants are."""
        return str(self.said["received_at"])

    def named(self, kind: str) -> str | None:
        """The thing of this kind that the event is about; None when it names none."""
        subject = self.subject or ""
        if subject.startswith(f"{kind}:"):
            return subject
        found = self.data.get(f"{kind}_id")
        return f"{kind}:{found}" if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that is said must hold; at least one thing is said.

    ``subject``: what names this thing, with all else of what that is about.
    ``incident``: what came of one cause (the correlation id), or names this id.
    ``kinds``: types of events and kinds of leaves. ``begins_at``, ``ends_at``: when the
    log received it; the end is no part of it.
    """

    subject: str | None = None
    incident: str | None = None
    kinds: tuple[str, ...] = ()
    begins_at: datetime | None = None
    ends_at: datetime | None = None

    @classmethod
    def parse(cls, words: Mapping[str, Json]) -> Self:
        """As it is asked for, and as a manifest says it.  Refused ``scope_unfit``."""
        kinds = words.get("kinds", ())
        if not words.keys() <= _WORDS or not isinstance(kinds, list | tuple):
            raise scope_unfit()
        scope = cls(
            subject=_matching(_SUBJECT, words.get("subject")),
            incident=_matching(_UUID, words.get("incident")),
            kinds=tuple(sorted({_kind(kind) for kind in kinds})),
            begins_at=_instant(words.get("from")),
            ends_at=_instant(words.get("until")),
        )
        if scope == cls() or len(scope.kinds) > MOST_KINDS:
            raise scope_unfit()
        if scope.subject and scope.incident:
            raise scope_unfit()
        if scope.begins_at and scope.ends_at and scope.begins_at >= scope.ends_at:
            raise scope_unfit()
        return scope

    def words(self) -> dict[str, Json]:
        """What `parse` reads, and no more than is said."""
        said: dict[str, Json] = {
            "subject": self.subject,
            "incident": self.incident,
            "kinds": list(self.kinds),
            "from": stamp(self.begins_at) if self.begins_at else None,
            "until": stamp(self.ends_at) if self.ends_at else None,
        }
        return {word: value for word, value in said.items() if value}

    @property
    def numbered(self) -> bool:
        """Whether numbers of subjects show that nothing is left out."""
        return self.subject is not None and self.words().keys() == {"subject"}

    @property
    def at_any_time(self) -> Self:
        """The same thing, all kinds and times of it."""
        return replace(self, kinds=(), begins_at=None, ends_at=None)

    @property
    def whole_period(self) -> bool:
        """Whether it is every leaf of a time: no number may be missing in between."""
        return self.words().keys() <= {"from", "until"}

    def within(self, entry: Entry) -> bool:
        """Whether time and kind are those asked for."""
        at = entry.received_at
        if self.subject and entry.kind in TELLTALES - set(self.kinds):
            return False
        return (
            (self.begins_at is None or stamp(self.begins_at) <= at)
            and (self.ends_at is None or at < stamp(self.ends_at))
            and (not self.kinds or entry.kind in self.kinds)
        )

    def names(self, entry: Entry) -> bool:
        """Whether the entry itself says that it belongs."""
        if self.subject is not None:
            return entry.named(self.subject.partition(":")[0]) == self.subject
        if self.incident is not None:
            subject = (entry.subject or "").partition(":")[2]
            cause = entry.event.get("correlationid")
            return self.incident in [subject, cause, *entry.data.values()]
        return True


def belonging(scope: Scope, entries: Iterable[Entry]) -> list[Entry]:
    """Those of `entries` that belong to the scope, in the order of the log.

    1. What names the thing belongs.
    2. So does the rest of a subject of which some events name it, unless others of the
       same subject name another thing of its kind: a hold of a payout does not name the
       client, and is about nobody else.
    3. Of these, what is of the time and the kinds asked for. What tells of disclosures
       has to be asked for by its kind.
    """
    known = sorted(entries, key=lambda entry: entry.seq)
    direct = {entry.seq for entry in known if scope.names(entry)}  # step 1
    if scope.subject is not None:  # step 2
        shared = owned_subjects(scope.subject, known)
        direct |= {entry.seq for entry in known if entry.subject in shared}
    return [e for e in known if e.seq in direct and scope.within(e)]  # step 3


def owned_subjects(thing: str, entries: Sequence[Entry]) -> frozenset[str]:
    """Subjects whose events name this thing, and no other of its kind."""
    kind = thing.partition(":")[0]
    named: dict[str, set[str]] = {}
    for entry in entries:
        found = entry.named(kind)
        if entry.subject is not None and found is not None:
            named.setdefault(entry.subject, set()).add(found)
    return frozenset(s for s, things in named.items() if things == {thing})


def client_of(scope: Scope, part: Iterable[Entry]) -> UUID | None:
    """The one client the part is about; None where it may be about others too.

    Only what is of a client, or of a thing of one client, is about that client alone;
    `part` is all of the thing, of any time and kind. What tells of disclosures is
    nobody's alone.
    """
    if scope.subject is None or TELLTALES & set(scope.kinds):
        return None
    kind, _, thing = scope.subject.partition(":")
    if kind == CLIENT:
        return UUID(thing)
    clients = {entry.named(CLIENT) for entry in part} - {None}
    if len(clients) != 1:
        return None
    (only,) = clients
    return UUID(str(only).partition(":")[2])


def leaf_kinds(kinds: Iterable[str]) -> tuple[Kind, ...]:
    """Those of the names that are of leaves of the log's own."""
    wanted = frozenset(kinds)
    return tuple(kind for kind in Kind if kind.wire in wanted)


def scope_unfit() -> Refused:
    """Nothing is asked for, or something that cannot be."""
    return Refused(
        "scope_unfit",
        "This is no part of the log.",
        next_step="Name a client, contract, subject, incident, kinds or a period.",
    )


def _matching(pattern: re.Pattern[str], value: Json) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise scope_unfit()
    return value


def _kind(value: Json) -> str:
    found = _matching(_KIND, value)
    if found is None:
        raise scope_unfit()
    return found


def _instant(value: Json) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_rfc3339(str(value))
    except (ValueError, KernelError, Broken) as error:
        raise scope_unfit() from error
