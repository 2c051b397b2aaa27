"""Consents, readings and the export, on the whole platform."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.demo.borrower import Borrower
from infra.demo.cabinet import Json, ProblemError, until
from infra.demo.world import World
from tests.behind import LOAN
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.seeds import seed
from tests.staff import Recruiter

CONSENTS = "/personal-data/consents"


@pytest.fixture
def client(world: World) -> Iterator[Borrower]:
    """Somebody who is logged in; the seed is printed when a test fails."""
    person = world.borrower(seed())
    register(person)
    person.log_in()
    yield person
    person.cabinet.close()


def refused(act: Callable[..., object], *args: object) -> str:
    with pytest.raises(ProblemError) as problem:
        act(*args)
    return problem.value.code


def consent(client: Borrower, kind: str) -> Json:
    texts = client.cabinet.call("GET", "/personal-data/consent-texts")["items"]
    (sha256,) = [text["sha256"] for text in texts if text["kind"] == kind]
    return client.cabinet.call("PUT", f"{CONSENTS}/{kind}", {"text_sha256": sha256})


@pytest.mark.seeded("onboarding_deaf_to_contracts")
def test_consents_are_taken_back_unless_a_contract_is_open(client: Borrower) -> None:
    """No bureau without consent; no withdrawal from the signing to the annulment."""
    call = client.cabinet.call
    left = call("DELETE", f"{CONSENTS}/credit_bureau")
    assert left["standing"] == ["biometrics", "personal_data"]
    unasked = call("POST", "/applications", LOAN)
    assert (unasked["state"], unasked["refusal_code"]) == (
        "refused",
        "credit_report_consent_missing",
    )
    given = consent(client, "credit_bureau")
    assert [line["act"] for line in given["items"]][:2] == ["given", "withdrawn"]
    assert client.apply(AMOUNT)["state"] == "offered"
    client.sign()
    assert refused(call, "DELETE", f"{CONSENTS}/biometrics") == "obligations_open"

    call("POST", f"/contracts/{client.contract_id}/refusal")
    client.contract_until("annulled")

    def free() -> Json:
        try:
            return call("DELETE", f"{CONSENTS}/biometrics")
        except ProblemError as problem:
            return problem.problem  # the event is on its way

    freed = until(free, lambda answer: "standing" in answer, within_s=20)
    assert freed["standing"] == ["credit_bureau", "personal_data"]


@pytest.mark.clause("1.3a")
@pytest.mark.clause("6.1c")
def test_the_client_sees_what_the_staff_read(
    client: Borrower, recruiter: Recruiter
) -> None:
    """Masked without a purpose; with one in clear, and the client is shown it."""
    client_id = client.cabinet.call("GET", "/sessions/current")["client_id"]
    carer = recruiter.recruit("carer", "client-care")
    masked = carer.ask("onboarding", "clients_show", client_id=client_id)
    identity = client.person.identity
    assert identity.iin not in str(masked)
    assert identity.surname not in str(masked)
    whole: Any = carer.ask(
        "onboarding", "clients_read", client_id=client_id, purpose="complaint"
    )
    assert whole["iin"] == identity.iin
    seen = client.cabinet.call("GET", "/personal-data/readings")["items"]
    assert [line["purpose"] for line in seen if line["reader"] == "staff"] == [
        "complaint"
    ]
    assert refused(client.cabinet.call, "POST", "/personal-data/export") == (
        "step_up_required"
    )
