"""An exported contract is verified by itself, and not once any part was changed.

The simulated НУЦ certifies, answers and stamps as on the wire; the verifier is the
stand-alone program, and the company's signer the product's own.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from infra.simulators import ocsp, tsp
from infra.simulators.authority import Authority
from infra.simulators.clock import Clock
from infra.simulators.cms import Signer, sign_detached
from infra.simulators.hierarchy import COID
from infra.simulators.profile import Kind, Subject
from kernel.context import StaffMember
from kernel.crypto import canonical, sha256, sha256_hex
from kernel.errors import Refused, Transient
from kernel.events.contracts import DocumentRead
from services.contracts.adapters.signing import SoftSigner
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.disclosure import Asked, Disclosure
from services.contracts.domain.reading import ReadPurpose
from services.contracts.domain.signing import ClientProof, Renewal, Restamp, Signed
from services.contracts.handlers.exports import export_contract, sign_for_audit
from services.contracts.handlers.signing import SigningDesk, sign_for_company
from tests.unit.contracts.builders import (
    CLIENT,
    CONTRACT,
    POLICY,
    application,
    client_signed,
    signing,
)
from tests.unit.contracts.fakes import Bench, FakePrinter
from tools import verify_contract

FILE: Final = b"%PDF- the contract"
IIN, BIN = "931002451325", "240140001238"
PERSON: Final = Subject(
    iin=IIN, common_name="СЕРИКОВ АЙДАР", surname="СЕРИКОВ", patronymic="МАРАТОВИЧ"
)
COMPANY: Final = Subject(
    iin="850101300603",
    common_name="РУКОВОДИТЕЛЬ",
    surname="РУКОВОДИТЕЛЬ",
    patronymic=None,
    organization="ТОО",
    bin=BIN,
)
ANNA: Final = StaffMember(id=UUID(int=0xA7), permissions=frozenset({"documents.read"}))


@dataclass
class World:
    """The simulated НУЦ, a client with a key, and the company with one."""

    authority: Authority
    clock: Clock
    client: Signer
    company: Signer

    def proved(self, cms: bytes, signer: Signer) -> Signed:
        """The evidence that onboarding would gather."""
        now = self.clock.now()
        value = verify_contract.read_cms(cms).value
        asked = asn1_tsp.TimeStampReq(
            {
                "version": "v1",
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": sha256(value),
                },
                "cert_req": True,
            }
        )
        stamped = asn1_tsp.TimeStampResp.load(
            tsp.respond(asked.dump(), stamper=self.authority.members.stamper, now=now)
        )
        return Signed(
            cms=cms,
            chain=(signer.der, *self.authorities()),
            revocation=(self.answer(signer, at=now),),
            stamp=stamped["time_stamp_token"].dump(),
            certificate_serial=f"{signer.certificate.serial_number:x}",
            checked_at=now,
            stamped_at=now,
        )

    def authorities(self) -> tuple[bytes, ...]:
        members = self.authority.members
        return members.issuing.der, members.root.der

    def answer(self, signer: Signer, *, at: datetime) -> bytes:
        issuing = asn1_x509.Certificate.load(self.authority.members.issuing.der)
        named = {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": issuing.subject.sha1,
            "issuer_key_hash": issuing.public_key.sha1,
            "serial_number": signer.certificate.serial_number,
        }
        request = asn1_ocsp.OCSPRequest(
            {"tbs_request": {"request_list": [{"req_cert": named}]}}
        )
        return ocsp.respond(request.dump(), authority=self.authority, now=at)


@dataclass
class RealWitness:
    """Implements Witness on the simulated НУЦ."""

    world: World
    client: Signed

    def of_client(self, ceremony_id: UUID, *, purpose: str) -> ClientProof:
        del ceremony_id, purpose
        return ClientProof(
            signed=self.client, protocol_id="P-1", protocol_sha256="b" * 64
        )

    def of_company(self, document: bytes, cms: bytes) -> Signed:
        del document
        return self.world.proved(cms, self.world.company)

    def renew(
        self, document: bytes, signed: Signed, restamps: Sequence[Restamp]
    ) -> Renewal:
        raise AssertionError("an export renews nothing", document, signed, restamps)


def certified(authority: Authority, subject: Subject, kind: Kind) -> Signer:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    name = x509.Name([])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    csr = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    return Signer(key=key, certificate=authority.issue(csr, subject, kind))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    clock = Clock()
    data = tmp_path_factory.mktemp("authority")
    authority = Authority(data=data, clock=clock, public_url="https://nca.example")
    return World(
        authority,
        clock,
        client=certified(authority, PERSON, Kind.INDIVIDUAL_SIGN),
        company=certified(authority, COMPANY, Kind.ORGANISATION_SIGN),
    )


def signer_of(world: World, folder: Path) -> SoftSigner:
    """The product's signer with the company's key as files."""
    key, certificate = folder / "company.key", folder / "company.crt"
    key.write_bytes(
        world.company.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    certificate.write_bytes(world.company.certificate.public_bytes(Encoding.PEM))
    return SoftSigner(key, certificate)


@dataclass
class Export:
    """A bundle on disk, the roots to judge it by, and the verifier's verdict."""

    folder: Path
    roots: Path

    def judged(self, *more: str) -> int:
        return verify_contract.main(
            [str(self.folder), "--roots", str(self.roots), *more]
        )

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


