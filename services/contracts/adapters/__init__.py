"""The roads to others: neighbours over the bus, registers over mutual TLS.

Every answer is validated as if a stranger had sent it.  Nobody's silence becomes an
answer: it is Transient, and the operation waits.
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken, Refused, Transient
from kernel.events import Instant
from kernel.money import Money
from kernel.rpc import RpcClient
from services.contracts.domain.checks import (
    ConsentKind,
    CreditReport,
    Decision,
    GivenConsent,
    ListCheck,
    StateRecord,
    Subject,
)
from services.contracts.domain.signing import ClientProof, Signed
from services.contracts.domain.texts import Borrower
from services.contracts.ports import Ceremony

NEIGHBOUR_TIMEOUT_S: Final = 3.0
CEREMONY_TIMEOUT_S: Final = 10.0
"""Opening a ceremony makes onboarding ask ЦОИД."""
REGISTER_TIMEOUT: Final = httpx.Timeout(connect=2.0, read=3.0, write=2.0, pool=2.0)
MAX_ANSWER_BYTES: Final = 64 * 1024
_NO_ACCOUNT: Final = frozenset({"account_unknown", "not_found"})
_NO_CONSENT: Final = "consent_missing"

ModelT = TypeVar("ModelT", bound="Answer")
PersonT = TypeVar("PersonT", bound="PersonAsked")
# One line of printable text: an answer must not lay out our document.
Line = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Answer(BaseModel):
    """An answer's shape: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AccountAnswer(Answer):
    account_id: UUID


class NamedAccountAnswer(Answer):
    account: Line


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


class ProofsAnswer(Answer):
    signature: SignatureAnswer
    protocol_id: Line
    protocol_sha256: Sha256Hex


class DecisionAnswer(Answer):
    decision_id: UUID
    outcome: Literal["allow", "review", "suspend", "refuse"]
    score: int


class StopAnswer(Answer):
    answer: Literal["stopped", "too_late", "recorded"]


class ReportAnswer(Answer):
    report_id: Line
    stop_credit: bool
    earlier_online_microcredit: bool
    days_overdue: Annotated[int, Field(ge=0, le=100_000)]
    debt_burden: Annotated[Decimal, Field(ge=0, le=1_000, allow_inf_nan=False)] | None


class PersonAsked(Answer):
    """Every register names again whom it answers about."""

    iin: str


class StateAnswer(PersonAsked):
    birth_on: date
    married: bool
    conscript: bool


class ConsentAnswer(PersonAsked):
    kind: ConsentKind
    given: bool
    evidence_id: Line


class ListAnswer(PersonAsked):
    listed: bool
    check_id: Line


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
        return None if answer is None else _read(AccountAnswer, answer).account_id

    def account_in_full(
        self, client_id: UUID, account_id: UUID, *, purpose: str
    ) -> str | None:
        answer = self._account(
            "get_contract_account",
            client_id=client_id,
            account_id=account_id,
            purpose=purpose,
        )
        return None if answer is None else _read(NamedAccountAnswer, answer).account

    def _account(self, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - passed on
        """None where there is no such account."""
        try:
            return self._ask(method, **arguments)
        except Refused as refused:
            if refused.code in _NO_ACCOUNT:
                return None
            raise Broken("Onboarding refused to name the account") from refused

    def borrower(self, client_id: UUID, *, purpose: str) -> Borrower:
        with _must_answer("Onboarding refused to name the client"):
            return self._borrower(client_id, purpose)

    def subject(self, client_id: UUID, *, purpose: str) -> Subject | None:
        with _must_answer("Onboarding refused to name the client"):
            try:
                return Subject(iin=self._borrower(client_id, purpose).iin)
            except Refused as refused:
                if refused.code != _NO_CONSENT:
                    raise
                return None

    def _borrower(self, client_id: UUID, purpose: str) -> Borrower:
        answer = self._ask("get_person", client_id=client_id, purpose=purpose)
        person = _read(PersonAnswer, answer)
        return Borrower(
            surname=person.surname,
            given_name=person.given_name,
            patronymic=person.patronymic,
            iin=person.iin,
            document_kind=person.document.kind,
            document_number=person.document.number,
        )

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
        ceremony = _read(CeremonyAnswer, reply)
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
        with _must_answer("Onboarding refused to show the proofs of a ceremony"):
            answer = self._ask("get_proofs", ceremony_id=ceremony_id, purpose=purpose)
        proofs = _read(ProofsAnswer, answer)
        return ClientProof(
            signed=_signed(proofs.signature),
            protocol_id=proofs.protocol_id,
            protocol_sha256=proofs.protocol_sha256,
        )

    def of_company(self, document: bytes, cms: bytes) -> Signed:
        with _must_answer("Onboarding does not take the company's signature"):
            answer = self._ask(
                "prove_company_signature",
                document_b64=base64.b64encode(document).decode("ascii"),
                cms_b64=base64.b64encode(cms).decode("ascii"),
            )
        return _signed(_read(SignatureAnswer, answer))


class RpcAntifraud:
    """Antifraud over the bus.  Implements Antifraud."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "antifraud", context=context, timeout_s=NEIGHBOUR_TIMEOUT_S
        )

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        with _must_answer("Antifraud refused to decide"):
            answer = self._ask(
                "decide",
                operation=operation,
                client_id=client_id,
                amount=amount,
                facts=dict(facts),
            )
        decision = _read(DecisionAnswer, answer)
        return Decision(
            decision_id=decision.decision_id,
            outcome=decision.outcome,
            score=decision.score,
        )


class RpcDisbursement:
    """Disbursement over the bus.  Implements Disbursement."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "disbursement", context=context, timeout_s=NEIGHBOUR_TIMEOUT_S
        )

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        with _must_answer("Disbursement refused to answer a stop"):
            answer = self._ask(
                "stop_payout", contract_id=contract_id, client_id=client_id
            )
        return _read(StopAnswer, answer).answer


