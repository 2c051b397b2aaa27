"""Letters to the lender at the door: words alone, about one thing."""

from typing import Any, Final

import httpx
import pytest

from tests.behind import ID
from tests.doors import IN, FakeDoor
from tests.security.gateway.test_bad_input import problem

WORDS: Final = "Здравствуйте."
JSON: Final = IN | {"Content-Type": "application/json", "Idempotency-Key": "k" * 22}


def write(door: FakeDoor, address: str, body: dict[str, Any]) -> httpx.Response:
    return door.send("POST", address, headers=JSON, json=body)


@pytest.mark.catalogue("B08")
@pytest.mark.seeded("gateway_takes_attachments")
@pytest.mark.parametrize("address", ["/inquiries", f"/inquiries/{ID}/letters"])
def test_a_file_is_refused_with_a_word_and_nothing_is_sent(
    fake_door: FakeDoor, address: str
) -> None:
    """Also one that is no file: there is no place for any."""
    body = {"text": WORDS, "attachments": ["data:image/png;base64,AAAA"]}
    answer = write(fake_door, address, body)
    assert problem(answer)["code"] == "attachments_refused"
    assert fake_door.rpc.asked == []
    assert write(fake_door, address, {"text": WORDS, "attachments": []}).is_success


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({}, ("other", None)),
        ({"contract_id": ID}, ("contract", ID)),
        ({"application_id": ID}, ("application", ID)),
    ],
)
def test_a_letter_is_about_one_thing_or_none(
    fake_door: FakeDoor, body: dict[str, str], about: tuple[str, str | None]
) -> None:
    assert write(fake_door, "/inquiries", {"text": WORDS, **body}).status_code == 201
    asked: Any = fake_door.rpc.asked[-1][2]
    of = asked["about_id"]
    assert (asked["about"], None if of is None else str(of)) == about


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"contract_id": ID, "application_id": ID}, "inquiry_subject_invalid"),
        ({"text": ""}, "fields_invalid"),
        ({"text": "я" * 10_001}, "fields_invalid"),
        ({"text": "карта 4111 1111 1111 1111"}, "card_number_refused"),
        ({"subject": "one more member"}, "fields_invalid"),
    ],
)
def test_what_is_no_letter_goes_no_further(
    fake_door: FakeDoor, body: dict[str, str], code: str
) -> None:
    answer = write(fake_door, "/inquiries", {"text": WORDS, **body})
    assert problem(answer)["code"] == code
    assert fake_door.rpc.asked == []
