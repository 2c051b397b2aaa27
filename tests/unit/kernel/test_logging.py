"""Logs are JSON lines, one canonical line a unit of work, without personal data."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from kernel.logging import (
    LONGEST_TEXT,
    MASK,
    canonical,
    configure,
    get_logger,
    lines_together,
    redact,
    redact_text,
)
from kernel.money import Money
from kernel.values import MOBILE_CODES, Iin, Secret

IIN, PHONE, IBAN = "931002451325", "+77011234567", "KZ86125KZT5004100100"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure("contracts", "info")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_a_line_says_who_when_and_what(lines: Lines) -> None:
    get_logger("sample").info("contract_signed", attempt=2)
    (line,) = lines()
    at = datetime.fromisoformat(line.pop("at"))
    assert at.tzinfo == UTC
    assert line == {
        "process": "contracts",
        "event": "contract_signed",
        "logger": "sample",
        "level": "info",
        "attempt": 2,
    }


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        ("ok", "info"),
        ("refused", "info"),
        ("transient", "warning"),
        ("broken", "error"),
    ],
)
def test_a_unit_of_work_leaves_one_line(lines: Lines, outcome: str, level: str) -> None:
    canonical("sample", "request", outcome=outcome, code="iin_invalid")
    (line,) = lines()
    assert (line["level"], line["line"]) == (level, "canonical")
    assert line["code"] == "iin_invalid"


def test_news_are_written_together_and_in_their_order(lines: Lines) -> None:
    """What is worse than news does not wait, and does not overtake them."""
    log = get_logger("sample")

    def written() -> list[str]:
        return [line["event"] for line in lines()]

    with lines_together():
        log.info("first")
        log.info("second")
        assert written() == []
        log.warning("third")
        assert written() == ["first", "second", "third"]
        log.info("fourth")
        assert written() == []
    assert written() == ["fourth"]
    log.info("fifth")
    assert written() == ["fifth"]


def test_news_are_kept_by_who_told_them_alone(lines: Lines) -> None:
    """Another thread's line is not held up."""
    with lines_together():
        other = Thread(target=get_logger("sample").info, args=("other",))
        other.start()
        other.join()
        assert [line["event"] for line in lines()] == ["other"]


def test_what_is_below_the_level_is_not_written(lines: Lines) -> None:
    get_logger("sample").debug("detail")
    logging.getLogger("library").debug("detail")
    assert lines() == []


@pytest.mark.parametrize("name", ["httpx", "uvicorn.access", "amqp", "kombu.x"])
def test_libraries_that_speak_of_each_request_are_quiet(
    lines: Lines, name: str
) -> None:
    logging.getLogger(name).info("GET /v1/accounts")
    assert lines() == []


def test_broker_libraries_lose_the_bodies_they_quote(lines: Lines) -> None:
    logging.getLogger("kombu.message").critical("No way to decode %r", "Иванов")
    (line,) = lines()
    assert line["event"] == "No way to decode %r"


def test_other_libraries_take_the_same_road(lines: Lines) -> None:
    logging.getLogger("library").warning("Call %s back", PHONE)
    (line,) = lines()
    assert (line["event"], line["level"]) == (f"Call {MASK} back", "warning")


def test_a_record_that_cannot_be_formatted_is_not_quoted(
    lines: Lines,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:1])  # pytest's would raise
    logging.getLogger("library").warning("%d", PHONE)
    captured = capsys.readouterr()
    assert json.loads(captured.err)["event"] == "log_line_lost"
    assert lines() == []


TALKER = """
import signal
from kernel.logging import configure, get_logger, lines_together

configure("contracts", "info")
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
for first in range(0, 4000, 1000):
    with lines_together():
        for number in range(first, first + 1000):
            get_logger("talker").info("told", number=number, about="x" * 200)
"""


@pytest.mark.seeded("log_lines_dropped_at_a_signal")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_slow_reader_and_signals_cost_no_line(unbuffered: str) -> None:
    """A pipe holds far less than is told at once; a signal interrupts the writing."""
    talker = subprocess.Popen(
        [sys.executable, "-c", TALKER],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
    )
    told = b""
    with talker:
        assert talker.stdout is not None
        while part := os.read(talker.stdout.fileno(), 20_000):
            told += part
            time.sleep(0.005)
    numbers = [json.loads(line)["number"] for line in told.splitlines()]
    assert numbers == list(range(4000))


def test_exceptions_are_redacted_whole(lines: Lines) -> None:
    def fail() -> None:
        raise ValueError(f"no loan for {IIN}")

    try:
        fail()
    except ValueError as exc:
        get_logger("sample").exception("failed", cause=exc)
        logging.getLogger("library").exception("failed")
    ours, theirs = lines()
    assert ours["cause"] == f"ValueError: no loan for {MASK}"
    for line in (ours, theirs):
        assert line["exception"].endswith(f"ValueError: no loan for {MASK}")


