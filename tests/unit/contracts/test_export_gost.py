"""A stranger verifies what was signed by GOST keys: with the one file of the tool."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kernel import gost
from tests.eds.authority import (
    COMMON_NAME,
    COUNTRY,
    GOOD,
    IIN,
    ORGANISATION,
    UNIT,
    Holder,
    House,
    crl,
    delta_to,
    house,
    member,
    ocsp,
    revoked_at,
    signing,
)
from tests.eds.der import name
from tests.eds.keys import hashed, key
from tests.eds.messages import Stamping, cms, token
from tools import verify_contract

KINDS = ("gost2015_512", "gost2015_256")
BIN = "240140001238"
AT = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
DOCUMENT = b"%PDF- a contract of " + bytes(range(256)) * 40
COMPANY = "1.2.398.3.3.4.1.2"


@dataclass
class Export:
    """A bundle whose every signature is of one kind of key."""

    folder: Path
    roots: Path

    def judged(self, *more: str) -> int:
        return verify_contract.main(
            [str(self.folder), "--roots", str(self.roots), *more]
        )

    def write(self, name_: str, data: bytes) -> None:
        (self.folder / name_).write_bytes(data)

    def read(self, name_: str) -> bytes:
        return (self.folder / name_).read_bytes()

    def signed(
        self, who: str, content: bytes, holder: Holder, *, at: datetime, of: House
    ) -> None:
        """The CMS with all that proves it, as the product gathers it."""
        raw = cms(content, holder)
        value = verify_contract.read_cms(raw).value
        chain = [holder.certificate, of.issuing.certificate, of.root.certificate]
        self.write(f"{who}.cms", raw)
        self.write(f"{who}.tst", token(value, of.stamper, Stamping(at=at)))
        for number, one in enumerate(chain):
            self.write(f"{who}.chain-{number}.der", one)
        self.write(f"{who}.revocation-0.der", answer(holder, of, GOOD, at=at))


def answer(holder: Holder, of: House, status: bytes, *, at: datetime) -> bytes:
    return ocsp(
        holder.serial, issuer=of.issuing, responder=of.responder, status=status, at=at
    )


def company_of(kind: str) -> Holder:
    subject = name(
        [
            (COMMON_NAME, "РУКОВОДИТЕЛЬ"),
            (COUNTRY, "KZ"),
            (ORGANISATION, "ТОО"),
            (UNIT, f"BIN{BIN}"),
        ]
    )
    of = house(kind)
    return member(f"{kind} company", kind, of.issuing, signing(COMPANY), subject)


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def exported(folder: Path, kind: str, company_kind: str | None = None) -> Export:
    """The client's keys of one kind, the company's of the same or another."""
    of, its = house(kind), house(company_kind or kind)
    bundle, roots = folder / "bundle", folder / "roots.pem"
    bundle.mkdir()
    export, company = Export(bundle, roots), company_of(company_kind or kind)
    export.write("contract.pdf", DOCUMENT)
    export.signed("client", DOCUMENT, of.person, at=AT, of=of)
    export.signed("company", DOCUMENT, company, at=AT + timedelta(seconds=5), of=its)
    manifest = {
        "bundle": verify_contract.BUNDLE,
        "number": "KSK-1",
        "document_sha256": hashlib.sha256(DOCUMENT).hexdigest(),
        "files": files_of(bundle),
    }
    raw = json.dumps(manifest, ensure_ascii=False).encode()
    export.write("manifest.json", raw)
    export.signed("manifest", raw, company, at=AT + timedelta(minutes=1), of=its)
    roots.write_bytes(pem([of.root, its.root]))
    return export


def pem(holders: Sequence[Holder]) -> bytes:
    return b"".join(
        x509.load_der_x509_certificate(one.certificate).public_bytes(Encoding.PEM)
        for one in holders
    )


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def relist(export: Export) -> None:
    """A manifest that names the changed files; its signature is another matter."""
    told = json.loads(export.read("manifest.json"))
    ours = files_of(export.folder)
    told["files"] = {n: d for n, d in ours.items() if not n.startswith("manifest.")}
    raw = json.dumps(told, ensure_ascii=False).encode()
    export.write("manifest.json", raw)
    of = house("gost2015_512")
    company = company_of("gost2015_512")
    export.signed("manifest", raw, company, at=AT + timedelta(minutes=1), of=of)


@pytest.mark.clause("5.1")
@pytest.mark.seeded("verify_contract_any_gost_signature")
@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_signed_by_gost_keys_is_verified(tmp_path: Path, kind: str) -> None:
    """And is not as soon as one signature is of another document."""
    export = exported(tmp_path, kind)
    assert export.judged("--iin", IIN, "--bin", BIN) == verify_contract.VERIFIED
    assert export.judged("--iin", "931002451325") == verify_contract.FINDING
    of = house(kind)
    other = cms(DOCUMENT + b" ", of.person)
    value = verify_contract.read_cms(cms(DOCUMENT, of.person)).value
    forged = other.replace(
        hashed(of.person.key.scheme.hashing, DOCUMENT + b" "),
        hashed(of.person.key.scheme.hashing, DOCUMENT),
    )
    assert verify_contract.read_cms(forged).value != value
    with pytest.raises(verify_contract.FindingError, match="does not hold"):
        verify_contract.check_signature(verify_contract.read_cms(forged), DOCUMENT)


@pytest.mark.parametrize(
    ("kind", "other"), [("gost2015_512", "rsa"), ("rsa", KINDS[0])]
)
def test_client_and_company_may_have_keys_of_different_kinds(
    tmp_path: Path, kind: str, other: str
) -> None:
    export = exported(tmp_path, kind, other)
    assert export.judged("--iin", IIN, "--bin", BIN) == verify_contract.VERIFIED


@pytest.mark.seeded("verify_contract_gost_chain_unchecked")
def test_a_gost_chain_leads_to_a_root_that_was_given(tmp_path: Path) -> None:
    """Not to one of the same name, with another key."""
    export = exported(tmp_path, KINDS[0])
    export.roots.write_bytes(pem([house(KINDS[1]).root]))
    assert export.judged() == verify_contract.FINDING
    of = house(KINDS[0])
    certificate = x509.load_der_x509_certificate(of.person.certificate)
    issuer = x509.load_der_x509_certificate(of.issuing.certificate)
    root = x509.load_der_x509_certificate(of.root.certificate)
    above = verify_contract.check_path(certificate, [issuer], [root], AT)
    assert above == [certificate, issuer, root]
    raw = bytearray(of.person.certificate)
    raw[-1] ^= 1
    altered = x509.load_der_x509_certificate(bytes(raw))
    with pytest.raises(verify_contract.FindingError, match="does not lead"):
        verify_contract.check_path(altered, [issuer], [root], AT)


@pytest.mark.seeded("verify_contract_gost_answer_unchecked")
def test_what_was_said_of_a_gost_certificate_counts(tmp_path: Path) -> None:
    export, of = exported(tmp_path, KINDS[0]), house(KINDS[0])
    good = export.read("client.revocation-0.der")
    at = AT - timedelta(minutes=5)
    revoked = answer(of.person, of, revoked_at(at), at=AT)
    altered = flipped(good, len(good) // 3)
    for one in (revoked, altered, answer(of.stamper, of, GOOD, at=AT)):
        export.write("client.revocation-0.der", one)
        relist(export)
        assert export.judged() == verify_contract.FINDING
    export.write("client.revocation-0.der", good)
    relist(export)
    assert export.judged() == verify_contract.VERIFIED


@pytest.mark.seeded("verify_contract_delta_alone")
def test_lists_count_of_the_signer_the_stamper_and_the_authorities(
    tmp_path: Path,
) -> None:
    """A delta alone says nothing; a root's list that names an authority ends it."""
    export, of = exported(tmp_path, KINDS[0]), house(KINDS[0])
    window = (AT - timedelta(days=1), AT + timedelta(days=1))
    full, of_root = crl(of.issuing, window=window), crl(of.root, window=window)
    delta = crl(of.issuing, window=window, number=8, extensions=[delta_to(7)])
    revoked = [(of.issuing.serial, AT - timedelta(hours=1))]
    dead = crl(of.root, window=window, revoked=revoked)
    for first, second, verdict in (
        (full, of_root, verify_contract.VERIFIED),
        (full, delta, verify_contract.VERIFIED),
        (delta, of_root, verify_contract.FINDING),
        (full, dead, verify_contract.FINDING),
        (of_root, of_root, verify_contract.FINDING),
    ):
        export.write("client.revocation-0.der", first)
        export.write("client.revocation-1.der", second)
        relist(export)
        assert export.judged() == verdict


