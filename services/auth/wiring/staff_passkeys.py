"""Use cases of the staff's security keys: asked at the door, added by four eyes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Context, StaffMember
from kernel.crypto import Json, b64url, random_bytes, unb64url
from kernel.database import Transaction
from kernel.errors import Refused
from services.auth.domain.passkeys import CHALLENGE_BYTES, NewCredential, Passkey
from services.auth.domain.roles import permissions_of
from services.auth.domain.staff import Member, Stay, login_of
from services.auth.handlers import staff_entry, staff_passkeys
from services.auth.handlers.staff_office import Office
from services.auth.wiring.desk import Desk, granted

ADD_PASSKEY: Final = "carry_out_new_passkey"
"""The operation two agree on; its name is that of the service's method."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a new key is asked, and for whom."""

    member: Member
    challenge: bytes = field(repr=False)


class StaffPasskeyUseCases:
    """How a member of the staff comes by a security key, and loses it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(self, context: Context, *, login: str) -> bytes:
        """What a key answers with the next attempt on a login, anybody's."""
        known = login_of(login)
        login_token = self._desk.blind.token("staff_login", known or login)
        challenge = random_bytes(CHALLENGE_BYTES)
        with self._office(context) as (_, at):
            staff_passkeys.ask(login_token, known, challenge, at=at)
        return challenge

    def begin(self, context: Context, *, session: str) -> Begun:
        """What a new key is asked.

        Refused ``staff_session_required``, ``login_not_fresh``, ``passkeys_too_many``.
        """
        challenge = random_bytes(CHALLENGE_BYTES)
        with self._office(context) as (_, at):
            stay, member = self._member(session, at)
            staff_passkeys.begin(stay, challenge, at=at)
        return Begun(member, challenge)

    def offer(
        self, context: Context, *, session: str, credential: Mapping[str, Json]
    ) -> Approval:
        """Ask that the member come in by this key; another person decides.

        Refused ``staff_session_required``, ``passkey_wrong``.
        """
        with self._office(context) as (tx, at):
            stay, member = self._member(session, at)
            proved = staff_passkeys.offered(stay, credential, at=at)
            asked = (
                proved
                if isinstance(proved, Refused)
                else self._ask_key(tx, member, proved, at)
            )
        return granted(asked)

    def _ask_key(
        self, tx: Transaction, member: Member, proved: NewCredential, at: Office
    ) -> Approval:
        held = at.staff.held(member.staff_id)
        return approvals.request(
            tx,
            operation=ADD_PASSKEY,
            arguments={
                "staff_id": str(member.staff_id),
                "passkey_id": str(at.ids.new()),
                "credential_id": b64url(proved.credential_id),
                "public_key": b64url(proved.public_key),
                "sign_count": proved.sign_count,
            },
            effect=f"{member.login} comes in by a security key of theirs",
            by=StaffMember(member.staff_id, permissions_of(one.role for one in held)),
            policy=self._desk.platform.policy,
            ids=at.ids,
        )

    def carry_out(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        """What another person agreed to."""
        asked = approval.arguments
        passkey = Passkey(
            passkey_id=UUID(str(asked["passkey_id"])),
            login_id=UUID(str(asked["staff_id"])),
            credential_id=unb64url(str(asked["credential_id"])),
            public_key=unb64url(str(asked["public_key"])),
            sign_count=int(str(asked["sign_count"])),
            name="",
            added_at=tx.now,
        )
        staff_passkeys.add(passkey, by=by, at=self._desk.office(tx))

    def of(self, context: Context, staff_id: UUID) -> Sequence[Passkey]:
        """The security keys a member has."""
        with self._office(context) as (_, at):
            return at.passkeys.of_login(staff_id)

    def remove(
        self, context: Context, *, staff_id: UUID, passkey_id: UUID, by: StaffMember
    ) -> None:
        """Forget a member's key at once."""
        with self._office(context) as (_, at):
            staff_passkeys.remove(staff_id, passkey_id, by=by, at=at)

    def _member(self, session: str, at: Office) -> tuple[Stay, Member]:
        return staff_entry.authenticate(self._desk.tokens.digest(session), at=at)

    @contextmanager
    def _office(self, context: Context) -> Iterator[tuple[Transaction, Office]]:
        with self._desk.begin(context) as (tx, _):
            yield tx, self._desk.office(tx)
