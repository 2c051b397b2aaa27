"""In-memory twins of auth's ports; small, and strict about what they promise."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.errors import Broken
from kernel.events import Event
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, NumberPurpose, Purpose
from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.domain.languages import DEFAULT, Language
from services.auth.domain.messages import Message, Told
from services.auth.domain.passwords import Attempt, Former, Login
from services.auth.domain.rules import (
    SENDS_PER_WINDOW,
    SENDS_WINDOW,
    Allowance,
    Rules,
)
from services.auth.domain.sessions import EndReason, Limits, Session
from services.auth.domain.sources import ALARM_EVERY

NOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


class FakeIds:
    """1, 2, 3 …"""

    def __init__(self) -> None:
        self.last = 0

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


class FakeCodes:
    """Always the same digits; the hash shows its parts."""

    def new(self) -> str:
        return "123456"

    def token(self, challenge_id: UUID, code: str) -> str:
        return f"{challenge_id}/{code}"


@dataclass
class Published:
    """The events that would leave with the commit."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> UUID:
        self.events.append(event)
        return UUID(int=len(self.events))

    @property
    def types(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@dataclass
class FakeChallenges:
    kept: dict[UUID, Challenge] = field(default_factory=dict)
    sends: dict[tuple[str, Purpose], list[datetime]] = field(default_factory=dict)

    def reserve_send(
        self, phone_token: str, purpose: Purpose, *, now: datetime
    ) -> bool:
        before = self.sends.setdefault((phone_token, purpose), [])
        if before and before[0] <= now - SENDS_WINDOW:
            before.clear()
        if len(before) >= SENDS_PER_WINDOW:
            return False
        before.append(now)
        return True

    def sends_again_at(self, phone_token: str, purpose: Purpose) -> datetime:
        return self.sends[phone_token, purpose][0] + SENDS_WINDOW

    def add(self, challenge: Challenge) -> None:
        self.kept[challenge.challenge_id] = challenge

    def reserve_try(
        self, claim: Claim, *, now: datetime, tries: int
    ) -> Challenge | None:
        found = self.kept.get(claim.challenge_id)
        if (
            found is None
            or not claim.fits(found)
            or found.state != "open"
            or found.tries >= tries
            or found.expires_at <= now
        ):
            return None
        self.kept[claim.challenge_id] = replace(found, tries=found.tries + 1)
        return self.kept[claim.challenge_id]

    def find(self, challenge_id: UUID) -> Challenge | None:
        return self.kept.get(challenge_id)

    def confirm(self, claim: Claim, *, now: datetime) -> bool:
        found = self.kept[claim.challenge_id]
        if found.state != "open" or found.expires_at <= now:
            return False
        self.kept[claim.challenge_id] = replace(
            found, state="confirmed", confirmed_at=now, used_for=claim.used_for
        )
        return True

    def confirmed_phone(
        self, purpose: NumberPurpose, reference: UUID, phone_token: str
    ) -> Phone | None:
        for found in self.kept.values():
            if (found.purpose, found.reference, found.phone_token, found.state) == (
                purpose,
                reference,
                phone_token,
                "confirmed",
            ):
                return found.phone
        return None

    def void(self, client_id: UUID, phone_token: str, *, now: datetime) -> None:
        for key, one in self.kept.items():
            if (one.client_id, one.phone_token) == (client_id, phone_token):
                self.kept[key] = replace(one, expires_at=min(one.expires_at, now))

    def forget(self, *, before: datetime) -> int:
        old = [key for key, one in self.kept.items() if one.expires_at < before]
        for key in old:
            del self.kept[key]
        return len(old)


@dataclass
class FakeLogins:
    kept: list[Login] = field(default_factory=list)
    left: dict[UUID, tuple[datetime, Former]] = field(default_factory=dict)

    def add(self, login: Login) -> bool:
        taken = any(
            one.client_id == login.client_id or one.phone_token == login.phone_token
            for one in self.kept
        )
        if not taken:
            self.kept.append(login)
        return not taken

    def by_phone(self, phone_token: str) -> Login | None:
        return next((o for o in self.kept if o.phone_token == phone_token), None)

    def by_client(self, client_id: UUID) -> Login | None:
        return next((o for o in self.kept if o.client_id == client_id), None)

    def by_id(self, login_id: UUID) -> Login | None:
        return next((o for o in self.kept if o.login_id == login_id), None)

    def nearest(self, phone_token: str) -> Login | None:
        behind = [o for o in self.kept if o.phone_token >= phone_token]
        return min(behind, key=lambda o: o.phone_token, default=None)

    def lock(self, client_id: UUID) -> Login | None:
        return self.by_client(client_id)

    def move(
        self, login: Login, phone: Phone, phone_token: str, *, now: datetime
    ) -> bool:
        if self.by_phone(phone_token) is not None:
            raise Broken("the number is another's")
        self.left[login.client_id] = (
            now,
            Former(phone=login.phone, phone_token=login.phone_token),
        )
        return self._swap(login, replace(login, phone=phone, phone_token=phone_token))

    def former_number(self, client_id: UUID, *, since: datetime) -> Former | None:
        moved = self.left.get(client_id)
        return moved[1] if moved and moved[0] > since else None

    def forget_former(self, *, before: datetime) -> None:
        self.left = {who: it for who, it in self.left.items() if it[0] > before}

    def reset_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> None:
        del now  # the twin keeps no times
        self._swap(login, replace(login, password_hash=password_hash))

    def _swap(self, old: Login, new: Login) -> bool:
        mine = old in self.kept
        if mine:
            self.kept[self.kept.index(old)] = new
        return mine

    def replace_hash(self, login: Login, password_hash: str) -> bool:
        return self._swap(login, replace(login, password_hash=password_hash))

    def set_first_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> bool:
        del now  # the twin keeps no times
        (place,) = (n for n, o in enumerate(self.kept) if o.login_id == login.login_id)
        if self.kept[place].password_hash is not None:
            return False
        self.kept[place] = replace(self.kept[place], password_hash=password_hash)
        return True


@dataclass
class FakeAttempts:
    """(number, locked_until) per token."""

    kept: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)
    owners: dict[str, UUID] = field(default_factory=dict)
    locking: dict[str, tuple[Attempt, datetime]] = field(default_factory=dict)
    """Attempts that have locked and are not told of, and when they were made."""

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        number, until = self.kept.get(phone_token, (0, None))
        if until is not None and until > now:
            return None
        number = 1 if until is not None else number + 1
        locked = now + rules.lock if number >= rules.attempts else None
        self.kept[phone_token] = (number, locked)
        self.owners[phone_token] = login_id
        attempt = Attempt(
            login_id=login_id,
            phone_token=phone_token,
            number=number,
            locked_until=locked,
            reopened=until is not None,
        )
        self.locking.pop(phone_token, None)
        if locked is not None:
            self.locking[phone_token] = (attempt, now)
        return attempt

    def carry(self, login: Login, phone_token: str, *, now: datetime) -> None:
        del now  # the twin keeps no times
        none = (0, None)
        old = self.kept.get(login.phone_token, none)
        new = self.kept.get(phone_token, none)
        locks = [until for _, until in (old, new) if until is not None]
        self.kept[phone_token] = (max(old[0], new[0]), max(locks, default=None))
        self.owners[phone_token] = login.login_id

    def tell(self, attempt: Attempt) -> bool:
        return self.locking.pop(attempt.phone_token, None) is not None

    def untold(self, *, before: datetime) -> Sequence[Attempt]:
        return [attempt for attempt, at in self.locking.values() if at < before]

    def locked_until(self, phone_token: str) -> datetime | None:
        return self.kept[phone_token][1]

    def clear(self, attempt: Attempt) -> bool:
        mine = self.kept[attempt.phone_token] == (attempt.number, attempt.locked_until)
        if mine:
            self.kept[attempt.phone_token] = (0, None)
            self.locking.pop(attempt.phone_token, None)
        return mine

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        over = [t for t, (_, until) in self.kept.items() if until and until <= now]
        for token in over:
            self.kept[token] = (0, None)
        return [self.owners[token] for token in over]

    def forget(self, *, before: datetime) -> int:
        del before  # the twin keeps no times
        return 0


