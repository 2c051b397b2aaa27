"""The chain from contract to amendments is verified by the files alone."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typing_extensions import override

from infra.simulators.cms import sign_detached
from kernel.crypto import canonical, sha256_hex
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.signing import ClientProof
from services.contracts.handlers.amending import (
    AmendingDesk,
    offer_amendments,
    sign_amendments,
)
from services.contracts.handlers.signing import sign_for_company
from tests.unit.contracts.builders import (
    ACCOUNT,
    CONTRACT,
    application,
    client_signed,
)
from tests.unit.contracts.fakes import Bench
from tests.unit.contracts.test_amendments import (
    NEW,
    NEWER,
    change_account,
    complete,
    last,
    open_signing,
)
from tests.unit.contracts.test_export import (
    BIN,
    FILE,
    IIN,
    Export,
    RealWitness,
    World,
    desk_of,
    entry,
    exported,
    signer_of,
    world,
)
from tools import verify_contract

__all__ = ["world"]

Forge = Callable[[Export], None]


@dataclass
class Witness(RealWitness):
    """Knows each ceremony's own signature."""

    ceremonies: dict[UUID, bytes] = field(default_factory=dict)

    @override
    def of_client(self, ceremony_id: UUID, *, purpose: str) -> ClientProof:
        document = self.ceremonies.get(ceremony_id)
        if document is None:
            return super().of_client(ceremony_id, purpose=purpose)
        signer = self.world.client
        cms = sign_detached(document, signer=signer, signed_at=self.world.clock.now())
        return ClientProof(
            signed=self.world.proved(cms, signer),
            protocol_id=f"P-{ceremony_id.int}",
            protocol_sha256="c" * 64,
        )


@pytest.fixture
def export(world: World, bench: Bench, tmp_path: Path) -> Export:
    """A contract amended twice, exported by a member of the staff."""
    desk = desk_of(world, bench, tmp_path)
    assert isinstance(desk.witness, RealWitness)
    witness = Witness(world, desk.witness.client)
    object.__setattr__(desk, "witness", witness)
    bench.clock.at = world.clock.now()
    contract = client_signed()
    object.__setattr__(contract, "document_sha256", sha256_hex(FILE))
    bench.work.applications.rows[contract.application_id] = application(
        state=ApplicationState.OFFERED, contract_id=contract.id
    )
    bench.work.contracts.put(contract, FILE)
    assert sign_for_company(desk) == 1
    amending = AmendingDesk(
        signing=desk, onboarding=bench.onboarding, disbursement=bench.disbursement
    )
    for number, token in enumerate((NEW, NEWER), start=1):
        bench.onboarding.tokens = {ACCOUNT: token}
        change_account(bench, token)
        assert offer_amendments(amending) == 1
        open_signing(bench)
        document = bench.work.documents.get(last(bench).document_sha256 or "")
        assert document is not None
        witness.ceremonies[UUID(int=number)] = document.data
        complete(bench, ceremony_id=UUID(int=number))
        assert sign_amendments(amending) == 1
    bench.work.disclosures.add(entry(at=bench.clock.at))
    folder, roots = tmp_path / "bundle", tmp_path / "roots.pem"
    folder.mkdir()
    for name, text in exported(desk)["files"].items():
        (folder / name).write_bytes(base64.b64decode(text))
    roots.write_bytes(
        world.authority.members.root.certificate.public_bytes(Encoding.PEM)
    )
    return Export(folder, roots)


