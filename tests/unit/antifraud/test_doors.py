"""What the command line sends is what the door takes: words, days, files, outcomes."""

import json
import re
from base64 import b64encode
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kernel.clock import parse_rfc3339
from kernel.context import Call, Context
from kernel.rpc import CallRejectedError, Method, Request
from services.antifraud.domain.appeals import AppealOutcome
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.service import AntifraudService
from tests.marks import ROOT

ID = UUID(int=7)


def taken(name: str, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as sent
    call = Call(
        id=UUID(int=2),
        caller="operator",
        method=name,
        deadline=parse_rfc3339("2026-11-28T09:00:00.000000Z"),
        context=Context(UUID(int=1), None, "00-0-0-01"),
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
    )
    function = getattr(AntifraudService, name)
    method = Method.of(function, permission="antifraud.cases")
    return dict(method.arguments_for(Request(call, arguments, "operator.1")))


def test_a_file_comes_as_base64_and_is_bytes_here() -> None:
    sent = b64encode(b"%PDF-1.7").decode()
    found = taken("add_case_file", case_id=str(ID), content_b64=sent)
    assert found == {"case_id": ID, "content_b64": b"%PDF-1.7"}
    with pytest.raises(CallRejectedError):
        taken("add_case_file", case_id=str(ID), content_b64="no base64!")


def test_outcomes_are_words() -> None:
    words = {"case_id": str(ID), "conclusion": "seen"}
    assert taken("close_case", outcome="fraud", **words)["outcome"] is CaseOutcome.FRAUD
    with pytest.raises(CallRejectedError):
        taken("close_case", outcome="guilty", **words)
    answer = taken("answer_appeal", appeal_id=str(ID), outcome="upheld", words="yes")
    assert answer["outcome"] is AppealOutcome.UPHELD


def test_an_appeal_has_a_day_and_may_have_a_letter() -> None:
    sent = {
        "client_id": str(ID),
        "against": f"client:{ID}",
        "received_on": "2026-12-01",
        "words": "mine",
    }
    found = taken("record_appeal", **sent)
    assert (found["received_on"], found["inquiry_id"]) == (date(2026, 12, 1), None)
    assert taken("record_appeal", **sent, inquiry_id=str(ID))["inquiry_id"] == ID


@pytest.mark.parametrize("state", ["open", "mine", "closed"])
def test_the_queue_is_asked_for_by_a_word(state: str) -> None:
    assert taken("cases_list", state=state) == {"state": state}
    assert taken("cases_list") == {"state": "open"}


def test_what_is_between_the_centre_and_us_has_an_id_or_a_number() -> None:
    assert taken("centre_replay", name=17) == {"name": 17}
    assert taken("centre_replay", name=str(ID)) == {"name": ID}
    for wrong in (0, "17", "all"):
        with pytest.raises(CallRejectedError):
            taken("centre_close", name=wrong, ground="seen")
    assert taken("centre_messages", state="parked") == {"state": "parked"}
    assert taken("centre_messages") == {"state": None}
    assert taken("centre_completeness", day="2026-11-30") == {"day": date(2026, 11, 30)}


def test_an_assessment_and_a_loss_come_as_json() -> None:
    control = {
        "name": "held",
        "linked_to": "clause:6.1g",
        "lowers": "impact",
        "design": "effective",
        "operation": "partly",
        "judged_on": "2026-11-30",
    }
    says = {
        "title": "a burst",
        "category": "application",
        "owner": str(ID),
        "inherent": {"likelihood": 4, "impact": 5},
        "controls": [control],
        "treatment": "accept",
        "review_on": "2026-12-30",
    }
    said = taken("open_risk", says=says)["says"].said
    assert (said.owner, said.counted.impact, said.due_on) == (ID, 4, None)
    for unfit in ({"owner": "anna"}, {"likelihood": 4}, {"inherent": {"impact": "5"}}):
        with pytest.raises(CallRejectedError):
            taken("open_risk", says=says | unfit)
    facts = {
        "cause": "dropper",
        "risk_id": str(ID),
        "occurred_on": "2026-11-01",
        "found_on": "2026-11-02",
        "booked_on": "2026-11-03",
        "words": "seen",
    }
    told = taken("record_loss", facts=facts, gross="10.00")["facts"].facts
    assert (told.risk_id, told.case_id, told.found_on) == (ID, None, date(2026, 11, 2))
    with pytest.raises(CallRejectedError):
        taken("record_loss", facts=facts | {"cause": "bad luck"}, gross="10.00")
    began = taken("open_investigation", ground="g", lead=str(ID), words="w")
    assert began["subjects"] == ()


def test_the_examples_of_the_runbook_are_taken() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    _, _, section = text.partition("## Risks of fraud")
    found = re.findall(r"```json\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assessment, loss = (
        json.loads(re.sub(r'"(?:STAFF|ID)"', f'"{ID}"', example)) for example in found
    )
    assert taken("open_risk", says=assessment)["says"].said.counted.likelihood == 3
    assert taken("record_loss", facts=loss, gross="0.00")["facts"].facts.risk_id == ID
