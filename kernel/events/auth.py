"""The facts auth publishes: who came in, who was kept out, what was told to whom."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, Word


class LoginSucceeded(Event):
    """A client entered the cabinet with both factors (clause 4.5)."""

    TYPE = "auth.login_succeeded.v1"
    SUBJECT = "client"

    client_id: UUID
    session_id: UUID


class LoginFailed(Event):
    """A login attempt was refused (clauses 4.5, 4.7, 6.1e).

    ``login_token`` is the keyed token of the number; ``attempts`` counts this one.
    """

    TYPE = "auth.login_failed.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str
    reason: Word[
        Literal["wrong_password", "locked", "wrong_code", "unknown", "blocked"]
    ]
    attempts: int


class AccessLocked(Event):
    """Three wrong passwords: the login is locked (clause 4.7)."""

    TYPE = "auth.access_locked.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str
    until: Instant


class AccessUnlocked(Event):
    """The lock of a login has run out (clause 4.7)."""

    TYPE = "auth.access_unlocked.v1"
    SUBJECT = "login"

    login_id: UUID


class AccessBlocked(Event):
    """An incident's first measure: nobody logs in as this client (clause 7.2).

    It is no lock that runs out: it ends when two persons undo the measure.
    """

    TYPE = "auth.access_blocked.v1"
    SUBJECT = "client"

    client_id: UUID
    incident_id: UUID


class AccessUnblocked(Event):
    """No incident keeps the client out any more."""

    TYPE = "auth.access_unblocked.v1"
    SUBJECT = "client"

    client_id: UUID
    incident_id: UUID


class SourceThrottled(Event):
    """Failed logins from one place are held back before any is counted (4.7, 6.1e).

    ``source_token`` is the keyed token of the address or of its network; told once a
    minute while it lasts.
    """

    TYPE = "auth.source_throttled.v1"
    SUBJECT = "source"

    source_id: UUID
    source_token: str
    reach: Word[Literal["address", "network"]]


class SessionEnded(Event):
    """A session ended, by the client or by the clock (clause 4.8).

    ``ended_by`` is the member of the staff who ended it, ``ground`` why, in words of
    ours; both are None when it was nobody of the staff.
    """

    TYPE = "auth.session_ended.v1"
    SUBJECT = "client"

    client_id: UUID
    session_id: UUID
    reason: Word[
        Literal[
            "logout",
            "idle",
            "absolute",
            "replaced",
            "revoked",
            "factor_changed",
            "password_recovered",
            "phone_changed",
        ]
    ]
    ended_by: UUID | None = None
    ground: str | None = None


class SecondFactorRefused(Event):
    """A second factor was not given, at a login or at a step-up (clause 4.3).

    ``attempts`` counts this one within the present run.
    """

    TYPE = "auth.second_factor_refused.v1"
    SUBJECT = "login"

    login_id: UUID
    method: Word[Literal["sms", "totp", "recovery_code", "passkey", "recovery_sms"]]
    reason: Word[Literal["wrong", "locked", "cloned"]]
    attempts: int


class SecondFactorLocked(Event):
    """Too many wrong second factors of one kind: it is locked for a while."""

    TYPE = "auth.second_factor_locked.v1"
    SUBJECT = "login"

    login_id: UUID
    method: Word[Literal["sms", "totp", "recovery_code", "recovery_sms"]]
    until: Instant


class SecondFactorUnlocked(Event):
    """The lock of a second factor has run out."""

    TYPE = "auth.second_factor_unlocked.v1"
    SUBJECT = "login"

    login_id: UUID
    method: Word[Literal["sms", "totp", "recovery_code", "recovery_sms"]]


class SteppedUp(Event):
    """A logged-in client gave a second factor again, to change the factors."""

    TYPE = "auth.stepped_up.v1"
    SUBJECT = "client"

    client_id: UUID
    session_id: UUID
    method: Word[Literal["sms", "totp", "recovery_code", "passkey"]]


class FactorAdded(Event):
    """The client can give one more second factor, or has a new set of it."""

    TYPE = "auth.factor_added.v1"
    SUBJECT = "client"

    client_id: UUID
    factor: Word[Literal["totp", "recovery_codes", "passkey"]]


class FactorRemoved(Event):
    """A second factor of the client opens nothing any more."""

    TYPE = "auth.factor_removed.v1"
    SUBJECT = "client"

    client_id: UUID
    factor: Word[Literal["totp", "recovery_codes", "passkey"]]


class DeviceCheckOpened(Event):
    """Both factors were right in a browser new to the login: biometrics are asked."""

    TYPE = "auth.device_check_opened.v1"
    SUBJECT = "client"

    client_id: UUID
    check_id: UUID


class DeviceAdmitted(Event):
    """A browser is known to the login from now on.

    ``ceremony_id`` names the biometrics that proved the client in it; none when that
    was the registration itself.  ``device_id`` is the browser with this login,
    ``device_token`` names it whoever is known in it.
    """

    TYPE = "auth.device_admitted.v1"
    SUBJECT = "client"

    client_id: UUID
    device_id: UUID
    ceremony_id: UUID | None
    device_token: str | None = None


class RecoveryRequested(Event):
    """Somebody says to have forgotten the password of a number, known or not."""

    TYPE = "auth.recovery_requested.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str


class OfficeVisitRecorded(Event):
    """Two of the staff agree that the client was at the office without number and word.

    A pass lets them begin the change of the number; no more is opened by it.
    """

    TYPE = "auth.office_visit_recorded.v1"
    SUBJECT = "client"

    client_id: UUID
    reason: str
    recorded_by: UUID
    approved_by: UUID


class RecoveryOpened(Event):
    """The first proof of a recovery was right: biometrics are asked.

    ``lost`` is what the client has not: the password (a code to the phone was right)
    or the phone (the password was right, or the pass of the office).
    """

    TYPE = "auth.recovery_opened.v1"
    SUBJECT = "client"

    client_id: UUID
    recovery_id: UUID
    lost: Word[Literal["password", "phone"]]


class RecoveryPassed(Event):
    """ЦОИД knew the client: a new password is set, or the phone may be changed."""

    TYPE = "auth.recovery_passed.v1"
    SUBJECT = "client"

    client_id: UUID
    recovery_id: UUID
    lost: Word[Literal["password", "phone"]]
    ceremony_id: UUID


class LoginPhoneChanged(Event):
    """The client's login is the new number; the old one opens nothing (4.4, 4.10)."""

    TYPE = "auth.login_phone_changed.v1"
    SUBJECT = "client"

    client_id: UUID
    login_id: UUID
    change_id: UUID
    old_login_token: str
    login_token: str


