"""Onboarding over the bus: owner of clients, and verifier of signatures."""

import base64
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from kernel.clock import rfc3339
from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events import Instant
from kernel.rpc import RpcClient
from services.contracts.adapters.answers import (
    NEIGHBOUR_TIMEOUT_S,
    Answer,
    Line,
    Sha256Hex,
    must_answer,
    read,
)
from services.contracts.domain.checks import Subject
from services.contracts.domain.signing import ClientProof, Renewal, Restamp, Signed
from services.contracts.domain.texts import Borrower
from services.contracts.ports import Ceremony, NamedAccount

CEREMONY_TIMEOUT_S: Final = 10.0
"""Opening a ceremony makes onboarding ask ЦОИД."""

_NO_ACCOUNT: Final = frozenset({"account_unknown", "not_found"})

_NO_CONSENT: Final = "consent_missing"


class AccountAnswer(Answer):
    account_id: UUID


class NamedAccountAnswer(Answer):
    account: Line
    account_token: Line | None = None


class FoundAnswer(Answer):
    client_id: UUID | None


class DocumentAnswer(Answer):
    kind: Line
    number: Line


class PersonAnswer(Answer):
    surname: Line
    given_name: Line
    patronymic: Line | None
    iin: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    document: DocumentAnswer


class CeremonyAnswer(Answer):
    ceremony_id: UUID
    document_sha256: Sha256Hex


class SignatureAnswer(Answer):
    """A signature with what proves it, as onboarding found it."""

    cms_b64: str
    chain_b64: tuple[str, ...]
    revocation_b64: tuple[str, ...]
    stamp_b64: str
    certificate_serial: Line
    checked_at: Instant
    stamped_at: Instant


class RestampAnswer(Answer):
    stamp_b64: str
    revocation_b64: tuple[str, ...]
    stamped_at: Instant


class RenewalAnswer(Answer):
    """What a look at an ageing signature came to; with a code it is broken."""

    code: Line | None
    ages_at: Instant | None
    restamp: RestampAnswer | None


class ProofsAnswer(Answer):
    signature: SignatureAnswer
    protocol_id: Line
    protocol_sha256: Sha256Hex


