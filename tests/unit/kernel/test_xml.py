"""XML from outside is read strictly, bounded, and never quoted (catalogue B09)."""

from typing import Final

import pytest
from pyiso20022.pain.pain_002_001_10 import Document

from kernel.xml import DEEPEST, XmlError, parse_xml, read_message, write_message

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
REPORT: Final = f"""<?xml version='1.0' encoding='utf-8'?>
<Document xmlns="{NAMESPACE}"><CstmrPmtStsRpt>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-29T10:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>K</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09
</OrgnlMsgNmId></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"""
BOMB: Final = "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)
)  # fmt: skip
MOST: Final = 16 * 1024


def read(text: str) -> Document:
    return read_message(Document, text.encode(), at_most=MOST)


def test_a_message_is_read_and_written_as_its_schema_has_it() -> None:
    report = read(REPORT)
    assert report.cstmr_pmt_sts_rpt.grp_hdr.msg_id == "M"
    again = read_message(Document, write_message(report), at_most=MOST)
    assert again == report


@pytest.mark.catalogue("B09")
@pytest.mark.seeded("xml_takes_document_types")
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE d>",
        '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>',
        f'<!DOCTYPE d [<!ENTITY e0 "boom">{BOMB}]>',
    ],
)
def test_a_document_type_is_refused_with_whatever_it_brings(doctype: str) -> None:
    with pytest.raises(XmlError):
        parse_xml(
            REPORT.replace("<Document", f"{doctype}<Document").encode(), at_most=MOST
        )


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("pain.002.001.10", "pain.002.001.09"),
        ("<MsgId>M</MsgId>", ""),
        ("<MsgId>M</MsgId>", "<MsgId>M</MsgId><MsgId>N</MsgId>"),
        ("</GrpHdr>", "<Surprise/></GrpHdr>"),
        ("2026-11-29T10:00:00Z", "yesterday"),
        ("<MsgId>M", "<MsgId>&amp;&undefined;"),
        ("</Document>", ""),
        ("utf-8", "no-such-encoding"),
        ("<MsgId>M", "<MsgId>\x00"),
    ],
)
def test_what_is_not_the_message_is_refused_unquoted(was: str, becomes: str) -> None:
    text = REPORT.replace(was, becomes, 1)
    assert text != REPORT
    with pytest.raises(XmlError) as told:
        read(text)
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__ or told.value.__context__ is None


def test_size_and_depth_are_bounded() -> None:
    with pytest.raises(XmlError):
        parse_xml(b"<a>" + b" " * MOST + b"</a>", at_most=MOST)
    deep = DEEPEST * b"<a>" + DEEPEST * b"</a>"
    assert parse_xml(deep, at_most=MOST).tag == "a"
    with pytest.raises(XmlError):
        parse_xml(b"<a>" + deep + b"</a>", at_most=MOST)