ENTRY: Final = UUID(int=0xD15C)


def entry(
    *, at: datetime, client_id: UUID | None = CLIENT, days_left: int = 1
) -> Disclosure:
    """What two of the staff agreed to disclose."""
    asked = Asked(
        ground="written_consent",
        recipient="court no 2, request 17",
        client_id=client_id,
        document_sha256="d" * 64,
        proofs=("consent",),
        days=1,
    )
    return Disclosure(
        disclosure_id=ENTRY,
        asked=asked,
        recipient_kind="third_person",
        told=True,
        asked_by=UUID(int=1),
        approved_by=UUID(int=2),
        approved_at=at,
        valid_until=at + timedelta(days=days_left),
    )


def desk_of(world: World, bench: Bench, folder: Path) -> SigningDesk:
    """Where the file the client has signed is signed and exported."""
    cms = sign_detached(FILE, signer=world.client, signed_at=world.clock.now())
    return SigningDesk(
        work=bench.work,
        antifraud=bench.antifraud,
        signer=signer_of(world, folder),
        witness=RealWitness(world, world.proved(cms, world.client)),
        printer=FakePrinter(),
        policy=POLICY,
        clock=bench.clock,
    )


def exported(desk: SigningDesk) -> Any:  # noqa: ANN401 - JSON
    return export_contract(
        CONTRACT,
        disclosure_id=ENTRY,
        purpose=ReadPurpose.COURT_CASE,
        by=ANNA,
        desk=desk,
    )


@pytest.fixture
def export(world: World, bench: Bench, tmp_path: Path) -> Iterator[Export]:
    """A contract both have signed, exported by a member of the staff."""
    desk = desk_of(world, bench, tmp_path)
    contract = client_signed()
    bench.clock.at = world.clock.now()
    object.__setattr__(contract, "document_sha256", sha256_hex(FILE))
    bench.work.applications.rows[contract.application_id] = application(
        state=ApplicationState.OFFERED, contract_id=contract.id
    )
    bench.work.contracts.put(contract, FILE)
    assert sign_for_company(desk) == 1
    bench.work.disclosures.add(entry(at=bench.clock.at))
    answer = exported(desk)
    folder, roots = tmp_path / "bundle", tmp_path / "roots.pem"
    folder.mkdir()
    for name, text in answer["files"].items():
        (folder / name).write_bytes(base64.b64decode(text))
    roots.write_bytes(
        world.authority.members.root.certificate.public_bytes(Encoding.PEM)
    )
    yield Export(folder, roots)
    assert isinstance(bench.work.said[-1], DocumentRead)
    assert bench.work.said[-1].purpose == "court_case"


