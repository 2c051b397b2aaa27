"""The company's signature under a part, before the stranger's verifier.

The simulated НУЦ certifies, answers and stamps; the signer is the product's own.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kernel.crypto import Json
from services.audit.adapters.printing import ReportPrinter
from services.audit.handlers.parts import export_part
from services.audit.ports import Sealed
from services.contracts.adapters.signing import SoftSigner
from tests.security.audit.exports import ExportFolder, Ran
from tests.security.audit.test_parts import CLIENT, say_anew, unpacked
from tests.unit.audit.stories import LOG_ENTRY, bench, desk_of, told
from tests.unit.contracts.test_export import BIN, World, signer_of, world

__all__ = ["world"]

Verify = Callable[..., Ran]
FINDING = 3


@dataclass(frozen=True)
class CompanySeal:
    """Implements Seal on the simulated НУЦ."""

    world: World
    signer: SoftSigner

    def seal(self, document: bytes) -> Sealed:
        cms = self.signer.sign(document, at=self.world.clock.now())
        signed = self.world.proved(cms, self.world.company)
        return Sealed(
            cms=signed.cms,
            stamp=signed.stamp,
            chain=signed.chain,
            revocation=signed.revocation,
        )


@dataclass
class SealedPart:
    """A part with true signatures, and the root to judge them by."""

    folder: ExportFolder
    roots: Path

    @property
    def wanted(self) -> tuple[Any, ...]:
        return ("--roots", self.roots, "--bin", BIN)


@pytest.fixture
def sealed(world: World, tmp_path: Path) -> SealedPart:
    return made(world, tmp_path, CLIENT)


def made(world: World, tmp_path: Path, words: dict[str, Json]) -> SealedPart:
    seal = CompanySeal(world, signer_of(world, tmp_path))
    writer = told()
    desk = replace(
        desk_of(writer), bench=replace(bench(), printer=ReportPrinter(), seal=seal)
    )
    given = export_part(
        words, disclosure_id=LOG_ENTRY, since=(), taken_by="operator", desk=desk
    )
    roots = tmp_path / "roots.pem"
    roots.write_bytes(
        world.authority.members.root.certificate.public_bytes(Encoding.PEM)
    )
    return SealedPart(unpacked(given.archive, tmp_path / "part", writer), roots)


@pytest.mark.clause("6.2")
def test_a_sealed_part_verifies(sealed: SealedPart, verify: Verify) -> None:
    ran = verify(sealed.folder, *sealed.wanted)
    assert ran.code == 0, ran.said
    assert "company's signature stamped 20" in ran.said
    assert "not checked (no --roots)" in verify(sealed.folder).said


@pytest.mark.seeded("audit_verifier_skips_seals")
@pytest.mark.clause("3.3c")
def test_what_the_company_did_not_sign_is_found(
    sealed: SealedPart, verify: Verify
) -> None:
    """A manifest of somebody else's making, with true digests, and a changed page."""
    folder = sealed.folder
    kept = sealed.folder.folder.parent / "kept"
    shutil.copytree(folder.folder, kept)
    say_anew(folder, made_at="2026-11-22T10:00:00.000000Z")
    assert verify(folder).code == 0
    ran = verify(folder, *sealed.wanted)
    assert ran.code == FINDING, ran.said
    shutil.rmtree(folder.folder)
    shutil.copytree(kept, folder.folder)
    report = folder.file("report.ru.pdf")
    report.write_bytes(report.read_bytes() + b"\n")
    say_anew(folder)
    assert verify(folder, *sealed.wanted).code == FINDING


def test_another_company_or_authority_is_found(
    sealed: SealedPart, verify: Verify, tmp_path: Path
) -> None:
    roots = ("--roots", sealed.roots)
    assert verify(sealed.folder, *roots, "--bin", "000000000000").code == FINDING
    shutil.copy(tmp_path / "company.crt", tmp_path / "other.pem")
    assert verify(sealed.folder, "--roots", tmp_path / "other.pem").code == FINDING


@pytest.mark.parametrize(
    "name",
    [
        "manifest.cms",
        "manifest.tst",
        "manifest.chain-0.der",
        "manifest.revocation-0.der",
    ],
)
def test_every_part_of_the_seal_is_needed(
    sealed: SealedPart, verify: Verify, name: str
) -> None:
    """A bit of the value in it, or all of it."""
    path = sealed.folder.file(name)
    raw = path.read_bytes()
    path.write_bytes(raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:])
    assert verify(sealed.folder, *sealed.wanted).code == FINDING
    path.unlink()
    assert verify(sealed.folder, *sealed.wanted).code == FINDING
