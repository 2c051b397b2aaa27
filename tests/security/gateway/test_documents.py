"""Documents are named by their digest, and a code on paper needs no login."""

import base64
from typing import Final

import pytest

from services.auth.gateway.digests import digest_of
from tests.behind import DIGEST, ID
from tests.doors import IN, FakeDoor
from tests.security.gateway.test_bad_input import problem

ADDRESS: Final = f"/contracts/{ID}/documents/{DIGEST}"
FILE: Final = b"%PDF-"


@pytest.mark.clause("5.1")
def test_a_document_is_given_as_the_file_to_who_accepts_one(
    fake_door: FakeDoor,
) -> None:
    """With its digest beside it; else as an answer like every other."""
    plain = fake_door.send("GET", ADDRESS, headers=IN)
    file = fake_door.send("GET", ADDRESS, headers=IN | {"Accept": "application/pdf"})
    assert base64.b64decode(plain.json()["document_b64"]) == FILE
    assert (file.status_code, file.content) == (200, FILE)
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-digest"] == digest_of(FILE)
    assert plain.headers["etag"] == file.headers["etag"] == f'"{DIGEST}"'


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"x", "{}"'])
def test_who_has_the_document_is_sent_no_copy(fake_door: FakeDoor, tag: str) -> None:
    headers = IN | {"If-None-Match": tag.format(DIGEST)}
    answer = fake_door.send("GET", ADDRESS, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{DIGEST}"'
    asked = [method for _, method, _ in fake_door.rpc.asked]
    assert "read_document" not in asked


@pytest.mark.clause("2.4")
@pytest.mark.seeded("gateway_tag_opens_anybodys_document")
def test_a_tag_of_a_document_that_is_not_listed_opens_nothing(
    fake_door: FakeDoor,
) -> None:
    """The owner is asked, who finds it or not: to know a digest is no right."""
    other = "ab" * 32
    headers = IN | {"If-None-Match": f'"{other}"'}
    fake_door.send("GET", f"/contracts/{ID}/documents/{other}", headers=headers)
    assert fake_door.rpc.asked[-1][1] == "read_document"


def test_a_code_on_paper_is_looked_up_without_a_login(fake_door: FakeDoor) -> None:
    answer = fake_door.send("GET", f"/documents/{DIGEST}")
    assert answer.status_code == 200
    assert answer.json()["state"] == "active"


@pytest.mark.parametrize("digest", ["5e", "G" * 64, "5E" * 32, "5e" * 33])
def test_what_is_no_digest_is_not_asked_about(fake_door: FakeDoor, digest: str) -> None:
    answer = fake_door.send("GET", f"/documents/{digest}")
    assert problem(answer)["code"] == "fields_invalid"
    assert fake_door.rpc.asked == []
