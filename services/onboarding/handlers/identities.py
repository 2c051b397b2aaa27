"""What becomes of a client whose names or document are others (clauses 4.1c, 4.10).

The values left behind stay with the change, for ever; here stands what is so now.
"""

from datetime import datetime
from typing import Final

from kernel.errors import Broken
from kernel.events.onboarding import IdentityChanged
from services.onboarding.domain.ceremony import Ceremony
from services.onboarding.domain.change import Change, wrong_step
from services.onboarding.domain.person import Identity
from services.onboarding.ports import Unit

CHANGED: Final = "identity_changed"
"""Why a ceremony over a document with the old names is given up."""


def apply(unit: Unit, change: Change, ceremony: Ceremony, *, at: datetime) -> None:
    """Put names and document in place, and tell it.

    A valid document lifts what an expired one kept from being opened.  Every other
    unfinished ceremony of the client is over a document that names the person as
    before: it is given up, and opened anew over what stands now.
    """
    if not isinstance(change.old, Identity):
        raise Broken("a change of the identity leaves none")
    if not unit.registrations.change_identity(change, at=at):
        raise wrong_step(change.state)
    for other in unit.ceremonies.unfinished_of_client(change.client_id):
        if other.ceremony_id != ceremony.ceremony_id:
            unit.ceremonies.fail(other.ceremony_id, code=CHANGED, at=at)
    unit.publish(
        IdentityChanged(
            client_id=change.client_id,
            change_id=change.change_id,
            ceremony_id=ceremony.ceremony_id,
            renamed=not change.identity.names.same_as(change.old.names),
        )
    )
