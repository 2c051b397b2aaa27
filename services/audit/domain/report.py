"""The report of a part: what people read.  A copy: the proof is in the leaves.

One row a leaf: its number, the time in Almaty, a sentence, about whom, the clause.
"""

import csv
import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final
from uuid import UUID

from kernel.clock import parse_rfc3339
from kernel.papers import Bars, Codes, Grid, Line
from services.audit.domain.part import Part
from services.audit.domain.scope import CLIENT, Entry
from services.audit.domain.telling import UNSAID, Language, Telling, almaty

Tellings = Mapping[str, Telling]
MOST_BARS: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the recipient may know: names and ИИН of a client.  Personal data.

    ``iin_salt`` opens the commitment to the ИИН that stands in the log.
    """

    client_id: UUID
    names: str
    iin: str
    iin_salt: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What stands on the pages, in one language."""

    language: Language
    title: str
    parts: tuple[Line | Grid | Bars | Codes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    title: str
    copy: str
    facts: tuple[str, ...]
    """Export, made at, entry of the register, scope, leaves, log, root, numbers."""
    kinds: str
    days: str
    persons: str
    person: tuple[str, ...]
    leaves: str
    head: tuple[str, ...]
    letter: str
    withheld: str


_WORDS: Final[Mapping[Language, _Words]] = {
    "ru": _Words(
        title="Выписка из журнала событий",
        copy="Это копия для чтения. Доказательства — файлы в папке proofs и"
        " manifest.json; их проверяет программа verify_export.py без доступа к нашим"
        " системам.",
        facts=(
            *("Выписка", "Составлена (Алматы)", "Запись реестра раскрытий"),
            *("Что запрошено", "Записей в выписке", "Записей в журнале"),
            "SHA-256 контрольной точки",
        ),
        kinds="Записей по видам",
        days="Записей по дням (Алматы)",
        persons="О ком записи",
        person=("Знак", "Номер клиента", "Имя", "ИИН"),
        leaves="Записи",
        head=("№ записи", "Время (Алматы)", "Что произошло", "О ком", "Пункт"),
        letter="К",
        withheld="не раскрыто",
    ),
    "kk": _Words(
        title="Оқиғалар журналынан үзінді",
        copy="Бұл — оқуға арналған көшірме. Дәлелдер — proofs қалтасындағы файлдар"
        " мен manifest.json; оларды verify_export.py бағдарламасы біздің жүйелерсіз"
        " тексереді.",
        facts=(
            *("Үзінді", "Жасалды (Алматы)", "Ашу тізілімінің жазбасы"),
            *("Не сұралды", "Үзіндідегі жазбалар", "Журналдағы жазбалар"),
            "Бақылау нүктесінің SHA-256",
        ),
        kinds="Түрлері бойынша жазбалар",
        days="Күндер бойынша жазбалар (Алматы)",
        persons="Жазбалар кім туралы",
        person=("Белгі", "Клиент нөмірі", "Аты", "ЖСН"),
        leaves="Жазбалар",
        head=("Жазба №", "Уақыты (Алматы)", "Не болды", "Кім туралы", "Тармақ"),
        letter="К",
        withheld="ашылмаған",
    ),
}


def report(
    part: Part,
    *,
    language: Language,
    tellings: Tellings,
    persons: Sequence[Person],
    checkpoint_sha256: str,
) -> Report:
    """The pages of a part."""
    words = _WORDS[language]
    scope = "; ".join(f"{word}: {said}" for word, said in part.scope.words().items())
    facts = (
        *(str(part.export_id), almaty(part.made_at), str(part.disclosure_id), scope),
        *(str(len(part.entries)), str(part.size), checkpoint_sha256),
    )
    signs = signs_of(part.entries, words.letter)
    known = {person.client_id: person for person in persons}
    parts: list[Line | Grid | Bars] = [
        Line("title", words.title),
        Line("small", words.copy),
        Grid((3, 7), tuple(zip(words.facts, facts, strict=True))),
        Bars(words.kinds, _most_common(part.entries)),
        Bars(words.days, _by_day(part.entries)),
    ]
    if signs:
        rows = (_person(words, sign, c, known.get(c)) for c, sign in signs.items())
        parts += [
            Line("heading", words.persons),
            Grid((1, 5, 5, 2), (words.person, *rows)),
        ]
    rows_of_leaves = (
        _row(entry, language=language, tellings=tellings, signs=signs)
        for entry in part.entries
    )
    parts += [
        Line("heading", words.leaves),
        Grid((2, 4, 11, 2, 2), (words.head, *rows_of_leaves)),
    ]
    return Report(language=language, title=words.title, parts=tuple(parts))


def clients_in(entries: Sequence[Entry]) -> Sequence[UUID]:
    """Clients that the leaves name, in the order of the log."""
    named = (entry.named(CLIENT) for entry in entries)
    found = dict.fromkeys(name for name in named if name is not None)
    return [UUID(name.partition(":")[2]) for name in found]


def signs_of(entries: Sequence[Entry], letter: str) -> Mapping[UUID, str]:
    """A short sign for each client, which stands in the rows."""
    clients = clients_in(entries)
    return {one: f"{letter}{place}" for place, one in enumerate(clients, start=1)}


def page(told: Report) -> str:
    """The report as one HTML file without scripts, styles of others or links."""
    body = "".join(map(_html, told.parts))
    return (
        f'<!doctype html>\n<html lang="{told.language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(told.title)}</title><style>{_CSS}</style></head>\n"
        f"<body>{body}</body></html>\n"
    )


def table(entries: Sequence[Entry], *, tellings: Tellings) -> str:
    """The leaves as CSV (RFC 4180), in both languages, for machines and sheets."""
    made = StringIO()
    sheet = csv.writer(made)
    sheet.writerow(("leaf", "received_at", "kind", "subject", "clause", "ru", "kk"))
    for entry in entries:
        telling = telling_of(entry, tellings)
        said = (telling.sentence(entry, "ru"), telling.sentence(entry, "kk"))
        row = (entry.received_at, entry.kind, entry.subject or "", telling.clause)
        sheet.writerow((entry.seq, *row, *said))
    return made.getvalue()


def telling_of(entry: Entry, tellings: Tellings) -> Telling:
    """How it is told; of a kind that a newer release publishes, its name alone."""
    known = tellings.get(entry.kind)
    if known is not None:
        return known
    return Telling(
        ru=f"Событие вида «{entry.kind}».",
        kk=f"«{entry.kind}» түріндегі оқиға.",
        clause=UNSAID,
    )


_CSS: Final = (
    "body{font:14px sans-serif;max-width:60em;margin:2em auto}table{border-collapse:"
    "collapse;width:100%}td,th{border:1px solid #999;padding:2px 6px;text-align:left}"
    ".bar{background:#4682b4;height:1em;display:inline-block}"
)
_TAGS: Final = {"title": "h1", "heading": "h2", "text": "p", "small": "p"}
_BAR_EM: Final = 20


def _html(part: Line | Grid | Bars | Codes) -> str:
    match part:
        case Line(style, text):
            tag = _TAGS[style]
            return f"<{tag}>{html.escape(text)}</{tag}>\n"
        case Grid(_, (head, *rows)):
            body = "".join(map(_html_row, rows))
            return f"<table>{_html_row(head, 'th')}{body}</table>\n"
        case Bars(title, counts):
            most = max(count for _, count in counts)
            bars = "".join(
                f"<tr><td>{html.escape(name)}</td><td><span class=bar style="
                f'"width:{_BAR_EM * count / most:.2f}em"></span> {count}</td></tr>'
                for name, count in counts
            )
            return f"<h2>{html.escape(title)}</h2><table>{bars}</table>\n"
        case Codes(codes):
            return "".join(f"<pre>{html.escape(text)}</pre>" for _, text in codes)
        case Grid():
            return ""


def _html_row(cells: Sequence[str], tag: str = "td") -> str:
    inner = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"


def _row(
    entry: Entry,
    *,
    language: Language,
    tellings: Tellings,
    signs: Mapping[UUID, str],
) -> tuple[str, ...]:
    telling = telling_of(entry, tellings)
    client = (entry.named(CLIENT) or "").partition(":")[2]
    return (
        str(entry.seq),
        almaty(parse_rfc3339(entry.received_at)),
        telling.sentence(entry, language),
        signs[UUID(client)] if client else UNSAID,
        telling.clause,
    )


def _person(
    words: _Words, sign: str, client_id: UUID, person: Person | None
) -> tuple[str, ...]:
    names = (person.names, person.iin) if person else (words.withheld, words.withheld)
    return (sign, str(client_id), *names)


def _most_common(entries: Sequence[Entry]) -> tuple[tuple[str, int], ...]:
    counted = Counter(entry.kind for entry in entries)
    return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST_BARS])


def _by_day(entries: Sequence[Entry]) -> tuple[tuple[str, int], ...]:
    """The last days of the part, in their order."""
    days = Counter(almaty(parse_rfc3339(e.received_at))[:10] for e in entries)
    return tuple(days.items())[-MOST_BARS:]
