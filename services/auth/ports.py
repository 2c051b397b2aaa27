"""What auth needs from outside, in its own words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, NumberPurpose, Purpose
from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.domain.factors import CountedMethod, FactorAttempt, Totp
from services.auth.domain.languages import Language
from services.auth.domain.messages import Message, Report, Told
from services.auth.domain.passkeys import NewCredential, Passkey
from services.auth.domain.passwords import Attempt, Login
from services.auth.domain.roles import Role
from services.auth.domain.rules import Allowance, Rules
from services.auth.domain.sessions import EndReason, Limits, Session
from services.auth.domain.staff import Held, Member, Stay, StayEnd

Publish = Callable[[Event], UUID]
"""Let an event leave with the commit of the work at hand; returns its id."""

PhoneToken = Callable[[Phone], str]
"""The keyed token of a number, the same in every service that may make it."""


class Codes(Protocol):
    """One-time codes and their keyed hashes."""

    def new(self) -> str:
        """Digits nobody can foretell."""
        ...

    def token(self, challenge_id: UUID, code: str) -> str:
        """The keyed hash of a code, good for this challenge only."""
        ...


class SessionTokens(Protocol):
    """The secrets of sessions: the browser has the token, we have its digest."""

    def new(self) -> str: ...

    def digest(self, token: str) -> bytes: ...


class Passwords(Protocol):
    """The slow hash, at the cost the dated settings ask for."""

    def hash(self, password: str) -> str: ...

    def matches(
        self, password: str, password_hash: str | None, *, like: str | None = None
    ) -> bool:
        """Whether they belong together; None stands for nobody and never does.

        For nobody the look costs what `like` would have cost, or else what a new hash
        costs.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a new hash of the same password would be stronger."""
        ...


class SmsGateway(Protocol):
    """Delivers texts to phones; the same `message_id` is delivered once."""

    def send(self, message: Message) -> None:
        """Hand a message over.  Raises Transient or Broken."""
        ...

    def report(self, message_id: UUID) -> Report:
        """What became of a message it has taken.  Raises Transient."""
        ...


class Challenges(Protocol):
    """Codes that were sent."""

    def reserve_send(
        self, phone_token: str, purpose: Purpose, *, now: datetime
    ) -> bool:
        """Take one of the sendings allowed in the window, atomically."""
        ...

    def sends_again_at(self, phone_token: str, purpose: Purpose) -> datetime:
        """When the window of sendings ends."""
        ...

    def add(self, challenge: Challenge) -> None: ...

    def reserve_try(
        self, claim: Claim, *, now: datetime, tries: int
    ) -> Challenge | None:
        """Count one try on an open, fitting, living challenge, atomically."""
        ...

    def find(self, challenge_id: UUID) -> Challenge | None: ...

    def confirm(self, claim: Claim, *, now: datetime) -> bool:
        """Close an open challenge as confirmed; False when it was not open."""
        ...

    def confirmed_phone(
        self, purpose: NumberPurpose, reference: UUID, phone_token: str
    ) -> Phone | None:
        """The number a registration, or a change, has proved to hold."""
        ...

    def void(self, client_id: UUID, phone_token: str, *, now: datetime) -> None:
        """Let every open code of a client's to a number be too old."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove what expired before an instant; returns how many."""
        ...


class Logins(Protocol):
    """Who may come in."""

    def add(self, login: Login) -> bool:
        """Keep a new login; False when the client or the number has one."""
        ...

    def by_phone(self, phone_token: str) -> Login | None: ...

    def by_client(self, client_id: UUID) -> Login | None: ...

    def nearest(self, phone_token: str) -> Login | None:
        """The login of the number or, when nobody has it, its neighbour's.

        The same work for known and unknown numbers.
        """
        ...

    def lock(self, client_id: UUID) -> Login | None:
        """The client's login, whose row is ours until the transaction ends."""
        ...

    def move(self, login: Login, phone: Phone, phone_token: str) -> bool:
        """Let another number be the login; False when `login` is not as it was.

        Broken when the number is another's.
        """
        ...

    def reset_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> None:
        """Set another password, whatever it was."""
        ...

    def replace_hash(self, login: Login, password_hash: str) -> bool:
        """Exchange the hash `login` shows; False when it is another by now."""
        ...

    def set_first_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> bool:
        """Set the password of a login that has none; False when it has one."""
        ...


