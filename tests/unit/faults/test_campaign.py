"""The books of the campaign: journals, totals, and which case comes next."""

from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.faults import report
from tests.faults.__main__ import next_case
from tests.faults.campaign import CASES, Result
from tests.faults.journal import Journal, Said
from tests.faults.report import CAMPAIGNS, PLATFORM
from tests.faults.words import Words

ONE, TWO, THREE = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3))
WHOLE: Final = Words(attempted=5, acknowledged=4, recovered=1)


def _result(case: str, **words: int) -> Result:
    blows = dict(CASES[case].blows)
    return Result(case=case, seed="1", blows=blows, words=Words(**words))


def test_a_journal_tells_asked_committed_and_withdrawn_apart(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.say("+", [ONE, TWO])
    journal.say("=", [ONE, TWO])
    journal.say("-", [THREE])
    journal.close()
    said = Said.of([path])
    assert (said.asked, said.committed) == ({ONE, TWO}, {ONE, TWO})
    assert said.withdrawn == {THREE}


def test_a_line_cut_by_a_kill_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text(f"+ {ONE},{TWO[:-3]}")
    journal = Journal(path)
    journal.say("+", [THREE])
    journal.close()
    assert Said.of([path]).asked == {ONE, THREE}


def test_lost_unexpected_and_twice_are_harm_and_nothing_else() -> None:
    assert WHOLE.harm == {}
    harmed = WHOLE + Words(lost=1, twice=2, duplicated=9)
    assert harmed.harm == {"lost": 1, "twice": 2}


def test_results_are_kept_and_added_up(tmp_path: Path) -> None:
    file = tmp_path / "faults" / "campaign.jsonl"
    first = _result("events-broker", attempted=10)
    report.keep(first, file)
    report.keep(_result("loans-broker", attempted=4), file)
    kept = report.kept(file)
    assert kept[0] == first
    assert report.words_of(kept, "events").attempted == 10
    assert report.struck(kept)["broker killed"] == 4


def test_every_case_runs_once_and_then_those_that_lack() -> None:
    results: list[Result] = []
    while (name := next_case(results)) is not None:
        results.append(_result(name, attempted=6_000))
    assert {result.case for result in results} == set(CASES)
    for campaign in CAMPAIGNS:
        struck = report.struck(campaign.of(results))
        assert all(struck[blow] >= goal for blow, goal in campaign.goals.items())
    assert report.words_of(results, "events").attempted >= PLATFORM.events
    grounds = [CASES[result.case].ground for result in results]
    changes = sum(a != b for a, b in pairwise(grounds))
    assert changes == len(set(grounds)) - 1


def test_a_campaign_over_one_ground_wants_its_cases_alone() -> None:
    name = next_case([], ["payers"])
    assert name is not None
    assert CASES[name].ground == "payers"


def test_each_campaign_has_its_page_and_none_without_results() -> None:
    payers = _result("payers-killed", attempted=3)
    payers.places = {"pay: commit asked": 2, "pay: bank.send asked": 5, "ask: x": 1}
    (path, text), *more = report.pages([payers]).items()
    assert (path, more) == (report.PAYERS_PAGE, [])
    assert "| pay | 2 | 7 | 2 | 5 |" in text
    others = [_result(name, attempted=7) for name in ("events-broker", "trail-broker")]
    every = report.pages([payers, *others])
    assert set(every) == {report.PAGE, report.TRAIL_PAGE, report.PAYERS_PAGE}


def test_the_page_names_what_broke() -> None:
    broken = _result("loans-clock")
    broken.complaint = "AssertionError: it did"
    page = report.page([_result("events-broker", attempted=7), broken])
    assert "`loans-clock --seed 1`" in page
    assert "| events | 7 |" in page
