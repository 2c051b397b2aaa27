"""Risks of fraud governed by the commands of `kredit`, over the real bus."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from kernel.clock import almaty_date
from services.antifraud.domain.quarters import Quarter
from tests.e2e.test_antifraud_desk import Seat, refused
from tests.staff import Recruiter

WORDS = "Looked at by two of us; the numbers are those of the month."


@pytest.fixture
def officer(recruiter: Recruiter) -> Seat:
    return Seat(recruiter.recruit("nora", "fraud-officer"))


@pytest.fixture
def security(recruiter: Recruiter) -> Seat:
    return Seat(recruiter.recruit("oleg", "security-officer"))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    (path := tmp_path / "words.txt").write_text(WORDS)
    return path


def written(folder: Path, name: str, said: Mapping[str, Any]) -> Path:
    (path := folder / name).write_text(json.dumps(said))
    return path


def assessment(officer: Seat) -> dict[str, Any]:
    today = almaty_date(officer.person.door.clock.now())
    control = {
        "name": "Operations are judged before they go on",
        "linked_to": "clause:6.1g",
        "lowers": "likelihood",
        "design": "effective",
        "operation": "partly",
        "judged_on": f"{today}",
    }
    return {
        "title": "Bought passports apply in a burst",
        "category": "application",
        "owner": str(officer.person.staff_id),
        "inherent": {"likelihood": 4, "impact": 5},
        "controls": [control],
        "treatment": "reduce",
        "plan": "Faces are compared with those of earlier refusals.",
        "due_on": f"{today + timedelta(days=30)}",
        "review_on": f"{today + timedelta(days=60)}",
    }


@pytest.mark.clause("6.1h")
def test_a_risk_from_its_assessment_to_a_loss_and_the_report(
    officer: Seat, security: Seat, words: Path, tmp_path: Path
) -> None:
    said = assessment(officer)
    today = almaty_date(officer.person.door.clock.now())
    opened = officer.run("risks", "open", written(tmp_path, "risk.json", said))
    risk_id = opened["risk_id"]
    assert (opened["inherent"], opened["residual"]) == (20, 15)
    shown = officer.run("risks", "show", risk_id)
    again = written(tmp_path, "shown.json", shown)
    assert officer.run("risks", "revise", risk_id, again)["revision"] == 2
    soon = today + timedelta(days=20)
    assert officer.run("risks", "review", risk_id, soon, words)["revision"] == 3
    asked = officer.run("risks", "accept", risk_id, soon, words)["approval_id"]
    with refused("own_request"):
        officer.ask("approve", approval_id=asked)
    security.ask("approve", approval_id=asked)
    borne = security.run("risks", "list", "--state", "accepted")["risks"]
    assert risk_id in {one["risk_id"] for one in borne}

    facts = {
        "cause": "stolen_identity",
        "risk_id": risk_id,
        "contract_id": str(uuid4()),
        "occurred_on": f"{today}",
        "found_on": f"{today}",
        "booked_on": f"{today}",
        "words": WORDS,
    }
    told = written(tmp_path, "loss.json", facts)
    loss_id = officer.run("losses", "record", "250000.50", told)["loss_id"]
    officer.run("losses", "recover", loss_id, "40000", today, words)
    officer.run("losses", "correct", loss_id, "gross", "200000", words)
    assert officer.run("losses", "amend", loss_id, told)["told"] == 2
    assert officer.run("losses", "show", loss_id)["net"] == "160000.00"
    sums = security.run("losses", "list", "--since", today)["by_risk"]
    assert risk_id in {one["risk_id"] for one in sums}

    quarter = Quarter.with_day(today).before.name
    made = officer.run("reports", "make", quarter)
    listed = security.run("reports", "list")["reports"]
    assert made["report_id"] in {one["report_id"] for one in listed}
    got = tmp_path / "report.pdf"
    security.run("reports", "fetch", made["report_id"], got, "--language", "kk")
    assert got.read_bytes().startswith(b"%PDF-")
    assert officer.run("risks", "close", risk_id, words)["revision"] == 4


@pytest.mark.clause("6.1h")
def test_an_investigation_from_its_ground_to_a_measure_that_was_taken(
    officer: Seat, security: Seat, words: Path, tmp_path: Path
) -> None:
    """And indicators are read meanwhile."""
    lead, owner = officer.person.staff_id, security.person.staff_id
    today = almaty_date(officer.person.door.clock.now())
    began = ("investigations", "open", f"incident:{uuid4()}", lead, words)
    one = security.run(*began)["investigation_id"]
    officer.run("investigations", "note", one, words)
    step = officer.run("investigations", "plan", one, today, words)["entry_id"]
    officer.run("investigations", "done", one, step, words)
    (mail := tmp_path / "mail.eml").write_bytes(b"From: nobody\r\n")
    kept = officer.run("investigations", "attach", one, mail)["entry_id"]
    officer.run("investigations", "fetch", one, kept, got := tmp_path / "got.eml")
    assert got.read_bytes() == mail.read_bytes()
    ordered = officer.run("investigations", "measure", one, owner, today, words)
    with refused("measure_is_yours"):
        security.run("investigations", "taken", one, ordered["entry_id"], words)
    conclude = ("investigations", "conclude", one, "confirmed", "mistake", words)
    asked = officer.run(*conclude)["approval_id"]
    security.ask("approve", approval_id=asked)
    closed = security.run("investigations", "list", "--state", "closed")
    assert one in {each["investigation_id"] for each in closed["investigations"]}
    waiting = officer.run("measures", "list")["measures"]
    assert ordered["entry_id"] in {each["measure_id"] for each in waiting}
    officer.run("investigations", "taken", one, ordered["entry_id"], words)
    assert officer.run("investigations", "show", one)["end"]["finding"] == "confirmed"
    codes = {row["code"] for row in officer.run("indicators", "list")["indicators"]}
    assert "loss_ratio" in codes
    assert "items" in officer.run("indicators", "items")
