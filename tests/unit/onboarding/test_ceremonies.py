"""The identification ceremony: two proofs, one client, one document, once."""

import base64
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from kernel.errors import Refused, Transient
from kernel.events.onboarding import (
    IdentificationCompleted,
    IdentificationFailed,
    IdentificationRequested,
)
from services.onboarding.domain.account import AccountState
from services.onboarding.domain.ceremony import MAX_SIGNATURE_TRIES, parse_operation
from services.onboarding.domain.signature import Code, Trust, Unreadable
from services.onboarding.handlers import ceremonies
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.proofs import decode_cms
from services.onboarding.ports import Client
from tests.unit.onboarding.builders import (
    CLIENT,
    CONTRACT_OPERATION,
    OTHER_IIN,
    PHONE,
    STRANGER,
    TODAY,
    consents,
    document,
    evidence,
    facts,
    organisation_facts,
    person,
)
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign

DOCUMENT = b"contract"
MINE = Owner(token=None, client_id=CLIENT)
EXPIRED = person(card=document(valid_until=TODAY - timedelta(days=1)))
LOGIN = "device:01890000-0000-7000-8000-0000000000d2"


@pytest.fixture
def client(bench: Bench) -> Bench:
    """The bench with an active client, who may sign a contract."""
    bench.unit.clients.rows[CLIENT] = Client(
        client_id=CLIENT,
        registration_id=UUID(int=1),
        iin_token="iin",  # noqa: S106 - a twin of a token
        phone=PHONE,
        phone_token="phone",  # noqa: S106 - a twin of a token
    )
    bench.unit.registrations.persons[CLIENT] = person()
    bench.unit.consents.acts[CLIENT] = list(consents())
    return bench


def _open(bench: Bench, document: bytes = DOCUMENT) -> UUID:
    shown = ceremonies.open_ceremony(
        desk=bench.desk,
        client_id=CLIENT,
        operation=CONTRACT_OPERATION,
        document=document,
    )
    return UUID(str(shown["ceremony_id"]))


def _state(bench: Bench, ceremony_id: UUID) -> str:
    return bench.unit.ceremonies.rows[ceremony_id].state.value


def _failures(bench: Bench) -> list[str]:
    return [
        event.code
        for event in bench.unit.said(IdentificationFailed)
        if isinstance(event, IdentificationFailed)
    ]


def test_ceremony_shows_the_very_document_and_where_to_go(client: Bench) -> None:
    shown = ceremonies.open_ceremony(
        desk=client.desk,
        client_id=CLIENT,
        operation=CONTRACT_OPERATION,
        document=DOCUMENT,
    )
    assert base64.b64decode(str(shown["document_b64"])) == DOCUMENT
    assert shown["biometrics_url"] == "https://coid.example/verify/session-1"
    assert len(client.unit.said(IdentificationRequested)) == 1


def test_opening_again_shows_the_same_ceremony(client: Bench) -> None:
    assert _open(client) == _open(client)
    assert len(client.coid.opened) == 1


def test_another_document_needs_another_ceremony(client: Bench) -> None:
    first = _open(client)
    second = _open(client, b"another contract")
    assert first != second
    assert (_state(client, first), _state(client, second)) == ("failed", "open")
    assert _failures(client) == ["ceremony_superseded"]


def test_ceremony_that_ran_out_is_replaced(client: Bench) -> None:
    first = _open(client)
    client.clock.move(minutes=30)
    second = _open(client)
    assert (_state(client, first), _state(client, second)) == ("failed", "open")


def test_only_active_clients_have_ceremonies(bench: Bench) -> None:
    with pytest.raises(Refused):
        _open(bench)


