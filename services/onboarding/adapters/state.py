"""The state's databases: natural persons (ГБД ФЛ) and phone owners (БМГ)."""

from datetime import date
from typing import Final

from pydantic import Field

from kernel.errors import Broken, Refused
from kernel.values import Iin, Phone
from services.onboarding.adapters.http import HTTP_OK, Answered, OuterServer
from services.onboarding.domain.consent import ConsentKind, Leave
from services.onboarding.domain.person import Names, PhoneVerdict, StateRecord

MAX_BYTES: Final = 32 * 1024
HTTP_NOT_FOUND: Final = 404


class _Document(Answered):
    number: str = Field(max_length=50)
    valid_until: date


class _Person(Answered):
    iin: str
    surname: str
    given_name: str
    patronymic: str | None
    birth_on: date
    document: _Document


class _Owner(Answered):
    verdict: PhoneVerdict


class HttpStateBase:
    """The state's databases over HTTPS with mutual TLS."""

    def __init__(self, server: OuterServer) -> None:
        self._server = server

    def person(self, iin: Iin, *, by: Leave) -> StateRecord | None:
        """The record of an ИИН; None for a person unknown. Transient, Broken."""
        by.demand(ConsentKind.PERSONAL_DATA)
        reply = self._server.post_json(
            "/state/v1/person", {"iin": iin.reveal()}, limit=MAX_BYTES
        )
        if reply.status == HTTP_NOT_FOUND:
            return None
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        said = self._server.read(reply, _Person)
        try:
            return StateRecord(
                iin=Iin(said.iin),
                names=Names.parse(said.surname, said.given_name, said.patronymic),
                birth_on=said.birth_on,
                document_number=said.document.number.upper(),
                document_valid_until=said.document.valid_until,
            )
        except Refused:
            raise Broken("the state's record does not pass for a person") from None

    def phone_owner(self, iin: Iin, phone: Phone, *, by: Leave) -> PhoneVerdict:
        """Whether the number is registered in the name of this ИИН."""
        by.demand(ConsentKind.PERSONAL_DATA)
        reply = self._server.post_json(
            "/state/v1/phone-owner",
            {"iin": iin.reveal(), "phone": phone.reveal()},
            limit=MAX_BYTES,
        )
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        return self._server.read(reply, _Owner).verdict
