"""Who has lost number and password: a visit, four eyes, and a pass for one change."""

from datetime import datetime
from uuid import UUID

from kernel.context import StaffMember
from kernel.errors import Refused
from kernel.events.auth import OfficeVisitRecorded
from services.auth.domain.passwords import Login
from services.auth.domain.staff import client_not_found
from services.auth.domain.visits import OfficePass, pass_not_valid
from services.auth.ports import Logins, OfficePasses, Publish


def record(
    given: OfficePass,
    *,
    reason: str,
    asked_by: UUID,
    by: StaffMember,
    logins: Logins,
    passes: OfficePasses,
    publish: Publish,
) -> Login:
    """Let a pass be good, as two members of the staff agree; the login it is for.

    Refused ``client_not_found``.
    """
    login = logins.lock(given.client_id)
    if login is None:
        raise client_not_found()
    passes.add(given)
    publish(
        OfficeVisitRecorded(
            client_id=given.client_id,
            reason=reason,
            recorded_by=asked_by,
            approved_by=by.id,
        )
    )
    return login


def take(
    digest: bytes, *, now: datetime, logins: Logins, passes: OfficePasses
) -> Login | Refused:
    """Whose pass it is, used up by this; or why nothing opens."""
    client_id = passes.take(digest, now=now)
    login = None if client_id is None else logins.lock(client_id)
    return pass_not_valid() if login is None else login