class Attempts(Protocol):
    """The count of password attempts per number, known or not."""

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        """Take one attempt, by one statement; None when the number is locked."""
        ...

    def locked_until(self, phone_token: str) -> datetime | None: ...

    def carry(self, login: Login, phone_token: str, *, now: datetime) -> None:
        """Let the count of a login's new number be no milder than the old one's."""
        ...

    def clear(self, attempt: Attempt) -> bool:
        """Forget the run that ends with `attempt`; False when others came after."""
        ...

    def tell(self, attempt: Attempt) -> bool:
        """Note that the lock of `attempt` is told of; False when it was, or is gone."""
        ...

    def untold(self, *, before: datetime) -> Sequence[Attempt]:
        """Attempts that have locked, before an instant, and are not told of."""
        ...

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        """End the locks that have run out; ids of their logins."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove counts untouched since an instant; returns how many."""
        ...


class Sources(Protocol):
    """Buckets of failed logins, by the keyed token of where they come from."""

    def take(
        self, source_token: str, *, allowance: Allowance, now: datetime
    ) -> timedelta:
        """Take one, by one statement; how long to wait when there is none, else 0."""
        ...

    def give_back(self, source_token: str, *, allowance: Allowance) -> None:
        """Put one back: the attempt was no failure."""
        ...

    def alarm(self, source_token: str, *, now: datetime) -> bool:
        """Whether it is time to report this source; True once in `ALARM_EVERY`."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove the buckets untouched since an instant; returns how many."""
        ...


class Sessions(Protocol):
    """Who is in."""

    def add(self, session: Session, digest: bytes) -> None: ...

    def touch(self, digest: bytes, *, limits: Limits, now: datetime) -> Session | None:
        """Note activity of a living session, by one statement; None when dead."""
        ...

    def look(self, digest: bytes, *, limits: Limits) -> Session | None:
        """A living session, without counting as activity."""
        ...

    def end(self, session_id: UUID, reason: EndReason, *, now: datetime) -> bool: ...

    def end_others(
        self, session: Session, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        """End the client's other sessions; which they were."""
        ...

    def end_all(
        self, client_id: UUID, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        """End every session of a client; which they were."""
        ...

    def end_beyond(
        self, session: Session, *, most: int, now: datetime
    ) -> Sequence[Session]:
        """End those silent longest until `most` are left with `session`; which."""
        ...

    def of_client(self, client_id: UUID, *, limits: Limits) -> Sequence[Session]:
        """A client's living sessions, the newest first."""
        ...

    def step_up(self, session_id: UUID, digest: bytes, *, now: datetime) -> bool:
        """Note a fresh second factor under a new token; False when it has ended."""
        ...

    def use_step_up(self, session_id: UUID, *, since: datetime) -> bool:
        """Take the fresh second factor, once; False when there is none so fresh."""
        ...

    def rotate(self, session_id: UUID, digest: bytes) -> bool:
        """Give a session a new token, the old one is dead; False when it has ended."""
        ...

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Session, EndReason]]:
        """End every session beyond its limits; which, and why."""
        ...


class Languages(Protocol):
    """In which language a number is written to."""

    def choose(
        self, phone_token: str, language: Language, *, now: datetime
    ) -> None: ...

    def of(self, phone_token: str) -> Language:
        """The language chosen last; the house's when none was."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove choices older than an instant of numbers that became no login."""
        ...


