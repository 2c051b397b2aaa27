"""The bank's host-to-host channel takes what its schema lets through, once."""

from typing import Final
from xml.etree.ElementTree import fromstring

import pytest

from infra.simulators.client import Person
from infra.simulators.identities import another_iban
from infra.simulators.wire import Answer
from tests.integration.simulators.stand import COMPANY_IBAN, Stand

REPORT: Final = "{urn:iso:std:iso:20022:tech:xsd:pain.002.001.10}"


def payment(person: Person, key: str) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>{key}</MsgId><CreDtTm>2026-11-29T10:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>
<InitgPty/></GrpHdr><PmtInf><PmtInfId>{key}</PmtInfId><PmtMtd>TRF</PmtMtd>
<ReqdExctnDt><Dt>2026-11-29</Dt></ReqdExctnDt>
<Dbtr><Id><OrgId><Othr><Id>990140000007</Id></Othr></OrgId></Id></Dbtr>
<DbtrAcct><Id><IBAN>{COMPANY_IBAN}</IBAN></Id></DbtrAcct>
<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>{key}</EndToEndId></PmtId>
<Amt><InstdAmt Ccy="KZT">400000.5</InstdAmt></Amt>
<Cdtr><Id><PrvtId><Othr><Id>{person.iin}</Id></Othr></PrvtId></Id></Cdtr>
<CdtrAcct><Id><IBAN>{person.iban}</IBAN></Id></CdtrAcct>
<Purp><Prtry>411</Prtry></Purp>
<RgltryRptg><Dtls><Tp>KOD</Tp><Cd>15</Cd></Dtls></RgltryRptg>
<RgltryRptg><Dtls><Tp>KBE</Tp><Cd>19</Cd></Dtls></RgltryRptg>
<RmtInf><Ustrd>Выдача микрокредита</Ustrd></RmtInf>
</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>"""


def send(stand: Stand, text: str) -> Answer:
    return stand.bank.call("POST", "/v1/payments", body=text.encode())


def told(answer: Answer, path: str) -> str:
    steps = "/".join(REPORT + step for step in path.split("/"))
    found = fromstring(answer.body).find(f".//{steps}")  # noqa: S314 - our own bank
    assert found is not None
    return found.text or ""


def lines_under(stand: Stand, key: str) -> int:
    return sum(line["idempotency_key"] == key for line in stand.control.ledger())


def test_a_payment_is_taken_once_and_reported(stand: Stand) -> None:
    person = stand.known_person("pain once")
    first = send(stand, payment(person, "pain-once")).expect(201)
    again = send(stand, payment(person, "pain-once")).expect(200)
    asked = stand.bank.call("GET", "/v1/payments/pain-once").expect(200)
    for answer in (first, again, asked):
        assert told(answer, "OrgnlEndToEndId") == "pain-once"
        assert told(answer, "AcctSvcrRef") == told(first, "AcctSvcrRef")
        assert told(answer, "InstdAmt") == "400000.50"
        assert told(answer, "CdtrAcct/Id/IBAN") == person.iban
    assert lines_under(stand, "pain-once") == 1


def test_another_payment_under_the_same_key_is_a_conflict(stand: Stand) -> None:
    text = payment(stand.known_person("pain twice"), "pain-twice")
    send(stand, text).expect(201)
    answer = send(stand, text.replace("400000.5", "400000.6"))
    assert (answer.status, answer.json()["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize(
    ("was", "becomes", "code"),
    [
        ("<Document", "<!DOCTYPE d [<!ENTITY e 'e'>]><Document", "malformed"),
        ("<PmtMtd>TRF</PmtMtd>", "", "malformed"),
        ("pain.001.001.09", "pain.001.001.03", "malformed"),
        ("400000.5", "400000.555", "malformed"),
        ("400000.5", "0", "malformed"),
        ("<Purp><Prtry>411</Prtry></Purp>", "", "malformed"),
        ("<Tp>KBE</Tp>", "<Tp>OTHER</Tp>", "codes_missing"),
        ('Ccy="KZT"', 'Ccy="USD"', "currency_unknown"),
        ("</Document>", "", "malformed"),
    ],
)
def test_what_a_bank_would_refuse_is_refused(
    stand: Stand, was: str, becomes: str, code: str
) -> None:
    text = payment(stand.known_person("pain refused"), "pain-refused")
    assert text != text.replace(was, becomes, 1)
    answer = send(stand, text.replace(was, becomes, 1))
    assert (400 <= answer.status < 500, answer.json()["code"]) == (True, code)
    assert lines_under(stand, "pain-refused") == 0


@pytest.mark.usefixtures("healed")
def test_a_wrong_report_is_a_report_all_the_same(stand: Stand) -> None:
    person = stand.known_person("pain wrong")
    stand.control.arm_bank("/v1/payments", "wrong", fields=["creditor_iban"])
    answer = send(stand, payment(person, "pain-wrong")).expect(201)
    assert told(answer, "CdtrAcct/Id/IBAN") == another_iban(person.iban)
