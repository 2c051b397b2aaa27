"""What a command reads and writes: once, and for its owner alone."""

import base64
import io
import stat
import sys
from pathlib import Path

import pytest

from kernel.cli import read_file, write_private
from kernel.errors import Refused

CONTENT = "Постановление".encode()
ANSWER = base64.b64encode(CONTENT).decode()


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("cli_answers_others_may_read")
def test_an_answer_goes_to_a_new_file_of_its_owner(tmp_path: Path) -> None:
    """An old file stays as it is, whoever's it is."""
    file = tmp_path / "request.pdf"
    write_private(file, ANSWER)
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for taken in (file, tmp_path / "nowhere" / "request.pdf"):
        with pytest.raises(Refused, match="file_not_made"):
            write_private(taken, base64.b64encode(b"other").decode())
    assert file.read_bytes() == CONTENT


def test_what_is_read_is_a_file_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "request.pdf"
    with pytest.raises(Refused, match="file_unreadable"):
        read_file(file)
    file.write_bytes(CONTENT)
    assert read_file(file) == CONTENT
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    assert read_file(Path("-")) == CONTENT
