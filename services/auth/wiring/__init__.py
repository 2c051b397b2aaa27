"""The composition root: builds the use cases of each process from its settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kernel.crypto import Json, SigningKey
from kernel.errors import Refused
from kernel.platform import Platform
from kernel.tls import client_context
from kernel.tokens import STAFF_ISSUER, StaffTokens
from services.auth.adapters import Argon2Passwords, HttpSms, common_passwords
from services.auth.domain.rules import HashCost
from services.auth.settings import Settings, given
from services.auth.wiring.desk import Desk
from services.auth.wiring.entry import CheckDue, Entered
from services.auth.wiring.gateway import GatewayUseCases
from services.auth.wiring.process import UseCases
from services.auth.wiring.staff import StaffUseCases

__all__ = [
    "CheckDue",
    "Entered",
    "GatewayUseCases",
    "StaffUseCases",
    "UseCases",
    "build",
    "build_gateway",
    "build_staff",
    "invite_first",
]

FIRST_ADMINISTRATORS: Final = 2


def build(platform: Platform[Settings]) -> UseCases:
    """The use cases of the process `auth`.  Broken when a setting is missing."""
    settings = platform.settings
    tls = client_context(
        Path(given(settings.outer_ca, name="OUTER_CA")),
        Path(given(settings.outer_cert, name="OUTER_CERT")),
        Path(given(settings.outer_key, name="OUTER_KEY")),
    )
    sms = HttpSms(given(settings.sms_url, name="SMS_URL"), tls)
    return UseCases(Desk.of(platform), sms, build_staff(platform))


def build_staff(platform: Platform[Settings]) -> StaffUseCases:
    """The use cases of the staff's door.  Broken without the key of staff tokens."""
    desk = Desk.of(platform)
    path = Path(given(platform.settings.staff_key, name="STAFF_KEY"))
    key = SigningKey.load(path, keyid=platform.trust.keyid_of(STAFF_ISSUER))
    return StaffUseCases(
        desk,
        Argon2Passwords(lambda: HashCost.at(platform.policy, desk.now())),
        StaffTokens(key, platform.clock),
        common_passwords(),
    )


def invite_first(platform: Platform[Settings], logins: Sequence[str]) -> Json:
    """The owner's command `staff-bootstrap`: invitations for the first administrators.

    Two at least, for one alone could grant nobody anything.  Refused ``staff_exists``,
    ``login_unfit``.
    """
    if len(set(logins)) < FIRST_ADMINISTRATORS:
        raise Refused(
            "administrators_too_few",
            "Four eyes need two administrators.",
            next_step="Name two logins or more, each another person's.",
        )
    secrets = build_staff(platform).invite_first(platform.context(), logins)
    return {
        "invitations": [
            {"login": login, "invitation": secret}
            for login, secret in zip(logins, secrets, strict=True)
        ]
    }


def build_gateway(platform: Platform[Settings]) -> GatewayUseCases:
    """The use cases of the process `gateway`."""
    desk = Desk.of(platform)
    passwords = Argon2Passwords(lambda: HashCost.at(platform.policy, desk.now()))
    return GatewayUseCases(desk, passwords, common_passwords())
