"""What comes from outside is a stranger's until it has been validated."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from kernel.clock import rfc3339
from kernel.context import Context
from kernel.errors import Broken, Refused, Transient
from services.contracts.adapters.neighbours import RpcDisbursement
from services.contracts.adapters.onboarding import RpcOnboarding, RpcWitness
from services.contracts.adapters.registers import (
    MAX_ANSWER_BYTES,
    HttpBureau,
    HttpMonitoring,
    HttpState,
)
from services.contracts.domain.checks import ConsentKind, Subject
from services.contracts.domain.signing import Renewal, Restamp
from services.contracts.ports import NamedAccount
from services.onboarding.service import CompanySignature, GivenRestamp
from tests.unit.contracts.builders import (
    ACCOUNT,
    CEREMONY,
    CLIENT,
    CONTRACT,
    SIGNED_AT,
    borrower,
    consent,
    list_check,
    report,
    state_record,
)
from tests.unit.contracts.fakes.neighbours import signed

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
        answering(200, content=b" " * (MAX_ANSWER_BYTES + 1)),
    ],
)
def test_an_unusable_report_is_none_and_the_application_waits(answer: Answerer) -> None:
    """No report is no permission; and the answer stands in no error text."""
    with pytest.raises(Transient) as waiting:
        bureau(answer).report(borrower().iin)
    assert waiting.value.sentence == "A register gave no usable answer"


def test_a_bureau_that_is_away_makes_the_application_wait() -> None:
    """Whatever the network says."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Transient):
        bureau(fail).report(borrower().iin)


STATE: dict[str, Any] = {
    "iin": borrower().iin,
    "birth_on": "1993-10-02",
    "married": False,
    "conscript": False,
}
CONSENT: dict[str, Any] = {
    "iin": borrower().iin,
    "kind": "spouse",
    "given": True,
    "evidence_id": "E-1",
}
LISTED: dict[str, Any] = {"iin": borrower().iin, "listed": False, "check_id": "L-1"}


def client(answer: Answerer) -> httpx.Client:
    return httpx.Client(base_url="https://r", transport=httpx.MockTransport(answer))


def test_a_bureau_may_not_know_the_debt_burden() -> None:
    """It is nobody's zero."""
    answer = answering(200, json={**GOOD, "debt_burden": None})
    assert bureau(answer).report(borrower().iin) == report(debt_burden=None)


def test_the_registers_answers_are_read() -> None:
    """In our own words."""
    iin = borrower().iin
    state = HttpState(client(answering(200, json=STATE)))
    assert state.record(iin) == state_record()
    state = HttpState(client(answering(200, json=CONSENT)))
    assert state.consent(iin, ConsentKind.SPOUSE) == consent()
    monitoring = HttpMonitoring(client(answering(200, json=LISTED)))
    assert monitoring.look(iin) == list_check()


@pytest.mark.seeded("contracts_answer_about_anybody")
@pytest.mark.parametrize(
    "changes", [{"iin": "940101300123"}, {"iin": None}, {"kind": "additional"}]
)
def test_an_answer_about_somebody_else_is_none(changes: dict[str, object]) -> None:
    """Nor is one about another consent: the application waits."""
    state = HttpState(client(answering(200, json={**CONSENT, **changes})))
    with pytest.raises(Transient):
        state.consent(borrower().iin, ConsentKind.SPOUSE)
    if "iin" in changes:
        state = HttpState(client(answering(200, json={**STATE, **changes})))
        with pytest.raises(Transient):
            state.record(borrower().iin)
        monitoring = HttpMonitoring(client(answering(200, json={**LISTED, **changes})))
        with pytest.raises(Transient):
            monitoring.look(borrower().iin)


def test_onboarding_names_the_account_and_the_person() -> None:
    """In our own words."""
    assert (
        onboarding({"account_id": str(ACCOUNT), "x": 1}).account_of(CLIENT) == ACCOUNT
    )
    named = onboarding({"account": "KZ978562203105747338"})
    found = named.account_in_full(CLIENT, ACCOUNT, purpose="p")
    assert found == NamedAccount(text="KZ978562203105747338", token=None)
    assert onboarding(PERSON).borrower(CLIENT, purpose="p") == borrower()


def test_without_consent_there_is_nobody_to_report_on() -> None:
    """It is an answer; any other refusal is a defect."""
    subject = Subject(iin=borrower().iin)
    assert onboarding(PERSON).subject(CLIENT, purpose="p") == subject
    missing = onboarding(refused("consent_missing"))
    assert missing.subject(CLIENT, purpose="p") is None
    with pytest.raises(Broken):
        onboarding(refused("purpose_missing")).subject(CLIENT, purpose="p")
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


def test_disbursements_word_is_one_of_three() -> None:
    """Any other is a defect."""

    def stop(reply: object) -> str:
        rpc = RpcDisbursement(FakeRpc(reply), CONTEXT)  # type: ignore[arg-type]  # a twin
        return rpc.stop_payout(contract_id=CONTRACT, client_id=CLIENT)

    assert stop({"answer": "stopped"}) == "stopped"
    for reply in ({"answer": "perhaps"}, {}, refused("x")):
        with pytest.raises(Broken):
            stop(reply)


def test_an_ageing_signature_is_shown_whole_and_its_new_stamp_read() -> None:
    """As onboarding takes and gives them; without a stamp it is good as it is."""
    at = rfc3339(SIGNED_AT)
    stamp = {"stamp_b64": "bmV3", "revocation_b64": ["Z29vZA=="], "stamped_at": at}
    rpc = FakeRpc({"code": None, "ages_at": at, "restamp": stamp})
    kept = signed(b"cms", at=SIGNED_AT)
    new = Restamp(stamp=b"new", revocation=(b"good",), stamped_at=SIGNED_AT)
    witness = RpcWitness(rpc, CONTEXT)  # type: ignore[arg-type]  # a twin
    assert witness.renew(b"document", kept, [new]) == Renewal(
        code=None, ages_at=SIGNED_AT, restamp=new
    )
    ((name, told),) = rpc.asked
    assert name == "onboarding.renew_company_signature"
    shown = CompanySignature.model_validate(told["signature"]).kept(
        str(told["document_b64"]),
        [GivenRestamp.model_validate(one) for one in told["restamps"]],
    )
    assert (shown.document, shown.cms, shown.stamp) == (
        b"document",
        kept.cms,
        kept.stamp,
    )
    assert (shown.chain, shown.revocation) == (kept.chain, kept.revocation)
    assert [(one.token, one.revocation) for one in shown.restamps] == [
        (new.stamp, new.revocation)
    ]
    rpc.reply = {"code": "untrusted", "ages_at": None, "restamp": None}
    assert witness.renew(b"document", kept, []).code == "untrusted"
