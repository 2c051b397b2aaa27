"""Lists: who is put on them, taken off, and shown (clause 6.1g ii)."""

from collections.abc import Sequence
from typing import Final

from kernel.clock import almaty_date
from services.antifraud.domain.lists import (
    Entry,
    Line,
    Listed,
    end_of,
    keyed,
    refuse_unfit_list,
)
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Units

SHOWN_AT_ONCE: Final = 10_000


def put_on_list(
    of: str, lines: Sequence[Line], *, by: str, units: Units, tools: Tools
) -> int:
    """Put every line on a list or none; how many were not there before.

    Refused: ``list_unknown``, ``list_too_long``, ``list_line_unfit``.
    """
    refuse_unfit_list(of, lines)
    at = tools.clock.now()
    today = almaty_date(at)
    named = [
        keyed(line, number=number, today=today, token=tools.token)
        for number, line in enumerate(lines, start=1)
    ]
    entries = {
        key: Entry(
            entry_id=tools.ids.new(),
            of=of,
            entity=entity,
            key=key,
            expires_at=end_of(line.expires_on),
            reason=line.reason,
            source=line.source,
            added_at=at,
            added_by=by,
        )
        for line, (entity, key) in zip(lines, named, strict=True)
    }
    with units.begin() as unit:
        return unit.add_entries(list(entries.values()))


def take_from_list(
    of: str, keys: Sequence[str], *, by: str, units: Units, tools: Tools
) -> int:
    """Take keyed names off a list; how many stood there.

    Refused: ``list_unknown``, ``list_too_long``.
    """
    refuse_unfit_list(of, keys)
    with units.begin() as unit:
        return unit.end_entries(of=of, keys=keys, at=tools.clock.now(), by=by)


def show_list(of: str, *, units: Units, tools: Tools) -> Sequence[Listed]:
    """What stands on a list now, the newest first.  Refused: ``list_unknown``."""
    refuse_unfit_list(of, ())
    with units.begin() as unit:
        return unit.entries(of=of, at=tools.clock.now(), limit=SHOWN_AT_ONCE)