class Messages(Protocol):
    """Texts on their way out: written with the state that causes them."""

    def queue(self, message: Message) -> None: ...

    def drop(self, message: Message) -> None:
        """The work of `queue`, for a message nobody is to get."""
        ...

    def take_due(self, *, now: datetime, until: datetime) -> Sequence[Message]:
        """Lease the messages that are due until an instant; each counts an attempt."""
        ...

    def sent(self, message_id: UUID, *, now: datetime, ask_at: datetime) -> bool:
        """Mark as sent and forget the text; False when it was marked before."""
        ...

    def postpone(self, message_id: UUID, *, until: datetime) -> None: ...

    def take_expired(self, *, now: datetime) -> Sequence[Told]:
        """Give up what is too old to be useful; which they were."""
        ...

    def give_up(self, message_id: UUID, *, now: datetime) -> bool:
        """Forget a waiting message; False when it waits no more."""
        ...

    def take_unreported(self, *, now: datetime, until: datetime) -> Sequence[Told]:
        """Lease sent messages of which a report is due until an instant."""
        ...

    def ask_again(self, message_id: UUID, *, at: datetime | None) -> None:
        """When to ask for the report next; None for never."""
        ...

    def reported(self, message_id: UUID, *, delivered: bool, now: datetime) -> bool:
        """Keep the report; False when there is one already."""
        ...


class Totps(Protocol):
    """Secrets shared with authenticators, at most one per login."""

    def begin(self, totp: Totp) -> bool:
        """Keep an unconfirmed secret instead of an earlier; False if one counts."""
        ...

    def find(self, login_id: UUID) -> Totp | None: ...

    def use_step(self, login_id: UUID, step: int) -> bool:
        """Use up a step and all before it; False when it was used up before."""
        ...

    def confirm(self, login_id: UUID, *, now: datetime) -> bool: ...

    def remove(self, login_id: UUID) -> bool: ...


class RecoveryCodes(Protocol):
    """Codes on paper, by their keyed hashes."""

    def replace(
        self, login_id: UUID, tokens: Sequence[str], *, now: datetime
    ) -> None: ...

    def use(self, login_id: UUID, token: str, *, now: datetime) -> bool:
        """Use a code up; False when there is none such, or it was used."""
        ...

    def left(self, login_id: UUID) -> int: ...


class FactorAttempts(Protocol):
    """The count of attempts per login and kind of second factor."""

    def reserve(
        self, login_id: UUID, method: CountedMethod, *, rules: Rules, now: datetime
    ) -> FactorAttempt | None:
        """Take one attempt, by one statement; None when the kind is locked."""
        ...

    def locked_until(
        self, login_id: UUID, method: CountedMethod
    ) -> datetime | None: ...

    def clear(self, attempt: FactorAttempt) -> None: ...

    def reopen(self, *, now: datetime) -> Sequence[tuple[UUID, CountedMethod]]:
        """End the locks that have run out; of which logins and kinds."""
        ...


