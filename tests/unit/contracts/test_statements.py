"""A page of the bank's statement is believed whole or not at all."""

from datetime import date
from typing import Final

import httpx
import pytest

from kernel.errors import Transient
from kernel.money import Money
from services.contracts.adapters.statements import LARGEST_PAGE, HttpStatements
from services.contracts.domain.credits import EntryKind, iins_in, numbers_in

IBAN: Final = "KZ86125KZT5004100100"
PAGE: Final = f"""<?xml version='1.0' encoding='utf-8'?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId><MsgPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></MsgPgntn>
</GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>7</ElctrncSeqNb>
<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>KZT</Ccy></Acct>
<Ntry><Amt Ccy="KZT">1234.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2026-11-27T10:00:00.000Z</DtTm></BookgDt><ValDt><Dt>2026-11-26</Dt>
</ValDt><AcctSvcrRef>R-1</AcctSvcrRef><NtryDtls><TxDtls><Refs>
<AcctSvcrRef>R-1</AcctSvcrRef></Refs><RmtInf><Ustrd>Погашение</Ustrd></RmtInf></TxDtls>
</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""


def bank(body: str, status: int = 200) -> HttpStatements:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(status, content=body.encode())
    )
    client = httpx.Client(base_url="https://bank", transport=transport)
    return HttpStatements(client, iban=IBAN)


def test_an_entry_is_read_with_its_value_date_and_to_the_tiyn() -> None:
    page = bank(PAGE).page(after=6)
    ((entry, payment),) = page.entries
    assert (page.upto, page.is_last) == (7, True)
    assert (entry.kind, entry.amount) == (EntryKind.CREDIT, Money(123_450))
    assert (entry.value_on, entry.reference) == (date(2026, 11, 26), "R-1")
    assert (payment.purpose, payment.payer_iin) == ("Погашение", None)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<Document", "<!DOCTYPE d [<!ENTITY e 'e'>]><Document"),
        (IBAN, "KZ978562203105747338"),
        ('Ccy="KZT"', 'Ccy="USD"'),
        ("1234.5", "1234.567"),
        ("1234.5", "-1"),
        ("1234.5", "0"),
        ("1234.5", "1e3"),
        (">BOOK<", ">PDNG<"),
        (">CRDT<", ">XXXX<"),
        ("2026-11-26", "26.11.2026"),
        ("<AcctSvcrRef>R-1</AcctSvcrRef><NtryDtls>", "<NtryDtls>"),
        (">7<", ">5<"),
        (">7<", ">6<"),
        ("camt.053.001.08", "camt.053.001.02"),
        ("</Document>", ""),
        ("Погашение", "x" * 1_001),
        ("Погашение", "x" * LARGEST_PAGE),
    ],
)
def test_what_is_not_a_statement_of_ours_is_no_answer(was: str, becomes: str) -> None:
    """And the reader's words show nothing of it."""
    body = PAGE.replace(was, becomes, 1)
    assert body != PAGE
    with pytest.raises(Transient) as told:
        bank(body).page(after=6)
    assert "Погашение" not in str(told.value)


@pytest.mark.parametrize("status", [204, 403, 500])
def test_another_status_is_no_answer(status: int) -> None:
    with pytest.raises(Transient):
        bank(PAGE, status).page(after=6)


def test_numbers_and_iins_are_read_out_of_what_people_write() -> None:
    assert numbers_in("по дог. ksk 20261102 00000000C0, спасибо") == {
        "KSK-20261102-00000000C0"
    }
    assert numbers_in("XKSK-20261102-00000000C0 KSK-20261102-00000000C01") == set()
    assert iins_in("ИИН 931002451325, тел 870012345679") == {"931002451325"}
