"""Attempts that count for the person, and a second provider by dated configuration."""

import copy
import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from infra.simulators.hierarchy import COID, OTHER
from kernel.errors import Broken, Refused
from kernel.policy import Setting
from services.onboarding import wiring
from services.onboarding.domain.consent import Leave
from services.onboarding.ports import SignedProtocol
from tests.integration.onboarding.conftest import Applicant, Cabinet

STRANGER = "850101300603"
OPERATION = "contract:01890000-0000-7000-8000-0000000000{:02x}"
COOLDOWN = timedelta(minutes=60)


def refusal(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def fail(applicant: Applicant) -> Refused:
    """Somebody else stands before the camera; afterwards the next visit is offered."""
    refused = refusal(lambda: applicant.pass_biometrics(present_iin=STRANGER))
    applicant.look()
    return refused


def later(cabinet: Cabinet, by: timedelta) -> None:
    cabinet.stand.clock_file.write_text(str(by.total_seconds()))


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_attempts_not_counted")
@pytest.mark.seeded("onboarding_anew_is_forgiven")
def test_who_registers_anew_has_no_new_attempts(cabinet: Cabinet) -> None:
    """Two failures in one registration and one in another are three of one person."""
    first = cabinet.applicant("anew")
    first.up_to_ceremony()
    assert [fail(first).details["attempts_left"] for _ in range(2)] == [2, 1]
    second = Applicant(cabinet, first.person)
    second.up_to_ceremony()
    negative = refusal(lambda: second.pass_biometrics(present_iin=STRANGER))
    assert (negative.code, negative.details["attempts_left"]) == (
        "biometrics_negative",
        0,
    )
    assert second.standing["state"] == "refused"
    assert first.look()["biometrics_url"] is None


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_negative_never_cools")
@pytest.mark.seeded("onboarding_nothing_cools_down")
def test_a_negative_result_cools_down(cabinet: Cabinet) -> None:
    """Until then nobody is compared; afterwards three new attempts begin."""
    client = cabinet.client("cools")
    client.open_contract(b"contract", OPERATION.format(1))
    codes = [fail(client).code for _ in range(3)]
    assert codes == ["biometrics_score_too_low"] * 2 + ["biometrics_negative"]

    def again() -> None:
        client.open_contract(b"contract", OPERATION.format(2))

    later(cabinet, COOLDOWN - timedelta(seconds=30))
    assert refusal(again).code == "biometrics_negative"
    assert "retry_at" in refusal(again).details
    later(cabinet, COOLDOWN + timedelta(seconds=30))
    again()
    assert client.pass_biometrics()["state"] == "biometrics_done"


@pytest.mark.clause("4.2")
@pytest.mark.catalogue("A10")
@pytest.mark.seeded("onboarding_parallel_attempts_pass")
def test_what_comes_beside_the_last_attempt_proves_nothing(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four visits at once, the good one's result in hand before three have failed."""
    client = cabinet.client("beside")
    visits = []
    for number in range(4):
        client.open_contract(b"contract", OPERATION.format(number))
        visits.append(client.ceremony)
    good, *bad = visits
    door = cabinet.use_cases._outside.providers.named("coid").door
    fetch = door.result

    def first_the_others(session_id: str, code: str, *, by: Leave) -> SignedProtocol:
        monkeypatch.setattr(door, "result", fetch)
        signed = fetch(session_id, code, by=by)
        with ThreadPoolExecutor(len(bad)) as pool:
            told = pool.map(lambda visit: failed_at(client, visit), bad)
            assert list(told).count("biometrics_negative") == 1
        return signed

    monkeypatch.setattr(door, "result", first_the_others)
    client.ceremony = good
    refused = refusal(client.pass_biometrics)
    assert refused.code == "biometrics_negative"
    assert cabinet.rows("SELECT 1 FROM attempts WHERE state = 'positive'") == [(1,)]


def failed_at(client: Applicant, visit: Any) -> str:  # noqa: ANN401 - JSON
    twin = copy.copy(client)
    twin.ceremony = visit
    return refusal(lambda: twin.pass_biometrics(present_iin=STRANGER)).code


def choosing(cabinet: Cabinet, bin_: str | None = OTHER.bin) -> None:
    """As after a setting that chooses the second provider, and a restart."""
    platform = cabinet.platform
    chosen = Setting(
        "biometric.provider", platform.clock.now(), "other", "an agreement of the test"
    )
    settings = dataclasses.replace(
        platform.settings,
        other_provider="other",
        other_provider_url=f"{cabinet.stand.partner_url}/other/v1",
        other_provider_bin=bin_,
    )
    after = dataclasses.replace(
        platform, settings=settings, policy=platform.policy.with_setting(chosen)
    )
    cabinet.use_cases.close()
    cabinet.use_cases = wiring.build(after)


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_visits_change_provider")
def test_a_dated_setting_chooses_the_provider(
    cabinet: Cabinet,
) -> None:
    """New visits go to whom it names; one that began elsewhere ends there."""
    early, late = cabinet.applicant("early"), cabinet.applicant("late")
    early.up_to_ceremony()
    choosing(cabinet)
    late.up_to_ceremony()
    addresses = [str(one.ceremony["biometrics_url"]) for one in (early, late)]
    assert ["/coid/" in addresses[0], "/other/" in addresses[1]] == [True, True]
    assert early.pass_biometrics()["state"] == "biometrics_done"
    assert late.pass_biometrics()["state"] == "biometrics_done"
    rows = cabinet.rows("SELECT provider FROM attempts ORDER BY opened_at")
    assert [row.provider for row in rows] == ["coid", "other"]


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_any_provider_signs")
def test_a_provider_signs_with_its_own_organisation_only(
    cabinet: Cabinet,
) -> None:
    """ЦОИД's БИН is not the second provider's, nor the other way round."""
    applicant = cabinet.applicant("whose")
    applicant.confirm_phone()
    applicant.give_data()
    applicant.give_photo()
    choosing(cabinet, bin_=COID.bin)
    applicant.open_ceremony()
    assert refusal(applicant.pass_biometrics).code == "protocol_signature_invalid"


@pytest.mark.clause("4.2")
def test_a_photo_is_compared_by_the_provider_in_force(cabinet: Cabinet) -> None:
    choosing(cabinet)
    applicant = cabinet.applicant("photo-elsewhere")
    applicant.confirm_phone()
    applicant.give_data()
    assert applicant.give_photo()["state"] == "photo_accepted"
    (compared,) = cabinet.rows("SELECT provider, code FROM photo_comparisons")
    assert (compared.provider, compared.code) == ("other", None)


def test_a_provider_nobody_configured_is_broken(cabinet: Cabinet) -> None:
    """Loud at once: silently going to ЦОИД instead would hide a wrong setting."""
    with pytest.raises(Broken, match="not configured"):
        cabinet.use_cases._outside.providers.named("other")
