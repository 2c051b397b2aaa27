"""Reports as PDF, and their sentences from the file that holds them."""

import io
import tomllib
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer

from kernel.printing import MARGIN, PLAIN, flowable, load_faces
from services.audit.domain.report import Report
from services.audit.domain.telling import Telling

SUBJECT: Final = "kredit audit report"
"""In the file as plain text: the company signs PDFs of audit that say so alone."""
LENDER: Final = "ТОО «МФО Kredit Seven Kazakhstan»"


class ReportPrinter:
    """Implements Printer: nothing of the moment goes into the file (`invariant`)."""

    def __init__(self) -> None:
        load_faces()

    def print(self, report: Report) -> bytes:
        made = io.BytesIO()
        pages = SimpleDocTemplate(
            made,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=report.title,
            author=LENDER,
            subject=SUBJECT,
            lang=f"{report.language}-KZ",
            invariant=1,
        )
        parts: list[Flowable] = []
        for part in report.parts:
            parts += [flowable(part, pages.width), Spacer(1, 2 * mm)]
        pages.build(parts, canvasmaker=partial(Canvas, initialFontName=PLAIN))
        return made.getvalue()


def tellings() -> Mapping[str, Telling]:
    """One for every kind of event and of leaf."""
    text = (files("services.audit.domain") / "sentences.toml").read_text("utf-8")
    return {kind: Telling(**said) for kind, said in tomllib.loads(text).items()}
