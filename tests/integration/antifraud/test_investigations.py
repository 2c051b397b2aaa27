"""Investigations on real tables: duties apart, entries that stay, measures followed."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.crypto import sha256_hex
from kernel.errors import Refused
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.investigations import (
    Conclusion,
    End,
    Entry,
    Finding,
    Investigation,
    Kind,
)
from services.antifraud.domain.losses import Cause
from services.antifraud.handlers import concluding, investigations
from services.antifraud.storage import SqlInvestigationUnits
from tests.integration.antifraud.conftest import Desk
from tests.integration.antifraud.test_cases import burst, queue
from tests.integration.antifraud.test_risks import (
    ANNA,
    BORIS,
    DAY_S,
    Bell,
    Register,
    refused,
)
from tests.unit.antifraud.test_risks import TODAY

CLARA, DENIS = UUID(int=913), UUID(int=914)
"""Clara takes measures, Denis is investigated."""
WORDS = "Who let the third passport through, and why."
MAIL = b"From: nobody\r\n\r\nthe mail, as it came"
SAID = Conclusion(
    finding=Finding.CONFIRMED, cause=Cause.COLLUSION, words="He knew the applicant."
)
REWRITING = (
    "UPDATE investigation_entry SET by = by",
    "DELETE FROM investigation_entry",
    "DELETE FROM investigation",
    "UPDATE investigation_end SET at = now()",
    "DELETE FROM investigation_end",
)


class Bureau(Register):
    """The use cases, as the staff have them."""

    @property
    def rooms(self) -> SqlInvestigationUnits:
        platform = self.desk.platform
        return SqlInvestigationUnits(
            platform.database, platform.context(), platform.field_keys
        )

    def begin(self, *, subjects: tuple[UUID, ...] = (DENIS,)) -> Investigation:
        """Of a case, led by Anna, opened by Boris."""
        burst(self.desk)
        (case,) = queue(self.desk)
        return investigations.open_investigation(
            f"case:{case.case_id}",
            lead=ANNA,
            subjects=subjects,
            words=WORDS,
            by=BORIS,
            units=self.rooms,
            tools=self.desk.tools,
        )

    def say(
        self, one: Investigation, kind: Kind, *, by: UUID = ANNA, **given: object
    ) -> Entry:
        return investigations.say(
            one.investigation_id,
            kind,
            WORDS,
            by=by,
            units=self.rooms,
            tools=self.desk.tools,
            **given,  # type: ignore[arg-type]
        )

    def finish(
        self, one: Investigation, of: Entry, kind: Kind, *, by: UUID = ANNA
    ) -> Entry:
        return investigations.finish(
            one.investigation_id,
            of.entry_id,
            kind,
            WORDS,
            by=by,
            units=self.rooms,
            tools=self.desk.tools,
        )

    def planned(self, one: Investigation) -> tuple[Entry, Entry]:
        """A step, and a measure for Clara, both due in a week."""
        due_on = TODAY + timedelta(days=7)
        step = self.say(one, Kind.STEP, due_on=due_on)
        return step, self.say(one, Kind.MEASURE, due_on=due_on, who=CLARA)

    def ask_end(
        self, one: Investigation, said: Conclusion = SAID, *, by: UUID = ANNA
    ) -> dict[str, object]:
        with self.rooms.begin() as unit:
            arguments, effect = concluding.conclusion(
                one.investigation_id, said, by=by, unit=unit, tools=self.desk.tools
            )
        assert said.words not in effect
        return dict(arguments)

    def conclude(self, asked: dict[str, object], *, by: UUID = BORIS) -> None:
        with self.rooms.begin() as unit:
            concluding.conclude(
                asked,  # type: ignore[arg-type]
                asked_by=ANNA,
                approved_by=by,
                unit=unit,
                tools=self.desk.tools,
            )

    def show(self, one: Investigation, *, by: UUID = BORIS) -> investigations.Shown:
        return investigations.show(one.investigation_id, by=by, units=self.rooms)

    def late(self) -> Bell:
        bell = Bell()
        investigations.watch(units=self.rooms, tools=self.desk.tools, alarms=bell)
        return bell


@pytest.fixture
def bureau(desk: Desk) -> Bureau:
    return Bureau(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_investigation_closed_alone")
def test_an_investigation_is_closed_by_two_and_not_by_its_lead(bureau: Bureau) -> None:
    one = bureau.begin()
    step, _ = bureau.planned(one)
    bureau.finish(one, step, Kind.DONE)
    asked = bureau.ask_end(one)
    with refused("investigation_is_yours"):
        bureau.conclude(asked, by=ANNA)
    with refused("investigation_not_found"):
        bureau.conclude(asked, by=DENIS)
    bureau.conclude(asked)
    shown = bureau.show(one)
    end = shown.investigation.end
    assert end is not None
    assert (end.finding, end.approved_by) == (Finding.CONFIRMED, BORIS)
    assert "He knew" in shown.words[end.conclusion_id]
    with refused("investigation_closed"):
        bureau.say(one, Kind.NOTE)
    assert bureau.told("investigation_closed") == 1
    closed = investigations.listed(closed=True, by=ANNA, units=bureau.rooms)
    assert [each.number for each in closed] == [1]


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_investigated_person_reads")
def test_whoever_is_investigated_sees_nothing_and_takes_no_part(
    bureau: Bureau,
) -> None:
    one = bureau.begin()
    assert investigations.listed(closed=False, by=DENIS, units=bureau.rooms) == []
    with refused("investigation_not_found"):
        bureau.show(one, by=DENIS)
    with refused("investigation_not_found"):
        bureau.say(one, Kind.NOTE, by=DENIS)
    given = {"units": bureau.rooms, "tools": bureau.desk.tools}
    for by in (ANNA, BORIS):
        with refused("lead_is_subject"):
            investigations.assign(one.investigation_id, to=DENIS, by=by, **given)  # type: ignore[arg-type]
    with refused("lead_is_subject"):
        investigations.name_subject(one.investigation_id, who=ANNA, by=BORIS, **given)  # type: ignore[arg-type]
    investigations.name_subject(one.investigation_id, who=CLARA, by=BORIS, **given)  # type: ignore[arg-type]
    with refused("investigation_not_found"):
        bureau.show(one, by=CLARA)
    told = bureau.desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type LIKE 'antifraud.investigation%'"
    )
    assert not any(str(DENIS) in row.data for row in told)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_investigation_rewritten")
def test_entries_stay_sealed_with_their_digests_and_reading_is_told(
    bureau: Bureau,
) -> None:
    one = bureau.begin()
    paper = investigations.add_file(
        one.investigation_id, MAIL, by=ANNA, units=bureau.rooms, tools=bureau.desk.tools
    )
    assert paper.sha256 == sha256_hex(MAIL)
    content = investigations.read_file(
        one.investigation_id, paper.entry_id, by=BORIS, units=bureau.rooms
    )
    assert content == MAIL
    assert WORDS in bureau.show(one).words.values()
    assert bureau.told("investigation_read") == 2
    kept = bureau.desk.rows("SELECT content_sealed AS kept FROM investigation_entry")
    assert not any(
        b"mail" in bytes(row.kept) or b"passport" in bytes(row.kept) for row in kept
    )
    for act in REWRITING:
        with (
            bureau.desk.platform.database.engine.begin() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.exec_driver_sql(act)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_measure_attested_by_its_owner")
def test_a_measure_is_followed_until_another_attests_it(bureau: Bureau) -> None:
    """After the end too: a conclusion takes no measure."""
    one = bureau.begin()
    step, measure = bureau.planned(one)
    bureau.finish(one, step, Kind.DONE)
    bureau.conclude(bureau.ask_end(one))
    assert bureau.late().counts == {Duty.STEP: 0, Duty.MEASURE: 0}
    bureau.desk.clock.move(8 * DAY_S)
    bell = bureau.late()
    assert (bell.rung, bell.counts) == (
        [Duty.MEASURE],
        {Duty.STEP: 0, Duty.MEASURE: 1},
    )
    assert bureau.late().rung == []
    ((_, waiting),) = investigations.measures(by=ANNA, units=bureau.rooms)
    assert waiting.entry_id == measure.entry_id
    assert investigations.measures(by=DENIS, units=bureau.rooms) == []
    with refused("measure_is_yours"):
        bureau.finish(one, measure, Kind.TAKEN, by=CLARA)
    bureau.finish(one, measure, Kind.TAKEN, by=ANNA)
    with refused("investigation_entry_ended"):
        bureau.finish(one, measure, Kind.TAKEN, by=ANNA)
    assert bureau.late().counts[Duty.MEASURE] == 0


def test_without_plan_or_measure_or_by_another_nothing_is_concluded(
    bureau: Bureau,
) -> None:
    one = bureau.begin()
    with refused("investigation_unfinished"):
        bureau.ask_end(one)
    due_on = TODAY + timedelta(days=1)
    step = bureau.say(one, Kind.STEP, due_on=due_on)
    with refused("investigation_unfinished"):
        bureau.ask_end(one)
    bureau.finish(one, step, Kind.DONE)
    with refused("investigation_without_measures"):
        bureau.ask_end(one)
    with refused("investigation_not_yours"):
        bureau.ask_end(one, by=BORIS)
    bureau.conclude(bureau.ask_end(one, replace(SAID, finding=Finding.UNCLEAR)))


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_older_conclusion_agreed_to")
def test_what_is_agreed_to_is_what_was_concluded_last(bureau: Bureau) -> None:
    one = bureau.begin()
    step, _ = bureau.planned(one)
    bureau.finish(one, step, Kind.DONE)
    older = bureau.ask_end(one, replace(SAID, finding=Finding.NOT_CONFIRMED))
    newer = bureau.ask_end(one)
    with refused("conclusion_replaced"):
        bureau.conclude(older)
    bureau.conclude(newer)
    end = bureau.show(one).investigation.end
    assert end is not None
    assert end.finding is Finding.CONFIRMED


def test_a_new_lead_concludes_and_the_old_one_may_agree(bureau: Bureau) -> None:
    one = bureau.begin()
    step, _ = bureau.planned(one)
    bureau.finish(one, step, Kind.DONE)
    given = {"by": ANNA, "units": bureau.rooms, "tools": bureau.desk.tools}
    investigations.assign(one.investigation_id, to=CLARA, **given)  # type: ignore[arg-type]
    with refused("investigation_not_yours"):
        bureau.ask_end(one, by=ANNA)
    bureau.ask_end(one, by=CLARA)


@pytest.mark.parametrize(
    ("ground", "fits"),
    [
        (f"incident:{UUID(int=1)}", True),
        (f"alert:{UUID(int=1)}", True),
        (f"case:{UUID(int=1)}", False),
        (f"risk:{UUID(int=1)}", False),
        (f"person:{UUID(int=1)}", False),
        ("case:7", False),
    ],
)
def test_a_ground_of_ours_is_there(bureau: Bureau, ground: str, *, fits: bool) -> None:
    def begin() -> Investigation:
        return investigations.open_investigation(
            ground,
            lead=ANNA,
            subjects=(),
            words=WORDS,
            by=BORIS,
            units=bureau.rooms,
            tools=bureau.desk.tools,
        )

    if fits:
        assert begin().lead == ANNA
        return
    with refused("ground_unfit"):
        begin()


def test_what_is_unfit_is_refused(bureau: Bureau) -> None:
    one = bureau.begin()
    with refused("due_day_unfit"):
        bureau.say(one, Kind.STEP, due_on=TODAY - timedelta(days=1))
    with refused("risk_not_found"):
        bureau.say(one, Kind.MEASURE, due_on=TODAY, who=CLARA, risk_id=UUID(int=1))
    with refused("investigation_entry_not_found"):
        bureau.finish(one, one.entries[0], Kind.DONE)
    for content in (b"", b"x" * (4 * 1024 * 1024 + 1)):
        with refused("evidence_unfit"):
            investigations.add_file(
                one.investigation_id,
                content,
                by=ANNA,
                units=bureau.rooms,
                tools=bureau.desk.tools,
            )
    with pytest.raises(Refused):
        bureau.show(replace(one, investigation_id=UUID(int=1)))


def test_one_person_is_not_two_in_the_database_either(bureau: Bureau) -> None:
    one = bureau.begin()
    with (
        pytest.raises(Exception, match="investigation_ended_by_two"),
        bureau.rooms.begin() as unit,
    ):
        unit.investigations.close(
            one.investigation_id,
            End(
                at=one.opened_at,
                conclusion_id=UUID(int=1),
                finding=Finding.UNCLEAR,
                asked_by=ANNA,
                approved_by=ANNA,
            ),
        )