@pytest.mark.parametrize("document", [b"", b"x" * (1024 * 1024 + 1)])
def test_document_is_bounded(client: Bench, document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        _open(client, document)
    assert refused.value.code == "document_size"


@pytest.mark.parametrize(
    "operation",
    ["", "contract", "contract:1", "Contract:" + "0" * 36, f"registration:{CLIENT}"],
)
def test_operations_of_others_have_a_form(operation: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_operation(operation, by="contracts")
    assert refused.value.code == "operation_invalid"


@pytest.mark.seeded("onboarding_gateway_opens_any_ceremony")
@pytest.mark.parametrize(
    ("kind", "by", "opens"),
    [
        ("device", "gateway", True),
        ("device", "contracts", False),
        ("application", "contracts", True),
        ("application", "gateway", False),
        ("registration", "gateway", False),
        ("registration", "onboarding", True),
    ],
)
def test_each_opens_ceremonies_of_its_own_operations(
    kind: str, by: str, *, opens: bool
) -> None:
    """The gateway asks for new browsers alone, and nobody else asks for those."""
    operation = f"{kind}:{CLIENT}"
    if opens:
        assert parse_operation(operation, by=by) == operation
        return
    with pytest.raises(Refused, match="operation_invalid"):
        parse_operation(operation, by=by)


@pytest.mark.parametrize("owner", [Owner(token=None, client_id=STRANGER)])
def test_a_strangers_ceremony_does_not_exist(client: Bench, owner: Owner) -> None:
    ceremony_id = _open(client)
    with pytest.raises(Refused) as refused:
        ceremonies.get_ceremony(desk=client.desk, ceremony_id=ceremony_id, owner=owner)
    assert refused.value.code == "ceremony_unknown"
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, owner)
    assert refused.value.code == "ceremony_unknown"


def test_registrations_ceremony_belongs_to_its_token_alone(bench: Bench) -> None:
    applicant = Applicant(bench)
    ceremony_id = applicant.up_to_ceremony()
    for owner in (
        Owner(token=None, client_id=applicant.client_id),
        Owner(token="guessed", client_id=None),  # noqa: S106 - a wrong one
    ):
        with pytest.raises(Refused) as refused:
            sign(bench, ceremony_id, owner)
        assert refused.value.code == "ceremony_unknown"


@pytest.mark.parametrize("biometrics_first", [True, False])
def test_both_proofs_complete_in_any_order(
    client: Bench, *, biometrics_first: bool
) -> None:
    ceremony_id = _open(client)
    if biometrics_first:
        assert look(client)["state"] == "biometrics_done"
        assert sign(client, ceremony_id, MINE)["state"] == "completed"
    else:
        assert sign(client, ceremony_id, MINE)["state"] == "signature_done"
        assert look(client)["state"] == "completed"
    (event,) = client.unit.said(IdentificationCompleted)
    assert isinstance(event, IdentificationCompleted)
    assert (
        event.protocol_id,
        event.certificate_serial,
        event.operation,
    ) == ("protocol-1", "4a01", CONTRACT_OPERATION)


@pytest.mark.parametrize("only", ["biometrics", "signature"])
def test_either_proof_alone_is_not_enough(client: Bench, only: str) -> None:
    ceremony_id = _open(client)
    if only == "biometrics":
        look(client)
    else:
        sign(client, ceremony_id, MINE)
    assert f"{only}_done" == _state(client, ceremony_id)
    assert client.unit.said(IdentificationCompleted) == []


def test_evidence_is_kept_with_the_verdict(client: Bench) -> None:
    ceremony_id = _open(client)
    sign(client, ceremony_id, MINE)
    look(client)
    (signature,) = client.unit.ceremonies.signatures
    (protocol,) = client.unit.ceremonies.protocols
    assert evidence() == signature.facts.evidence
    assert signature.stamp.token == b"token of signature"
    assert (protocol.protocol, protocol.code) == (b"session-1", None)


def test_a_proof_is_given_once(client: Bench) -> None:
    ceremony_id = _open(client)
    sign(client, ceremony_id, MINE)
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, MINE)
    assert refused.value.code == "proof_given"


def test_coming_back_twice_is_answered_with_what_is(client: Bench) -> None:
    _open(client)
    reference = client.coid.reference
    assert look(client, reference) == look(client, reference)
    assert len(client.unit.ceremonies.protocols) == 1


def test_completed_ceremony_is_spent(client: Bench) -> None:
    ceremony_id = _open(client)
    look(client)
    sign(client, ceremony_id, MINE)
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, MINE)
    assert refused.value.code == "ceremony_spent"


