"""Parts of a paper as parts of a PDF page, alike wherever and whenever printed.

The typeface is embedded, so that Kazakh letters stand on every reader's pages.
"""

from importlib.resources import as_file, files
from typing import Final
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table

from kernel.papers import Bars, Codes, Grid, Line

PLAIN, BOLD = "PTSans", "PTSans-Bold"
MARGIN: Final = 18 * mm
CODE_SIDE: Final = 32 * mm
_FACES: Final = {PLAIN: "PT_Sans-Web-Regular.ttf", BOLD: "PT_Sans-Web-Bold.ttf"}
_STYLES: Final = {
    "title": ParagraphStyle(
        "title", fontName=BOLD, fontSize=12, leading=15, spaceBefore=10, alignment=1
    ),
    "heading": ParagraphStyle(
        "heading", fontName=BOLD, fontSize=9.5, leading=12, spaceBefore=6
    ),
    "text": ParagraphStyle("text", fontName=PLAIN, fontSize=9, leading=11.5),
    "small": ParagraphStyle("small", fontName=PLAIN, fontSize=7, leading=9),
    "head": ParagraphStyle("head", fontName=BOLD, fontSize=7.5, leading=9),
    "cell": ParagraphStyle("cell", fontName=PLAIN, fontSize=7.5, leading=9),
}
_GRID: Final = [
    ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
]
_BAR: Final = 4 * mm
_NAME_SHARE: Final = 0.45
"""Of the width; the bars have the rest."""
_SPELT: Final = str.maketrans({"₸": "тг"})
"""What the typeface has no glyph for."""


def load_faces() -> None:
    """Once per process: the library keeps its typefaces for everybody."""
    for name, file in _FACES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            with as_file(files("fontpkg_pt_sans") / "files" / file) as path:
                pdfmetrics.registerFont(TTFont(name, str(path)))


def flowable(part: Line | Grid | Bars | Codes, width: float = 0) -> Flowable:
    """What the library lays out; `width` is the page's, in points."""
    match part:
        case Line(style, text):
            return Paragraph(_marked_up(text), _STYLES[style])
        case Bars():
            return _bars(part, width)
        case Codes():
            return _codes(part, width)
        case Grid():
            return _table(part, width)


def _marked_up(text: str) -> str:
    """As a paragraph of the library takes it, in letters the typeface has."""
    return escape(text.translate(_SPELT))


def code(text: str, *, side: float = CODE_SIDE, level: str = "M") -> Drawing:
    """A QR code (ISO/IEC 18004); `side` in points, `level` of correction."""
    drawing = Drawing(side, side)
    drawing.add(QrCodeWidget(text, barWidth=side, barHeight=side, barLevel=level))
    return drawing


def _codes(part: Codes, width: float) -> Table:
    """As large as the page allows: each may hold two kilobytes."""
    share = width / max(len(part.codes), 1)
    names = [Paragraph(_marked_up(name), _STYLES["small"]) for name, _ in part.codes]
    drawn = [code(text, side=share - 4 * mm, level="L") for _, text in part.codes]
    return Table([drawn, names], colWidths=[share for _ in part.codes])


def _table(part: Grid, width: float) -> Table:
    share = width / sum(part.widths)
    styles = ["head", *("cell" for _ in part.rows[1:])]
    cells = [
        [Paragraph(_marked_up(cell), _STYLES[style]) for cell in row]
        for style, row in zip(styles, part.rows, strict=True)
    ]
    widths = [share * one for one in part.widths]
    return Table(cells, colWidths=widths, repeatRows=1, style=_GRID)


def _bars(part: Bars, width: float) -> Drawing:
    height = _BAR * (len(part.counts) + 1)
    most = max((count for _, count in part.counts), default=0) or 1
    names, room = width * _NAME_SHARE, width * (0.9 - _NAME_SHARE)
    drawing = Drawing(width, height)
    drawing.add(String(0, height - 0.7 * _BAR, part.title, fontName=BOLD, fontSize=8))
    for place, (name, count) in enumerate(part.counts, start=2):
        at = height - place * _BAR
        long = room * count / most
        drawing.add(String(0, at + 0.3 * _BAR, name, fontName=PLAIN, fontSize=7))
        drawing.add(Rect(names, at, long, 0.8 * _BAR, fillColor=colors.steelblue))
        drawing.add(
            String(
                names + long + mm,
                at + 0.3 * _BAR,
                str(count),
                fontName=PLAIN,
                fontSize=7,
            )
        )
    return drawing
