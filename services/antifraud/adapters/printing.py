"""The report of a quarter as PDF and as one page of HTML that needs nothing else."""

import io
from functools import partial
from html import escape
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer

from kernel.papers import Bars, Grid, Line
from kernel.printing import MARGIN, PLAIN, flowable, load_faces
from services.antifraud.domain.quarterly import Form, Report

SUBJECT: Final = "kredit antifraud report"
LENDER: Final = "ТОО «МФО Kredit Seven Kazakhstan»"
_TAGS: Final = {"title": "h1", "heading": "h2", "text": "p", "small": "p"}
_STYLE: Final = (
    "body{font:15px/1.45 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #999;padding:.25rem .5rem;text-align:left}"
    "rect{fill:#4682b4}text{font:13px sans-serif}"
)
_BAR: Final = 22
_NAMES: Final = 430
_ROOM: Final = 260
"""Pixels of a bar, of its name and of the longest."""


class QuarterPrinter:
    """Implements Printer: nothing of the moment goes into a file."""

    def __init__(self) -> None:
        load_faces()

    def print(self, report: Report, form: Form) -> bytes:
        return _pdf(report) if form == "pdf" else _html(report).encode()


def _pdf(report: Report) -> bytes:
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


def _html(report: Report) -> str:
    body = "\n".join(_part(part) for part in report.parts)
    return (
        f'<!doctype html>\n<html lang="{report.language}">\n<meta charset="utf-8">\n'
        f"<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n{body}\n"
        "</html>\n"
    )


def _part(part: Line | Grid | Bars) -> str:
    match part:
        case Line(style, text):
            return f"<{_TAGS[style]}>{escape(text)}</{_TAGS[style]}>"
        case Grid():
            return _table(part)
        case Bars():
            return _plot(part)


def _table(part: Grid) -> str:
    rows = []
    for number, row in enumerate(part.rows):
        tag = "td" if number else "th"
        cells = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _plot(part: Bars) -> str:
    most = max(1, *(count for _, count in part.counts))
    bars = []
    for place, (name, count) in enumerate(part.counts):
        at = place * _BAR
        long = max(0, _ROOM * count // most)
        bars.append(
            f'<text x="0" y="{at + 15}">{escape(name)}</text>'
            f'<rect x="{_NAMES}" y="{at + 3}" width="{long}" height="16"/>'
            f'<text x="{_NAMES + long + 6}" y="{at + 15}">{count}</text>'
        )
    high = _BAR * len(part.counts)
    return (
        f'<figure><figcaption>{escape(part.title)}</figcaption><svg role="img"'
        f' viewBox="0 0 760 {high}" width="760" height="{high}">{"".join(bars)}</svg>'
        "</figure>"
    )