class Passkeys(Protocol):
    """Public keys of authenticators, and the challenges they are asked."""

    def add(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when its credential is known already."""
        ...

    def of_login(self, login_id: UUID) -> Sequence[Passkey]: ...

    def note_use(self, passkey: Passkey, sign_count: int, *, now: datetime) -> bool:
        """Count on from what was read; False when another use came between."""
        ...

    def suspend(self, passkey_id: UUID, *, now: datetime) -> None: ...

    def rename(self, passkey: Passkey, name: str) -> None: ...

    def remove(self, passkey: Passkey) -> bool: ...

    def ask(self, reference: UUID, challenge: bytes, *, until: datetime) -> None:
        """Keep the one challenge of `reference`; an earlier one is worth nothing."""
        ...

    def take(self, reference: UUID, *, now: datetime) -> bytes | None:
        """The challenge of `reference`, once."""
        ...

    def forget(self, *, before: datetime) -> int: ...


class Authenticators(Protocol):
    """WebAuthn: what browsers are asked, and what their answers prove."""

    def registration(
        self, login_id: UUID, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        """Options of ``navigator.credentials.create``."""
        ...

    def registered(
        self, credential: Mapping[str, Json], challenge: bytes
    ) -> NewCredential | None:
        """What the answer proves; None when it proves nothing."""
        ...

    def authentication(
        self, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        """Options of ``navigator.credentials.get``."""
        ...

    def credential_id(self, credential: Mapping[str, Json]) -> bytes | None:
        """Whose answer it claims to be."""
        ...

    def signed(
        self, credential: Mapping[str, Json], challenge: bytes, passkey: Passkey
    ) -> int | None:
        """The count of signatures in a right answer; None when it is not right."""
        ...


class Devices(Protocol):
    """Browsers known to logins, and checks of new ones."""

    def note_use(self, login_id: UUID, mark: bytes, *, now: datetime) -> bool:
        """Note a login in a known browser; False when it is new to the login."""
        ...

    def remark(self, mark: bytes, fresh: bytes) -> None:
        """Change the mark of a browser for all logins that know it."""
        ...

    def admit(
        self, device_id: UUID, login_id: UUID, mark: bytes, *, now: datetime
    ) -> None: ...

    def checks_since(self, login_id: UUID, aim: Aim, *, since: datetime) -> int: ...

    def add_check(self, check: DeviceCheck, token: bytes) -> None: ...

    def find_check(self, check_id: UUID, token: bytes) -> DeviceCheck | None: ...

    def find_right(self, token: bytes, *, now: datetime) -> DeviceCheck | None:
        """The passed check of a lost number whose token this is, while it lasts."""
        ...

    def void_checks(self, client_id: UUID, *, now: datetime) -> None:
        """Let every check of a client be over: its proofs are of yesterday."""
        ...

    def pass_check(self, check_id: UUID, ceremony_id: UUID, *, now: datetime) -> bool:
        """Use a living check up; False when it was used, or has run out."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove browsers not used since, and older checks; how many browsers."""
        ...


class Staff(Protocol):
    """Members of the staff, the roles they hold, the rules they acknowledged."""

    def anybody_active(self) -> bool:
        """Whether any invitation was ever taken up; nobody invites meanwhile."""
        ...

    def invite(self, member: Member, invitation: bytes, *, until: datetime) -> None:
        """Add a member, or let one who is not active be invited anew."""
        ...

    def by_login(self, login: str) -> Member | None: ...

    def by_id(self, staff_id: UUID) -> Member | None: ...

    def by_invitation(self, invitation: bytes, *, now: datetime) -> Member | None:
        """Who may still come in by this invitation."""
        ...

    def everybody(self) -> Sequence[Member]: ...

    def set_password(self, staff_id: UUID, password_hash: str) -> None:
        """Keep the password of an invited member."""
        ...

    def activate(self, staff_id: UUID, *, now: datetime) -> bool:
        """Let an invited member with a password in; False when it is not one."""
        ...

    def suspend(self, staff_id: UUID) -> bool:
        """Keep a member out and forget the password; False when it is so already."""
        ...

    def note_login(self, staff_id: UUID, *, now: datetime) -> None: ...

    def held(self, staff_id: UUID | None = None) -> Sequence[Held]:
        """The roles a member holds now, or everybody's."""
        ...

    def grant(
        self,
        staff_id: UUID,
        role: Role,
        *,
        by: UUID | None,
        approved_by: UUID | None,
        now: datetime,
    ) -> None:
        """Let a member hold a role, or confirm that they do."""
        ...

    def revoke(self, staff_id: UUID, role: Role, *, by: UUID, now: datetime) -> bool:
        """Take a role away; False when it is not held."""
        ...

    def has_acknowledged(self, staff_id: UUID, version: str) -> bool: ...

    def acknowledge(self, staff_id: UUID, version: str, *, now: datetime) -> bool:
        """Record it; False when it was recorded before."""
        ...


class Stays(Protocol):
    """Open sessions of the staff."""

    def add(self, stay: Stay, digest: bytes) -> None: ...

    def touch(self, digest: bytes, *, limits: Limits, now: datetime) -> Stay | None:
        """The living session of a token, active from now on."""
        ...

    def end(self, session_id: UUID, reason: StayEnd, *, now: datetime) -> bool: ...

    def end_of(
        self, staff_id: UUID, reason: StayEnd, *, now: datetime
    ) -> Sequence[Stay]:
        """End all sessions of one member; those that were open."""
        ...

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Stay, StayEnd]]: ...
