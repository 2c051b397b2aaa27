"""The journal: what it returned from is there, and what is damaged is not trusted."""

import errno
import os
from pathlib import Path

import pytest

from infra.simulators.journal import (
    Journal,
    JournalBrokenError,
    JournalBusyError,
    JournalDamagedError,
)


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    records = [{"n": n} for n in range(3)]
    for record in records:
        journal.append(record)
    journal.close()
    assert Journal(tmp_path / "j").records == records


@pytest.mark.parametrize("torn", [b"{", b'{"n": 2}', b"\xff\x00"])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    """Even a line that only lacks its newline was never acknowledged."""
    path = tmp_path / "j"
    path.write_bytes(b'{"n":1}\n' + torn)
    journal = Journal(path)
    assert journal.records == [{"n": 1}]
    journal.append({"n": 3})
    assert path.read_bytes() == b'{"n":1}\n{"n":3}\n'


def test_a_damaged_line_in_the_middle_stops_the_start(tmp_path: Path) -> None:
    """Guessing about money is worse than not starting."""
    path = tmp_path / "j"
    path.write_bytes(b'{"n":1}\nrubbish\n{"n":3}\n')
    with pytest.raises(JournalDamagedError, match="line 2"):
        Journal(path)


def test_one_file_has_one_writer(tmp_path: Path) -> None:
    held = Journal(tmp_path / "j")
    with pytest.raises(JournalBusyError):
        Journal(tmp_path / "j")
    held.close()


def test_after_a_failed_fsync_nothing_more_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know what a failed fsync has kept: only a restart may go on."""
    journal = Journal(tmp_path / "j")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "no disk")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(JournalBrokenError):
        journal.append({"n": 1})
    monkeypatch.undo()
    assert journal.broken
    with pytest.raises(JournalBrokenError):
        journal.append({"n": 2})
