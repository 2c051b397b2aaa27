"""Names in a part: for the recipient alone, and only where the client may know."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from kernel.crypto import Recipient
from kernel.errors import Refused
from services.audit.handlers.parts import Given, export_part
from tests.unit.audit.builders import Writer
from tests.unit.audit.stories import LOG_ENTRY, FakeRegister, desk_of, told
from tests.unit.audit.test_parts import CLIENT, SECOND_DAY

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate_of(key: Key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "regulator")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )


def pem_of(key: Key) -> str:
    return certificate_of(key).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def given(writer: Writer, *, knows: bool = True, **wishes: Any) -> Given:  # noqa: ANN401 - passed on
    desk = replace(desk_of(writer), register=FakeRegister(told=knows))
    words = wishes.pop("words", CLIENT)
    return export_part(
        words, disclosure_id=LOG_ENTRY, taken_by="operator", desk=desk, **wishes
    )


def opened(archive: bytes, key: Key, folder: Path) -> ZipFile:
    """As a recipient does, by OpenSSL."""
    (folder / "x.p7m").write_bytes(archive)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "x.key").write_bytes(private)
    command = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER"]
    done = subprocess.run(
        [*command, "-in", folder / "x.p7m", "-inkey", folder / "x.key"],
        capture_output=True,
        check=True,
    )
    return ZipFile(BytesIO(done.stdout))


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_part_left_open")
def test_what_holds_names_can_be_read_by_the_recipient_alone(
    key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    writer, pem = told(), pem_of(key)
    part = given(writer, names=True, recipient_pem=pem)
    assert not part.archive.startswith(b"PK")
    assert "Серикова".encode() not in part.archive
    with opened(part.archive, key, tmp_path) as archive:
        report = archive.read("report.ru.html").decode()
        assert ("Серикова Анна" in report, "931002451325" in report) == (True, True)
    writer.write()
    leaf = json.loads(writer.leaves[8])
    assert leaf["recipient_sha256"] == Recipient.load(pem.encode()).thumbprint
    assert "Серикова".encode() not in writer.leaves[8]


def test_without_being_asked_for_no_name_is_read() -> None:
    with ZipFile(BytesIO(given(told()).archive)) as archive:
        report = archive.read("report.ru.html").decode()
    assert "не раскрыто" in report
    assert "Серикова" not in report


def test_of_whom_onboarding_knows_nothing_more_no_name_stands_there(
    key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    """Erased since; the leaves stay, and prove what they proved."""
    part = given(
        told(),
        words={"kinds": ["contracts.contract_offered.v1"]},
        names=True,
        recipient_pem=pem_of(key),
    )
    with opened(part.archive, key, tmp_path) as archive:
        report = archive.read("report.ru.html").decode()
    assert "Серикова Анна" in report
    assert "не раскрыто" in report


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_names_of_untold")
def test_names_are_not_read_where_the_client_must_not_know(
    key: rsa.RSAPrivateKey,
) -> None:
    """Each reading stands in the history the client sees."""
    writer = told()
    with pytest.raises(Refused, match="names_untold"):
        given(writer, knows=False, names=True, recipient_pem=pem_of(key))
    assert given(writer, knows=False, recipient_pem=pem_of(key)).part.entries


def test_names_need_a_recipient_with_a_key_of_the_right_kind() -> None:
    writer = told()
    with pytest.raises(Refused, match="recipient_missing"):
        given(writer, names=True)
    curve = ec.generate_private_key(ec.SECP256R1())
    small = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - to be refused
    for pem in ("", "no certificate", pem_of(curve), pem_of(small)):
        with pytest.raises(Refused, match="recipient_unfit"):
            given(writer, recipient_pem=pem or "x", words=SECOND_DAY)
    assert writer.log.events == []