@pytest.mark.clause("5.1")
@pytest.mark.clause("5.2b")
def test_an_export_verifies_by_itself(
    export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    """No database, no network; the roots and the numbers come from who verifies."""
    assert export.judged("--iin", IIN, "--bin", BIN) == verify_contract.VERIFIED
    assert sha256_hex(FILE) in capsys.readouterr().out


@pytest.mark.seeded("verifier_takes_changed_files")
def test_no_file_can_be_changed(export: Export) -> None:
    """One bit in the middle of each; the manifest alone cannot cover it up."""
    for path in sorted(export.folder.iterdir()):
        good = path.read_bytes()
        middle = len(good) // 2
        bad = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
        path.write_bytes(bad)
        assert export.judged() == verify_contract.FINDING, path.name
        path.write_bytes(good)
    assert export.judged() == verify_contract.VERIFIED


def test_no_file_can_be_taken_away_or_added(export: Export) -> None:
    for path in sorted(export.folder.iterdir()):
        good = path.read_bytes()
        path.unlink()
        assert export.judged() == verify_contract.FINDING, path.name
        path.write_bytes(good)
    export.write("more.pdf", b"%PDF-")
    assert export.judged() == verify_contract.FINDING


Forge = Callable[[Export, World], None]


def _other_document(export: Export, _world: World) -> None:
    export.write("contract.pdf", b"%PDF- another contract")


def _signature_of_another(export: Export, world: World) -> None:
    other = certified(world.authority, COMPANY, Kind.ORGANISATION_SIGN)
    cms = sign_detached(FILE, signer=other, signed_at=world.clock.now())
    export.write("client.cms", cms)


def _signature_that_does_not_hold(export: Export, world: World) -> None:
    """Its last byte is that of the signature value; the stamp is over it as it is."""
    good = sign_detached(FILE, signer=world.client, signed_at=world.clock.now())
    cms = good[:-1] + bytes([good[-1] ^ 1])
    export.write("client.cms", cms)
    export.write("client.tst", world.proved(cms, world.client).stamp)


def _stamp_of_another(export: Export, _world: World) -> None:
    export.write("client.tst", export.read("company.tst"))


def _answer_about_another(export: Export, _world: World) -> None:
    export.write("client.revocation-0.der", export.read("company.revocation-0.der"))


def _old_answer(export: Export, world: World) -> None:
    at = world.clock.now() - timedelta(days=2)
    export.write("client.revocation-0.der", world.answer(world.client, at=at))


@pytest.mark.parametrize(
    "forge",
    [
        _other_document,
        _signature_of_another,
        _signature_that_does_not_hold,
        _stamp_of_another,
        _answer_about_another,
        _old_answer,
    ],
)
@pytest.mark.seeded(
    "verifier_takes_any_document",
    "verifier_takes_any_signature",
    "verifier_takes_any_stamp",
    "verifier_takes_any_answer",
)
def test_a_forged_part_is_found_even_under_a_manifest_of_its_own(
    export: Export, world: World, forge: Forge, bench: Bench, tmp_path: Path
) -> None:
    """Whoever had the company's key could sign another manifest: nothing is gained."""
    forge(export, world)
    _sign_manifest_anew(export, world, signer_of(world, tmp_path), bench)
    assert export.judged() == verify_contract.FINDING


def _sign_manifest_anew(
    export: Export, world: World, signer: SoftSigner, bench: Bench
) -> None:
    told = json.loads(export.read("manifest.json"))
    told["files"] = {name: sha256_hex(export.read(name)) for name in told["files"]}
    told["document_sha256"] = sha256_hex(export.read("contract.pdf"))
    manifest = canonical(told)
    sealed = world.proved(signer.sign(manifest, at=bench.clock.now()), world.company)
    export.write("manifest.json", manifest)
    export.write("manifest.cms", sealed.cms)
    export.write("manifest.tst", sealed.stamp)
    export.write("manifest.revocation-0.der", sealed.revocation[0])


def test_a_manifest_signed_anew_with_nothing_forged_still_verifies(
    export: Export, world: World, bench: Bench, tmp_path: Path
) -> None:
    """So that the test above proves what it says."""
    _sign_manifest_anew(export, world, signer_of(world, tmp_path), bench)
    assert export.judged() == verify_contract.VERIFIED


@pytest.mark.parametrize(
    "given", [("--iin", "940101300123"), ("--bin", COID.bin or "")]
)
@pytest.mark.seeded("verifier_takes_any_holder")
def test_somebody_elses_certificate_is_found(
    export: Export, given: tuple[str, str]
) -> None:
    assert export.judged(*given) == verify_contract.FINDING


@pytest.mark.seeded("verifier_takes_any_root")
def test_roots_of_another_authority_are_not_believed(
    export: Export, world: World
) -> None:
    """Not even one that calls itself the same."""
    ours = world.authority.members.root.certificate
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    impostor = (
        x509.CertificateBuilder()
        .subject_name(ours.subject)
        .issuer_name(ours.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    export.roots.write_bytes(impostor.public_bytes(Encoding.PEM))
    assert export.judged() == verify_contract.FINDING


@pytest.mark.seeded("verifier_takes_revoked_certificates")
def test_a_certificate_that_was_revoked_is_found(
    export: Export, world: World, bench: Bench, tmp_path: Path
) -> None:
    revoked = certified(world.authority, PERSON, Kind.INDIVIDUAL_SIGN)
    world.authority.revoke(
        revoked.certificate.serial_number, x509.ReasonFlags.key_compromise
    )
    cms = sign_detached(FILE, signer=revoked, signed_at=world.clock.now())
    proved = world.proved(cms, revoked)
    export.write("client.cms", proved.cms)
    export.write("client.tst", proved.stamp)
    export.write("client.chain-0.der", proved.chain[0])
    export.write("client.revocation-0.der", proved.revocation[0])
    _sign_manifest_anew(export, world, signer_of(world, tmp_path), bench)
    assert export.judged() == verify_contract.FINDING


def test_wrong_usage_is_told_apart(export: Export, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    assert (
        verify_contract.main([str(export.folder), "--roots", str(nothing)])
        == verify_contract.USAGE
    )


@pytest.mark.clause("5.2b")
def test_what_is_not_signed_by_both_is_not_exported(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    desk = desk_of(world, bench, tmp_path)
    bench.work.contracts.put(signing(), FILE)
    bench.work.disclosures.add(entry(at=bench.clock.at))
    with pytest.raises(Refused) as refused:
        exported(desk)
    assert refused.value.code == "not_signed"


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_export_without_disclosure")
@pytest.mark.parametrize(
    "changes",
    [None, {"client_id": UUID(int=7)}, {"client_id": None}, {"days_left": 0}],
    ids=["none", "another client", "the log", "ran out"],
)
def test_nothing_is_exported_without_an_entry_of_the_register(
    world: World, bench: Bench, tmp_path: Path, changes: dict[str, Any] | None
) -> None:
    desk = desk_of(world, bench, tmp_path)
    bench.work.contracts.put(client_signed(), FILE)
    if changes is not None:
        bench.work.disclosures.add(entry(at=bench.clock.at, **changes))
    with pytest.raises(Refused) as refused:
        exported(desk)
    assert refused.value.code == "disclosure_not_valid"
    assert bench.work.said == []
    assert bench.work.said == []


@pytest.mark.seeded("contracts_key_out_of_reach_is_a_defect")
def test_a_key_out_of_reach_is_waited_for(world: World, tmp_path: Path) -> None:
    """It may come back; what was made of it then is as good as ever."""
    signer = SoftSigner(tmp_path / "company.key", tmp_path / "company.crt")
    with pytest.raises(Transient):
        signer.sign(FILE, at=datetime.now(UTC))
    signer_of(world, tmp_path)
    cms = signer.sign(FILE, at=datetime.now(UTC))
    verify_contract.check_signature(verify_contract.read_cms(cms), FILE)


def test_a_signature_of_a_key_on_a_curve_holds(world: World, tmp_path: Path) -> None:
    """ECDSA, the other kind the signer and the verifier know."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = request.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    issued = world.authority.issue(csr, COMPANY, Kind.ORGANISATION_SIGN)
    on_curve = World(
        world.authority,
        world.clock,
        client=world.client,
        company=Signer(key=key, certificate=issued),
    )
    cms = signer_of(on_curve, tmp_path).sign(FILE, at=datetime.now(UTC))
    signature = verify_contract.read_cms(cms)
    verify_contract.check_signature(signature, FILE)
    with pytest.raises(verify_contract.FindingError):
        verify_contract.check_signature(signature, FILE + b"!")


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_signs_anything_for_audit")
def test_for_audit_the_company_signs_reports_and_manifests_alone(
    world: World, bench: Bench, tmp_path: Path
) -> None:
    """Whoever speaks as audit gets no contract signed by the company."""
    desk = desk_of(world, bench, tmp_path)
    report = b"%PDF-1.4 /Subject (kredit audit report)"
    listing = b'{"checkpoint":{"sha256":"00","size":1}}'
    for document in (report, listing):
        answer = sign_for_audit(base64.b64encode(document).decode(), desk=desk)
        cms = base64.b64decode(answer["cms_b64"])
        verify_contract.check_signature(verify_contract.read_cms(cms), document)
    for document in (FILE, b"{}", b"/Subject (kredit audit report)", b""):
        with pytest.raises(Refused) as refused:
            sign_for_audit(base64.b64encode(document).decode(), desk=desk)
        assert refused.value.code == "document_unfit"
