"""`kredit audit matrix`: what holds each clause of the Procedure, and what shows it."""

import argparse
import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from kernel.cli import Command, Listing, Operator, rows_of, write_private
from kernel.cli.output import Row
from kernel.clock import parse_rfc3339
from kernel.crypto import Json
from services.audit.domain.telling import almaty, shown

_STYLE: Final = (
    "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #999;padding:.4em;text-align:left;vertical-align:top}"
    "td{overflow-wrap:anywhere}ul{margin:0;padding-left:1.1em}small{color:#555}"
)
_HEADS: Final = (
    "Пункт",
    "Контроль",
    "Действующие настройки",
    "Тесты",
    "Записи журнала",
)
_RESULTS: Final = {"passed": "пройден", "failed": "не пройден", "error": "не проведён"}
_NOT_RUN: Final = "не запускался"
_NONE: Final = "<p>нет</p>"


def matrix(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """The matrix; as a page for the regulator too, if a file is named."""
    answer = operator.ask("matrix")
    if arguments.html is not None:
        made = base64.b64encode(page(answer).encode()).decode()
        write_private(arguments.html, made)
    return answer, 0


def page(answer: Row) -> str:
    """One HTML file that needs no other; every word of it is escaped."""
    at = almaty(parse_rfc3339(str(answer["at"])))
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    lines = "\n".join(map(_line, rows_of(answer["clauses"])))
    return f"""\
<!doctype html>
<html lang="ru"><meta charset="utf-8"><title>Матрица соответствия Порядку</title>
<style>{_STYLE}</style>
<h1>Матрица соответствия Порядку</h1>
<p>На {at}, время Алматы. Записей журнала не учтено: {answer["uncounted"]}.</p>
<table><tr>{heads}</tr>
{lines}
</table></html>
"""


def _line(row: Row) -> str:
    words = row["text"] if isinstance(row["text"], list) else []
    text = " … ".join(str(word) for word in words)
    settings = (
        f"{_said(one['key'])} = {_said(one['value'])}"
        f" <small>{_said(one['source'])}, с {_shown(one['since'])}</small>"
        for one in rows_of(row["settings"])
    )
    evidence = (
        f"{_said(one['kind'])}: {_said(one['leaves'])}"
        f" <small>{_shown(one['last_at'])}</small>"
        for one in rows_of(row["evidence"])
    )
    cells = (
        f"<b>{_said(row['clause'])}</b> {escape(text)}",
        _said(row["control"]),
        _list(settings),
        f"{_list(map(_test, rows_of(row['tests'])))}",
        _list(evidence),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _test(test: Row) -> str:
    result = _RESULTS.get(str(test.get("result")), _NOT_RUN)
    ran = f"{_shown(test.get('at'))}, {_said(test.get('commit', '—'))}"
    return f"{_said(test['test'])}: {result} <small>{ran}</small>"


def _list(items: Iterable[str]) -> str:
    told = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{told}</ul>" if told else _NONE


def _said(value: Json) -> str:
    listed = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return escape(listed)


def _shown(value: Json) -> str:
    return escape(shown(value, "ru"))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="and as one page for the regulator, in Russian, to a new file",
    )


MATRIX: Final = Command(
    help="clause by clause: control, settings in force, tests, evidence in the log",
    run=matrix,
    arguments=_arguments,
    example="matrix --html matrix.html",
    listing=Listing(
        member="clauses",
        id_of="clause",
        none="The release names no clause.",
        columns=("clause", "title", "passed", "leaves", "control"),
    ),
)
