"""Browsers by the digest of their mark, and the checks of new ones."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from services.auth.domain.devices import DEVICE_KEPT, Aim, DeviceCheck
from services.auth.storage.tables import device_checks, devices, logins


class SqlDevices:
    """The port `Devices` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note_use(self, login_id: UUID, mark: bytes, *, now: datetime) -> bool:
        statement = (
            devices.update()
            .where(devices.c.login_id == login_id)
            .where(devices.c.mark_sha256 == mark)
            .where(devices.c.last_at > now - DEVICE_KEPT)
            .values(last_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def remark(self, mark: bytes, fresh: bytes) -> None:
        self._connection.execute(
            devices.update()
            .where(devices.c.mark_sha256 == mark)
            .values(mark_sha256=fresh)
        )

    def admit(
        self, device_id: UUID, login_id: UUID, mark: bytes, *, now: datetime
    ) -> None:
        self._connection.execute(
            insert(devices)
            .values(
                device_id=device_id,
                login_id=login_id,
                mark_sha256=mark,
                first_at=now,
                last_at=now,
            )
            .on_conflict_do_update(constraint="devices_mark", set_={"last_at": now})
        )

    def checks_since(self, login_id: UUID, aim: Aim, *, since: datetime) -> int:
        """The lock on the login makes checks of one login count one another."""
        self._connection.execute(
            select(logins.c.login_id)
            .where(logins.c.login_id == login_id)
            .with_for_update()
        )
        statement = (
            select(func.count())
            .select_from(device_checks)
            .where(device_checks.c.login_id == login_id)
            .where(device_checks.c.aim == aim)
            .where(device_checks.c.opened_at > since)
        )
        return self._connection.execute(statement).scalar_one()

    def add_check(self, check: DeviceCheck, token: bytes) -> None:
        self._connection.execute(
            device_checks.insert(),
            {
                "check_id": check.check_id,
                "login_id": check.login_id,
                "client_id": check.client_id,
                "aim": check.aim,
                "token_sha256": token,
                "opened_at": check.opened_at,
                "expires_at": check.expires_at,
            },
        )

    def find_check(self, check_id: UUID, token: bytes) -> DeviceCheck | None:
        return self._check(
            (device_checks.c.check_id == check_id)
            & (device_checks.c.token_sha256 == token)
        )

    def find_right(self, token: bytes, *, now: datetime) -> DeviceCheck | None:
        return self._check(
            (device_checks.c.token_sha256 == token)
            & (device_checks.c.aim == "number")
            & device_checks.c.passed_at.is_not(None)
            & (device_checks.c.expires_at > now)
        )

    def void_checks(self, client_id: UUID, *, now: datetime) -> None:
        self._connection.execute(
            device_checks.update()
            .where(device_checks.c.client_id == client_id)
            .where(device_checks.c.expires_at > now)
            .values(expires_at=now)
        )

    def _check(self, condition: ColumnElement[bool]) -> DeviceCheck | None:
        row = self._connection.execute(select(device_checks).where(condition)).first()
        if row is None:
            return None
        return DeviceCheck(
            check_id=row.check_id,
            login_id=row.login_id,
            client_id=row.client_id,
            opened_at=row.opened_at,
            expires_at=row.expires_at,
            passed_at=row.passed_at,
            aim=row.aim,
        )

    def pass_check(self, check_id: UUID, ceremony_id: UUID, *, now: datetime) -> bool:
        statement = (
            device_checks.update()
            .where(device_checks.c.check_id == check_id)
            .where(device_checks.c.passed_at.is_(None))
            .where(device_checks.c.expires_at > now)
            .values(passed_at=now, ceremony_id=ceremony_id)
        )
        return self._connection.execute(statement).rowcount == 1

    def forget(self, *, before: datetime) -> int:
        self._connection.execute(
            device_checks.delete().where(device_checks.c.opened_at < before)
        )
        statement = devices.delete().where(devices.c.last_at < before)
        return self._connection.execute(statement).rowcount