def test_the_row_a_database_quotes_is_masked() -> None:
    quoted = (
        "(psycopg2.errors.CheckViolation) new row violates check\n"
        "DETAIL:  Failing row contains (1, Иванов, Иван,\n 1990-01-01).\n\n"
        "[SQL: INSERT INTO person VALUES (%(surname)s)]\n"
        "[parameters: {'surname': 'Иванов', 'list': [1]}]\n"
        "(Background on this error at: https://sqlalche.me/e/21/gkpj)"
    )
    shown = redact_text(quoted)
    assert "Иванов" not in shown
    assert "CheckViolation" in shown
    assert "INSERT INTO person" in shown


@pytest.mark.parametrize(
    "secret",
    [
        *(IIN, f"IIN{IIN}", f"ИИН{IIN}", f"iin-{IIN}.", "٩٣١٠٠٢٤٥١٣٢٥"),
        *(PHONE, "+7 (701) 123-45-67", "87011234567", "8 701 123 45 67"),
        *("77011234567", "%2B77011234567", "tel:+77011234567"),
        *(IBAN, IBAN.lower(), "KZ86 125K ZT50 0410 0100"),
        *("Bearer abc.def-123", "authorization: Basic aHVudGVyMg=="),
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMIIEvQ cut off",
        *("password=hunter2", '"token": "hunter2"', "?code=hunter2&x=1"),
        *("amqps://user:hunter2@127.0.0.1:5671/kredit", "x://:hunter2@h"),
    ],
)
def test_what_looks_personal_or_secret_is_masked(secret: str) -> None:
    shown = redact_text(f"before {secret} after")
    assert MASK in shown
    for part in (IIN, "1234567", "123-45-67", "123 45 67", "4100100", "0410 0100"):
        assert part not in shown
    for part in ("hunter2", "aHVudGVyMg", "abc.def", "c2ln", "MIIEvQ", "٥١٣٢٥"):
        assert part not in shown


@given(
    st.sampled_from(sorted(MOBILE_CODES)),
    st.text("0123456789", min_size=7, max_size=7),
    st.sampled_from(["+7", "8", "7"]),
    st.lists(st.sampled_from(["", " ", "-", ") ", " ("]), min_size=10, max_size=10),
)
def test_a_phone_is_masked_however_it_is_written(
    code: str, rest: str, prefix: str, between: list[str]
) -> None:
    national = zip(between, code + rest, strict=True)
    typed = prefix + "".join(f"{gap}{digit}" for gap, digit in national)
    assert redact_text(f"to {typed}.") == f"to {MASK}."


@pytest.mark.parametrize(
    "text",
    [
        *("contract_signed", "iin_invalid: this is not an ИИН", "attempt 3 of 3"),
        "019ab3c4-1234-7abc-8def-123456789012",
        "2026-11-25T12:00:00.123456Z",
        "5f1d7a84db00d2fce00b31a7fc73224f00000000000000000000000000000000",
        "postgresql+psycopg2://contracts@127.0.0.1:5432/contracts",
        "400 000,00 ₸",
    ],
)
def test_what_is_ours_to_know_stays(text: str) -> None:
    assert text == redact_text(text)


@given(st.uuids(version=4))
def test_ids_stay_readable(made: UUID) -> None:
    assert str(made) == redact_text(str(made))


@pytest.mark.parametrize(
    "key",
    [
        *("iin", "client_iin", "phone", "loginPhone", "login-phone", "IBAN", "Cookie"),
        *("password", "new_password", "access_token", "surname", "name", "body"),
        *("X-Authorization", "payload", "given_name", "private_key", "otp"),
    ],
)
def test_a_field_with_a_telling_name_is_masked(key: str) -> None:
    assert redact(None, "", {key: "anything", "x": {key: ["deep"]}}) == {
        key: MASK,
        "x": {key: MASK},
    }


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("code", "phone_invalid", "phone_invalid"),
        ("code", "123456", MASK),
        ("code", 123456, MASK),
        ("sms_code", "123456", MASK),
        ("status_code", 503, 503),
    ],
)
def test_a_code_of_ours_is_told_from_a_code_that_was_sent(
    key: str, value: object, shown: object
) -> None:
    assert redact(None, "", {key: value}) == {key: shown}


class Person:
    @override
    def __repr__(self) -> str:
        return "Person(surname='Иванов')"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Person(), "<Person>"),
        (b"Ivanov", "<6 bytes>"),
        (Iin(IIN), "Iin(***325)"),
        (Secret("x"), MASK),
        (int(IIN), MASK),
        (10**30, 10**30),
        (7, 7),
        (None, None),
        (False, False),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (Money(100), "1,00 ₸"),
        (Decimal("0.5"), "0.5"),
        ([IIN, (1, {2}), None], [MASK, [1, [2]], None]),
        ({PHONE: 1}, {MASK: 1}),
    ],
)
def test_values_are_shown_only_when_known_to_be_harmless(
    value: object, shown: object
) -> None:
    assert redact(None, "", {"field": value}) == {"field": shown}


def test_depth_and_length_are_limited() -> None:
    deep: list[Any] = []
    deep.append(deep)
    (line,) = (redact(None, "", {"deep": deep, "text": ""}).values(),)
    assert MASK in str(line)
    assert len(redact_text("x" * 10 * LONGEST_TEXT)) == LONGEST_TEXT
    assert len(redact(None, "", {"many": list(range(1000))})["many"]) == 100
