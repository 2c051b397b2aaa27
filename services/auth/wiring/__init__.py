"""The composition root: builds the use cases of each process from its settings."""

from pathlib import Path

from kernel.platform import Platform
from kernel.tls import client_context
from services.auth.adapters import Argon2Passwords, HttpSms, common_passwords
from services.auth.domain.rules import HashCost
from services.auth.settings import Settings, given
from services.auth.wiring.desk import Desk
from services.auth.wiring.entry import CheckDue, Entered
from services.auth.wiring.gateway import GatewayUseCases
from services.auth.wiring.process import UseCases

__all__ = [
    "CheckDue",
    "Entered",
    "GatewayUseCases",
    "UseCases",
    "build",
    "build_gateway",
]


def build(platform: Platform[Settings]) -> UseCases:
    """The use cases of the process `auth`.  Broken when a setting is missing."""
    settings = platform.settings
    tls = client_context(
        Path(given(settings.outer_ca, name="OUTER_CA")),
        Path(given(settings.outer_cert, name="OUTER_CERT")),
        Path(given(settings.outer_key, name="OUTER_KEY")),
    )
    sms = HttpSms(given(settings.sms_url, name="SMS_URL"), tls)
    return UseCases(Desk.of(platform), sms)


def build_gateway(platform: Platform[Settings]) -> GatewayUseCases:
    """The use cases of the process `gateway`."""
    desk = Desk.of(platform)
    passwords = Argon2Passwords(lambda: HashCost.at(platform.policy, desk.now()))
    return GatewayUseCases(desk, passwords, common_passwords())
