"""Registration and signing against the outer world: who may pass, and who may not."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from infra.simulators.cms import sign_detached
from kernel.errors import Broken, Refused, Transient
from kernel.values import CardToken, Iin
from services.onboarding.domain.person import IdentityDocument, Names
from tests.integration.onboarding.conftest import Applicant, Cabinet

CONTRACT = "contract:01890000-0000-7000-8000-0000000000d1"
OTHER_CONTRACT = "contract:01890000-0000-7000-8000-0000000000d2"
STRANGER = "850101300603"


def _refused(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_signature_alone_completes")
def test_account_opens_with_both_proofs_only(cabinet: Cabinet) -> None:
    """Neither biometrics nor ЭЦП alone makes a client; both together do."""
    applicant = cabinet.applicant("both")
    applicant.up_to_ceremony()
    assert applicant.sign()["state"] == "signature_done"
    assert applicant.standing["state"] == "photo_accepted"
    assert cabinet.said("client_activated") == []
    assert applicant.pass_biometrics()["state"] == "completed"
    assert applicant.standing["state"] == "active"
    assert len(cabinet.said("client_activated")) == 1
    assert len(cabinet.said("account_ownership_proved")) == 1


@pytest.mark.clause("5.3")
@pytest.mark.seeded("onboarding_bank_vouches_for_cards")
@pytest.mark.parametrize("stands", [True, False], ids=["stands", "moved meanwhile"])
def test_a_card_named_in_the_registration_is_covered_by_its_ceremony(
    cabinet: Cabinet, *, stands: bool
) -> None:
    """Signed with the statement; proved by its processor, if it stands as it did."""
    applicant = cabinet.applicant(f"card-{stands}")
    applicant.named = CardToken("tok_" + f"{stands:d}" * 20)
    identity = applicant.person

    def stand_before(iban: str) -> None:
        cabinet.stand.control.create_card(
            token=applicant.named.reveal(), iban=iban, iin=identity.iin, last4="4242"
        )

    stand_before(identity.iban)
    applicant.up_to_ceremony()
    assert "•••• 4242" in applicant.document.decode()
    applicant.pass_biometrics()
    if not stands:
        stand_before("KZ86125KZT5004100100")
    applicant.sign()
    assert applicant.standing["state"] == "active"
    shown = cabinet.use_cases.list_accounts(
        cabinet.context(), client_id=applicant.client_id
    )
    (account,) = cast("Sequence[Mapping[str, Any]]", shown["items"])
    assert (account["kind"], account["masked"]) == ("card", "•••• 4242")
    assert account["state"] == ("proved" if stands else "unproved")


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_anybodys_signature")
def test_signature_of_another_person_is_refused(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("signer")
    applicant.up_to_ceremony()
    other = cabinet.stand.enrolled_person("another-signer")
    assert _refused(lambda: applicant.sign(other.sign(applicant.document))) == (
        "wrong_person"
    )
    assert cabinet.said("identification_failed")[-1]["code"] == "wrong_person"
    assert applicant.look()["state"] == "open"


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_any_usage")
@pytest.mark.parametrize("kind", ["individual_auth", "organisation_sign"])
def test_certificates_for_other_uses_are_refused(cabinet: Cabinet, kind: str) -> None:
    applicant = cabinet.applicant(kind, kind=kind)
    applicant.up_to_ceremony()
    assert _refused(applicant.sign) == "wrong_usage"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_digest_not_compared")
def test_one_changed_byte_is_refused(cabinet: Cabinet) -> None:
    applicant = cabinet.client("byte")
    applicant.open_contract(b"contract", CONTRACT)
    signed = applicant.person.sign(b"contracT")
    assert _refused(lambda: applicant.sign(signed)) == "digest_mismatch"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_revocation_not_asked")
def test_revoked_certificate_is_refused(cabinet: Cabinet) -> None:
    applicant = cabinet.client("revoked")
    applicant.open_contract(b"contract", CONTRACT)
    applicant.person.revoke_certificate()
    assert _refused(applicant.sign) == "revoked"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_unknown_is_good")
@pytest.mark.parametrize("mode", ["down", "garble", "lose"])
def test_without_an_answer_about_revocation_nothing_is_accepted(
    cabinet: Cabinet, mode: str
) -> None:
    applicant = cabinet.client(f"unknown-{mode}")
    applicant.open_contract(b"contract", CONTRACT)
    cabinet.stand.control.arm_world("/ocsp", mode)  # type: ignore[arg-type] # a mode
    cabinet.stand.control.arm_world("/crl", mode)  # type: ignore[arg-type] # a mode
    assert _refused(applicant.sign) == "revocation_unknown"
    cabinet.stand.control.clear_faults()
    assert applicant.sign()["state"] == "signature_done"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_expired_is_good")
def test_expired_certificate_is_refused(cabinet: Cabinet) -> None:
    applicant = cabinet.client("expired")
    year = int(timedelta(days=366).total_seconds())
    cabinet.stand.clock_file.write_text(str(year))
    applicant.open_contract(b"contract", CONTRACT)
    assert _refused(applicant.sign) == "outside_validity"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_signature_used_twice")
def test_signature_cannot_be_used_twice(cabinet: Cabinet) -> None:
    """The same document may be signed twice; the same signature counts once."""
    applicant = cabinet.client("replay")
    applicant.open_contract(b"contract", CONTRACT)
    signed = applicant.person.sign(b"contract")
    applicant.sign(signed)
    applicant.open_contract(b"contract", OTHER_CONTRACT)
    assert _refused(lambda: applicant.sign(signed)) == "signature_replayed"
    assert applicant.look()["state"] == "open"


def test_answer_of_ocsp_about_another_certificate_falls_back_to_the_crl(
    cabinet: Cabinet,
) -> None:
    applicant = cabinet.client("lie")
    applicant.open_contract(b"contract", CONTRACT)
    cabinet.stand.control.arm_world("/ocsp", "wrong", times=1)
    assert applicant.sign()["state"] == "signature_done"


def test_wrong_time_stamp_is_no_time_stamp(cabinet: Cabinet) -> None:
    applicant = cabinet.client("stamp")
    applicant.open_contract(b"contract", CONTRACT)
    cabinet.stand.control.arm_world("/tsp", "wrong", times=1)
    with pytest.raises(Broken):
        applicant.sign()
    cabinet.stand.control.arm_world("/tsp", "down", times=1)
    with pytest.raises(Transient):
        applicant.sign()
    assert applicant.look()["state"] == "open"
    assert applicant.sign()["state"] == "signature_done"


def test_signature_from_an_elliptic_curve_is_accepted(cabinet: Cabinet) -> None:
    applicant = cabinet.client("curve")
    applicant.person.key_kind = "ec"
    applicant.person.enrol(cabinet.stand.public_url, cabinet.stand.pki.ca)
    applicant.open_contract(b"contract", CONTRACT)
    assert applicant.sign()["state"] == "signature_done"


def test_signers_clock_cannot_be_in_the_future(cabinet: Cabinet) -> None:
    applicant = cabinet.client("future")
    applicant.open_contract(b"contract", CONTRACT)
    signer = applicant.person._enrolled()
    ahead = applicant.person.clock.now() + timedelta(minutes=6)
    signed = sign_detached(b"contract", signer=signer, signed_at=ahead)
    assert _refused(lambda: applicant.sign(signed)) == "signing_time_in_future"


@pytest.mark.parametrize("place", [0, 100, -1])
def test_no_byte_of_a_signature_may_change(
    cabinet: Cabinet, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Inside the certificate, the structure or the value; and no log names anybody."""
    applicant = cabinet.client(f"bit-{place}")
    applicant.open_contract(b"contract", CONTRACT)
    signed = bytearray(applicant.person.sign(b"contract"))
    signed[place] ^= 1
    code = _refused(lambda: applicant.sign(bytes(signed)))
    assert code in {"bad_signature", "malformed", "no_certificate", "untrusted"}
    assert applicant.person.iin not in caplog.text