@dataclass
class FakeSources:
    """When each bucket will be full again, and when it was reported."""

    full_at: dict[str, datetime] = field(default_factory=dict)
    told_at: dict[str, datetime] = field(default_factory=dict)

    def take(
        self, source_token: str, *, allowance: Allowance, now: datetime
    ) -> timedelta:
        latest = now + allowance.refill * (allowance.burst - 1)
        full_at = max(self.full_at.get(source_token, now), now)
        if latest < full_at <= latest + allowance.refill:
            return full_at - latest
        self.full_at[source_token] = min(full_at, latest) + allowance.refill
        return timedelta()

    def give_back(self, source_token: str, *, allowance: Allowance) -> None:
        self.full_at[source_token] -= allowance.refill

    def alarm(self, source_token: str, *, now: datetime) -> bool:
        told = self.told_at.get(source_token)
        if told is not None and told > now - ALARM_EVERY:
            return False
        self.told_at[source_token] = now
        return True

    def forget(self, *, before: datetime) -> int:
        old = [key for key, full_at in self.full_at.items() if full_at < before]
        for key in old:
            del self.full_at[key]
        return len(old)


@dataclass
class FakeBlocks:
    standing: set[tuple[str, UUID]] = field(default_factory=set)

    def add(self, subject: str, incident_id: UUID, *, now: datetime) -> bool:
        before = len(self.standing)
        self.standing.add((subject, incident_id))
        return len(self.standing) > before

    def lift(self, subject: str, incident_id: UUID) -> bool:
        before = len(self.standing)
        self.standing.discard((subject, incident_id))
        return len(self.standing) < before

    def stands(self, subject: str) -> bool:
        return any(blocked == subject for blocked, _ in self.standing)