class PasswordChanged(Event):
    """The client has a new password."""

    TYPE = "auth.password_changed.v1"
    SUBJECT = "client"

    client_id: UUID


class AccessRefused(Event):
    """A request without the right to what it asked for (clauses 1.3b, 6.1b)."""

    TYPE = "auth.access_refused.v1"
    SUBJECT = "request"

    request_id: UUID
    what: str
    code: str


class OperationCalled(Event):
    """A client did something, or was shown personal data (clauses 6.1d, 6.1e).

    ``action`` is the operation's name in the API's description, ``outcome`` is
    ``done`` or the code of the refusal.
    """

    TYPE = "auth.operation_called.v1"
    SUBJECT = "request"

    request_id: UUID
    client_id: UUID | None
    action: str
    object_id: UUID | None
    outcome: str


class ReadsLogged(Event):
    """A part of the log of ordinary reads was closed (clauses 6.1d, 6.1e).

    ``log_sha256`` is of the part's bytes, ``counts`` its lines by method, route and
    status; the parts of a log are a chain.
    """

    TYPE = "auth.reads_logged.v1"
    SUBJECT = "log"

    log_id: UUID
    number: int
    first_at: Instant
    last_at: Instant
    lines: int
    length: int
    log_sha256: str
    previous_sha256: str | None
    counts: tuple[str, ...]


class MessageSent(Event):
    """A message left for the client's phone; the text stays with auth.

    ``template`` and ``template_version`` say which words, ``language`` in which tongue.
    """

    TYPE = "auth.message_sent.v1"
    SUBJECT = "message"

    message_id: UUID
    client_id: UUID | None
    template: str
    template_version: int | None = None
    language: Word[Literal["kk", "ru", "en"]] | None = None


class MessageDelivered(Event):
    """The operator reports that the phone has the message."""

    TYPE = "auth.message_delivered.v1"
    SUBJECT = "message"

    message_id: UUID
    client_id: UUID | None
    template: str


