"""Browsers a login was used in before, and checks by biometrics through ЦОИД.

A browser is known by its mark, 256 random bits in a cookie, kept here as a digest.
The mark opens nothing (clause 4.9): with it, password and second factor are asked as
ever, and without it biometrics through ЦОИД besides.  A browser that comes to be known
gets a mark of our own making whatever it brought, so that nobody can plant a mark and
use its twin.

A check is what stands between some proof and what it alone may not open: a new browser
(both factors were right), a new password (the phone is in hand), the change of a lost
number (the password was right).  Its token opens what it is for and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from kernel.clock import rfc3339
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Refused

DEVICE_KEPT: Final = timedelta(days=180)
"""A browser not used for so long is new again."""
CHECK_LASTS: Final = timedelta(minutes=30)
CHECKS_PER_DAY: Final = 5
"""Checks one login may begin within a day; each allows the attempts of ЦОИД's rules."""
Aim = Literal["device", "password", "number"]
"""What a check opens: the cabinet in a new browser, a new password, a new number."""
_OPERATIONS: Final[dict[Aim, str]] = {
    "device": "device",
    "password": "password_recovery",
    "number": "number_recovery",
}
_SAYS: Final[dict[Aim, str]] = {
    "device": "login in a new browser",
    "password": "a new password for who has forgotten it",
    "number": "a change of number for who has lost it",
}
_PROVED: Final = frozenset({"biometrics_done", "completed"})

_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_BROWSERS: Final = (
    ("YaBrowser", "Yandex"), ("Edg", "Edge"), ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("Chrome", "Chrome"), ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What a login comes from; `fresh_mark` is for a browser that comes to be known.

    `browser_id` names it for antifraud, whoever is known in it; it opens nothing.
    """

    mark: str | None = field(repr=False)
    fresh_mark: str = field(repr=False)
    words: str
    browser_id: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCheck:
    """Something was proved, and biometrics are still to be passed for `aim`."""

    check_id: UUID
    login_id: UUID
    client_id: UUID
    opened_at: datetime
    expires_at: datetime
    passed_at: datetime | None = None
    aim: Aim = "device"

    @property
    def operation(self) -> str:
        """What the ceremony of this check is for."""
        return f"{_OPERATIONS[self.aim]}:{self.check_id}"

    def statement(self, *, site: str) -> bytes:
        """The bytes the biometric protocol is bound to."""
        return canonical(
            {
                "statement": _SAYS[self.aim],
                "site": site,
                "check_id": str(self.check_id),
                "opened_at": rfc3339(self.opened_at),
            }
        )

    def refuse_unproved(self, ceremony: Mapping[str, Json], *, site: str) -> None:
        """Refused unless ЦОИД knew the client for this very check.

        ``device_check_unfinished``, of a recovery ``recovery_unfinished``.
        """
        if (
            ceremony.get("operation") != self.operation
            or ceremony.get("document_sha256") != sha256_hex(self.statement(site=site))
            or ceremony.get("state") not in _PROVED
        ):
            raise Refused(
                "device_check_unfinished"
                if self.aim == "device"
                else "recovery_unfinished",
                "The biometric identification is not passed yet.",
                next_step="Pass it, then send this again.",
            )


def browser_words(user_agent: str) -> str:
    """A browser in two words, for its owner to recognise; no version, no model."""
    system = next((word for sign, word in _SYSTEMS if sign in user_agent), "?")
    browser = next((word for sign, word in _BROWSERS if sign in user_agent), "?")
    return f"{browser}, {system}"


def check_not_found(aim: Aim = "device") -> Refused:
    """No such check, or not yours, or too late: the answer is the same."""
    if aim != "device":
        return Refused(
            "recovery_not_found",
            "There is no such recovery to go on with.",
            next_step="Begin the recovery again.",
        )
    return Refused(
        "device_check_not_found",
        "There is no such login to go on with.",
        next_step="Log in again.",
    )


def checks_too_often(aim: Aim = "device") -> Refused:
    """New browsers, or recoveries, are tried too often with this login."""
    if aim != "device":
        return Refused(
            "recovery_too_often",
            "Too many recoveries were begun today.",
            next_step="Come back tomorrow, or get in touch with us.",
            seconds_left=int(timedelta(hours=1).total_seconds()),
        )
    return Refused(
        "device_check_too_often",
        "Too many new browsers were used today.",
        next_step="Use a browser you have used before, or come back tomorrow.",
        seconds_left=int(timedelta(hours=1).total_seconds()),
    )
