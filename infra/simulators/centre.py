"""The National Bank's anti-fraud centre: takes messages, tells of lists and notices.

The real interface is not public; this one knows only the envelope's `event_id` and
`detected_at`.  What it tells is one numbered feed without gaps.
"""

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.journal import Journal, Record

ACCEPTED = {"status": "accepted", "reason": None}
MOST_AT_ONCE = 1_000


class Centre:
    """Messages by `event_id` with what became of them, and the feed of changes."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._messages_journal = Journal(data / "centre-messages.jsonl")
        self._states_journal = Journal(data / "centre-states.jsonl")
        self._changes_journal = Journal(data / "centre-changes.jsonl")
        self._messages = {
            record["message"]["event_id"]: record
            for record in self._messages_journal.records
        }
        self._states: dict[str, Record] = {
            record["event_id"]: record for record in self._states_journal.records
        }
        self.changes: list[Record] = list(self._changes_journal.records)

    @property
    def able(self) -> bool:
        journals = self._messages_journal, self._states_journal, self._changes_journal
        return not any(journal.broken for journal in journals)

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
        elif self._states.get(event_id, {}).get("status") == "forgotten":
            self.set_state({"event_id": event_id, **ACCEPTED})
        ack_id: str = known["ack_id"]
        return ack_id

    def taken(self) -> list[Record]:
        """Every message with its acknowledgement, oldest first."""
        return list(self._messages.values())

    def state_of(self, event_id: str) -> Record:
        """What became of a message.  Refuses one that is unknown (404)."""
        state = self._states.get(event_id, ACCEPTED)
        if event_id not in self._messages or state["status"] == "forgotten":
            raise web.RefusedError(404, "message_unknown")
        return {
            "event_id": event_id,
            "ack_id": self._messages[event_id]["ack_id"],
            "status": state["status"],
            "reason": state["reason"],
        }

    def set_state(self, state: Record) -> None:
        """`processing`, `rejected` with a reason; `forgotten`: as if never taken."""
        self._states_journal.append(state)
        self._states[state["event_id"]] = state

    def detected(self, since: str, until: str) -> list[str]:
        """Ids of the messages about what was detected within, in the order taken."""
        return [
            event_id
            for event_id, record in self._messages.items()
            if since <= str(record["message"].get("detected_at", "")) < until
            and self._states.get(event_id, ACCEPTED)["status"] != "forgotten"
        ]

    def tell(self, says: object) -> int:
        """Add to the feed, whatever it is; its number."""
        change = {"number": len(self.changes) + 1, "says": says}
        self._changes_journal.append(change)
        self.changes.append(change)
        return len(self.changes)


def _number(request: Request, name: str, *, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise web.RefusedError(400, "malformed", name)
    return int(text)


def _page(request: Request) -> slice:
    after = _number(request, "after", default=0)
    limit = _number(request, "limit", default=100)
    if not 0 < limit <= MOST_AT_ONCE:
        raise web.RefusedError(400, "malformed", "limit")
    return slice(after, after + limit)


def centre_routes(centre: Centre) -> list[Route]:
    """The centre's door for participants."""

    async def take(request: Request) -> Response:
        body = await web.json_body(request)
        web.text(body, "event_id")
        return web.answer({"ack_id": centre.take(body)}, 201)

    async def show(request: Request) -> Response:
        return web.answer(centre.state_of(request.path_params["event_id"]))

    async def list_messages(request: Request) -> Response:
        since, until = (request.query_params.get(name, "") for name in ("from", "to"))
        ids, page = centre.detected(since, until), _page(request)
        messages = [centre.state_of(event_id) for event_id in ids[page]]
        return web.answer({"messages": messages, "more": len(ids) > page.stop})

    async def list_changes(request: Request) -> Response:
        changes = centre.changes[_page(request)]
        return web.answer({"changes": changes, "last": len(centre.changes)})

    return [
        Route("/centre/v1/messages", take, methods=["POST"]),
        Route("/centre/v1/messages", list_messages, methods=["GET"]),
        Route("/centre/v1/messages/{event_id}", show, methods=["GET"]),
        Route("/centre/v1/changes", list_changes, methods=["GET"]),
    ]


def centre_control_routes(centre: Centre, token: str) -> list[Route]:
    """`/_control/centre`: what was reported; `…/changes`, `…/states`: what it says."""

    async def show(_: Request) -> Response:
        return web.answer({"messages": centre.taken()})

    async def tell(request: Request) -> Response:
        changes = (await web.json_body(request)).get("changes")
        if not isinstance(changes, list):
            raise web.RefusedError(400, "malformed", "changes")
        return web.answer({"numbers": [centre.tell(says) for says in changes]})

    async def set_state(request: Request) -> Response:
        body = await web.json_body(request)
        state = {
            "event_id": web.text(body, "event_id"),
            "status": web.text(body, "status"),
            "reason": web.optional_text(body, "reason"),
        }
        centre.set_state(state)
        return web.answer(state)

    path = "/_control/centre"
    return [
        Route(path, web.guarded(show, token), methods=["GET"]),
        Route(f"{path}/changes", web.guarded(tell, token), methods=["POST"]),
        Route(f"{path}/states", web.guarded(set_state, token), methods=["POST"]),
    ]