@pytest.mark.clause("4.6")
@pytest.mark.clause("5.2a")
@pytest.mark.seeded("onboarding_score_not_compared")
def test_another_face_does_not_prove_the_client(cabinet: Cabinet) -> None:
    applicant = cabinet.client("face")
    applicant.open_contract(b"contract", CONTRACT)
    applicant.sign()
    code = _refused(lambda: applicant.pass_biometrics(present_iin=STRANGER))
    assert code == "biometrics_score_too_low"
    assert applicant.look()["state"] == "signature_done"


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_liveness_not_asked")
def test_photo_before_the_camera_does_not_prove_the_client(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("alive")
    applicant.up_to_ceremony()
    code = _refused(lambda: applicant.pass_biometrics(lively=False))
    assert code == "biometrics_liveness_failed"


@pytest.mark.clause("4.6")
@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_attempts_not_counted")
def test_three_failed_attempts_are_a_negative_result(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("three")
    applicant.up_to_ceremony()
    codes = []
    for _ in range(3):
        codes.append(_refused(lambda: applicant.pass_biometrics(present_iin=STRANGER)))
        if len(codes) < 3:
            applicant.look()
    assert codes == ["biometrics_score_too_low"] * 2 + ["biometrics_negative"]
    assert applicant.standing["state"] == "refused"
    assert _refused(applicant.sign) == "ceremony_failed"


@pytest.mark.clause("5.2a")
@pytest.mark.seeded("onboarding_protocol_of_any_document")
@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("nonce", "protocol_other_nonce"),
        ("iin", "protocol_other_person"),
        ("document_sha256", "protocol_other_document"),
        ("reference", "protocol_other_reference"),
    ],
)
def test_protocol_of_another_question_proves_nothing(
    cabinet: Cabinet, field: str, code: str
) -> None:
    """A genuine signature of ЦОИД over a protocol that was not asked for."""
    applicant = cabinet.applicant(f"question-{field}")
    applicant.up_to_ceremony()
    cabinet.stand.control.arm_world("/coid/v1/sessions/", "wrong", fields=[field])
    assert _refused(applicant.pass_biometrics) == code


