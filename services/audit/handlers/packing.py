"""An export packed: reports for people, the manifest, the company's signatures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kernel.crypto import sha256_hex
from services.audit.domain.disclosing import disclosures
from services.audit.domain.onepage import proof_page
from services.audit.domain.part import MANIFEST, Part, manifest
from services.audit.domain.report import Person, Tellings, page, report, table
from services.audit.domain.telling import LANGUAGES
from services.audit.domain.tiles import ExportFile, zipped
from services.audit.domain.whole import Whole, whole_manifest, whole_report
from services.audit.ports import People, Printer, Seal, Sealed

_SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What it takes to make an export that a regulator takes as it is."""

    people: People
    tellings: Tellings
    printer: Printer
    seal: Seal


def packed(
    part: Part,
    proofs: Sequence[ExportFile],
    *,
    bench: Bench,
    persons: Sequence[Person] = (),
) -> bytes:
    """The archive of a part.

    1. Reports in Russian and Kazakh, as HTML and as PDF, and a table: copies. For each
       leaf that was named, its proof on one page. What opens commitments to values that
       the recipient may know.
    2. The company's signature under each PDF, with its time stamp.
    3. The manifest of all of it, signed likewise: nothing unsigned remains.
    """
    files = [*proofs, *_copies(part, proofs, bench, persons)]  # step 1
    for file in [file for file in files if file.path.endswith(".pdf")]:  # step 2
        files += _sealed(file.path.removesuffix(".pdf"), bench.seal.seal(file.content))
    listed = manifest(part, files)  # step 3
    sealed = bench.seal.seal(listed.content)
    return zipped([*files, listed, *_sealed(MANIFEST.removesuffix(_SUFFIX), sealed)])


def packed_whole(whole: Whole, *, printer: Printer, seal: Seal) -> bytes:
    """The archive of what goes with the whole log: reports, manifest, signatures."""
    files: list[ExportFile] = []
    for language in LANGUAGES:
        told = whole_report(whole, language=language)
        files += [
            ExportFile(f"report.{language}.html", page(told).encode()),
            ExportFile(f"report.{language}.pdf", printer.print(told)),
        ]
    for file in [file for file in files if file.path.endswith(".pdf")]:
        files += _sealed(file.path.removesuffix(".pdf"), seal.seal(file.content))
    listed = whole_manifest(whole, files)
    sealed = seal.seal(listed.content)
    return zipped([*files, listed, *_sealed(MANIFEST.removesuffix(_SUFFIX), sealed)])


def _copies(
    part: Part,
    given: Sequence[ExportFile],
    bench: Bench,
    persons: Sequence[Person],
) -> Sequence[ExportFile]:
    files = [
        ExportFile("events.csv", table(part.entries, tellings=bench.tellings).encode())
    ]
    if disclosed := disclosures(part.entries, persons):
        files.append(ExportFile("disclosures.jsonl", disclosed))
    proofs = {file.path: file.content for file in given}
    for entry in part.entries:
        if entry.seq in part.pages:
            proof = proofs[f"proofs/{entry.seq}.tlog-proof"]
            told = proof_page(entry, proof, part=part, tellings=bench.tellings)
            path = f"proofs/{entry.seq}.pdf"
            files.append(ExportFile(path, bench.printer.print(told)))
    for language in LANGUAGES:
        told = report(
            part,
            language=language,
            tellings=bench.tellings,
            persons=persons,
            checkpoint_sha256=sha256_hex(part.note),
        )
        files += [
            ExportFile(f"report.{language}.html", page(told).encode()),
            ExportFile(f"report.{language}.pdf", bench.printer.print(told)),
        ]
    return files


def _sealed(who: str, sealed: Sealed) -> Sequence[ExportFile]:
    return [
        ExportFile(f"{who}.cms", sealed.cms),
        ExportFile(f"{who}.tst", sealed.stamp),
        *(ExportFile(f"{who}.chain-{n}.der", x) for n, x in enumerate(sealed.chain)),
        *(
            ExportFile(f"{who}.revocation-{n}.der", x)
            for n, x in enumerate(sealed.revocation)
        ),
    ]
