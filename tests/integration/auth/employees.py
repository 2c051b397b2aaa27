"""Members of the staff over the real database, by the use cases of process `auth`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import StaffMember
from kernel.crypto import hotp
from kernel.errors import Refused
from services.auth.domain.factors import TOTP_STEP_S
from services.auth.domain.roles import Role, permissions_of
from services.auth.domain.staff import StaffProof
from services.auth.wiring.care import RECORD_VISIT
from services.auth.wiring.staff import GRANT_ROLE, Entered, StaffUseCases
from services.auth.wiring.staff_passkeys import ADD_PASSKEY
from tests.integration.auth.stand import PASSWORD, Stand
from tests.staff import secret_of


@dataclass
class Employee:
    """Somebody with an invitation taken up; at first not logged in."""

    stand: Stand
    login: str
    staff_id: UUID
    secret: bytes = field(repr=False)
    recovery_codes: list[str] = field(repr=False)
    session: str = field(default="", repr=False)

    @property
    def door(self) -> StaffUseCases:
        return self.stand.auth.staff

    def code(self) -> str:
        """What the authenticator shows now."""
        return hotp(self.secret, int(self.stand.clock.now().timestamp()) // TOTP_STEP_S)

    def log_in(
        self, code: StaffProof | None = None, password: str = PASSWORD
    ) -> Entered:
        entered = self.door.log_in(
            self.stand.context(),
            login=self.login,
            password=password,
            proof=self.code() if code is None else code,
        )
        self.session = entered.token
        return entered

    def acknowledge(self) -> None:
        version, _ = self.door.rules(self.stand.context(), session=self.session)
        self.door.acknowledge(
            self.stand.context(), session=self.session, version=version
        )

    def token(self) -> str:
        return self.door.token(self.stand.context(), session=self.session).token

    @property
    def me(self) -> StaffMember:
        """As a service sees them: the roles they hold now."""
        _, held = self.door.show(self.stand.context(), self.staff_id)
        return StaffMember(self.staff_id, permissions_of(one.role for one in held))


def taken_up(stand: Stand, login: str, invitation: str) -> Employee:
    """Password and authenticator, as an invited person chooses them."""
    door, context = stand.auth.staff, stand.context()
    given = door.activate(context, invitation=invitation, password=PASSWORD)
    staff_id = next(m.staff_id for m, _ in door.everybody(context) if m.login == login)
    employee = Employee(
        stand, login, staff_id, secret_of(given.secret), list(given.recovery_codes)
    )
    door.confirm(context, invitation=invitation, code=employee.code())
    stand.clock.move(seconds=TOTP_STEP_S)  # the confirming step is used up
    return employee


def first_two(stand: Stand) -> tuple[Employee, Employee]:
    """The first administrators, as the owner invites them."""
    logins = ("anna", "boris")
    invitations = stand.auth.staff.invite_first(stand.context(), logins)
    anna, boris = (
        taken_up(stand, login, invitation)
        for login, invitation in zip(logins, invitations, strict=True)
    )
    return anna, boris


def at_work(stand: Stand) -> Employee:
    """An administrator who is logged in and has acknowledged the rules."""
    anna, _ = first_two(stand)
    anna.log_in()
    anna.acknowledge()
    return anna


def agree(stand: Stand, approval_id: UUID, by: Employee) -> None:
    """Another person's yes, carried out."""
    operations = {
        GRANT_ROLE: Operation(
            "staff.roles_decide", stand.auth.staff.carry_out_role_grant
        ),
        RECORD_VISIT: Operation("visits.decide", stand.auth.care.carry_out_visit),
        ADD_PASSKEY: Operation(
            "staff.passkeys_decide", stand.auth.staff_passkeys.carry_out
        ),
    }
    with stand.auth_platform.database.begin(stand.context()) as tx:
        approvals.approve(tx, approval_id, seen=None, by=by.me, operations=operations)


def hired(
    stand: Stand, by: Employee, agreed: Employee, login: str, *roles: Role
) -> Employee:
    """Somebody one invites and another agrees to."""
    invited = stand.auth.staff.invite(
        stand.context(), login=login, name=login.title(), roles=roles, by=by.me
    )
    for approval_id in invited.approvals:
        agree(stand, approval_id, agreed)
    return taken_up(stand, login, invited.invitation)


def code_of(act: Callable[[], object]) -> str:
    """The code of the refusal it must meet."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code
