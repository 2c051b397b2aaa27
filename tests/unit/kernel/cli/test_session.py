"""The session's file: one user's alone, or not used at all."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.cli.session import SessionFile
from kernel.errors import Broken, Refused
from tests.unit.kernel.cli.conftest import NOW, SECRET, Desk


def the_file(sessions: SessionFile) -> Path:
    (path,) = sessions.folder.iterdir()
    return path


@pytest.mark.seeded("cli_session_open_to_others")
def test_nobody_else_may_read_what_is_kept(desk: Desk) -> None:
    """Whatever the user's umask says, and in the place of a file that was open."""
    old = os.umask(0)
    try:
        desk.logged_in()
        the_file(desk.sessions).chmod(0o666)
        desk.logged_in()
    finally:
        os.umask(old)
    assert stat.S_IMODE(the_file(desk.sessions).stat().st_mode) == 0o600


@pytest.mark.seeded("cli_exposed_session_used")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o660])
def test_a_session_others_may_read_is_not_used(desk: Desk, mode: int) -> None:
    """It can be ended all the same: it may be in other hands."""
    desk.logged_in()
    the_file(desk.sessions).chmod(mode)
    with pytest.raises(Refused) as refused:
        desk.sessions.load(now=NOW)
    assert refused.value.code == "session_exposed"
    assert desk.sessions.to_end().secret.reveal() == SECRET


def test_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    """Somebody else could have laid it, to a session of their own."""
    desk.logged_in()
    path = the_file(desk.sessions)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(Broken):
        desk.sessions.load(now=NOW)


def test_a_session_that_is_over_is_not_used(desk: Desk) -> None:
    desk.logged_in(hours=8)
    just = NOW + timedelta(hours=8)
    assert desk.sessions.load(now=just - timedelta(microseconds=1)).expires_at == just
    with pytest.raises(Refused) as refused:
        desk.sessions.load(now=just)
    assert refused.value.code == "not_logged_in"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"session": 1}'])
def test_a_file_that_cannot_be_read_is_no_session(desk: Desk, content: bytes) -> None:
    desk.logged_in()
    the_file(desk.sessions).write_bytes(content)
    with pytest.raises(Refused) as refused:
        desk.sessions.load(now=NOW)
    assert refused.value.code == "not_logged_in"


def test_a_session_shows_no_secret(desk: Desk) -> None:
    desk.logged_in()
    assert SECRET not in repr(desk.sessions.load(now=NOW))
    assert SECRET not in repr(desk.operator("auth"))
