"""What comes from outside is a stranger's until it has been validated."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from kernel.context import Context
from kernel.errors import Broken, Refused, Transient
from kernel.money import Money
from services.contracts.adapters import (
    MAX_REPORT_BYTES,
    HttpBureau,
    RpcAntifraud,
    RpcDisbursement,
    RpcOnboarding,
)
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    CEREMONY,
    CLIENT,
    CONTRACT,
    borrower,
    report,
)

CONTEXT = Context(UUID(int=1), None, "00-0-0-01")
GOOD: dict[str, Any] = {
    "report_id": "R-1",
    "stop_credit": False,
    "earlier_online_microcredit": True,
    "days_overdue": 0,
    "debt_burden": "0.31",
}
PERSON: dict[str, Any] = {
    "surname": "Сериков",
    "given_name": "Айдар",
    "patronymic": "Маратович",
    "iin": "931002451325",
    "document": {"kind": "id_card", "number": "012345678", "valid_until": "2030-01-01"},
}
Answerer = Callable[[httpx.Request], httpx.Response]


def bureau(answer: Answerer) -> HttpBureau:
    return HttpBureau(
        httpx.Client(base_url="https://b", transport=httpx.MockTransport(answer))
    )


def answering(status: int, **content: Any) -> Answerer:  # noqa: ANN401 - httpx's own
    return lambda _: httpx.Response(status, **content)


class FakeRpc:
    """Answers every call with one reply, or raises it."""

    def __init__(self, reply: object) -> None:
        self.reply = reply
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, method: str, **arguments: Any) -> Any:  # noqa: ANN401 - RpcClient's
        self.asked.append((f"{service}.{method}", arguments))
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def onboarding(reply: object) -> RpcOnboarding:
    return RpcOnboarding(FakeRpc(reply), CONTEXT)  # type: ignore[arg-type]  # a twin


def refused(code: str) -> Refused:
    return Refused(code, "No.", next_step="Nothing.")


def test_a_report_is_read() -> None:
    """Field by field, the debt burden as the exact decimal it is."""
    assert report() == bureau(answering(200, json=GOOD)).report(borrower().iin)


@pytest.mark.parametrize(
    "answer",
    [
        answering(500, json=GOOD),
        answering(404, json=GOOD),
        answering(302, headers={"location": "https://elsewhere/"}),
        answering(200, content=b"not json"),
        answering(200, json=[]),
        answering(200, json={**GOOD, "stop_credit": "false"}),
        answering(200, json={**GOOD, "stop_credit": 0}),
        answering(200, json={k: v for k, v in GOOD.items() if k != "stop_credit"}),
        answering(200, json={**GOOD, "debt_burden": "NaN"}),
        answering(200, json={**GOOD, "days_overdue": -1}),
        answering(200, json={**GOOD, "report_id": "R\nX"}),
        answering(200, content=b" " * (MAX_REPORT_BYTES + 1)),
    ],
)
def test_an_unusable_report_is_none_and_the_application_waits(answer: Answerer) -> None:
    """No report is no permission; and the answer stands in no error text."""
    with pytest.raises(Transient) as waiting:
        bureau(answer).report(borrower().iin)
    assert waiting.value.sentence == "The credit bureau gave no usable report"


def test_a_bureau_that_is_away_makes_the_application_wait() -> None:
    """Whatever the network says."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Transient):
        bureau(fail).report(borrower().iin)


def test_onboarding_names_the_account_and_the_person() -> None:
    """In our own words."""
    assert (
        onboarding({"account_id": str(ACCOUNT), "x": 1}).account_of(CLIENT) == ACCOUNT
    )
    named = onboarding({"account": "KZ978562203105747338"})
    assert named.account_in_full(CLIENT, ACCOUNT, purpose="p") == "KZ978562203105747338"
    assert onboarding(PERSON).borrower(CLIENT, purpose="p") == borrower()


def test_without_consent_there_is_nobody_to_report_on() -> None:
    """It is an answer; any other refusal is a defect."""
    assert onboarding(PERSON).credit_subject(CLIENT) == borrower()
    assert onboarding(refused("consent_missing")).credit_subject(CLIENT) is None
    with pytest.raises(Broken):
        onboarding(refused("purpose_missing")).credit_subject(CLIENT)
    with pytest.raises(Broken):
        onboarding(refused("consent_missing")).borrower(CLIENT, purpose="p")


@pytest.mark.parametrize("code", ["account_unknown", "not_found"])
def test_a_client_without_account_has_none(code: str) -> None:
    """It is an answer; any other refusal is a defect."""
    assert onboarding(refused(code)).account_of(CLIENT) is None
    gone = onboarding(refused(code))
    assert gone.account_in_full(CLIENT, ACCOUNT, purpose="p") is None
    with pytest.raises(Broken):
        onboarding(refused("something_else")).account_of(CLIENT)


@pytest.mark.parametrize(
    "changes", [{"surname": "А\nБ"}, {"iin": "93100245132"}, {"document": None}]
)
def test_a_person_who_could_lay_out_our_document_is_not_believed(
    changes: dict[str, object],
) -> None:
    """No line breaks in names, no ИИН of another length, no document missing."""
    with pytest.raises(Broken) as broken:
        onboarding({**PERSON, **changes}).borrower(CLIENT, purpose="p")
    assert "931002451325" not in str(broken.value)


def test_a_ceremony_is_passed_on_whole() -> None:
    """The gateway needs fields that are none of our business."""
    reply = {
        "ceremony_id": str(CEREMONY),
        "document_sha256": "a" * 64,
        "biometrics_url": "https://coid/x",
    }
    ceremony = onboarding(reply).open_ceremony(
        client_id=CLIENT,
        operation=f"contract:{CONTRACT}",
        document=b"d",
        account_id=ACCOUNT,
    )
    assert (CEREMONY, reply) == (ceremony.ceremony_id, ceremony.reply)


def antifraud(reply: object) -> RpcAntifraud:
    return RpcAntifraud(FakeRpc(reply), CONTEXT)  # type: ignore[arg-type]  # a twin


def decide(fraud: RpcAntifraud, amount: Money = AMOUNT) -> str:
    return fraud.decide(
        operation="application:1",
        client_id=CLIENT,
        amount=amount,
        facts={"term_days": 90},
    ).outcome


def test_antifrauds_word_is_one_of_four() -> None:
    """Any other is a defect, and away is away."""
    good = {"decision_id": str(UUID(int=1)), "score": 3, "rules": []}
    assert decide(antifraud({**good, "outcome": "review"})) == "review"
    for reply in ({**good, "outcome": "perhaps"}, good, None, refused("x")):
        with pytest.raises(Broken):
            decide(antifraud(reply))
    with pytest.raises(Transient):
        decide(antifraud(Transient("away")))


def test_disbursements_word_is_one_of_three() -> None:
    """Any other is a defect."""

    def stop(reply: object) -> str:
        rpc = RpcDisbursement(FakeRpc(reply), CONTEXT)  # type: ignore[arg-type]  # a twin
        return rpc.stop_payout(contract_id=CONTRACT, client_id=CLIENT)

    assert stop({"answer": "stopped"}) == "stopped"
    for reply in ({"answer": "perhaps"}, {}, refused("x")):
        with pytest.raises(Broken):
            stop(reply)
