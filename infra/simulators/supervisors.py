"""The bodies that are told of incidents: the regulator and who protects personal data.

Their real forms are not public; these know only the notice's `notice_id`.
"""

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record

BODIES = frozenset({"regulator", "personal_data"})
MAX_NOTICE_BYTES = 8 << 20
"""Papers in two languages with their signatures, in base64."""


class Supervisors:
    """Notices by addressee and `notice_id`, each with its receipt."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._journal = Journal(data / "notices.jsonl")
        self._taken = {
            (record["addressee"], record["notice"]["notice_id"]): record
            for record in self._journal.records
        }

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def take(self, addressee: str, notice: Record) -> Record:
        """The receipt: the same for the same notice.

        Refuses another notice under a known id (422).
        """
        name = (addressee, notice["notice_id"])
        known = self._taken.get(name)
        if known is None:
            receipt = {
                "receipt_id": secrets.token_hex(16),
                "taken_at": rfc3339(self._clock.now()),
            }
            known = {"addressee": addressee, "receipt": receipt, "notice": notice}
            self._journal.append(known)
            self._taken[name] = known
        elif known["notice"] != notice:
            raise web.RefusedError(422, "idempotency_conflict")
        found: Record = known["receipt"]
        return found

    def taken(self) -> list[Record]:
        """Every notice with its receipt, oldest first."""
        return list(self._taken.values())


def supervisor_routes(supervisors: Supervisors) -> list[Route]:
    """The bodies' door for those they supervise."""

    async def take(request: Request) -> Response:
        addressee = request.path_params["addressee"]
        if addressee not in BODIES:
            raise web.RefusedError(404, "body_unknown")
        notice = await web.json_body(request, most=MAX_NOTICE_BYTES)
        web.text(notice, "notice_id")
        return web.answer(supervisors.take(addressee, notice), 201)

    return [Route("/supervisors/v1/{addressee}/notices", take, methods=["POST"])]


def supervisor_control_routes(supervisors: Supervisors, token: str) -> list[Route]:
    """`/_control/notices`: what was handed in."""

    async def show(_: Request) -> Response:
        return web.answer({"notices": supervisors.taken()})

    guarded = web.guarded(show, token)
    return [Route("/_control/notices", guarded, methods=["GET"])]
