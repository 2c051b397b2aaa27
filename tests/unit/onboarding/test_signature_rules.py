"""Each rule over a signature has a code of its own, and an order."""

from datetime import timedelta
from functools import partial

import pytest

from services.onboarding.domain import signature
from services.onboarding.domain.signature import (
    CLIENT_AUTH,
    EMAIL_PROTECTION,
    NATURAL_PERSON,
    Algorithm,
    Code,
    NaturalPerson,
    Organisation,
    Trust,
    Unreadable,
    refused,
)
from tests.unit.onboarding.builders import (
    COID_BIN,
    IIN,
    MICROSECOND,
    NOW,
    OTHER_IIN,
    algorithms,
    certificate,
    facts,
    organisation_facts,
)

CLIENT = NaturalPerson(IIN.reveal())
judge = partial(signature.judge, accepted=frozenset(Algorithm))
COID = Organisation(COID_BIN)


def _usages(*extra: str) -> frozenset[str]:
    return frozenset({NATURAL_PERSON, EMAIL_PROTECTION, *extra})


def test_good_signature_is_good() -> None:
    assert judge(facts(), CLIENT) is None


def test_ecdsa_on_p256_is_good() -> None:
    used = algorithms(key="ec", key_bits=0, curve="secp256r1", signature="ec")
    assert judge(facts(algorithms=used), CLIENT) is None


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("gost2015_512", "streebog512"),
        ("gost2015_256", "streebog256"),
        ("gost2004", "gost34311"),
    ],
)
def test_gost_is_good_where_the_setting_accepts_it(name: str, digest: str) -> None:
    used = algorithms(key=name, signature=name, signature_digest=digest, digest=digest)
    seen = facts(algorithms=used)
    assert judge(seen, CLIENT) is None
    others = frozenset(Algorithm) - {Algorithm(name)}
    refused_as = signature.judge(seen, CLIENT, accepted=others)
    assert refused_as == Code.WEAK_OR_UNKNOWN_ALGORITHM


def test_rsa_without_a_digest_of_its_own_is_good() -> None:
    used = algorithms(signature_digest=None)
    assert judge(facts(algorithms=used), CLIENT) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key_bits": 2047}, Code.WEAK_OR_UNKNOWN_ALGORITHM),
        ({"digest": "sha1", "signature_digest": "sha1"}, "weak"),
        ({"signature": "rsassa_pss"}, "weak"),
        ({"key": "ec", "curve": "secp256r1"}, "weak"),
        ({"key": "ec", "curve": "secp256k1", "signature": "ec"}, "weak"),
        ({"key": "unknown"}, "weak"),
        ({"digest": "sha512"}, Code.ALGORITHM_MISMATCH),
    ],
)
def test_algorithms_are_few_and_in_step(changed: dict[str, object], code: str) -> None:
    expected = Code.WEAK_OR_UNKNOWN_ALGORITHM if code == "weak" else code
    assert expected == judge(facts(algorithms=algorithms(**changed)), CLIENT)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"intact": False}, Code.DIGEST_MISMATCH),
        ({"valid": False}, Code.BAD_SIGNATURE),
        ({"trust": Trust.UNTRUSTED}, Code.UNTRUSTED),
        ({"trust": Trust.OUTSIDE_VALIDITY}, Code.OUTSIDE_VALIDITY),
        ({"trust": Trust.WEAK}, Code.WEAK_OR_UNKNOWN_ALGORITHM),
        ({"trust": Trust.WRONG_USAGE}, Code.WRONG_USAGE),
        ({"trust": Trust.REVOKED}, Code.REVOKED),
        ({"trust": Trust.REVOCATION_UNKNOWN}, Code.REVOCATION_UNKNOWN),
        ({"stamp": Code.WRONG_IMPRINT}, Code.WRONG_IMPRINT),
        ({"claimed_at": NOW - timedelta(days=101)}, Code.SIGNING_TIME_IN_FUTURE),
    ],
)
def test_each_fault_has_its_code(changed: dict[str, object], code: Code) -> None:
    assert code == judge(facts(**changed), CLIENT)


@pytest.mark.parametrize("code", list(Code))
def test_unreadable_keeps_its_code(code: Code) -> None:
    assert code == judge(Unreadable(code), CLIENT)
    assert code.value == refused(code).code


def test_signers_clock_may_be_five_minutes_ahead() -> None:
    ahead = NOW + timedelta(minutes=5)
    assert judge(facts(claimed_at=ahead), CLIENT) is None
    late = facts(claimed_at=ahead + MICROSECOND)
    assert judge(late, CLIENT) == Code.SIGNING_TIME_IN_FUTURE


def test_signing_time_may_be_absent() -> None:
    assert judge(facts(claimed_at=None), CLIENT) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"key_usage": frozenset({"digital_signature", "key_encipherment"})},
        {"extended_key_usage": _usages(CLIENT_AUTH)},
        {"extended_key_usage": frozenset({EMAIL_PROTECTION})},
        {"extended_key_usage": frozenset()},
        {"extended_key_usage": _usages("1.2.398.3.3.4.1.1.1")},
        {"extended_key_usage": _usages("1.2.398.3.3.4.1.2")},
        {"extended_key_usage": _usages("1.2.398.3.3.4.1.2.1")},
        {"extended_key_usage": _usages("1.2.398.5.19.1.2.2.1")},
        {"organisational_units": ("BIN990140000000",)},
    ],
)
def test_only_a_natural_persons_signing_certificate_will_do(
    changed: dict[str, object],
) -> None:
    odd = facts(certificate=certificate(**changed))
    assert judge(odd, CLIENT) == Code.WRONG_USAGE


def test_how_the_person_was_identified_is_no_usage() -> None:
    seen = certificate(extended_key_usage=_usages("1.2.398.3.3.4.3.2"))
    assert judge(facts(certificate=seen), CLIENT) is None


@pytest.mark.parametrize(
    "numbers",
    [
        (),
        (f"IIN{OTHER_IIN.reveal()}",),
        (IIN.reveal(),),
        (f"iin{IIN.reveal()}",),
        (f"IIN{IIN.reveal()} ",),
        (f"IIN{IIN.reveal()}", f"IIN{IIN.reveal()}"),
    ],
)
def test_the_certificate_names_the_client_exactly_once(
    numbers: tuple[str, ...],
) -> None:
    other = facts(certificate=certificate(serial_numbers=numbers))
    assert judge(other, CLIENT) == Code.WRONG_PERSON


def test_coids_protocols_come_from_its_organisation_only() -> None:
    assert judge(organisation_facts(), COID) is None
    assert judge(organisation_facts("111111111111"), COID) == Code.WRONG_PERSON
    assert judge(facts(), COID) == Code.WRONG_USAGE


def test_a_partners_certificate_signs_for_no_client() -> None:
    assert judge(organisation_facts(), CLIENT) == Code.WRONG_USAGE
