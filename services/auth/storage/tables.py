"""The tables.  Numbers, texts and password hashes stand in them sealed only."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from kernel.tables import metadata_for_service

metadata = metadata_for_service()

logins = Table(
    "logins",
    metadata,
    Column("login_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("phone_token", Text, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("password_sealed", LargeBinary),
    Column("password_set_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("former_token", Text),
    Column("former_sealed", LargeBinary),
    Column("moved_at", DateTime(timezone=True)),
    UniqueConstraint("client_id", name="logins_client"),
    UniqueConstraint("phone_token", name="logins_phone"),
)

# No foreign key to logins: a number nobody has is counted in the same way (A04).
password_attempts = Table(
    "password_attempts",
    metadata,
    Column("phone_token", Text, primary_key=True),
    Column("login_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("reopened", Boolean, nullable=False),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("told", Boolean),
    CheckConstraint("number >= 0", name="password_attempts_number"),
)
Index(
    "password_attempts_locked",
    password_attempts.c.locked_until,
    postgresql_where=text("locked_until IS NOT NULL"),
)

# Buckets of failed logins by keyed token of an address or a network: `full_at` is when
# a bucket will be full again, so that time alone fills it.
login_sources = Table(
    "login_sources",
    metadata,
    Column("source_token", Text, primary_key=True),
    Column("full_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True)),
)
Index("login_sources_full", login_sources.c.full_at)

challenges = Table(
    "challenges",
    metadata,
    Column("challenge_id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("reference", Uuid, nullable=False),
    Column("client_id", Uuid),
    Column("phone_token", Text, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("code_token", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("used_for", Text),
    CheckConstraint(
        "purpose IN ('registration', 'login', 'consent', 'release', 'step_up', "
        "'recovery', 'phone_change')",
        name="challenges_purpose",
    ),
    CheckConstraint("state IN ('open', 'confirmed')", name="challenges_state"),
    CheckConstraint(
        "(state = 'confirmed') = (confirmed_at IS NOT NULL)",
        name="challenges_confirmed",
    ),
)
Index("challenges_reference", challenges.c.reference)
Index("challenges_expiry", challenges.c.expires_at)

code_sends = Table(
    "code_sends",
    metadata,
    Column("phone_token", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("window_at", DateTime(timezone=True), nullable=False),
    Column("sent", Integer, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("login_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("active_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text),
    Column("browser", Text),
    Column("stepped_up_at", DateTime(timezone=True)),
    UniqueConstraint("token_sha256", name="sessions_token"),
    CheckConstraint(
        "end_reason IN ('logout', 'idle', 'absolute', 'replaced', 'revoked', "
        "'factor_changed', 'password_recovered', 'phone_changed')",
        name="sessions_end_reason",
    ),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="sessions_ended"),
)
Index(
    "sessions_of_client",
    sessions.c.client_id,
    postgresql_where=text("ended_at IS NULL"),
)
Index(
    "sessions_activity",
    sessions.c.active_at,
    postgresql_where=text("ended_at IS NULL"),
)
Index(
    "sessions_opening",
    sessions.c.opened_at,
    postgresql_where=text("ended_at IS NULL"),
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("client_id", Uuid),
    Column("template", Text, nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("text_sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("template_version", Integer),
    Column("language", Text),
    Column("ask_at", DateTime(timezone=True)),
    Column("asked", Integer),
    Column("delivered_at", DateTime(timezone=True)),
    Column("failed_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('waiting', 'sent', 'dropped')", name="messages_state"),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="messages_sent"),
)
Index(
    "messages_due",
    messages.c.next_at,
    postgresql_where=text("state = 'waiting'"),
)
Index(
    "messages_unreported",
    messages.c.ask_at,
    postgresql_where=text("ask_at IS NOT NULL"),
)

# By number, not by login: the first code is sent before there is one.
languages = Table(
    "languages",
    metadata,
    Column("phone_token", Text, primary_key=True),
    Column("language", Text, nullable=False),
    Column("chosen_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("language IN ('kk', 'ru', 'en')", name="languages_known"),
)


def _totps(name: str) -> Table:
    """Secrets of authenticators; staff ids stand in the same column as logins."""
    return Table(
        name,
        metadata,
        Column("login_id", Uuid, primary_key=True),
        Column("secret_sealed", LargeBinary, nullable=False),
        Column("begun_at", DateTime(timezone=True), nullable=False),
        Column("confirmed_at", DateTime(timezone=True)),
        Column("last_step", BigInteger, nullable=False),
    )


def _recovery_codes(name: str) -> Table:
    """Codes on paper, of clients or of the staff."""
    return Table(
        name,
        metadata,
        Column("login_id", Uuid, primary_key=True),
        Column("code_token", Text, primary_key=True),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("used_at", DateTime(timezone=True)),
    )


totp_factors = _totps("totp_factors")
recovery_codes = _recovery_codes("recovery_codes")

factor_attempts = Table(
    "factor_attempts",
    metadata,
    Column("login_id", Uuid, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("reopened", Boolean, nullable=False),
    CheckConstraint("number >= 0", name="factor_attempts_number"),
)
Index(
    "factor_attempts_locked",
    factor_attempts.c.locked_until,
    postgresql_where=text("locked_until IS NOT NULL"),
)


def _passkeys(name: str) -> Table:
    """Public keys of authenticators, of clients or of the staff."""
    keys = Table(
        name,
        metadata,
        Column("passkey_id", Uuid, primary_key=True),
        Column("login_id", Uuid, nullable=False),
        Column("credential_id", LargeBinary, nullable=False),
        Column("public_key", LargeBinary, nullable=False),
        Column("sign_count", BigInteger, nullable=False),
        Column("name_sealed", LargeBinary, nullable=False),
        Column("added_at", DateTime(timezone=True), nullable=False),
        Column("used_at", DateTime(timezone=True)),
        Column("suspended_at", DateTime(timezone=True)),
        UniqueConstraint("credential_id", name=f"{name}_credential"),
    )
    Index(f"{name}_of_login", keys.c.login_id)
    return keys


def _passkey_ceremonies(name: str) -> Table:
    """Challenges of WebAuthn, each for one use; `reference` says what for."""
    ceremonies = Table(
        name,
        metadata,
        Column("reference", Uuid, primary_key=True),
        Column("challenge", LargeBinary, nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False),
    )
    Index(f"{name}_expiry", ceremonies.c.expires_at)
    return ceremonies


passkeys = _passkeys("passkeys")
passkey_ceremonies = _passkey_ceremonies("passkey_ceremonies")

# One browser may be known to several logins: its mark is one, its rows are many.
devices = Table(
    "devices",
    metadata,
    Column("device_id", Uuid, primary_key=True),
    Column("login_id", Uuid, nullable=False),
    Column("mark_sha256", LargeBinary, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("login_id", "mark_sha256", name="devices_mark"),
)
Index("devices_by_mark", devices.c.mark_sha256)
Index("devices_by_age", devices.c.last_at)

device_checks = Table(
    "device_checks",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("login_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("passed_at", DateTime(timezone=True)),
    Column("ceremony_id", Uuid),
    Column("aim", Text, nullable=False, server_default="device"),
    CheckConstraint(
        "(passed_at IS NULL) = (ceremony_id IS NULL)", name="device_checks_passed"
    ),
)
Index("device_checks_of_token", device_checks.c.token_sha256)
Index("device_checks_of_login", device_checks.c.login_id)

staff_members = Table(
    "staff_members",
    metadata,
    Column("staff_id", Uuid, primary_key=True),
    Column("login", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("password_sealed", LargeBinary),
    Column("invitation_sha256", LargeBinary),
    Column("invitation_until", DateTime(timezone=True)),
    Column("invited_at", DateTime(timezone=True), nullable=False),
    Column("invited_by", Uuid),
    Column("activated_at", DateTime(timezone=True)),
    Column("last_login_at", DateTime(timezone=True)),
    UniqueConstraint("login", name="staff_members_login"),
    UniqueConstraint("invitation_sha256", name="staff_members_invitation"),
    CheckConstraint(
        "state IN ('invited', 'active', 'suspended')", name="staff_members_state"
    ),
    CheckConstraint("invited_by <> staff_id", name="staff_members_invited"),
)

# What was held and is not any more stays: who could do what when is asked later.
staff_roles = Table(
    "staff_roles",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("granted_by", Uuid),
    Column("approved_by", Uuid),
    Column("confirmed_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Uuid),
    CheckConstraint(
        "(granted_by IS NULL) = (approved_by IS NULL)", name="staff_roles_granted"
    ),
    CheckConstraint(
        "granted_by <> approved_by AND granted_by <> staff_id "
        "AND approved_by <> staff_id AND revoked_by <> staff_id",
        name="staff_roles_four_eyes",
    ),
)
Index(
    "staff_roles_held",
    staff_roles.c.staff_id,
    staff_roles.c.role,
    unique=True,
    postgresql_where=text("revoked_at IS NULL"),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("staff_id", Uuid, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("active_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text),
    UniqueConstraint("token_sha256", name="staff_sessions_token"),
    CheckConstraint(
        "end_reason IN ('logout', 'idle', 'absolute', 'suspended')",
        name="staff_sessions_end_reason",
    ),
    CheckConstraint(
        "(ended_at IS NULL) = (end_reason IS NULL)", name="staff_sessions_ended"
    ),
)
Index(
    "staff_sessions_open",
    staff_sessions.c.active_at,
    postgresql_where=text("ended_at IS NULL"),
)

staff_acknowledgements = Table(
    "staff_acknowledgements",
    metadata,
    Column("staff_id", Uuid, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("acknowledged_at", DateTime(timezone=True), nullable=False),
)

# What a client leaves the office with, as a digest; good once.
office_passes = Table(
    "office_passes",
    metadata,
    Column("pass_id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("pass_sha256", LargeBinary, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    UniqueConstraint("pass_sha256", name="office_passes_pass"),
)

# Whom incidents keep out: `client:<id>` or `staff:<id>`.
access_blocks = Table(
    "access_blocks",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("incident_id", Uuid, primary_key=True),
    Column("blocked_at", DateTime(timezone=True), nullable=False),
)

staff_attempts = Table(
    "staff_attempts",
    metadata,
    Column("login_token", Text, primary_key=True),
    Column("login_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("reopened", Boolean, nullable=False),
    Column("touched_at", DateTime(timezone=True), nullable=False),
    Column("told", Boolean, nullable=False),
    CheckConstraint("number >= 0", name="staff_attempts_number"),
)
Index(
    "staff_attempts_locked",
    staff_attempts.c.locked_until,
    postgresql_where=text("locked_until IS NOT NULL"),
)

# As of clients, apart from them: the gateway has no right here.
staff_totps = _totps("staff_totps")
staff_recovery_codes = _recovery_codes("staff_recovery_codes")
staff_passkeys = _passkeys("staff_passkeys")
staff_passkey_ceremonies = _passkey_ceremonies("staff_passkey_ceremonies")
