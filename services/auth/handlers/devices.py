"""Known browsers, and biometrics in new ones (the rules of November 2025)."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from kernel.errors import Refused
from kernel.events.auth import (
    DeviceAdmitted,
    DeviceCheckOpened,
    RecoveryOpened,
    RecoveryPassed,
)
from kernel.ids import Ids
from services.auth.domain.devices import (
    CHECK_LASTS,
    CHECKS_PER_DAY,
    Aim,
    Browser,
    DeviceCheck,
    check_not_found,
    checks_too_often,
)
from services.auth.domain.passwords import Login
from services.auth.domain.rules import Rules
from services.auth.ports import Devices, Publish, SessionTokens

LOST: Final[dict[Aim, Literal["password", "phone"]]] = {
    "password": "password",
    "number": "phone",
}
"""What somebody has not who needs a recovery."""


def recognise(
    login_id: UUID,
    browser: Browser,
    *,
    now: datetime,
    tokens: SessionTokens,
    devices: Devices,
) -> bool:
    """Whether the login was used in this browser before."""
    if browser.mark is None:
        return False
    return devices.note_use(login_id, tokens.digest(browser.mark), now=now)


def is_new(rules: Rules, *, known: bool) -> bool:
    """Whether biometrics are due before the cabinet opens."""
    return rules.new_device_biometrics and not known


def open_check(
    login: Login,
    token: str,
    *,
    aim: Aim = "device",
    now: datetime,
    ids: Ids,
    tokens: SessionTokens,
    devices: Devices,
    publish: Publish,
) -> DeviceCheck | Refused:
    """Let who has proved enough for it go on to biometrics, by a token of their own."""
    day = now - timedelta(days=1)
    if devices.checks_since(login.login_id, aim, since=day) >= CHECKS_PER_DAY:
        return checks_too_often(aim)
    check = DeviceCheck(
        check_id=ids.new(),
        login_id=login.login_id,
        client_id=login.client_id,
        opened_at=now,
        expires_at=now + CHECK_LASTS,
        aim=aim,
    )
    devices.add_check(check, tokens.digest(token))
    if aim == "device":
        publish(DeviceCheckOpened(client_id=check.client_id, check_id=check.check_id))
    else:
        publish(
            RecoveryOpened(
                client_id=check.client_id, recovery_id=check.check_id, lost=LOST[aim]
            )
        )
    return check


def find_check(
    check_id: UUID,
    token: str,
    *,
    aim: Aim = "device",
    now: datetime,
    tokens: SessionTokens,
    devices: Devices,
) -> DeviceCheck:
    """A living check for this aim, for who holds its token.

    Refused: ``device_check_not_found``, ``recovery_not_found``.
    """
    found = devices.find_check(check_id, tokens.digest(token))
    if (
        found is None
        or found.aim != aim
        or found.passed_at is not None
        or found.expires_at <= now
    ):
        raise check_not_found(aim)
    return found


def pass_check(
    check: DeviceCheck,
    ceremony_id: UUID,
    *,
    now: datetime,
    devices: Devices,
    publish: Publish,
) -> None:
    """Use a check up: what it is for may be done once, in this very transaction."""
    if not devices.pass_check(check.check_id, ceremony_id, now=now):
        raise check_not_found(check.aim)
    if check.aim != "device":
        publish(
            RecoveryPassed(
                client_id=check.client_id,
                recovery_id=check.check_id,
                lost=LOST[check.aim],
                ceremony_id=ceremony_id,
            )
        )


def admit(
    login: Login,
    browser: Browser,
    *,
    device_token: str,
    ceremony_id: UUID | None,
    now: datetime,
    ids: Ids,
    tokens: SessionTokens,
    devices: Devices,
    publish: Publish,
) -> None:
    """Know a browser from now on, by a mark of our own making.

    Another login's mark that it brought is changed with it: a browser has one.
    """
    device_id, fresh = ids.new(), tokens.digest(browser.fresh_mark)
    if browser.mark is not None:
        devices.remark(tokens.digest(browser.mark), fresh)
    devices.admit(device_id, login.login_id, fresh, now=now)
    publish(
        DeviceAdmitted(
            client_id=login.client_id,
            device_id=device_id,
            device_token=device_token,
            ceremony_id=ceremony_id,
        )
    )
