"""What one picture can take, and what a judge could give away if it were taken over."""

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel.errors import Refused, Transient
from services.onboarding.adapters.photo import SocketPhotoJudge
from tests.integration.photo import uploads
from tests.integration.photo.conftest import Booth
from tests.integration.photo.test_uploads import MEGAPIXELS_40, code_of
from tests.portraits.booth import Running, running_judge

pytestmark = [pytest.mark.catalogue("B08")]


def _environment(process: Path) -> dict[str, str]:
    told = (process / "environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in told if entry)


@contextmanager
def confined(folder: Path, **limits: str) -> Iterator[tuple[SocketPhotoJudge, Running]]:
    with running_judge(folder, **limits) as running:
        yield running.door, running


@pytest.mark.seeded("photo_memory_unbounded")
def test_a_picture_beyond_the_memory_limit_is_refused_and_the_next_judged(
    tmp_path: Path, booth: Booth
) -> None:
    with confined(tmp_path, MEMORY_MIB="1150") as (door, _):
        huge = uploads.png(*MEGAPIXELS_40, colour_type=6)
        assert code_of(door, huge) == "photo_not_readable"
        assert door.look(booth.picture("00-good")).measures["meshed"] == 1


@pytest.mark.seeded("photo_time_unbounded")
def test_a_picture_beyond_the_time_limit_is_refused(tmp_path: Path) -> None:
    with confined(tmp_path, TIME_LIMIT_S="0.02") as (door, _):
        raw = uploads.png(*MEGAPIXELS_40)
        assert [code_of(door, raw) for _ in range(2)] == ["photo_not_readable"] * 2


@pytest.mark.seeded("photo_judges_for_ever")
def test_a_judge_is_replaced_after_its_pictures(tmp_path: Path, booth: Booth) -> None:
    with confined(tmp_path, PICTURES="1") as (door, running):
        first = running.judge
        one, other = (door.look(booth.picture("00-good")) for _ in range(2))
        assert one.measures == other.measures
        assert running.judge != first


@pytest.mark.seeded("photo_waits_for_silent_askers")
def test_who_says_nothing_holds_nobody_up(booth: Booth) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(str(booth.running.path))
        assert booth.door.look(booth.picture("00-good")).measures["meshed"] == 1


def test_a_request_announced_too_long_is_dropped(booth: Booth) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(booth.running.path))
        link.sendall(b"\xff\xff\xff\xff")
        assert link.recv(1) == b""
    assert booth.door.look(booth.picture("00-good")).measures["meshed"] == 1


@pytest.mark.clause("1.3b")
@pytest.mark.seeded("photo_judge_inherits_the_environment")
def test_the_judge_knows_nothing_worth_stealing(booth: Booth) -> None:
    place = Path(f"/proc/{booth.running.judge}")
    assert _environment(place).keys() == {
        *("PATH", "PYTHONUNBUFFERED", "MPLCONFIGDIR", "MEDIAPIPE_DISABLE_GPU"),
        *("TF_CPP_MIN_LOG_LEVEL", "GLOG_minloglevel"),
        "__EGL_VENDOR_LIBRARY_FILENAMES",
    }
    kinds = [str(handle.readlink()) for handle in (place / "fd").iterdir()]
    assert sum(kind.startswith("socket:") for kind in kinds) == 1


@pytest.mark.seeded("photo_judge_needs_a_home")
def test_the_judge_asks_for_no_home(booth: Booth) -> None:
    known = _environment(Path(f"/proc/{booth.running.judge}"))
    assert known["MPLCONFIGDIR"] == str(booth.running.path.parent)
    assert "HOME" not in known


@pytest.mark.seeded("photo_judge_may_write")
def test_the_judge_writes_no_file_and_leaves_no_dump(booth: Booth) -> None:
    said = Path(f"/proc/{booth.running.judge}/limits").read_text()
    limits = {line[:26].strip(): line[26:].split()[:2] for line in said.splitlines()}
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]


@pytest.mark.seeded("photo_socket_open_to_all")
def test_only_its_own_user_reaches_the_socket(booth: Booth) -> None:
    assert stat.S_IMODE(booth.running.path.stat().st_mode) == 0o600


def test_without_a_judge_the_answer_is_to_try_later(tmp_path: Path) -> None:
    with pytest.raises(Transient):
        SocketPhotoJudge(tmp_path / "nobody.sock").look(b"x")


def test_who_hangs_up_in_the_middle_hurts_nobody(booth: Booth) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(booth.running.path))
        link.sendall(b"\0\0\1\0half")
    with pytest.raises(Refused):
        booth.door.look(b"not a picture")