class HttpBureau:
    """The credit bureau over HTTPS with mutual TLS.  Implements Bureau."""

    def __init__(self, client: httpx.Client) -> None:
        """`client` knows the address, shows our certificate and checks theirs."""
        self._client = client

    def report(self, iin: str) -> CreditReport:
        answer = _ask(self._client, "/bureau/v1/report", {"iin": iin}, ReportAnswer)
        burden = answer.debt_burden
        return CreditReport(
            report_id=answer.report_id,
            stop_credit=answer.stop_credit,
            earlier_online_microcredit=answer.earlier_online_microcredit,
            days_overdue=answer.days_overdue,
            debt_burden=None if burden is None else str(burden),
        )


class HttpState:
    """The state's registers over HTTPS with mutual TLS.  Implements StateRegisters."""

    def __init__(self, client: httpx.Client) -> None:
        """`client` as with HttpBureau."""
        self._client = client

    def record(self, iin: str) -> StateRecord:
        answer = _ask(self._client, "/state/v1/borrower", {"iin": iin}, StateAnswer)
        return StateRecord(
            birth_on=_about(answer, iin).birth_on,
            married=answer.married,
            conscript=answer.conscript,
        )

    def consent(self, iin: str, kind: ConsentKind) -> GivenConsent:
        question = {"iin": iin, "kind": kind.value}
        answer = _ask(self._client, "/state/v1/consents", question, ConsentAnswer)
        if _about(answer, iin).kind is not kind:
            raise _no_answer()
        return GivenConsent(given=answer.given, evidence_id=answer.evidence_id)


class HttpMonitoring:
    """The АФМ's list over HTTPS with mutual TLS.  Implements Monitoring."""

    def __init__(self, client: httpx.Client) -> None:
        """`client` as with HttpBureau."""
        self._client = client

    def look(self, iin: str) -> ListCheck:
        answer = _ask(self._client, "/monitoring/v1/checks", {"iin": iin}, ListAnswer)
        return ListCheck(listed=_about(answer, iin).listed, check_id=answer.check_id)


def _ask(
    client: httpx.Client, path: str, question: dict[str, str], model: type[ModelT]
) -> ModelT:
    """What a register answers; whatever else comes is no answer."""
    try:
        with client.stream(
            "POST", path, json=question, timeout=REGISTER_TIMEOUT
        ) as response:
            body = _bounded(response)
    except httpx.HTTPError as error:
        raise _no_answer() from error
    if response.status_code != httpx.codes.OK:
        raise _no_answer()
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError:
        # `from None`: the validator's text would show the answer.
        raise _no_answer() from None


def _about(answer: PersonT, iin: str) -> PersonT:
    """The answer, if it is about whom was asked; else it is none."""
    if answer.iin != iin:
        raise _no_answer()
    return answer


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


def _bounded(response: httpx.Response) -> bytes:
    """The body, if it is not larger than an answer can be."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _no_answer()
    return body


def _no_answer() -> Transient:
    """Without an answer there is no decision, whatever the reason."""
    return Transient("A register gave no usable answer", retry_after_s=5)


@contextmanager
def _must_answer(sentence: str) -> Iterator[None]:
    """A neighbour that says no where no rule lets it is a defect, not an answer."""
    try:
        yield
    except Refused as refused:
        raise Broken(sentence) from refused


def _read(model: type[ModelT], answer: Json) -> ModelT:
    try:
        return model.model_validate_json(orjson.dumps(answer), strict=True)
    except ValidationError:
        # `from None`: the validator's text would show the answer.
        raise Broken(f"A neighbour's answer is no {model.__name__}") from None