def test_ceremony_runs_out_after_half_an_hour(client: Bench) -> None:
    ceremony_id = _open(client)
    client.clock.move(minutes=30)
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, MINE)
    assert refused.value.code == "ceremony_expired"
    with pytest.raises(Refused) as refused:
        look(client)
    assert refused.value.code == "ceremony_expired"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"score": Decimal("94.99")}, "biometrics_score_too_low"),
        ({"liveness_commands": 2}, "biometrics_liveness_failed"),
        ({"nonce": "another"}, "protocol_other_nonce"),
        ({"iin": OTHER_IIN}, "protocol_other_person"),
        ({"document_sha256": "0" * 64}, "protocol_other_document"),
        ({"session_id": "session-9"}, "protocol_other_session"),
    ],
)
def test_bad_protocol_costs_an_attempt_and_proves_nothing(
    client: Bench, changed: dict[str, object], code: str
) -> None:
    ceremony_id = _open(client)
    client.coid.changed = changed
    with pytest.raises(Refused) as refused:
        look(client)
    assert (code, {"attempts_left": 2}) == (
        refused.value.code,
        refused.value.details,
    )
    assert _state(client, ceremony_id) == "open"
    assert [code] == _failures(client)


def test_protocol_signed_by_another_organisation_proves_nothing(
    client: Bench,
) -> None:
    _open(client)
    client.signatures.of_coid = organisation_facts("111111111111")
    with pytest.raises(Refused) as refused:
        look(client)
    assert refused.value.code == "protocol_signature_invalid"


def test_unknown_state_of_coids_certificate_costs_nothing(client: Bench) -> None:
    _open(client)
    client.signatures.of_coid = organisation_facts(trust=Trust.REVOCATION_UNKNOWN)
    with pytest.raises(Transient):
        look(client)
    client.signatures.of_coid = organisation_facts()
    assert look(client)["state"] == "biometrics_done"


def test_used_protocol_is_refused(client: Bench) -> None:
    first = _open(client)
    look(client)
    sign(client, first, MINE)
    _open(client, b"another contract")
    client.coid.changed = {"protocol_id": "protocol-1"}
    with pytest.raises(Refused) as refused:
        look(client)
    assert refused.value.code == "protocol_replayed"


def test_wrong_return_code_costs_nothing(client: Bench) -> None:
    ceremony_id = _open(client)
    with pytest.raises(Refused) as refused:
        look(client, code="guessed")
    assert refused.value.code == "biometrics_code_unknown"
    assert _state(client, ceremony_id) == "open"


def test_unknown_reference_is_no_ceremony(client: Bench) -> None:
    _open(client)
    with pytest.raises(Refused) as refused:
        look(client, reference="guessed")
    assert refused.value.code == "ceremony_unknown"


def _fail(bench: Bench) -> Refused:
    bench.coid.changed = {"score": Decimal("12.00")}
    with pytest.raises(Refused) as refused:
        look(bench)
    return refused.value


def test_after_a_failed_attempt_the_next_visit_is_offered(client: Bench) -> None:
    ceremony_id = _open(client)
    _fail(client)
    shown = ceremonies.get_ceremony(
        desk=client.desk, ceremony_id=ceremony_id, owner=MINE
    )
    assert shown["biometrics_url"] == "https://coid.example/verify/session-2"


def test_third_failed_attempt_ends_it(client: Bench) -> None:
    ceremony_id = _open(client)
    left = []
    for _ in range(3):
        left.append(_fail(client).details["attempts_left"])
        ceremonies.get_ceremony(desk=client.desk, ceremony_id=ceremony_id, owner=MINE)
    assert left == [2, 1, 0]
    assert _state(client, ceremony_id) == "failed"
    with pytest.raises(Refused) as refused:
        _open(client)
    assert refused.value.code == "biometrics_negative"


def test_attempts_inside_coids_page_count(client: Bench) -> None:
    _open(client)
    client.coid.changed = {"score": Decimal("12.00"), "attempt_no": 2}
    with pytest.raises(Refused) as refused:
        look(client)
    assert refused.value.details == {"attempts_left": 1}


