"""The proof of one leaf on one page: what it says, and two codes that prove it.

The codes hold the bytes of ``<seq>.leaf`` and ``<seq>.tlog-proof`` (C2SP tlog-proof,
with the signed checkpoint); scanned into files, `tools/verify_export.py --leaf` judges
them.
"""

from hashlib import sha256
from typing import Final

from kernel.clock import parse_rfc3339
from kernel.papers import Codes, Grid, Line
from services.audit.domain.part import Part
from services.audit.domain.report import Report, Tellings, telling_of
from services.audit.domain.scope import Entry
from services.audit.domain.telling import almaty
from services.audit.domain.tree import leaf_hash

MOST_IN_A_CODE: Final = 2_800
"""Bytes; a QR code of the largest version holds 2 953 at the lowest correction."""
TITLE: Final = "Доказательство одной записи · Бір жазбаның дәлелі"
_PROOF: Final = "Доказательство с контрольной точкой · Бақылау нүктесі бар дәлел"
_LEAF: Final = "Запись, байт в байт · Жазба, байтпа-байт"
_TOO_LONG: Final = "не помещается в код: см. файл · кодқа сыймайды: файлды қараңыз"
_HOW: Final = (
    "Считайте оба кода в файлы и запустите: verify_export.py ДОКАЗАТЕЛЬСТВО --leaf"
    " ЗАПИСЬ --vkey КЛЮЧ. · Екі кодты файлдарға оқып, іске қосыңыз: verify_export.py"
    " ДӘЛЕЛ --leaf ЖАЗБА --vkey КІЛТ."
)


def proof_page(entry: Entry, proof: bytes, *, part: Part, tellings: Tellings) -> Report:
    """The page of a leaf, in both languages at once."""
    telling = telling_of(entry, tellings)
    rows = (
        ("Запись № · Жазба №", f"{entry.seq}"),
        ("Алматы", almaty(parse_rfc3339(entry.received_at))),
        ("Пункт · Тармақ", telling.clause),
        ("Записей в журнале · Журналдағы жазбалар", str(part.size)),
        ("SHA-256 записи · Жазбаның SHA-256", sha256(entry.leaf).hexdigest()),
        ("RFC 6962", leaf_hash(entry.leaf).hex()),
    )
    codes = ((_PROOF, proof), (_LEAF, entry.leaf))
    short = [(name, raw.decode()) for name, raw in codes if len(raw) <= MOST_IN_A_CODE]
    long = [
        Line("small", f"{name}: {_TOO_LONG}")
        for name, raw in codes
        if len(raw) > MOST_IN_A_CODE
    ]
    return Report(
        language="ru",
        title=TITLE,
        parts=(
            Line("title", TITLE),
            Line("text", telling.sentence(entry, "ru")),
            Line("text", telling.sentence(entry, "kk")),
            Grid((4, 9), rows),
            *([Codes(tuple(short))] if short else []),
            *long,
            Line("small", _HOW),
        ),
    )
