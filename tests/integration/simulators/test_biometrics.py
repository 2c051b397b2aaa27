"""ЦОИД's session: redirect, comparison, code, signed protocol."""

import base64
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from infra.simulators.client import Person
from infra.simulators.identities import another_iin
from infra.simulators.wire import Answer, AnswerError
from tests.integration.simulators.stand import Stand, openssl

RETURN_URL = "https://creditplus.kz/biometrics?step=2"
DOCUMENT_SHA256 = hashlib.sha256(b"document").hexdigest()


def open_session(stand: Stand, person: Person) -> dict[str, str]:
    request = {
        "reference": f"reference of {person.iin}",
        "iin": person.iin,
        "nonce": "3q2-7w",
        "document_sha256": DOCUMENT_SHA256,
        "return_url": RETURN_URL,
    }
    answer = stand.partner.call("POST", "/coid/v1/sessions", json=request)
    opened: dict[str, str] = answer.expect(201).json()
    return opened


def returned_code(person: Person, location: str) -> str:
    assert location.startswith(RETURN_URL + "&")
    query = parse_qs(urlsplit(location).query)
    assert query["state"] == [f"reference of {person.iin}"]
    return query["code"][0]


def result(stand: Stand, session_id: str, code: str) -> Answer:
    path = f"/coid/v1/sessions/{session_id}/result"
    return stand.partner.call("POST", path, json={"code": code})


def protocol_of(answer: Answer) -> dict[str, Any]:
    text = base64.b64decode(answer.expect(200).json()["protocol"])
    protocol: dict[str, Any] = orjson.loads(text)
    assert text == orjson.dumps(protocol, option=orjson.OPT_SORT_KEYS)
    return protocol


def check(stand: Stand, person: Person, **options: Any) -> Answer:  # noqa: ANN401
    session = open_session(stand, person)
    location = person.pass_biometrics(session["redirect_url"], **options)
    return result(stand, session["session_id"], returned_code(person, location))


def test_the_right_person_passes(stand: Stand, tmp_path: Path) -> None:
    """The protocol names person, nonce and document, and ЦОИД has signed it."""
    person = stand.known_person("right")
    answer = check(stand, person)
    protocol = protocol_of(answer)
    assert protocol["iin"] == person.iin
    assert protocol["nonce"] == "3q2-7w"
    assert protocol["document_sha256"] == DOCUMENT_SHA256
    assert protocol["reference"] == f"reference of {person.iin}"
    assert protocol["attempt_no"] == 1
    assert protocol["liveness_passed"] is True
    assert protocol["liveness_commands"] == 3
    assert Decimal(protocol["score"]) >= 95
    assert_signed_by_coid(stand, answer, tmp_path)


def assert_signed_by_coid(stand: Stand, answer: Answer, folder: Path) -> None:
    content = answer.json()
    (folder / "protocol").write_bytes(base64.b64decode(content["protocol"]))
    (folder / "protocol.p7s").write_bytes(base64.b64decode(content["signature"]))
    signer = folder / "signer.pem"
    openssl(
        "cms",
        "-verify",
        "-binary",
        *("-inform", "DER", "-in", folder / "protocol.p7s"),
        *("-content", folder / "protocol", "-signer", signer, "-out", folder / "out"),
        *("-CAfile", stand.trusted_file()),
        *("-purpose", "any"),
    )
    subject = openssl("x509", "-in", signer, "-noout", "-subject", "-ext", "keyUsage")
    assert "OU = BIN" in subject
    assert "Non Repudiation" in subject


def test_another_person_scores_low(stand: Stand) -> None:
    """Liveness holds, the face does not: the protocol says so, signed all the same."""
    person = stand.known_person("victim")
    answer = check(stand, person, present_iin=another_iin(person.iin))
    protocol = protocol_of(answer)
    assert protocol["iin"] == person.iin
    assert protocol["liveness_passed"] is True
    assert Decimal(protocol["score"]) < 50


def test_a_photo_before_the_camera_fails_liveness(stand: Stand) -> None:
    """The face is right, but nothing lives."""
    protocol = protocol_of(check(stand, stand.known_person("photo"), lively=False))
    assert protocol["liveness_passed"] is False


def test_attempts_are_counted_and_end_after_three(stand: Stand) -> None:
    """The fourth attempt in a session is refused (facts: three attempts)."""
    person = stand.known_person("three attempts")
    session = open_session(stand, person)
    stranger = another_iin(person.iin)
    numbers = []
    for _ in range(3):
        location = person.pass_biometrics(session["redirect_url"], present_iin=stranger)
        code = returned_code(person, location)
        numbers.append(
            protocol_of(result(stand, session["session_id"], code))["attempt_no"]
        )
    assert numbers == [1, 2, 3]
    with pytest.raises(AnswerError, match="409"):
        person.pass_biometrics(session["redirect_url"])


def test_a_passed_session_is_finished(stand: Stand) -> None:
    """One success ends the session."""
    person = stand.known_person("finished")
    session = open_session(stand, person)
    person.pass_biometrics(session["redirect_url"])
    with pytest.raises(AnswerError, match="409"):
        person.pass_biometrics(session["redirect_url"])


def test_a_result_can_be_fetched_again(stand: Stand) -> None:
    """A lost answer costs nothing: the same code, the same bytes."""
    person = stand.known_person("again")
    session = open_session(stand, person)
    location = person.pass_biometrics(session["redirect_url"])
    code = returned_code(person, location)
    first, second = (result(stand, session["session_id"], code) for _ in range(2))
    assert first.body == second.body


def test_a_code_opens_no_other_session(stand: Stand) -> None:
    """Codes are bound to their session, and guesses are unknown."""
    person = stand.known_person("two sessions")
    first, second = open_session(stand, person), open_session(stand, person)
    location = person.pass_biometrics(first["redirect_url"])
    code = returned_code(person, location)
    for answer in (
        result(stand, second["session_id"], code),
        result(stand, first["session_id"], "guess"),
    ):
        assert (answer.status, answer.json()["code"]) == (404, "code_unknown")


@pytest.mark.usefixtures("healed")
def test_a_wrong_protocol_is_signed_about_another_person(
    stand: Stand, tmp_path: Path
) -> None:
    """Only comparing the ИИН finds it: the signature is genuine."""
    person = stand.known_person("falsified")
    stand.control.arm_world("/coid/v1/sessions/", "wrong")
    answer = check(stand, person)
    assert protocol_of(answer)["iin"] != person.iin
    assert_signed_by_coid(stand, answer, tmp_path)


def test_nobody_is_compared_without_a_reference_photo(stand: Stand) -> None:
    """An ИИН the state base does not know gets no session."""
    with pytest.raises(AnswerError, match="404 person_unknown"):
        open_session(stand, stand.person("unknown to the state"))


def test_an_unknown_session_has_no_page(stand: Stand) -> None:
    """A guessed address shows nothing."""
    answer = stand.public.call("GET", "/coid/verify/guess")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