@dataclass
class FakeSessions:
    kept: dict[bytes, Session] = field(default_factory=dict)
    ended: dict[UUID, EndReason] = field(default_factory=dict)
    stepped_up: dict[UUID, datetime] = field(default_factory=dict)

    def add(self, session: Session, digest: bytes) -> None:
        self.kept[digest] = session

    def look(
        self, digests: Collection[bytes], *, limits: Limits
    ) -> Mapping[bytes, Session]:
        return {
            digest: one
            for digest, one in self.kept.items()
            if digest in digests
            and one.session_id not in self.ended
            and one.active_at >= limits.active_since
            and one.opened_at >= limits.opened_since
        }

    def touch(
        self, digests: Collection[bytes], *, limits: Limits, now: datetime, wait: bool
    ) -> Mapping[bytes, Session]:
        del wait  # nobody else is here
        living = self.look(digests, limits=limits)
        touched = {key: replace(one, active_at=now) for key, one in living.items()}
        self.kept |= touched
        return touched

    def end(self, session_id: UUID, reason: EndReason, *, now: datetime) -> bool:
        del now  # the twin keeps no times
        if session_id in self.ended:
            return False
        self.ended[session_id] = reason
        return True

    def end_others(
        self, session: Session, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        return [
            one
            for one in self.kept.values()
            if one.client_id == session.client_id
            and one.session_id != session.session_id
            and self.end(one.session_id, reason, now=now)
        ]

    def end_all(
        self, client_id: UUID, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        return [
            one
            for one in self.kept.values()
            if one.client_id == client_id and self.end(one.session_id, reason, now=now)
        ]

    def end_beyond(
        self, session: Session, *, most: int, now: datetime
    ) -> Sequence[Session]:
        others = [
            one
            for one in self.kept.values()
            if one.client_id == session.client_id
            and one.session_id != session.session_id
            and one.session_id not in self.ended
        ]
        others.sort(key=lambda one: one.active_at, reverse=True)
        beyond = others[most - 1 :]
        for one in beyond:
            self.end(one.session_id, "replaced", now=now)
        return beyond

    def of_client(self, client_id: UUID, *, limits: Limits) -> Sequence[Session]:
        living = self.look(self.kept.keys(), limits=limits).values()
        return [one for one in living if one.client_id == client_id]

    def step_up(self, session_id: UUID, digest: bytes, *, now: datetime) -> bool:
        done = self.rotate(session_id, digest)
        if done:
            self.stepped_up[session_id] = now
        return done

    def use_step_up(self, session_id: UUID, *, since: datetime) -> bool:
        at = self.stepped_up.get(session_id)
        if at is None or at < since or session_id in self.ended:
            return False
        del self.stepped_up[session_id]
        return True

    def rotate(self, session_id: UUID, digest: bytes) -> bool:
        for old, one in list(self.kept.items()):
            if one.session_id == session_id and session_id not in self.ended:
                del self.kept[old]
                self.kept[digest] = one
                return True
        return False

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Session, EndReason]]:
        stale: list[tuple[Session, EndReason]] = []
        for one in self.kept.values():
            reason: EndReason | None = None
            if one.opened_at < limits.opened_since:
                reason = "absolute"
            elif one.active_at < limits.active_since:
                reason = "idle"
            if reason and self.end(one.session_id, reason, now=now):
                stale.append((one, reason))
        return stale


