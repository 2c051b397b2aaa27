"""One answer about one wish for a loan, whether it is an application or a contract."""

from uuid import UUID

from kernel.clock import Clock
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from services.contracts.domain.progress import progress_of
from services.contracts.ports import Work


def get_progress(
    *, client_id: UUID, application_id: UUID, work: Work, clock: Clock
) -> Json:
    """Where it stands, what comes next, who acts, by when.  Refused ``not_found``."""
    with work.begin() as unit:
        application = unit.applications.get_own(application_id, client_id)
        contract = None
        if application is not None and application.contract_id is not None:
            contract = unit.contracts.get_own(application.contract_id, client_id)
    if application is None:
        raise Refused(
            "not_found",
            "There is no such application.",
            next_step="Look at your applications in the cabinet.",
        )
    progress = progress_of(application, contract, at=clock.now())
    return jsonable(
        {
            "application_id": application.id,
            "contract_id": application.contract_id,
            "state": progress.state,
            "next_step": progress.next_step,
            "actor": progress.actor,
            "until": progress.until,
            "explanation": progress.explanation,
            "steps": [
                {"step": step.name, "state": step.state, "at": step.at}
                for step in progress.steps
            ],
        }
    )
