"""Any flipped byte of an envelope is refused; any event comes back as it was."""

import _thread
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.beside import Each, in_two_threads, one_by_one
from kernel.crypto import Json, SigningKey, TrustStore, b64url, canonical
from kernel.events import (
    Envelope,
    EnvelopeError,
    Event,
    EventSchemaError,
    opened_together,
)
from kernel.events.contracts import ContractSigned
from kernel.money import Money

KEY = SigningKey.generate("contracts-1")
TRUST = TrustStore.of([("contracts-1", "contracts", KEY.public_bytes)])
ID = UUID("01930000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=UTC)
EVENT = ContractSigned(
    contract_id=ID,
    client_id=ID,
    account_id=ID,
    amount=Money.of("400000.00"),
    document_sha256="0" * 64,
    ceremony_id=ID,
    signed_at=AT,
)


def envelope(**changes: object) -> Envelope:
    members: dict[str, object] = {
        "id": ID,
        "source": "contracts",
        "type": EVENT.TYPE,
        "time": AT,
        "subject": EVENT.subject,
        "subjectversion": 1,
        "sequence": 1,
        "traceparent": "00-0-0-01",
        "correlation_id": ID,
        "causation_id": None,
        "keyid": KEY.keyid,
        "data": EVENT.to_data(),
        **changes,
    }
    return Envelope(**members)  # type: ignore[arg-type] # test data


BODY = envelope().signed(KEY)


def test_an_envelope_and_its_event_come_back_as_they_were() -> None:
    opened = Envelope.opened(BODY, trust=TRUST, sender="contracts")
    assert opened == envelope()
    assert ContractSigned.from_data(opened.data) == EVENT


@given(st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(EnvelopeError):
        Envelope.opened(bytes(changed), trust=TRUST, sender="contracts")


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_not_crashed_on(body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        Envelope.opened(body, trust=TRUST, sender="contracts")


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 0},
        {"subjectversion": -1},
        {"subject": ""},
        {"traceparent": ""},
    ],
)
def test_members_out_of_range_are_misshapen(changes: dict[str, object]) -> None:
    body = envelope(**changes).signed(KEY)
    with pytest.raises(EnvelopeError) as refused:
        Envelope.opened(body, trust=TRUST, sender="contracts")
    assert refused.value.code == "misshapen"


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "1.1"},
        {"datacontenttype": "application/cloudevents+json"},
        {"id": "0193ABCD-0000-7000-8000-000000000001"},
        {"correlationid": ID.hex},
        {"causationid": f"urn:uuid:{ID}"},
        {"time": "2026-11-25T10:00:00.000000+00:00"},
        {"time": "2026-11-25T10:00:00Z"},
        {"sequence": True},
    ],
)
def test_another_spelling_is_misshapen(changes: dict[str, Json]) -> None:
    members = {**envelope().unsigned(), **changes}
    signature = b64url(KEY.sign(canonical(members)))
    body = canonical({**members, "signature": signature})
    with pytest.raises(EnvelopeError) as refused:
        Envelope.opened(body, trust=TRUST, sender="contracts")
    assert refused.value.code == "misshapen"


_NAMES = st.sampled_from(["signature", ',"signature":"', "source"])


@given(
    st.dictionaries(_NAMES, st.recursive(_NAMES, lambda x: st.dictionaries(_NAMES, x)))
)
def test_what_looks_like_a_signature_in_the_data_is_data(data: dict[str, Json]) -> None:
    sent = envelope(data=data)
    opened = Envelope.opened(sent.signed(KEY), trust=TRUST, sender="contracts")
    assert opened == sent


@pytest.mark.parametrize(
    ("changes", "sender", "code"),
    [
        ({"type": "disbursement.payout_settled.v1"}, "contracts", "not_entitled"),
        ({"source": "disbursement"}, "contracts", "not_entitled"),
        ({}, "disbursement", "wrong_sender"),
        ({}, None, "wrong_sender"),
    ],
)
def test_nobody_speaks_for_another(
    changes: dict[str, object], sender: str | None, code: str
) -> None:
    body = envelope(**changes).signed(KEY)
    with pytest.raises(EnvelopeError) as refused:
        Envelope.opened(body, trust=TRUST, sender=sender)
    assert refused.value.code == code


@pytest.mark.parametrize("each", [one_by_one, in_two_threads(_thread)])
def test_together_each_is_believed_or_refused_as_alone(each: Each) -> None:
    changed = BODY.replace(b'"sequence":1', b'"sequence":2')
    messages = [
        *[(BODY, "contracts"), (BODY + b" ", "contracts"), (changed, "contracts")],
        *[(b"{}", "contracts"), (BODY, "disbursement"), (BODY, "contracts")],
        (envelope(source="disbursement").signed(KEY), "contracts"),
    ]
    opened = opened_together(messages, trust=TRUST, each=each)
    assert [o.code if isinstance(o, EnvelopeError) else o for o in opened] == [
        *[envelope(), "not_canonical", "bad_signature"],
        *["misshapen", "wrong_sender", envelope()],
        "not_entitled",
    ]


def test_a_listener_ignores_what_a_newer_publisher_adds() -> None:
    data = {**EVENT.to_data(), "added_later": 1}
    assert ContractSigned.from_data(data) == EVENT


@pytest.mark.parametrize(
    "changes",
    [
        {"contract_id": "x"},
        {"amount": "1.5"},
        {"amount": 400000},
        {"signed_at": "2026-11-25T10:00:00"},
        {"document_sha256": None},
    ],
)
def test_wrong_data_break_the_schema_and_are_not_quoted(
    changes: dict[str, object],
) -> None:
    with pytest.raises(EventSchemaError) as wrong:
        ContractSigned.from_data({**EVENT.to_data(), **changes})  # type: ignore[dict-item] # the point
    assert str(wrong.value).startswith("contracts.contract_signed.v1: wrong fields: ")


def test_a_type_is_declared_once() -> None:
    with pytest.raises(TypeError):

        class Again(Event):
            TYPE = EVENT.TYPE
            SUBJECT = "contract"
