"""The same paper is the same file: in another process, place, language and year."""

import subprocess
import sys
from dataclasses import replace
from typing import Final

import pytest
from reportlab.pdfbase import pdfmetrics

from kernel.crypto import sha256_hex
from kernel.papers import Grid, Line
from services.contracts.adapters.printing import PdfPrinter
from services.contracts.domain.document import Paper
from tests.marks import ROOT
from tests.unit.contracts.test_document import ACCOUNT, paper

SITE: Final = "https://kredit.example"
ELSEWHERE: Final = """
import sys, time
year = float(sys.argv[1])
time.time = lambda: year
gmtime, localtime = time.gmtime, time.localtime
time.gmtime = lambda at=year: gmtime(at)
time.localtime = lambda at=year: localtime(at)
from tests.unit.contracts.test_printing import SITE, printed
print(printed())
"""


def printed() -> str:
    """Digest of the contract as a file."""
    return sha256_hex(PdfPrinter(site=SITE).print(paper()))


@pytest.mark.clause("5.1")
@pytest.mark.seeded("contracts_pdf_of_the_moment")
def test_the_same_paper_is_the_same_file_in_any_process() -> None:
    """Other seeds of hashes, languages, time zones and years."""
    found = {printed()}
    for seed, language, zone, year in (
        ("1", "C", "UTC", "0"),
        ("4242", "kk_KZ.UTF-8", "Asia/Almaty", "4102444800"),
    ):
        run = subprocess.run(
            [sys.executable, "-c", ELSEWHERE, year],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "LC_ALL": language, "TZ": zone},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found.add(run.stdout.strip())
    assert len(found) == 1


def test_any_other_word_is_another_file() -> None:
    printer, same = PdfPrinter(site=SITE), paper()
    other = replace(same, parts=(*same.parts, Line("text", "и ещё")))
    assert printer.print(same) != printer.print(other)
    assert printer.print(same) == printer.print(paper())


def test_the_typeface_is_in_the_file_and_has_the_kazakh_letters() -> None:
    """A reader without it would show boxes where ә, ғ, қ, ң, ө, ұ, ү, һ, і stand."""
    letters = "әғқңөұүһі ӘҒҚҢӨҰҮҺІ № «» — ё"
    file = PdfPrinter(site=SITE).print(Paper(title="а", parts=(Line("text", letters),)))
    assert b"/FontFile2" in file
    known = pdfmetrics.getFont("PTSans").face.charToGlyph
    assert [letter for letter in letters if ord(letter) not in known] == []


@pytest.mark.clause("4.10")
@pytest.mark.seeded("contracts_pdf_hides_the_account")
@pytest.mark.parametrize(
    "account",
    [
        "KZ978562203105747338",
        "платёжная карта •••• 1234, счёт карты KZ978562203105747338",
    ],
)
def test_the_account_stands_in_the_file_as_plain_text(account: str) -> None:
    """Onboarding looks for it there before a ceremony over the file covers it."""
    named = replace(paper(), account=account)
    assert account.encode() in PdfPrinter(site=SITE).print(named)
    assert paper().account == ACCOUNT


def test_the_account_and_what_is_amended_can_be_read_back() -> None:
    """Without the words of a page: these are compressed."""
    file = PdfPrinter(site=SITE)
    for account in (ACCOUNT, "карта <&> •••• 1234"):
        named = replace(paper(), account=account, amends=("a" * 64, "b" * 64))
        printed_file = file.print(named)
        assert file.account_in(printed_file) == account
        assert b"sha256:" + b"a" * 64 + b"<" in printed_file
        assert b"sha256:" + b"b" * 64 + b"<" in printed_file
    assert file.account_in(b"%PDF-") is None
    assert b"dc:relation" not in file.print(paper())


def test_words_cannot_lay_out_the_page() -> None:
    """Tags in a name are printed, not obeyed."""
    file = PdfPrinter(site=SITE)
    tags = Paper(title="а", parts=(Line("text", "<b>&amp;</b><a href='x'>"),))
    assert file.print(tags).startswith(b"%PDF-")


def test_a_long_schedule_goes_over_pages() -> None:
    rows = tuple((str(n), "03.12.2026") for n in range(400))
    file = PdfPrinter(site=SITE).print(
        Paper(title="а", parts=(Grid((1, 3), (("№", "Дата"), *rows)),))
    )
    assert file.count(b"/Type /Page\n") > 5