@pytest.mark.clause("4.1a")
@pytest.mark.seeded("onboarding_names_not_compared")
def test_names_must_be_those_of_the_state(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("names")
    applicant.confirm_phone()
    named = Names.parse("Выдуманный", applicant.person.identity.given_name, None)
    false = applicant.claimed(names=named)
    assert _refused(lambda: applicant.give_data(false)) == "person_not_confirmed"
    assert cabinet.rows("SELECT client_id FROM persons") == []


@pytest.mark.clause("4.1b")
@pytest.mark.seeded("kernel_iin_check_digit_ignored")
def test_an_iin_must_be_one_and_the_persons_own(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("iin")
    applicant.confirm_phone()
    own = applicant.person.iin
    mistyped = f"{own[:11]}{(int(own[11]) + 1) % 10}"
    codes = [
        _refused(lambda iin=iin: applicant.give_data(applicant.claimed(iin=Iin(iin))))
        for iin in (mistyped, own[:11], STRANGER)
    ]
    assert codes == ["iin_invalid", "iin_invalid", "person_not_confirmed"]
    assert cabinet.rows("SELECT client_id FROM persons") == []


@pytest.mark.clause("4.1c")
@pytest.mark.seeded("onboarding_birth_certificate_accepted")
def test_birth_certificate_is_refused(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("birth")
    card = applicant.person.identity.document

    def claim() -> None:
        paper = IdentityDocument.parse(
            "birth_certificate", card.number, card.valid_until
        )
        applicant.give_data(applicant.claimed(document=paper))

    applicant.confirm_phone()
    assert _refused(claim) == "document_kind_not_accepted"


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_ceremony_without_photo")
def test_nobody_is_identified_without_a_photo(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("no-photo")
    applicant.confirm_phone()
    applicant.give_data()
    assert _refused(applicant.open_ceremony) == "registration_step_wrong"


@pytest.mark.clause("4.4")
@pytest.mark.seeded("onboarding_number_used_twice")
def test_one_number_leads_to_one_account(cabinet: Cabinet) -> None:
    first = cabinet.client("number")
    second = Applicant(cabinet, first.person)
    assert _refused(second.confirm_phone) == "phone_already_registered"
    assert len(cabinet.rows("SELECT client_id FROM clients")) == 1


def test_one_person_has_one_account_even_with_two_registrations(
    cabinet: Cabinet,
) -> None:
    """Both begin before either is finished; nobody learns of the other until then."""
    first = cabinet.applicant("twice")
    second = Applicant(cabinet, first.person)
    for applicant in (first, second):
        applicant.up_to_ceremony()
    for applicant in (first, second):
        applicant.pass_biometrics()
        applicant.sign()
    assert first.standing["state"] == "active"
    assert (second.standing["state"], second.standing["refused_code"]) == (
        "refused",
        "already_registered",
    )


@pytest.mark.clause("5.4")
@pytest.mark.seeded("onboarding_silence_proves_ownership")
def test_account_of_somebody_else_is_not_proved(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("owner")
    cabinet.stand.control.create_account(iban=applicant.person.iban, iin=STRANGER)
    applicant.up_to_ceremony()
    applicant.pass_biometrics()
    applicant.sign()
    assert applicant.standing["state"] == "active"
    account = cabinet.use_cases.clients.get_account(
        cabinet.context(), client_id=applicant.client_id
    )
    assert account["state"] == "unproved"
    assert cabinet.said("account_ownership_proved") == []


def test_crash_between_proof_and_activation_is_made_good(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant = cabinet.applicant("crash")
    applicant.up_to_ceremony()
    applicant.pass_biometrics()
    with monkeypatch.context() as crash:
        completing = type(cabinet.use_cases.completing)
        crash.setattr(completing, "after_proof", lambda *a: a[2])
        applicant.sign()
    assert applicant.standing["state"] == "identified"
    assert cabinet.use_cases.completing.activate_identified() == 1
    assert applicant.standing["state"] == "active"


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("onboarding_reading_not_recorded")
def test_reading_in_clear_leaves_an_event(cabinet: Cabinet) -> None:
    client = cabinet.client("reading")
    read = cabinet.use_cases.clients.get_person(
        cabinet.context(),
        client_id=client.client_id,
        reader="contracts",
        purpose="contract_document",
    )
    assert read["iin"] == client.person.iin
    assert cabinet.said("personal_data_read") == [
        {
            "client_id": str(client.client_id),
            "reader": "contracts",
            "purpose": "contract_document",
        }
    ]