@pytest.mark.parametrize("size", [32, 64])
def test_streebog_is_that_of_rfc_6986_and_of_libgcrypt(size: int) -> None:
    """The examples of RFC 6986, 10.1 and 10.2, and every length around a block."""
    first = b"012345678901234567890123456789012345678901234567890123456789012"
    second = bytes.fromhex(
        "d1e520e2e5f2f0e82c20d1f2f0e8e1eee6e820e2edf3f6e82c20e2e5fef2fa20f1"
        "20eceef0ff20f1f2f0e5ebe0ece820ede020f5f0e0e1f0fbff20efebfaeafb20c8"
        "e3eef0e5e2fb"
    )
    known = {
        (first, 64): "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
        "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
        (first, 32): "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
        (second, 64): "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
        "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
        (
            second,
            32,
        ): "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
    }
    for text in (first, second):
        assert verify_contract.streebog(text, size).hex() == known[text, size]
    name_ = gost.STREEBOG_512 if size == 64 else gost.STREEBOG_256
    for length in (0, 1, 62, 63, 64, 65, 127, 128, 129, 1000):
        text = hashlib.shake_128(str(length).encode()).digest(length)
        assert verify_contract.streebog(text, size) == gost.digest(name_, text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tool_and_the_product_judge_a_signature_alike(kind: str) -> None:
    """Right ones; flipped bits, swapped halves, r and s out of range."""
    pair = key(kind, f"{kind} person")
    ours = gost.TC26_512_A if kind == KINDS[0] else gost.TC26_256_A
    its = verify_contract.CURVE_512 if kind == KINDS[0] else verify_contract.CURVE_256
    point = pair.spki[-2 * ours.size :]
    digest = hashed(pair.scheme.hashing, b"words")
    value = pair.sign(b"words")
    size = ours.size
    wrong = [
        *(flipped(value, at) for at in (0, size, 2 * size - 1)),
        value[size:] + value[:size],
        bytes(size) + value[size:],
        int(ours.q).to_bytes(size, "little") + value[size:],
        value[:size] + int(ours.q).to_bytes(size, "little"),
        value[::-1],
        value[:-1],
    ]
    assert its.holds(point, value, digest)
    assert gost.verify(ours, point, value, digest)
    for one in wrong:
        assert not its.holds(point, one, digest)
        assert not gost.verify(ours, point, one, digest)
    assert not its.holds(bytes(2 * size), value, digest)


def test_the_example_of_rfc_7091_is_verified() -> None:
    """Its 7.1, on a curve of its own; numbers stand lowest byte first here."""
    p = 57896044618658097711785492504343953926634992332820282019728792003956564821041
    q = 57896044618658097711785492504343953927082934583725450622380973592137631069619
    b = 43308876546767276905765904595650931995942111794451039583252968842033849580414
    y = 4018974056539037503335449422937059775635739389905545080690979365213431566280
    key_x = (
        57520216126176808443631405023338071176630104906313632182896741342206604859403
    )
    key_y = (
        17614944419213781543809391949654080031942662045363639260709847859438286763994
    )
    e = 20798893674476452017134061561508270130637142515379653289952617252661468872421
    r = 29700980915817952874371204983938256990422752107994319651632687982059210933395
    s = 574973400270084654178925310019147038455227042649098563933718999175515839552
    curve = verify_contract.Curve(32, p, 7, b, q, (2, y))

    def written(*numbers: int) -> bytes:
        return b"".join(one.to_bytes(32, "little") for one in numbers)

    assert curve.holds(written(key_x, key_y), written(r, s), written(e))
    assert not curve.holds(written(key_x, key_y), written(s, r), written(e))
    assert not curve.holds(written(key_x, key_y), written(r, s), written(e + 1))
