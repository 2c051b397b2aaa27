"""Papers as PDF: the same paper gives the same bytes, wherever and whenever printed.

The typeface is embedded, so that Kazakh letters stand on every reader's pages; nothing
of the moment, the machine or its language goes into the file (`invariant`).
"""

import io
import re
from functools import partial
from typing import Final
from xml.sax.saxutils import escape, unescape

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer

from kernel.papers import Line
from kernel.printing import MARGIN, PLAIN, code, flowable, load_faces
from services.contracts.domain.document import Paper

LOOK_UP: Final = "/api/v1/documents/"
"""Where the public site answers what a digest stands for."""
LENDER: Final = "ТОО «МФО Kredit Seven Kazakhstan»"

_XMP: Final = """\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:subject><rdf:Bag><rdf:li>{subject}</rdf:li></rdf:Bag></dc:subject>{amends}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>
"""
_SUBJECT: Final = re.compile(rb"<dc:subject><rdf:Bag><rdf:li>([^<]+)</rdf:li>")


class PdfPrinter:
    """Implements Printer.  `site` is the public address that answers for digests."""

    def __init__(self, *, site: str) -> None:
        self._site = site.rstrip("/")
        load_faces()

    def print(self, paper: Paper) -> bytes:
        """The file; a code on its last page names the paper's mark."""
        made = io.BytesIO()
        pages = SimpleDocTemplate(
            made,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=paper.title,
            author=LENDER,
            lang="kk-KZ",
            invariant=1,
        )
        parts: list[Flowable] = [flowable(part, pages.width) for part in paper.parts]
        address = f"{self._site}{LOOK_UP}{paper.mark}"
        parts += [Spacer(1, 4 * mm), code(address), flowable(Line("small", address))]
        pages.build(
            parts,
            onFirstPage=partial(_describe, paper=paper),
            canvasmaker=partial(Canvas, initialFontName=PLAIN),
        )
        return made.getvalue()

    def account_in(self, document: bytes) -> str | None:
        """What `_describe` has written."""
        found = _SUBJECT.search(document)
        return None if found is None else unescape(found[1].decode())


def _describe(canvas: Canvas, _pages: SimpleDocTemplate, *, paper: Paper) -> None:
    """What the paper is about as XMP (ISO 16684-1), uncompressed: programs find it."""
    if paper.account is None:
        return
    items = "".join(f"<rdf:li>sha256:{one}</rdf:li>" for one in paper.amends)
    amends = items and f"\n<dc:relation><rdf:Bag>{items}</rdf:Bag></dc:relation>"
    described = _XMP.format(subject=escape(paper.account), amends=amends).encode()
    kind = PDFDictionary({"Type": PDFName("Metadata"), "Subtype": PDFName("XML")})
    # The library has no other way to the catalogue of its document.
    catalogue = canvas._doc.Catalog  # noqa: SLF001
    catalogue.Metadata = PDFStream(kind, described, filters=[])