class MessageFailed(Event):
    """A message did not reach the client, and will not: somebody has to know."""

    TYPE = "auth.message_failed.v1"
    SUBJECT = "message"

    message_id: UUID
    client_id: UUID | None
    template: str
    reason: Word[Literal["expired", "given_up", "undelivered"]]


class StaffInvited(Event):
    """Somebody may become a member of the staff; nothing is open to them yet.

    ``invited_by`` is None for the first administrators, whom the owner invites.
    """

    TYPE = "auth.staff_invited.v1"
    SUBJECT = "staff"

    staff_id: UUID
    invited_by: UUID | None


class StaffActivated(Event):
    """An invited person has a password and an authenticator."""

    TYPE = "auth.staff_activated.v1"
    SUBJECT = "staff"

    staff_id: UUID


class StaffRulesAcknowledged(Event):
    """A member of the staff has read the rules and is bound by them (clause 1.4)."""

    TYPE = "auth.staff_rules_acknowledged.v1"
    SUBJECT = "staff"

    staff_id: UUID
    version: str


class StaffLoggedIn(Event):
    """A member of the staff came in with password and second factor."""

    TYPE = "auth.staff_logged_in.v1"
    SUBJECT = "staff"

    staff_id: UUID
    session_id: UUID


class StaffLoginFailed(Event):
    """An attempt at the staff's door was refused (clauses 4.7, 6.1e).

    ``login_token`` is the keyed token of the login; ``attempts`` counts this one.
    """

    TYPE = "auth.staff_login_failed.v1"
    SUBJECT = "login"

    login_id: UUID
    login_token: str
    reason: Word[
        Literal[
            "wrong_password",
            "wrong_code",
            "locked",
            "unknown",
            "suspended",
            "wrong_passkey",
            "cloned_passkey",
            "passkey_due",
        ]
    ]
    attempts: int


class StaffPasskeyAdded(Event):
    """By four eyes, a member of the staff comes in by a security key of theirs."""

    TYPE = "auth.staff_passkey_added.v1"
    SUBJECT = "staff"

    staff_id: UUID
    passkey_id: UUID
    approved_by: UUID


class StaffPasskeyRemoved(Event):
    """A security key opens nothing any more: ``removed_by`` is None for a copied one.

    A copied key is suspended by the door itself, which saw its count go back.
    """

    TYPE = "auth.staff_passkey_removed.v1"
    SUBJECT = "staff"

    staff_id: UUID
    passkey_id: UUID
    removed_by: UUID | None


class LoginErased(Event):
    """A person was erased: the login is gone, with everything kept by it."""

    TYPE = "auth.login_erased.v1"
    SUBJECT = "client"

    client_id: UUID
    login_id: UUID


class StaffSessionEnded(Event):
    """A stay of a member of the staff ended."""

    TYPE = "auth.staff_session_ended.v1"
    SUBJECT = "staff"

    staff_id: UUID
    session_id: UUID
    reason: Word[Literal["logout", "idle", "absolute", "suspended"]]


class StaffSuspended(Event):
    """A member of the staff is kept out from now on.

    ``suspended_by`` is a colleague: roles and factors are gone then; or the incident
    whose first measure it is: they wait until it is undone.
    """

    TYPE = "auth.staff_suspended.v1"
    SUBJECT = "staff"

    staff_id: UUID
    suspended_by: UUID


class StaffRestored(Event):
    """No incident keeps a member of the staff out any more.

    Roles and factors are those they had.
    """

    TYPE = "auth.staff_restored.v1"
    SUBJECT = "staff"

    staff_id: UUID
    incident_id: UUID


class StaffRoleGranted(Event):
    """By four eyes, a member of the staff holds a role, or goes on holding it.

    Both persons are None for the first administrators, whom the owner makes.
    """

    TYPE = "auth.staff_role_granted.v1"
    SUBJECT = "staff"

    staff_id: UUID
    role: str
    granted_by: UUID | None
    approved_by: UUID | None


class StaffRoleRevoked(Event):
    """A member of the staff does not hold a role any more."""

    TYPE = "auth.staff_role_revoked.v1"
    SUBJECT = "staff"

    staff_id: UUID
    role: str
    revoked_by: UUID
