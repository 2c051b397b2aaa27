"""Known browsers, and biometrics in new ones (the rules of November 2025)."""

from datetime import datetime, timedelta
from uuid import UUID

from kernel.errors import Refused
from kernel.events.auth import DeviceAdmitted, DeviceCheckOpened
from kernel.ids import Ids
from services.auth.domain.devices import (
    CHECK_LASTS,
    CHECKS_PER_DAY,
    Browser,
    DeviceCheck,
    check_not_found,
    checks_too_often,
)
from services.auth.domain.passwords import Login
from services.auth.domain.rules import Rules
from services.auth.ports import Devices, Publish, SessionTokens


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
    now: datetime,
    ids: Ids,
    tokens: SessionTokens,
    devices: Devices,
    publish: Publish,
) -> DeviceCheck | Refused:
    """Let who has proved both factors go on to biometrics, by a token of their own."""
    day = now - timedelta(days=1)
    if devices.checks_since(login.login_id, since=day) >= CHECKS_PER_DAY:
        return checks_too_often()
    check = DeviceCheck(
        check_id=ids.new(),
        login_id=login.login_id,
        client_id=login.client_id,
        opened_at=now,
        expires_at=now + CHECK_LASTS,
    )
    devices.add_check(check, tokens.digest(token))
    publish(DeviceCheckOpened(client_id=check.client_id, check_id=check.check_id))
    return check


def find_check(
    check_id: UUID,
    token: str,
    *,
    now: datetime,
    tokens: SessionTokens,
    devices: Devices,
) -> DeviceCheck:
    """A living check, for who holds its token; Refused ``device_check_not_found``."""
    found = devices.find_check(check_id, tokens.digest(token))
    if found is None or found.passed_at is not None or found.expires_at <= now:
        raise check_not_found()
    return found


def admit(
    login: Login,
    browser: Browser,
    *,
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
            client_id=login.client_id, device_id=device_id, ceremony_id=ceremony_id
        )
    )