class RpcOnboarding:
    """Onboarding over the bus.  Implements Onboarding."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "onboarding", context=context, timeout_s=NEIGHBOUR_TIMEOUT_S
        )

    def account_of(
        self, client_id: UUID, *, account_id: UUID | None = None
    ) -> UUID | None:
        named = {} if account_id is None else {"account_id": account_id}
        answer = self._account("get_account", client_id=client_id, **named)
        return None if answer is None else read(AccountAnswer, answer).account_id

    def account_in_full(
        self, client_id: UUID, account_id: UUID, *, purpose: str
    ) -> NamedAccount | None:
        answer = self._account(
            "get_contract_account",
            client_id=client_id,
            account_id=account_id,
            purpose=purpose,
        )
        if answer is None:
            return None
        named = read(NamedAccountAnswer, answer)
        return NamedAccount(text=named.account, token=named.account_token)

    def _account(self, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - passed on
        """None where there is no such account."""
        try:
            return self._ask(method, **arguments)
        except Refused as refused:
            if refused.code in _NO_ACCOUNT:
                return None
            raise Broken("Onboarding refused to name the account") from refused

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower:
        with must_answer("Onboarding refused to name the client"):
            return self._borrower(client_id, purpose)

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        with must_answer("Onboarding refused to name the client"):
            try:
                return Subject(iin=self._borrower(client_id, purpose).iin)
            except Refused as refused:
                if refused.code != _NO_CONSENT:
                    raise
                return None

    def _borrower(self, client_id: UUID, purpose: str) -> Borrower:
        answer = self._ask("get_person", client_id=client_id, purpose=purpose)
        person = read(PersonAnswer, answer)
        return Borrower(
            surname=person.surname,
            given_name=person.given_name,
            patronymic=person.patronymic,
            iin=person.iin,
            document_kind=person.document.kind,
            document_number=person.document.number,
        )

    def find_client(
        self, *, iin: str | None, phone: str | None, staff_id: UUID
    ) -> UUID | None:
        answer = self._ask("find_client", iin=iin, phone=phone, staff_id=staff_id)
        return read(FoundAnswer, answer).client_id

    def open_ceremony(
        self,
        *,
        client_id: UUID,
        operation: str,
        document: bytes,
        account_id: UUID | None,
    ) -> Ceremony:
        named: dict[str, Any] = {} if account_id is None else {"account_id": account_id}
        reply = self._ask(
            "open_ceremony",
            timeout_s=CEREMONY_TIMEOUT_S,
            client_id=client_id,
            operation=operation,
            document_b64=base64.b64encode(document).decode("ascii"),
            **named,
        )
        ceremony = read(CeremonyAnswer, reply)
        return Ceremony(
            ceremony_id=ceremony.ceremony_id,
            document_sha256=ceremony.document_sha256,
            reply=reply,
        )


class RpcWitness:
    """Onboarding's word on signatures, over the bus.  Implements Witness."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "onboarding", context=context, timeout_s=CEREMONY_TIMEOUT_S
        )

    def of_client(self, ceremony_id: UUID, *, purpose: str) -> ClientProof:
        with must_answer("Onboarding refused to show the proofs of a ceremony"):
            answer = self._ask("get_proofs", ceremony_id=ceremony_id, purpose=purpose)
        proofs = read(ProofsAnswer, answer)
        return ClientProof(
            signed=_signed(proofs.signature),
            protocol_id=proofs.protocol_id,
            protocol_sha256=proofs.protocol_sha256,
        )

    def of_company(self, document: bytes, cms: bytes) -> Signed:
        with must_answer("Onboarding does not take the company's signature"):
            answer = self._ask(
                "prove_company_signature",
                document_b64=base64.b64encode(document).decode("ascii"),
                cms_b64=base64.b64encode(cms).decode("ascii"),
            )
        return _signed(read(SignatureAnswer, answer))

    def renew(
        self, document: bytes, signed: Signed, restamps: Sequence[Restamp]
    ) -> Renewal:
        with must_answer("Onboarding refused to look at the company's signature"):
            answer = self._ask(
                "renew_company_signature",
                document_b64=_text(document),
                signature={
                    "cms_b64": _text(signed.cms),
                    "chain_b64": [_text(one) for one in signed.chain],
                    "revocation_b64": [_text(one) for one in signed.revocation],
                    "stamp_b64": _text(signed.stamp),
                    "accepted_at": rfc3339(signed.stamped_at),
                },
                restamps=[
                    {
                        "stamp_b64": _text(one.stamp),
                        "revocation_b64": [_text(said) for said in one.revocation],
                    }
                    for one in restamps
                ],
            )
        renewal = read(RenewalAnswer, answer)
        restamp = None if renewal.restamp is None else _restamp(renewal.restamp)
        return Renewal(code=renewal.code, ages_at=renewal.ages_at, restamp=restamp)


def _restamp(answer: RestampAnswer) -> Restamp:
    return Restamp(
        stamp=base64.b64decode(answer.stamp_b64),
        revocation=tuple(base64.b64decode(one) for one in answer.revocation_b64),
        stamped_at=answer.stamped_at,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _signed(answer: SignatureAnswer) -> Signed:
    decode = base64.b64decode
    return Signed(
        cms=decode(answer.cms_b64),
        chain=tuple(decode(one) for one in answer.chain_b64),
        revocation=tuple(decode(one) for one in answer.revocation_b64),
        stamp=decode(answer.stamp_b64),
        certificate_serial=answer.certificate_serial,
        checked_at=answer.checked_at,
        stamped_at=answer.stamped_at,
    )
