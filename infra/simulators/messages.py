"""The SMS operator: takes a message once, and says whether the phone has it.

The director reads the phones, and may put one out of reach.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record

DELIVERED = "delivered"
UNDELIVERED = "undelivered"


class Messages:
    """Everything ever sent, in order; a `message_id` stands for one message."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._journal = Journal(data / "sms.jsonl")
        self._sent = {record["message_id"]: record for record in self._journal.records}
        self._out_of_reach: set[str] = set()

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def send(self, *, message_id: str, to: str, text: str) -> None:
        """Deliver once; refuses other content under a known id (422)."""
        known = self._sent.get(message_id)
        if known is None:
            self._deliver(
                {
                    "message_id": message_id,
                    "to": to,
                    "text": text,
                    "sent_at": rfc3339(self._clock.now()),
                    "state": UNDELIVERED if to in self._out_of_reach else DELIVERED,
                }
            )
        elif (known["to"], known["text"]) != (to, text):
            raise web.RefusedError(422, "idempotency_conflict")

    def state(self, message_id: str) -> str:
        """What became of a message; refuses an id it has never seen (404)."""
        known = self._sent.get(message_id)
        if known is None:
            raise web.RefusedError(404, "unknown_message")
        return str(known.get("state", DELIVERED))

    def reach(self, to: str, *, possible: bool) -> None:
        """Put a phone out of reach, or back; messages sent meanwhile never arrive."""
        (self._out_of_reach.discard if possible else self._out_of_reach.add)(to)

    def sent(self, to: str | None) -> list[Record]:
        """The messages to one number, or all, oldest first."""
        return [m for m in self._sent.values() if to in (None, m["to"])]

    def _deliver(self, message: Record) -> None:
        self._journal.append(message)
        self._sent[message["message_id"]] = message


def message_routes(messages: Messages) -> list[Route]:
    """The operator's door for senders."""

    async def send(request: Request) -> Response:
        body = await web.json_body(request)
        messages.send(
            message_id=web.text(body, "message_id"),
            to=web.text(body, "to", web.PHONE),
            text=web.text(body, "text"),
        )
        return web.answer({"accepted": True}, 202)

    async def state(request: Request) -> Response:
        message_id = request.path_params["message_id"]
        found = {"message_id": message_id, "state": messages.state(message_id)}
        return web.answer(found)

    return [
        Route("/sms/v1/messages", send, methods=["POST"]),
        Route("/sms/v1/messages/{message_id}", state, methods=["GET"]),
    ]


def message_control_routes(messages: Messages, token: str) -> list[Route]:
    """`GET /_control/sms?to=%2B77…`: what the phone has received; and its reach."""

    async def read(request: Request) -> Response:
        to = request.query_params.get("to")
        return web.answer({"messages": messages.sent(to)})

    async def reach(request: Request) -> Response:
        body = await web.json_body(request)
        possible = web.flag(body, "possible")
        messages.reach(web.text(body, "to", web.PHONE), possible=possible)
        return web.answer({"possible": possible})

    return [
        Route("/_control/sms", web.guarded(read, token), methods=["GET"]),
        Route("/_control/sms/reach", web.guarded(reach, token), methods=["POST"]),
    ]