@dataclass
class FakeMessages:
    waiting: dict[UUID, Message] = field(default_factory=dict)
    next_at: dict[UUID, datetime] = field(default_factory=dict)
    gone: list[Message] = field(default_factory=list)
    left: dict[UUID, Told] = field(default_factory=dict)
    ask_at: dict[UUID, datetime | None] = field(default_factory=dict)
    reports: dict[UUID, bool] = field(default_factory=dict)
    dropped: list[Message] = field(default_factory=list)

    def queue(self, message: Message) -> None:
        self.waiting[message.message_id] = message
        self.next_at[message.message_id] = message.queued_at

    def drop(self, message: Message) -> None:
        self.dropped.append(message)

    def take_due(self, *, now: datetime, until: datetime) -> Sequence[Message]:
        due = [m for m in self.waiting.values() if self.next_at[m.message_id] <= now]
        for message in due:
            self.next_at[message.message_id] = until
        return [replace(message, attempts=message.attempts + 1) for message in due]

    def sent(self, message_id: UUID, *, now: datetime, ask_at: datetime) -> bool:
        message = self.waiting.pop(message_id, None)
        if message is not None:
            self.gone.append(message)
            self.ask_at[message_id] = ask_at
            self.left[message_id] = _told(message, now)
        return message is not None

    def postpone(self, message_id: UUID, *, until: datetime) -> None:
        self.next_at[message_id] = until

    def take_expired(self, *, now: datetime) -> Sequence[Told]:
        old = [one for one in self.waiting.values() if one.expires_at <= now]
        for message in old:
            del self.waiting[message.message_id]
        return [_told(message, message.queued_at) for message in old]

    def give_up(self, message_id: UUID, *, now: datetime) -> bool:
        del now  # the twin keeps no times
        return self.waiting.pop(message_id, None) is not None

    def take_unreported(self, *, now: datetime, until: datetime) -> Sequence[Told]:
        due = [key for key, at in self.ask_at.items() if at is not None and at <= now]
        for key in due:
            self.ask_at[key] = until
            self.left[key] = replace(self.left[key], asked=self.left[key].asked + 1)
        return [self.left[key] for key in due]

    def ask_again(self, message_id: UUID, *, at: datetime | None) -> None:
        self.ask_at[message_id] = at

    def reported(self, message_id: UUID, *, delivered: bool, now: datetime) -> bool:
        del now  # the twin keeps no times
        self.ask_at[message_id] = None
        known = message_id in self.reports
        self.reports.setdefault(message_id, delivered)
        return not known


def _told(message: Message, at: datetime) -> Told:
    return Told(
        message_id=message.message_id,
        client_id=message.client_id,
        template=message.template,
        sent_at=at,
    )


@dataclass
class FakeDevices:
    """Checks by the digest of their token; browsers are tried on the real database."""

    checks: dict[bytes, DeviceCheck] = field(default_factory=dict)
    marks: set[tuple[UUID, bytes]] = field(default_factory=set)

    def note_use(self, login_id: UUID, mark: bytes, *, now: datetime) -> bool:
        del now  # the twin keeps no times
        return (login_id, mark) in self.marks

    def remark(self, mark: bytes, fresh: bytes) -> None:
        self.marks = {(o, fresh if m == mark else m) for o, m in self.marks}

    def admit(
        self, device_id: UUID, login_id: UUID, mark: bytes, *, now: datetime
    ) -> None:
        del device_id, now  # the twin keeps neither
        self.marks.add((login_id, mark))

    def checks_since(self, login_id: UUID, aim: Aim, *, since: datetime) -> int:
        return sum(
            (one.login_id, one.aim) == (login_id, aim) and one.opened_at > since
            for one in self.checks.values()
        )

    def add_check(self, check: DeviceCheck, token: bytes) -> None:
        self.checks[token] = check

    def find_check(self, check_id: UUID, token: bytes) -> DeviceCheck | None:
        found = self.checks.get(token)
        return found if found and found.check_id == check_id else None

    def find_right(self, token: bytes, *, now: datetime) -> DeviceCheck | None:
        found = self.checks.get(token)
        if found is None or found.aim != "number" or found.passed_at is None:
            return None
        return found if found.expires_at > now else None

    def void_checks(self, client_id: UUID, *, now: datetime) -> None:
        for token, one in self.checks.items():
            if one.client_id == client_id:
                until = min(one.expires_at, now)
                self.checks[token] = replace(one, expires_at=until)

    def pass_check(self, check_id: UUID, ceremony_id: UUID, *, now: datetime) -> bool:
        del ceremony_id  # the twin keeps none
        for token, one in self.checks.items():
            if one.check_id == check_id and one.passed_at is None:
                if one.expires_at <= now:
                    return False
                self.checks[token] = replace(one, passed_at=now)
                return True
        return False

    def forget(self, *, before: datetime) -> int:
        del before  # the twin keeps no times
        return 0


@dataclass
class FakeLanguages:
    chosen: dict[str, Language] = field(default_factory=dict)

    def choose(self, phone_token: str, language: Language, *, now: datetime) -> None:
        del now  # the twin keeps no times
        self.chosen[phone_token] = language

    def of(self, phone_token: str) -> Language:
        return self.chosen.get(phone_token, DEFAULT)

    def forget(self, *, before: datetime) -> int:
        del before  # the twin keeps no times
        return 0


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
