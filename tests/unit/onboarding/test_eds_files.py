"""A hierarchy of our own: right signatures, and one file per way of being wrong."""

import pytest

from tests.eds.files import FOLDER, made
from tests.eds.verdicts import Case, cases

_BY_ID: dict[str, Case] = {
    parameter.id: parameter.values[0] for parameter in cases(FOLDER, "cms")
}


def _verdict(name: str) -> str:
    case = _BY_ID[f"gost2015_512-{name}"]
    return case.verdict(case.read())


@pytest.mark.clause("4.2")
@pytest.mark.clause("5.2b")
@pytest.mark.parametrize("case", cases(FOLDER, "cms"))
def test_signature_gets_its_verdict(case: Case) -> None:
    assert case.said["expect"] == case.verdict(case.read())


def test_files_are_made_anew_without_changing_a_byte() -> None:
    kept = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    again = made()
    assert sorted(kept) == sorted(again)
    assert [name for name, content in kept.items() if again[name] != content] == []


@pytest.mark.seeded("onboarding_any_authority_issues")
def test_even_a_pinned_certificate_must_have_the_right_to_issue() -> None:
    for name in ("path-too-long", "not-an-authority", "by-a-person"):
        assert _verdict(name) == "untrusted"


@pytest.mark.seeded("onboarding_critical_extension_ignored")
def test_what_is_critical_and_unknown_refuses() -> None:
    assert _verdict("critical-extension") == "untrusted"


@pytest.mark.seeded("onboarding_anybody_answers_for_ocsp")
def test_only_a_responder_answers_for_its_issuer() -> None:
    assert _verdict("ocsp-by-a-person") == "revocation_unknown"


@pytest.mark.seeded("onboarding_old_answer_is_fresh")
def test_an_old_answer_says_nothing() -> None:
    assert _verdict("ocsp-stale") == "revocation_unknown"


@pytest.mark.seeded("onboarding_crl_by_anybody")
def test_a_crl_is_signed_by_its_issuer() -> None:
    assert _verdict("crl-by-another-key") == "revocation_unknown"


@pytest.mark.seeded("onboarding_stamp_of_other_bytes")
def test_a_stamp_is_over_this_signature() -> None:
    assert _verdict("stamp-other-imprint") == "wrong_imprint"


@pytest.mark.seeded("onboarding_attributes_in_any_order")
def test_attributes_are_signed_in_der() -> None:
    assert _verdict("attributes-out-of-order") == "malformed"


@pytest.mark.seeded("onboarding_other_hash_beside_the_signature")
def test_the_hash_is_the_one_of_the_signature() -> None:
    assert _verdict("digest-256") == "algorithm_mismatch"


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_employee_signs_for_himself")
def test_a_certificate_of_an_organisation_is_nobodys_own() -> None:
    assert _verdict("organisation") == "wrong_usage"
    assert _verdict("organisation-name") == "wrong_usage"
