"""What the staff's commands of incidents send is what the door takes."""

import argparse
import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from kernel.cli import Operator
from kernel.clock import parse_rfc3339
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.rpc import CallRejectedError, Method, Request
from services.audit.cli import COMMANDS
from services.audit.service import AuditService

ID = str(UUID(int=7))
RULES = """
[[rule]]
code = "reads_few"
from = "2026-01-01"
kinds = ["onboarding.personal_data_read.v1"]
where.purpose = ["curiosity"]
count = 10
within_s = 60
severity = "low"
clause = "6.1c"
words = "Ten reads."
"""


@dataclass
class Service:
    """The door, as far as its schemas go; it answers what it is told to."""

    answer: dict[str, Json] = field(default_factory=dict)
    taken: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, **arguments: Any) -> dict[str, Json]:  # noqa: ANN401 - as Operator
        call = Call(
            id=UUID(int=2),
            caller="operator",
            method=method,
            deadline=parse_rfc3339("2026-11-28T09:00:00.000000Z"),
            context=Context(UUID(int=1), None, "00-0-0-01"),
            client_id=None,
            idempotency_key=None,
            arguments_digest=b"",
        )
        sent = {name: jsonable(value) for name, value in arguments.items()}
        door = Method.of(getattr(AuditService, method), permission="any")
        self.taken = dict(door.arguments_for(Request(call, sent, "operator.1")))
        return self.answer

    call = ask


def run(service: Service, words: str, *given: str) -> Json:
    command = COMMANDS[words]
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    parsed = parser.parse_args(given)
    if command.effect is not None:
        assert command.effect(cast(Operator, service), parsed)
    answer, code = command.run(cast(Operator, service), parsed)
    assert code == 0
    return answer


@pytest.fixture
def words(tmp_path: Path) -> str:
    path = tmp_path / "words.txt"
    path.write_text("What was seen.")
    return str(path)


def test_incidents_are_led_by_words_from_files(words: str) -> None:
    service = Service()
    opening = (words, "--about", f"client:{ID}", "--detected-at")
    moment = "2026-11-27T17:00:00+05:00"
    run(service, "incidents open", "fraud", "high", *opening, moment)
    assert service.taken["words"] == "What was seen."
    assert service.taken["detected_at"] == parse_rfc3339("2026-11-27T12:00:00Z")
    run(service, "incidents list", "--state", "closed")
    run(service, "incidents show", ID)
    run(service, "incidents assign", ID, ID)
    run(service, "incidents note", ID, words, "--kind", "fact", "--at", moment)
    run(service, "incidents affect", ID, ID)
    run(service, "incidents contain", ID, words)
    run(service, "incidents downgrade", ID, words)
    run(service, "incidents evidence", ID, "--leaf", "7")
    assert service.taken["leaf"] == 7
    run(service, "incidents evidence", ID, "--file", words)
    assert service.taken["content_b64"] == b"What was seen."
    parts = ("cause", "consequences", "measures", "lesson")
    files = [word for part in parts for word in (f"--{part}", words)]
    run(service, "incidents close", ID, *files)
    assert service.taken["lesson"] == "What was seen."


def test_what_is_about_nothing_is_not_taken(words: str) -> None:
    with pytest.raises(CallRejectedError):
        run(Service(), "incidents open", "fraud", "high", words, "--about", "Anna")


def test_evidence_and_papers_become_new_files(tmp_path: Path) -> None:
    content = base64.b64encode(b"bytes").decode()
    to = tmp_path / "evidence.zip"
    run(Service({"content_b64": content}), "incidents fetch", ID, ID, str(to))
    assert to.read_bytes() == b"bytes"
    answer: dict[str, Json] = {"sha256": "a" * 64, "papers": {"ru": content}}
    told = run(Service(answer), "notices preview", ID, str(tmp_path))
    assert (tmp_path / f"{ID}.ru.pdf").read_bytes() == b"bytes"
    assert isinstance(told, dict)
    assert told["sha256"] == "a" * 64


def test_notices_are_approved_by_their_digest() -> None:
    service = Service()
    run(service, "notices list", "--state", "all")
    run(service, "notices approve", ID, "--seen", "a" * 64)
    run(service, "notices approve", ID)
    run(service, "notices resend", ID)
    with pytest.raises(CallRejectedError):
        run(service, "notices approve", ID, "--seen", "anything")


def test_rules_are_tried_from_a_file(tmp_path: Path, words: str) -> None:
    service, rules = Service(), tmp_path / "rules.toml"
    rules.write_text(RULES)
    period = ("2026-11-01T00:00:00+05:00", "2026-12-01T00:00:00+05:00")
    run(service, "monitoring test", *period, "--rules", str(rules))
    [rule] = service.taken["rules"]
    assert rule["where"] == {"purpose": ["curiosity"]}
    run(service, "monitoring test", *period)
    run(service, "monitoring rules")
    run(service, "monitoring alerts")
    run(service, "monitoring suppress", "odd_hours", "8", words, "--group", "-")
    assert service.taken["hours"] == 8
    with pytest.raises(Refused):
        run(service, "monitoring test", *period, "--rules", words)
