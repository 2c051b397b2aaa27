"""What goes with the whole log: pages for people, and what the company says of it.

A copy, as of a part (`report`): the proof is the tree over the entries. Millions of
leaves are told by numbers; who wants each in a sentence takes a part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from kernel.crypto import Json, canonical, sha256_hex
from kernel.papers import Bars, Grid, Line
from services.audit.domain.leaf import stamp as written
from services.audit.domain.part import MANIFEST
from services.audit.domain.report import MOST_BARS, Report
from services.audit.domain.sequences import Tally
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.telling import Language, almaty
from services.audit.domain.tiles import ExportFile

FORM: Final = "kredit-audit-log-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An export of the whole log, and what is counted in it."""

    export_id: UUID
    disclosure_id: UUID | None
    made_at: datetime
    size: int
    note: bytes
    tallies: Sequence[Tally]
    stamps: Sequence[TimeStamp]

    @property
    def signers(self) -> Sequence[str]:
        """Whose lines the checkpoint carries, the log's own first."""
        _, _, lines = self.note.decode().partition("\n\n")
        return [line.split(" ")[1] for line in lines.splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    title: str
    copy: str
    facts: tuple[str, ...]
    """Export, made at, entry, leaves, checkpoint, signers, stamps, the newest."""
    producers: str
    days: str
    head: tuple[str, ...]
    none: str


_WORDS: Final[Mapping[Language, _Words]] = {
    "ru": _Words(
        title="Журнал событий целиком",
        copy="Это копия для чтения. Доказательства — файлы в папке tile и checkpoint;"
        " их проверяет программа verify_export.py или любая программа, знающая C2SP"
        " tlog-tiles, без доступа к нашим системам. Каждая запись словами — в"
        " выписке.",
        facts=(
            *("Экспорт", "Составлен (Алматы)", "Запись реестра раскрытий"),
            *("Записей в журнале", "SHA-256 контрольной точки"),
            *("Подписали контрольную точку", "Штампов времени", "Последний штамп"),
        ),
        producers="События по источникам",
        days="Записей между штампами времени (день Алматы)",
        head=("Источник", "Последний номер", "Не пришло номеров"),
        none="нет",
    ),
    "kk": _Words(
        title="Оқиғалар журналы толығымен",
        copy="Бұл — оқуға арналған көшірме. Дәлелдер — tile қалтасындағы файлдар мен"
        " checkpoint; оларды verify_export.py немесе C2SP tlog-tiles білетін кез"
        " келген бағдарлама біздің жүйелерсіз тексереді. Әр жазба сөзбен — үзіндіде.",
        facts=(
            *("Экспорт", "Жасалды (Алматы)", "Ашу тізілімінің жазбасы"),
            *("Журналдағы жазбалар", "Бақылау нүктесінің SHA-256"),
            *("Бақылау нүктесіне қол қойғандар", "Уақыт белгілері", "Соңғы белгі"),
        ),
        producers="Дереккөздер бойынша оқиғалар",
        days="Уақыт белгілері арасындағы жазбалар (Алматы күні)",
        head=("Дереккөз", "Соңғы нөмір", "Келмеген нөмірлер"),
        none="жоқ",
    ),
}


def whole_report(whole: Whole, *, language: Language) -> Report:
    """The pages of an export of the whole log."""
    words = _WORDS[language]
    newest = almaty(whole.stamps[-1].stamped_at) if whole.stamps else words.none
    facts = (
        *(str(whole.export_id), almaty(whole.made_at), str(whole.disclosure_id)),
        *(str(whole.size), sha256_hex(whole.note), ", ".join(whole.signers)),
        *(str(len(whole.stamps)), newest),
    )
    rows = [
        (tally.producer, str(tally.last), str(_missing(tally)))
        for tally in whole.tallies
    ]
    parts: list[Line | Grid | Bars] = [
        Line("title", words.title),
        Line("small", words.copy),
        Grid((3, 7), tuple(zip(words.facts, facts, strict=True))),
    ]
    if rows:
        counts = tuple((tally.producer, tally.last) for tally in whole.tallies)
        parts += [Bars(words.producers, counts), Grid((4, 3, 3), (words.head, *rows))]
    if days := _by_day(whole.stamps):
        parts.append(Bars(words.days, days))
    return Report(language=language, title=words.title, parts=tuple(parts))


def whole_manifest(whole: Whole, files: Iterable[ExportFile]) -> ExportFile:
    """What the company signs: which log, and the digest of each copy beside it.

    Entries and tiles are none of the files: the checkpoint's root is over them.
    """
    said: dict[str, Json] = {
        "checkpoint": {"sha256": sha256_hex(whole.note), "size": whole.size},
        "disclosure_id": str(whole.disclosure_id),
        "export_id": str(whole.export_id),
        "files": {file.path: sha256_hex(file.content) for file in files},
        "form": FORM,
        "made_at": written(whole.made_at),
    }
    return ExportFile(MANIFEST, canonical(said))


def _missing(tally: Tally) -> int:
    return sum(hole.last - hole.first + 1 for hole in tally.holes)


def _by_day(stamps: Sequence[TimeStamp]) -> tuple[tuple[str, int], ...]:
    """The last days, by how much the log grew until each one's stamp."""
    sizes = [0, *(stamp.size for stamp in stamps)]
    grown = (after - before for before, after in pairwise(sizes))
    days = (f"{stamp.day:%d.%m.%Y}" for stamp in stamps)
    return tuple(zip(days, grown, strict=True))[-MOST_BARS:]