def test_negative_result_ends_the_registration(bench: Bench) -> None:
    applicant = Applicant(bench)
    ceremony_id = applicant.up_to_ceremony()
    for _ in range(3):
        _fail(bench)
        ceremonies.get_ceremony(
            desk=bench.desk, ceremony_id=ceremony_id, owner=applicant.owner
        )
    assert applicant.state == "refused"


@pytest.mark.parametrize(
    "code", [Code.MALFORMED, Code.SEVERAL_SIGNERS, Code.NO_CERTIFICATE]
)
def test_refused_signature_is_recorded_with_its_code(client: Bench, code: Code) -> None:
    ceremony_id = _open(client)
    client.signatures.of_client = Unreadable(code)
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, MINE)
    assert code.value == refused.value.code
    assert ([code.value], "open") == (_failures(client), _state(client, ceremony_id))
    assert [(ceremony_id, code.value)] == client.unit.ceremonies.refusals
    assert client.unit.ceremonies.signatures == []


def test_text_that_is_no_base64_is_a_malformed_signature(client: Bench) -> None:
    ceremony_id = _open(client)
    with pytest.raises(Refused) as refused:
        sign(client, ceremony_id, MINE, "?")
    assert refused.value.code == "malformed"


def test_signature_used_before_is_refused(client: Bench) -> None:
    first = _open(client)
    sign(client, first, MINE)
    second = _open(client, b"another contract")
    with pytest.raises(Refused) as refused:
        sign(client, second, MINE)
    assert refused.value.code == "signature_replayed"
    assert _state(client, second) == "open"


def test_too_many_refused_signatures_end_the_ceremony(client: Bench) -> None:
    ceremony_id = _open(client)
    client.signatures.of_client = facts(valid=False)
    for _ in range(MAX_SIGNATURE_TRIES):
        with pytest.raises(Refused):
            sign(client, ceremony_id, MINE)
    assert _state(client, ceremony_id) == "failed"
    assert _failures(client)[-1] == "signature_tries_exhausted"


def test_proofs_identify_a_registration(bench: Bench) -> None:
    applicant = Applicant(bench)
    ceremony_id = applicant.up_to_ceremony()
    look(bench)
    assert applicant.state == "photo_accepted"
    sign(bench, ceremony_id, applicant.owner)
    assert applicant.state == "identified"
    (account,) = bench.unit.accounts.of_client(applicant.client_id)
    assert AccountState.UNPROVED is account.state


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVs\r\nbG8=\n", b"hello"),
        ("-----BEGIN CMS-----\naGVs\nbG8=\n-----END CMS-----\n", b"hello"),
        ("-----BEGIN CMS-----\naGVsbG8=\n-----END PKCS7-----", None),
        ("aGVs bG8=", None),
        ("aGVsbG8", None),
        ("=" * 200_001, None),
    ],
)
def test_cms_text_is_strict(text: str, raw: bytes | None) -> None:
    assert raw == decode_cms(text)


@pytest.mark.clause("4.1c")
@pytest.mark.seeded("onboarding_expired_document_signs")
def test_an_expired_document_opens_no_new_ceremony(client: Bench) -> None:
    """What was opened before goes on; a login needs none."""
    first = _open(client)
    client.unit.registrations.persons[CLIENT] = EXPIRED
    assert _open(client) == first
    client.clock.move(minutes=31)
    with pytest.raises(Refused) as refused:
        _open(client)
    assert refused.value.code == "identity_document_expired"


def test_a_document_is_good_on_its_last_day_and_a_login_needs_none(
    client: Bench,
) -> None:
    on_last_day = person(card=document(valid_until=TODAY))
    client.unit.registrations.persons[CLIENT] = on_last_day
    _open(client)
    client.unit.registrations.persons[CLIENT] = EXPIRED
    shown = ceremonies.open_ceremony(
        desk=client.desk, client_id=CLIENT, operation=LOGIN, document=DOCUMENT
    )
    assert shown["state"] == "open"
