"""The SMS operator: takes a message once, and lets the director read the phone."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record


class Messages:
    """Everything ever sent, in order; a `message_id` stands for one message."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._journal = Journal(data / "sms.jsonl")
        self._sent = {record["message_id"]: record for record in self._journal.records}

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
                }
            )
        elif (known["to"], known["text"]) != (to, text):
            raise web.RefusedError(422, "idempotency_conflict")

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

    return [Route("/sms/v1/messages", send, methods=["POST"])]


def message_control_routes(messages: Messages, token: str) -> list[Route]:
    """`GET /_control/sms?to=%2B77…`: what the phone has received."""

    async def read(request: Request) -> Response:
        to = request.query_params.get("to")
        return web.answer({"messages": messages.sent(to)})

    return [Route("/_control/sms", web.guarded(read, token), methods=["GET"])]
