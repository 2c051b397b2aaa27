"""State data, phone owners, the bureau, SMS and the anti-fraud centre."""

from typing import Any

import pytest

from infra.simulators.wire import Answer
from tests.integration.simulators.stand import Stand


def post(stand: Stand, path: str, body: dict[str, Any]) -> Answer:
    return stand.partner.call("POST", path, json=body)


def test_the_state_knows_a_registered_person(stand: Stand) -> None:
    """Names, birth date, document and phones; nothing of the credit history."""
    person = stand.known_person("state")
    answer = post(stand, "/state/v1/person", {"iin": person.iin})
    assert answer.expect(200).json() == person.state_record()


@pytest.mark.parametrize("path", ["/state/v1/person", "/bureau/v1/report"])
def test_an_unknown_person_is_unknown(stand: Stand, path: str) -> None:
    """404 with a stable code."""
    answer = post(stand, path, {"iin": stand.person("unknown").iin})
    assert (answer.status, answer.json()["code"]) == (404, "person_unknown")


def test_a_phone_has_one_owner(stand: Stand) -> None:
    """Owner, somebody else, and a number nobody has."""
    owner, other = stand.known_person("phone"), stand.known_person("no phone")

    def verdict(iin: str, phone: str) -> object:
        body = {"iin": iin, "phone": phone}
        return post(stand, "/state/v1/phone-owner", body).expect(200).json()

    assert verdict(owner.iin, owner.phone) == {"verdict": "match"}
    assert verdict(other.iin, owner.phone) == {"verdict": "mismatch"}
    assert verdict(owner.iin, "+77000000000") == {"verdict": "unknown"}


def test_the_bureau_reports_what_the_director_set(stand: Stand) -> None:
    """Stop-credit, the earlier microcredit, overdue days and debt burden."""
    person = stand.person("report")
    stand.control.create_person(
        person,
        earlier_online_microcredit=False,
        stop_credit=True,
        days_overdue=12,
        debt_burden="0.49",
    )
    report = post(stand, "/bureau/v1/report", {"iin": person.iin}).expect(200).json()
    assert report.pop("report_id")
    assert report == {
        "stop_credit": True,
        "earlier_online_microcredit": False,
        "days_overdue": 12,
        "debt_burden": "0.49",
    }


def test_an_sms_is_delivered_once(stand: Stand) -> None:
    """A repeated message id is the same message; other content is a conflict."""
    phone = stand.person("sms").phone
    message = {"message_id": "once", "to": phone, "text": "Код 123456"}
    for _ in range(2):
        answer = post(stand, "/sms/v1/messages", message)
        assert (answer.status, answer.json()) == (202, {"accepted": True})
    assert stand.control.wait_for_sms(phone) == "Код 123456"
    assert len(stand.control.sms(phone)) == 1
    other = post(stand, "/sms/v1/messages", message | {"text": "другое"})
    assert other.json()["code"] == "idempotency_conflict"


def test_the_operator_reports_what_became_of_a_message(stand: Stand) -> None:
    """A phone out of reach never gets it, however often one asks."""
    phone = stand.person("far").phone
    for number, possible in enumerate((True, False)):
        stand.control.reach(phone, possible=possible)
        message = {"message_id": f"far-{number}", "to": phone, "text": "где вы"}
        post(stand, "/sms/v1/messages", message).expect(202)
    states = [
        stand.partner.call("GET", f"/sms/v1/messages/far-{n}").expect(200).json()
        for n in range(2)
    ]
    assert [state["state"] for state in states] == ["delivered", "undelivered"]
    unknown = stand.partner.call("GET", "/sms/v1/messages/never")
    assert (unknown.status, unknown.json()["code"]) == (404, "unknown_message")


def test_a_phone_sees_only_its_own_messages(stand: Stand) -> None:
    """The director reads one phone at a time."""
    mine, theirs = stand.person("mine").phone, stand.person("theirs").phone
    message = {"message_id": "mine", "to": mine, "text": "мне"}
    post(stand, "/sms/v1/messages", message).expect(202)
    assert stand.control.sms(theirs) == []


def test_the_centre_acknowledges_an_event_once(stand: Stand) -> None:
    """The same event gets the same acknowledgement; another one a conflict."""
    event = {"event_id": "e-1", "kind": "incident"}
    acks = [
        post(stand, "/centre/v1/messages", event).expect(201).json() for _ in range(2)
    ]
    assert acks[0] == acks[1]
    conflict = post(stand, "/centre/v1/messages", event | {"kind": "attempt"})
    assert conflict.json()["code"] == "idempotency_conflict"
    taken = [m["message"] for m in stand.control.centre_messages()]
    assert taken.count(event) == 1


def test_the_centre_tells_what_became_of_an_event(stand: Stand) -> None:
    """Accepted until the director says otherwise; listed by when it was detected."""
    event = {"event_id": "e-2", "detected_at": "2026-11-25T07:00:00.000000Z"}
    post(stand, "/centre/v1/messages", event).expect(201)
    path = "/centre/v1/messages/e-2"
    assert stand.partner.call("GET", path).expect(200).json()["status"] == "accepted"
    stand.control.set_centre_state("e-2", "rejected", "category_unknown")
    shown = stand.partner.call("GET", path).expect(200).json()
    assert (shown["status"], shown["reason"]) == ("rejected", "category_unknown")
    listed = "/centre/v1/messages?from=2026-11-25&to=2026-11-26"
    assert stand.partner.call("GET", listed).expect(200).json()["messages"] == [shown]
    stand.control.set_centre_state("e-2", "forgotten")
    assert stand.partner.call("GET", path).status == 404
    assert stand.partner.call("GET", listed).expect(200).json()["messages"] == []


def test_the_centre_s_feed_is_numbered_without_gaps(stand: Stand) -> None:
    """Whatever the director put there, poison too."""
    first, second = stand.control.tell({"kind": "notice"}, 7)
    path = f"/centre/v1/changes?after={first - 1}&limit=1"
    shown = stand.partner.call("GET", path).expect(200).json()
    assert shown["changes"] == [{"number": first, "says": {"kind": "notice"}}]
    assert (second, shown["last"]) == (first + 1, first + 1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"iin": 5}', b'{"iin": "12"}', b"\xff"]
)
def test_rubbish_is_refused_without_an_error_of_ours(stand: Stand, body: bytes) -> None:
    """400 with a code, never 500."""
    answer = stand.partner.call("POST", "/state/v1/person", body=body)
    assert (answer.status, answer.json()["code"]) == (400, "malformed")


def test_a_huge_body_is_refused(stand: Stand) -> None:
    """One mebibyte is the limit."""
    body = b'{"iin": "' + b"1" * (1 << 20) + b'"}'
    answer = stand.partner.call("POST", "/state/v1/person", body=body)
    assert (answer.status, answer.json()["code"]) == (413, "too_large")