@pytest.mark.clause("5.1")
def test_the_chain_verifies_by_itself(
    export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    """The contract, both amendments in their order, and a page of evidence of each."""
    assert export.judged("--iin", IIN, "--bin", BIN) == verify_contract.VERIFIED
    verified, first, second = capsys.readouterr().out.splitlines()
    assert verified.startswith("verified: ")
    for line, place in ((first, 1), (second, 2)):
        assert line.startswith("amended: ")
        assert f"/{place}, signed by both at" in line
        assert line.endswith(sha256_hex(export.read(f"amendment-{place}.pdf")))
    pages = {export.read(f"{name}evidence.pdf") for name in ("", "amendment-1.")}
    assert len(pages) == 2
    assert json.loads(export.read("manifest.json"))["bundle"] == "kredit-contract-2"


def _left_out(export: Export) -> None:
    told = json.loads(export.read("manifest.json"))
    del told["amendments"][0]
    _rename(export, "amendment-2", "amendment-1")
    _write(export, told)


def _in_another_order(export: Export) -> None:
    told = json.loads(export.read("manifest.json"))
    told["amendments"].reverse()
    _rename(export, "amendment-1", "spare")
    _rename(export, "amendment-2", "amendment-1")
    _rename(export, "spare", "amendment-2")
    _write(export, told)


def _hung_on_another(export: Export) -> None:
    """The manifest is made to fit: the bytes both have signed do not."""
    told = json.loads(export.read("manifest.json"))
    del told["amendments"][0]
    told["amendments"][0]["previous_sha256"] = told["document_sha256"]
    _rename(export, "amendment-2", "amendment-1")
    for name in ("client", "company"):
        for path in export.folder.glob(f"amendment-2.{name}.*"):
            path.unlink()
    _write(export, told)


def _passed_over(export: Export) -> None:
    told = json.loads(export.read("manifest.json"))
    told["bundle"] = "kredit-contract-1"
    _write(export, told)


def _signed_by_nobody(export: Export) -> None:
    other = export.read("client.cms")
    export.write("amendment-1.client.cms", other)
    _write(export, json.loads(export.read("manifest.json")))


def _rename(export: Export, old: str, new: str) -> None:
    for path in export.folder.glob(f"{new}.*"):
        path.unlink()
    for path in export.folder.glob(f"{old}.*"):
        path.rename(path.with_name(path.name.replace(old, new, 1)))


def _write(export: Export, told: dict[str, object]) -> None:
    names = [one.name for one in export.folder.iterdir()]
    told["files"] = {
        name: sha256_hex(export.read(name))
        for name in names
        if not name.startswith("manifest.")
    }
    export.write("manifest.json", canonical(told))  # type: ignore[arg-type]  # JSON


@pytest.mark.seeded("verifier_takes_any_chain")
@pytest.mark.parametrize("forge", [_hung_on_another, _in_another_order, _left_out])
def test_a_broken_chain_is_found_even_under_a_manifest_of_its_own(
    export: Export, world: World, bench: Bench, tmp_path: Path, forge: Forge
) -> None:
    """Left out, turned about, or hung on what it does not amend."""
    forge(export)
    _seal(export, world, bench, tmp_path)
    assert export.judged() == verify_contract.FINDING


@pytest.mark.parametrize("forge", [_passed_over, _signed_by_nobody])
def test_an_amendment_is_neither_passed_over_nor_believed_unsigned(
    export: Export, world: World, bench: Bench, tmp_path: Path, forge: Forge
) -> None:
    forge(export)
    _seal(export, world, bench, tmp_path)
    assert export.judged() == verify_contract.FINDING


def test_a_manifest_signed_anew_with_nothing_forged_still_verifies(
    export: Export, world: World, bench: Bench, tmp_path: Path
) -> None:
    """So that the tests above prove what they say."""
    _write(export, json.loads(export.read("manifest.json")))
    _seal(export, world, bench, tmp_path)
    assert export.judged() == verify_contract.VERIFIED
    assert bench.work.contracts.rows[CONTRACT].amended_sha256 is not None


def _seal(export: Export, world: World, bench: Bench, folder: Path) -> None:
    manifest = export.read("manifest.json")
    signer = signer_of(world, folder)
    sealed = world.proved(signer.sign(manifest, at=bench.clock.now()), world.company)
    export.write("manifest.cms", sealed.cms)
    export.write("manifest.tst", sealed.stamp)
    export.write("manifest.revocation-0.der", sealed.revocation[0])
