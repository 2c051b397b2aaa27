"""Papers as PDF: the same paper gives the same bytes, wherever and whenever printed.

The typeface is embedded, so that Kazakh letters stand on every reader's pages; nothing
of the moment, the machine or its language goes into the file (`invariant`).
"""

import io
import re
from functools import partial
from importlib.resources import as_file, files
from typing import Final
from xml.sax.saxutils import escape, unescape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from services.contracts.domain.document import Grid, Line, Paper

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
_PLAIN, _BOLD = "PTSans", "PTSans-Bold"
_FACES: Final = {_PLAIN: "PT_Sans-Web-Regular.ttf", _BOLD: "PT_Sans-Web-Bold.ttf"}
_MARGIN: Final = 18 * mm
_CODE_SIDE: Final = 32 * mm
_STYLES: Final = {
    "title": ParagraphStyle(
        "title", fontName=_BOLD, fontSize=12, leading=15, spaceBefore=10, alignment=1
    ),
    "heading": ParagraphStyle(
        "heading", fontName=_BOLD, fontSize=9.5, leading=12, spaceBefore=6
    ),
    "text": ParagraphStyle("text", fontName=_PLAIN, fontSize=9, leading=11.5),
    "small": ParagraphStyle("small", fontName=_PLAIN, fontSize=7, leading=9),
    "head": ParagraphStyle("head", fontName=_BOLD, fontSize=7.5, leading=9),
    "cell": ParagraphStyle("cell", fontName=_PLAIN, fontSize=7.5, leading=9),
}
_GRID: Final = [
    ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
]


class PdfPrinter:
    """Implements Printer.  `site` is the public address that answers for digests."""

    def __init__(self, *, site: str) -> None:
        self._site = site.rstrip("/")
        _load_faces()

    def print(self, paper: Paper) -> bytes:
        """The file; a code on its last page names the paper's mark."""
        made = io.BytesIO()
        pages = SimpleDocTemplate(
            made,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=paper.title,
            author=LENDER,
            lang="kk-KZ",
            invariant=1,
        )
        parts: list[Flowable] = [_flowable(part, pages.width) for part in paper.parts]
        address = f"{self._site}{LOOK_UP}{paper.mark}"
        parts += [Spacer(1, 4 * mm), _code(address), _flowable(Line("small", address))]
        pages.build(
            parts,
            onFirstPage=partial(_describe, paper=paper),
            canvasmaker=partial(Canvas, initialFontName=_PLAIN),
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


def _flowable(part: Line | Grid, width: float = 0) -> Flowable:
    if isinstance(part, Line):
        return Paragraph(escape(part.text), _STYLES[part.style])
    share = width / sum(part.widths)
    styles = ["head", *("cell" for _ in part.rows[1:])]
    cells = [
        [Paragraph(escape(cell), _STYLES[style]) for cell in row]
        for style, row in zip(styles, part.rows, strict=True)
    ]
    widths = [share * one for one in part.widths]
    return Table(cells, colWidths=widths, repeatRows=1, style=_GRID)


def _code(text: str) -> Drawing:
    drawing = Drawing(_CODE_SIDE, _CODE_SIDE)
    drawing.add(
        QrCodeWidget(text, barWidth=_CODE_SIDE, barHeight=_CODE_SIDE, barLevel="M")
    )
    return drawing


def _load_faces() -> None:
    """Once per process: the library keeps its typefaces for everybody."""
    for name, file in _FACES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            with as_file(files("fontpkg_pt_sans") / "files" / file) as path:
                pdfmetrics.registerFont(TTFont(name, str(path)))
