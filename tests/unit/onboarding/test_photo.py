"""An upload is a picture by its bytes, not by its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from services.onboarding.domain.photo import MAX_BYTES, Picture, read_picture
from tests.unit.onboarding.pictures import jpeg, png


def _code(raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_picture(raw)
    return refused.value.code


def test_png_dimensions_come_from_its_header() -> None:
    expected = Picture(media_type="image/png", width=640, height=480)
    assert expected == read_picture(png(640, 480))


@pytest.mark.parametrize("frame", [0xC0, 0xC2])
def test_jpeg_dimensions_come_from_its_frame(frame: int) -> None:
    expected = Picture(media_type="image/jpeg", width=640, height=480)
    assert expected == read_picture(jpeg(640, 480, frame))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        png()[:-4],
        png() + b"<html>",
        jpeg(frame=0xC4),
        b"\xff\xd8\xff\xe0\x00\x01\xff\xd9",
        b"\x89PNG\r\n\x1a\n" + png()[40:],
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    assert _code(raw) == "photo_not_an_image"


def test_what_phones_write_behind_a_picture_is_no_matter() -> None:
    assert read_picture(jpeg() + b"SEFT\x0c\0\0\0").media_type == "image/jpeg"


@pytest.mark.parametrize("size", [(199, 400), (400, 199), (0, 0), (8000, 5001)])
def test_dimensions_are_bounded(size: tuple[int, int]) -> None:
    assert _code(png(*size)) == "photo_dimensions"


def test_eight_mebibytes_are_the_limit() -> None:
    padding = MAX_BYTES - len(png())
    inside = png()[:-12] + b"\0" * padding + png()[-12:]
    assert read_picture(inside).media_type == "image/png"
    assert _code(inside + b"\0") == "photo_too_large"


@given(st.binary(max_size=400), st.sampled_from([b"", jpeg()[:20], png()[:20]]))
def test_any_bytes_give_a_verdict_or_a_refusal(tail: bytes, head: bytes) -> None:
    try:
        read_picture(head + tail + b"\xff\xd9")
    except Refused as refused:
        assert refused.code.startswith("photo_")  # noqa: PT017 - a property
