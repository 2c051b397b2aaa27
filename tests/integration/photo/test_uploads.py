"""What strangers send: cleaned, or refused within limits (catalogue B08)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import Refused
from services.onboarding.adapters.photo import SocketPhotoJudge
from tests.integration.photo import uploads
from tests.integration.photo.conftest import Booth
from tests.integration.photo.uploads import EOI, ORIENTATION_TURNED

pytestmark = [pytest.mark.catalogue("B08")]

CANARY = b"51.169392,71.449074"
MEGAPIXELS_40 = (8000, 5000)


def code_of(door: SocketPhotoJudge, raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        door.look(raw)
    return refused.value.code


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("photo_keeps_the_upload")
@pytest.mark.seeded("photo_keeps_metadata")
def test_metadata_and_what_stands_behind_the_picture_are_gone(booth: Booth) -> None:
    raw = uploads.with_metadata(booth.picture("00-good"), secret=CANARY)
    assert raw.count(CANARY) == 3
    kept = booth.door.look(raw).jpeg
    assert CANARY not in kept
    assert kept.endswith(EOI)
    assert {marker for marker, _ in uploads.markers(kept)} <= {
        *(0xE0, 0xC0, 0xC4, 0xDB)  # JFIF, the frame, and the tables of both kinds
    }


@pytest.mark.seeded("photo_ignores_the_orientation")
def test_a_picture_is_turned_as_the_camera_was_held(booth: Booth) -> None:
    raw = uploads.with_metadata(
        booth.picture("00-good"), orientation=ORIENTATION_TURNED
    )
    seen = booth.door.look(raw)
    assert (seen.width, seen.height) == uploads.size_of(seen.jpeg) == (640, 480)


def test_a_png_becomes_a_jpeg_of_ours(booth: Booth) -> None:
    seen = booth.door.look(uploads.png(300, 400, colour_type=6))
    assert uploads.size_of(seen.jpeg) == (300, 400)
    assert seen.measures["detected"] == 0


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("GIF", b"GIF89a" + bytes(300)),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("PDF", b"%PDF-1.7\n" + bytes(300)),
        ("HTML", b"<html><script>alert(1)</script>"),
        ("EXE", b"MZ" + bytes(300)),
        ("ZIP", b"PK\x03\x04" + bytes(300)),
        ("TIFF", b"II*\0" + bytes(300)),
        ("JPEG in name", b"\xff\xd8\xff\xe0" + bytes(300)),
        ("cut PNG", uploads.png(300, 400)[:-40]),
        ("empty PNG", uploads.bomb(300, 4000)),
        ("animation", uploads.png(300, 400, frames=3)),
    ],
)
def test_what_is_no_picture_is_refused(booth: Booth, name: str, raw: bytes) -> None:
    assert (name, code_of(booth.door, raw)) == (name, "photo_not_an_image")


def test_a_cut_jpeg_is_refused(booth: Booth) -> None:
    assert code_of(booth.door, booth.picture("00-good")[:9000]) == "photo_not_an_image"


@pytest.mark.seeded("photo_pixels_unbounded")
@pytest.mark.parametrize("size", [(8000, 5001), (12_000, 12_000), (30_000, 30_000)])
def test_a_bomb_is_refused_before_it_is_decoded(
    booth: Booth, size: tuple[int, int]
) -> None:
    assert code_of(booth.door, uploads.bomb(*size)) == "photo_dimensions"


def test_forty_megapixels_are_within_the_limits(booth: Booth) -> None:
    seen = booth.door.look(uploads.png(*MEGAPIXELS_40))
    assert (seen.width, seen.height) == (2048, 1280)


@given(st.binary(max_size=600), st.sampled_from(["jpeg", "png", "none"]))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_give_a_verdict_or_a_typed_refusal(
    booth: Booth, tail: bytes, head: str
) -> None:
    starts = {"jpeg": booth.picture("00-good")[:700], "png": uploads.png(200, 200)[:60]}
    try:
        booth.door.look(starts.get(head, b"") + tail + EOI)
    except Refused as refused:
        assert refused.code.startswith("photo_")  # noqa: PT017 - a property
