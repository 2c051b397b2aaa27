"""Challenges: codes by their keyed hash, and how many were sent to a number."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, case, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, NumberPurpose, Purpose
from services.auth.domain.rules import SENDS_PER_WINDOW, SENDS_WINDOW
from services.auth.storage.tables import challenges, code_sends

_COLUMNS = (
    challenges.c.challenge_id,
    challenges.c.purpose,
    challenges.c.reference,
    challenges.c.client_id,
    challenges.c.phone_token,
    challenges.c.phone_sealed,
    challenges.c.code_token,
    challenges.c.state,
    challenges.c.tries,
    challenges.c.issued_at,
    challenges.c.expires_at,
    challenges.c.confirmed_at,
    challenges.c.used_for,
)


class SqlChallenges:
    """The port `Challenges` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def reserve_send(
        self, phone_token: str, purpose: Purpose, *, now: datetime
    ) -> bool:
        """One upsert: within a window it counts, after it a new window begins."""
        over = code_sends.c.window_at <= now - SENDS_WINDOW
        statement = (
            insert(code_sends)
            .values(phone_token=phone_token, purpose=purpose, window_at=now, sent=1)
            .on_conflict_do_update(
                index_elements=[code_sends.c.phone_token, code_sends.c.purpose],
                set_={
                    "window_at": case((over, now), else_=code_sends.c.window_at),
                    "sent": case((over, 1), else_=code_sends.c.sent + 1),
                },
                where=over | (code_sends.c.sent < SENDS_PER_WINDOW),
            )
            .returning(code_sends.c.sent)
        )
        return self._connection.execute(statement).first() is not None

    def sends_again_at(self, phone_token: str, purpose: Purpose) -> datetime:
        window_at: datetime = self._connection.execute(
            select(code_sends.c.window_at)
            .where(code_sends.c.phone_token == phone_token)
            .where(code_sends.c.purpose == purpose)
        ).scalar_one()
        return window_at + SENDS_WINDOW

    def add(self, challenge: Challenge) -> None:
        sealed = self._fields.seal(
            challenge.phone.reveal().encode(),
            table="challenges",
            column="phone",
            row=challenge.challenge_id,
        )
        self._connection.execute(
            challenges.insert(),
            {
                "challenge_id": challenge.challenge_id,
                "purpose": challenge.purpose,
                "reference": challenge.reference,
                "client_id": challenge.client_id,
                "phone_token": challenge.phone_token,
                "phone_sealed": sealed,
                "code_token": challenge.code_token,
                "state": challenge.state,
                "tries": challenge.tries,
                "issued_at": challenge.issued_at,
                "expires_at": challenge.expires_at,
            },
        )

    def reserve_try(
        self, claim: Claim, *, now: datetime, tries: int
    ) -> Challenge | None:
        """One conditional UPDATE: of a thousand tries at once `tries` pass (A02)."""
        conditions = [
            challenges.c.challenge_id == claim.challenge_id,
            challenges.c.purpose == claim.purpose,
            challenges.c.state == "open",
            challenges.c.tries < tries,
            challenges.c.expires_at > now,
        ]
        if claim.reference is not None:
            conditions.append(challenges.c.reference == claim.reference)
        if claim.client_id is not None:
            conditions.append(challenges.c.client_id == claim.client_id)
        statement = (
            challenges.update()
            .where(and_(*conditions))
            .values(tries=challenges.c.tries + 1)
            .returning(*_COLUMNS)
        )
        row = self._connection.execute(statement).first()
        return None if row is None else self._challenge(row)

    def find(self, challenge_id: UUID) -> Challenge | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(challenges.c.challenge_id == challenge_id)
        ).first()
        return None if row is None else self._challenge(row)

    def confirm(self, claim: Claim, *, now: datetime) -> bool:
        statement = (
            challenges.update()
            .where(challenges.c.challenge_id == claim.challenge_id)
            .where(challenges.c.state == "open")
            .where(challenges.c.expires_at > now)
            .values(state="confirmed", confirmed_at=now, used_for=claim.used_for)
        )
        return self._connection.execute(statement).rowcount == 1

    def confirmed_phone(
        self, purpose: NumberPurpose, reference: UUID, phone_token: str
    ) -> Phone | None:
        row = self._connection.execute(
            select(challenges.c.challenge_id, challenges.c.phone_sealed)
            .where(challenges.c.reference == reference)
            .where(challenges.c.phone_token == phone_token)
            .where(challenges.c.purpose == purpose)
            .where(challenges.c.state == "confirmed")
            .limit(1)
        ).first()
        return None if row is None else self._phone(row)

    def void(self, client_id: UUID, phone_token: str, *, now: datetime) -> None:
        self._connection.execute(
            challenges.update()
            .where(challenges.c.client_id == client_id)
            .where(challenges.c.phone_token == phone_token)
            .where(challenges.c.state == "open")
            .where(challenges.c.expires_at > now)
            .values(expires_at=now)
        )

    def forget(self, *, before: datetime) -> int:
        statement = challenges.delete().where(challenges.c.expires_at < before)
        return self._connection.execute(statement).rowcount

    def _challenge(self, row: Row[*tuple[Any, ...]]) -> Challenge:
        return Challenge(
            challenge_id=row.challenge_id,
            purpose=row.purpose,
            reference=row.reference,
            client_id=row.client_id,
            phone=self._phone(row),
            phone_token=row.phone_token,
            code_token=row.code_token,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            state=row.state,
            tries=row.tries,
            confirmed_at=row.confirmed_at,
            used_for=row.used_for,
        )

    def _phone(self, row: Row[*tuple[Any, ...]]) -> Phone:
        plain = self._fields.unseal(
            bytes(row.phone_sealed),
            table="challenges",
            column="phone",
            row=row.challenge_id,
        )
        return Phone(plain.decode())
