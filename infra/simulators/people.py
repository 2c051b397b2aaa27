"""What the state, the operators, the bureau and the АФМ know about persons.

Persons are put here by the director of a test; everything is lost to nobody on a
restart, because the register is a journal.
"""

import re
import secrets
from datetime import date
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.journal import Journal, Record

DEBT_BURDEN = re.compile(r"[0-9]+\.[0-9]{2}")
DEFAULT_DEBT_BURDEN = "0.31"
# Whether the state's photo shows somebody else than the person will send.
PHOTO_DIFFERS = "photo_differs"
BUREAU_FIELDS = (
    "stop_credit",
    "earlier_online_microcredit",
    "days_overdue",
    "debt_burden",
)
# What the state tells a lender of a borrower, and what the АФМ tells anybody.
CONSENTS = {"spouse": "spouse_consent", "additional": "additional_consent"}
# Nearly every test is about something else: a consent is there unless it is denied.
LENDING = {
    "married": False,
    "conscript": False,
    "spouse_consent": True,
    "additional_consent": True,
    "listed": False,
}


class People:
    """The register of persons by ИИН, and of phones by number."""

    def __init__(self, data: Path) -> None:
        self._journal = Journal(data / "persons.jsonl")
        self._persons: dict[str, Record] = {}
        self._owners: dict[str, str] = {}
        for record in self._journal.records:
            self._learn(record)

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def register(self, person: Record) -> None:
        """Add the person, or replace everything known about this ИИН."""
        self._journal.append(person)
        self._learn(person)

    def person(self, iin: str) -> Record:
        """Everything known; refuses an unknown ИИН (404 person_unknown)."""
        found = self._persons.get(iin)
        if found is None:
            raise web.RefusedError(404, "person_unknown")
        return found

    def phone_verdict(self, *, iin: str, phone: str) -> str:
        """Whether the operator knows this person as the number's owner."""
        owner = self._owners.get(phone)
        if owner is None:
            return "unknown"
        return "match" if owner == iin else "mismatch"

    def _learn(self, person: Record) -> None:
        iin = person["iin"]
        self._persons[iin] = LENDING | person
        self._owners = {p: owner for p, owner in self._owners.items() if owner != iin}
        self._owners.update(dict.fromkeys(person["phones"], iin))


def people_routes(people: People) -> list[Route]:
    """The state base, the operators' base and the credit bureau."""

    async def show_person(request: Request) -> Response:
        person = people.person(await _iin(request))
        hidden = (*BUREAU_FIELDS, *LENDING, PHOTO_DIFFERS)
        state = {k: v for k, v in person.items() if k not in hidden}
        return web.answer(state)

    async def show_phone_owner(request: Request) -> Response:
        body = await web.json_body(request)
        verdict = people.phone_verdict(
            iin=web.text(body, "iin", web.IIN), phone=web.text(body, "phone")
        )
        return web.answer({"verdict": verdict})

    async def show_report(request: Request) -> Response:
        person = people.person(await _iin(request))
        report = {field: person[field] for field in BUREAU_FIELDS}
        return web.answer({"report_id": secrets.token_hex(16), **report})

    async def show_borrower(request: Request) -> Response:
        person = people.person(await _iin(request))
        fields = ("iin", "birth_on", "married", "conscript")
        return web.answer({field: person[field] for field in fields})

    async def show_consent(request: Request) -> Response:
        body = await web.json_body(request)
        person = people.person(web.text(body, "iin", web.IIN))
        field = CONSENTS.get(kind := web.text(body, "kind"))
        if field is None:
            raise web.RefusedError(400, "malformed", "kind")
        told = {"iin": person["iin"], "kind": kind, "given": person[field]}
        return web.answer({**told, "evidence_id": secrets.token_hex(16)})

    async def show_listed(request: Request) -> Response:
        person = people.person(await _iin(request))
        told = {"iin": person["iin"], "listed": person["listed"]}
        return web.answer({**told, "check_id": secrets.token_hex(16)})

    return [
        Route("/state/v1/person", show_person, methods=["POST"]),
        Route("/state/v1/phone-owner", show_phone_owner, methods=["POST"]),
        Route("/bureau/v1/report", show_report, methods=["POST"]),
        Route("/state/v1/borrower", show_borrower, methods=["POST"]),
        Route("/state/v1/consents", show_consent, methods=["POST"]),
        Route("/monitoring/v1/checks", show_listed, methods=["POST"]),
    ]


def people_control_routes(people: People, token: str) -> list[Route]:
    """`POST /_control/persons`: put a person into the world."""

    async def register(request: Request) -> Response:
        person = _person(await web.json_body(request))
        people.register(person)
        return web.answer(person, 201)

    path = "/_control/persons"
    return [Route(path, web.guarded(register, token), methods=["POST"])]


async def _iin(request: Request) -> str:
    return web.text(await web.json_body(request), "iin", web.IIN)


def _person(body: web.Json) -> Record:
    return {
        "iin": web.text(body, "iin", web.IIN),
        "surname": web.text(body, "surname", web.NAME),
        "given_name": web.text(body, "given_name", web.NAME),
        "patronymic": web.optional_text(body, "patronymic", web.NAME),
        "birth_on": _day(body, "birth_on"),
        "document": _document(body),
        "phones": _phones(body),
        "stop_credit": web.flag(body, "stop_credit"),
        "earlier_online_microcredit": web.flag(body, "earlier_online_microcredit"),
        "days_overdue": web.whole(body, "days_overdue", least=0, default=0),
        "debt_burden": web.optional_text(body, "debt_burden", DEBT_BURDEN)
        or DEFAULT_DEBT_BURDEN,
        **{
            name: web.flag(body, name, default=usual) for name, usual in LENDING.items()
        },
        PHOTO_DIFFERS: web.flag(body, PHOTO_DIFFERS),
    }


def _document(body: web.Json) -> web.Json:
    document = body.get("document")
    if not isinstance(document, dict):
        raise web.RefusedError(400, "malformed", "document")
    return {
        "kind": web.text(document, "kind"),
        "number": web.text(document, "number"),
        "valid_until": _day(document, "valid_until"),
    }


def _phones(body: web.Json) -> list[str]:
    phones = body.get("phones")
    if not isinstance(phones, list):
        raise web.RefusedError(400, "malformed", "phones")
    return [web.text({"phones": phone}, "phones", web.PHONE) for phone in phones]


def _day(body: web.Json, field: str) -> str:
    try:
        return date.fromisoformat(web.text(body, field)).isoformat()
    except ValueError as error:
        raise web.RefusedError(400, "malformed", field) from error
