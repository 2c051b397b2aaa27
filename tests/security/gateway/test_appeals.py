"""Appeals at the door: words alone, against one thing, in the client's own name."""

from typing import Any, Final

import httpx
import pytest

from tests.behind import ID
from tests.doors import CLIENT, IN, FakeDoor
from tests.security.gateway.test_bad_input import problem

WORDS: Final = "Прошу пересмотреть решение."
JSON: Final = IN | {"Content-Type": "application/json", "Idempotency-Key": "k" * 22}


def file(door: FakeDoor, **body: Any) -> httpx.Response:  # noqa: ANN401 - a body
    return door.send("POST", "/appeals", headers=JSON, json={"text": WORDS, **body})


@pytest.mark.parametrize(
    "body", [{"about": "application", "about_id": ID}, {"about": "everything"}]
)
def test_an_appeal_is_filed_in_the_client_s_name(
    fake_door: FakeDoor, body: dict[str, str]
) -> None:
    answer = file(fake_door, **body)
    assert (answer.status_code, answer.json()["number"]) == (201, "A-2026-00001")
    ((service, method, asked),) = fake_door.rpc.asked
    assert (service, method) == ("antifraud", "file_appeal")
    assert asked["assertion"] == f"antifraud:{CLIENT}"
    about_id: Any = asked["about_id"]
    assert (asked["about"], about_id and str(about_id)) == (
        body["about"],
        body.get("about_id"),
    )


@pytest.mark.catalogue("B08")
@pytest.mark.parametrize(
    "body",
    [
        {"about": "other"},
        {"about": "client:1"},
        {"about": "application", "about_id": "1; DROP TABLE appeal"},
        {"about": "everything", "text": ""},
        {"about": "everything", "text": "a" * 10_001},
        {"about": "everything", "attachments": ["data:image/png;base64,AAAA"]},
        {"about": "everything", "client_id": ID},
        {},
    ],
)
def test_what_is_not_described_is_not_passed_on(
    fake_door: FakeDoor, body: dict[str, Any]
) -> None:
    answer = file(fake_door, **body)
    assert problem(answer)["code"] == "fields_invalid"
    assert fake_door.rpc.asked == []


REGISTRATION: Final = f"/registrations/{ID}/appeals"
TOKEN: Final = {"Authorization": "Bearer t0ken", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", REGISTRATION, "file_registration_appeal"),
        ("GET", REGISTRATION, "list_registration_appeals"),
        ("GET", f"{REGISTRATION}/{ID}", "get_registration_appeal"),
    ],
)
def test_without_a_cabinet_the_token_of_the_registration_appeals(
    fake_door: FakeDoor, method: str, path: str, asked: str
) -> None:
    """In nobody's name: whose the token is, onboarding knows."""
    sent = {"json": {"text": WORDS}} if method == "POST" else {}
    assert problem(fake_door.send(method, path, **sent))["code"] == "token_required"
    answer = fake_door.send(method, path, headers=TOKEN, **sent)
    assert answer.status_code == (201 if method == "POST" else 200)
    ((service, said, told),) = fake_door.rpc.asked
    assert (service, said) == ("onboarding", asked)
    assert (told["token"], told["assertion"]) == ("t0ken", None)


@pytest.mark.catalogue("B08")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "a" * 10_001},
        {"text": WORDS, "client_id": ID},
        {"text": WORDS, "about": "everything"},
    ],
)
def test_of_a_registration_too_only_words_are_passed_on(
    fake_door: FakeDoor, body: dict[str, Any]
) -> None:
    answer = fake_door.send("POST", REGISTRATION, headers=TOKEN, json=body)
    assert problem(answer)["code"] == "fields_invalid"
    assert fake_door.rpc.asked == []
