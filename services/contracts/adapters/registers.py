"""Registers of others over HTTPS with mutual TLS."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Final, TypeVar

import httpx
from pydantic import Field, ValidationError

from kernel.errors import Transient
from services.contracts.adapters.answers import Answer, Line, ModelT
from services.contracts.domain.checks import (
    ConsentKind,
    CreditReport,
    GivenConsent,
    ListCheck,
    StateRecord,
)

REGISTER_TIMEOUT: Final = httpx.Timeout(connect=2.0, read=3.0, write=2.0, pool=2.0)

MAX_ANSWER_BYTES: Final = 64 * 1024

PersonT = TypeVar("PersonT", bound="PersonAsked")


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
