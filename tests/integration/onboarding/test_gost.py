"""A client who signs with GOST, from НУЦ's certificate to evidence that stays good."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from infra.simulators.client import Person
from infra.simulators.wire import Wire
from kernel.errors import Refused
from tests.eds.authority import Holder
from tests.eds.keys import key
from tests.eds.messages import Wish, cms
from tests.integration.onboarding.conftest import Cabinet

KIND = "gost2015_512"


def certified(cabinet: Cabinet, person: Person) -> Holder:
    """The person with a GOST key of their own, certified by the simulated НУЦ."""
    pair = key(KIND, person.iin)
    identity = person.identity
    answer = Wire(cabinet.stand.public_url, ca=cabinet.stand.pki.ca).call(
        "POST",
        "/ca/v1/certificates",
        json={
            "spki": base64.b64encode(pair.spki).decode(),
            "kind": "individual_sign",
            "iin": person.iin,
            "common_name": f"{identity.surname} {identity.given_name}".upper(),
            "surname": identity.surname.upper(),
            "patronymic": None,
        },
    )
    pem: str = answer.expect(201).json()["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return Holder(
        key=pair,
        subject=certificate.subject.public_bytes(),
        certificate=certificate.public_bytes(Encoding.DER),
        serial=certificate.serial_number,
        issuer=certificate.issuer.public_bytes(),
    )


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_gost_not_accepted")
def test_a_client_registers_by_a_signature_of_gost_2015(cabinet: Cabinet) -> None:
    """Judged, stamped and kept like any other; another's signature is refused."""
    client = cabinet.applicant("gost client")
    holder = certified(cabinet, client.person)
    client.up_to_ceremony()
    client.pass_biometrics()
    right = Wish(claimed_at=cabinet.platform.clock.now())
    with pytest.raises(Refused, match="digest_mismatch"):
        client.sign(cms(client.document + b" ", holder, right))
    stranger = certified(cabinet, cabinet.stand.person("a stranger's gost"))
    with pytest.raises(Refused, match="wrong_person"):
        client.sign(cms(client.document, stranger, right))

    client.sign(cms(client.document, holder, right))
    assert client.standing["state"] == "active"
    (kept,) = cabinet.rows("SELECT certificate_serial, ages_at FROM signatures")
    assert int(kept.certificate_serial, 16) == holder.serial
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    (looked,) = cabinet.rows("SELECT ages_at FROM signatures")
    assert looked.ages_at is not None
