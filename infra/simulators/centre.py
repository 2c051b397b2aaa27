"""The National Bank's anti-fraud centre: takes messages, publishes lists.

The real interface is not public; this one knows only the envelope's `event_id`.
"""

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record


class Centre:
    """Messages by `event_id`, and the list entries now in force."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._messages_journal = Journal(data / "centre-messages.jsonl")
        self._lists_journal = Journal(data / "centre-lists.jsonl")
        self._messages = {
            record["message"]["event_id"]: record
            for record in self._messages_journal.records
        }
        states = self._lists_journal.records
        self.entries: list[Record] = states[-1]["entries"] if states else []

    @property
    def able(self) -> bool:
        return not (self._messages_journal.broken or self._lists_journal.broken)

    def take(self, message: Record) -> str:
        """The acknowledgement's id: the same for the same message.

        Refuses another message under a known event id (422).
        """
        event_id = message["event_id"]
        known = self._messages.get(event_id)
        if known is None:
            known = {
                "ack_id": secrets.token_hex(16),
                "taken_at": rfc3339(self._clock.now()),
                "message": message,
            }
            self._messages_journal.append(known)
            self._messages[event_id] = known
        elif known["message"] != message:
            raise web.RefusedError(422, "idempotency_conflict")
        ack_id: str = known["ack_id"]
        return ack_id

    def taken(self) -> list[Record]:
        """Every message with its acknowledgement, oldest first."""
        return list(self._messages.values())

    def publish(self, entries: list[Record]) -> None:
        """Replace the entries of all lists."""
        self._lists_journal.append({"entries": entries})
        self.entries = entries


def centre_routes(centre: Centre) -> list[Route]:
    """The centre's door for participants."""

    async def take(request: Request) -> Response:
        body = await web.json_body(request)
        web.text(body, "event_id")
        return web.answer({"ack_id": centre.take(body)}, 201)

    async def show_lists(_: Request) -> Response:
        return web.answer({"entries": centre.entries})

    return [
        Route("/centre/v1/messages", take, methods=["POST"]),
        Route("/centre/v1/lists", show_lists, methods=["GET"]),
    ]


def centre_control_routes(centre: Centre, token: str) -> list[Route]:
    """`/_control/centre`: GET what was reported, PUT the list entries."""

    async def show(_: Request) -> Response:
        return web.answer({"messages": centre.taken()})

    async def publish(request: Request) -> Response:
        entries = (await web.json_body(request)).get("entries")
        if not isinstance(entries, list):
            raise web.RefusedError(400, "malformed", "entries")
        centre.publish(entries)
        return web.answer({"entries": entries})

    path = "/_control/centre"
    return [
        Route(path, web.guarded(show, token), methods=["GET"]),
        Route(path, web.guarded(publish, token), methods=["PUT"]),
    ]
