"""Notices of incidents on real PostgreSQL, to the bodies behind real mutual TLS."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, ProgrammingError

from kernel.clock import ALMATY
from kernel.context import Call
from kernel.errors import Broken, Refused, Transient
from kernel.events.auth import MessageSent
from services.audit.adapters.bodies import http_bodies
from services.audit.adapters.printing import SUBJECT, ReportPrinter
from services.audit.domain.incidents.incident import Conclusion, Kind
from services.audit.domain.incidents.notice import Addressee, Notice, Stage
from services.audit.domain.report import Person
from services.audit.handlers import notices
from services.audit.ports import Message, Sealed
from services.audit.ports.notices import Bodies
from services.audit.storage.incidents import SqlIncidentUnits
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.desk import ANNA, BORIS, CLIENT, CONCLUSION, DONE, Desk
from tests.integration.audit.test_log import write
from tests.integration.simulators.stand import OuterPki, Stand, make_pki, running_stand
from tests.unit.audit.builders import Producer

HOUR_S = 3_600
NAME = "Асель Тестова"


@dataclass
class Signing:
    """The company's key, as far as a notice needs one; it may be away."""

    away: bool = False

    def seal(self, document: bytes) -> Sealed:
        if self.away:
            raise Transient("НУЦ is away")
        return Sealed(cms=b"cms", stamp=b"tst", chain=(document[:4],), revocation=())


@dataclass
class Asked:
    """Onboarding, and whom it was asked about."""

    persons: list[UUID] = field(default_factory=list)

    def person(self, client_id: UUID) -> Person | None:
        self.persons.append(client_id)
        return Person(client_id=client_id, names=NAME, iin="990101300123")


@dataclass
class Office:
    """Who leads the incident, and the bodies."""

    desk: Desk
    world: Stand
    bodies: Bodies
    signing: Signing = field(default_factory=Signing)
    asked: Asked = field(default_factory=Asked)

    @property
    def units(self) -> SqlIncidentUnits:
        platform = self.desk.cases.platform
        return SqlIncidentUnits(
            platform.database, platform.context(), platform.field_keys
        )

    @property
    def table(self) -> notices.Desk:
        return notices.Desk(
            units=self.units,
            people=self.asked,
            printer=ReportPrinter(),
            seal=self.signing,
            tools=self.desk.incidents.tools,
        )

    def waiting(self) -> list[Notice]:
        return list(notices.listed(waiting=True, units=self.units))

    def all(self) -> list[Notice]:
        return list(notices.listed(waiting=False, units=self.units))

    def to(self, addressee: Addressee) -> Notice:
        """The newest to this one."""
        return next(each for each in self.all() if each.addressee is addressee)

    def approve(self, notice: Notice) -> None:
        seen = None
        if notice.client_id is None:
            seen = notices.preview(notice.notice_id, by=ANNA.id, desk=self.table).sha256
        notices.approve(notice.notice_id, seen=seen, by=BORIS.id, desk=self.table)

    def send(self) -> int:
        tools = self.desk.incidents.tools
        return notices.send(bodies=self.bodies, units=self.units, tools=tools)

    def watch(self) -> None:
        self.desk.cases.notices.watch()

    def call(self) -> Call:
        return self.desk.call()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("outer-pki"))


@pytest.fixture
def office(stand: LogStand, tmp_path: Path, pki: OuterPki) -> Iterator[Office]:
    with running_stand(tmp_path, pki) as world:
        certificate, key = pki.pair("partner")
        bodies = http_bodies(world.partner_url, ca=pki.ca, cert=certificate, key=key)
        yield Office(Desk.over(stand), world, bodies)
        bodies._client.close()


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.UNAUTHORISED_ACCESS, ["personal_data", "regulator"]),
        (Kind.UNAUTHORISED_CHANGE, ["personal_data", "regulator"]),
        (Kind.FRAUD, ["regulator"]),
        (Kind.OUTAGE, ["regulator"]),
    ],
)
@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_not_raised")
def test_whatever_is_reported_has_its_notices_at_once(
    office: Office, kind: Kind, told: list[str]
) -> None:
    """In the incident's own commit; from a Sunday until Monday, the same time."""
    office.desk.opened(kind)
    waiting = office.waiting()
    assert sorted(each.addressee.value for each in waiting) == told
    assert {f"{each.due_at:%F %T}" for each in waiting} == {"2026-11-23 10:00:00"}
    assert office.desk.told().count("notice_due") == len(told)


@pytest.mark.parametrize(
    ("detected", "due"),
    [
        ("2026-12-04T23:30", "2026-12-07T18:00"),
        ("2026-12-15T11:00", "2026-12-17T11:00"),
        ("2026-12-31T16:00", "2027-01-05T16:00"),
        ("2027-03-19T09:15", "2027-03-25T09:15"),
        ("2027-04-30T18:30", "2027-05-04T18:00"),
        ("2027-05-06T12:00", "2027-05-11T12:00"),
    ],
)
@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_term_by_the_clock")
def test_terms_pass_over_days_off_and_those_that_were_moved(
    office: Office, detected: str, due: str
) -> None:
    """As opened on that instant of Almaty; a term is kept as it was written."""
    clock = office.desk.stand.clock
    at = datetime.fromisoformat(detected).replace(tzinfo=ALMATY)
    clock.move((at - clock.now()).total_seconds())
    office.desk.opened(Kind.FRAUD)
    [notice] = office.waiting()
    assert f"{notice.due_at.astimezone(ALMATY):%Y-%m-%dT%H:%M}" == due


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_receipt_lost")
def test_a_notice_is_seen_approved_signed_sent_and_has_its_receipt(
    office: Office,
) -> None:
    office.desk.opened(Kind.FRAUD)
    [notice] = office.waiting()
    seen = notices.preview(notice.notice_id, by=ANNA.id, desk=office.table)
    office.approve(notice)
    assert office.send() == 1
    assert office.send() == 0
    [taken] = office.world.control.incident_notices()
    assert taken["addressee"] == "regulator"
    assert taken["notice"]["notice_id"] == str(notice.notice_id)
    papers = {
        each["language"]: base64.b64decode(each["pdf_b64"])
        for each in taken["notice"]["documents"]
    }
    assert papers == seen.papers
    # The company signs for audit what says of itself that it is a report of audit.
    assert all(SUBJECT.encode() in paper for paper in papers.values())
    done = office.to(Addressee.REGULATOR)
    assert done.state == "sent"
    assert taken["receipt"]["receipt_id"] in (done.receipt or "")
    assert office.desk.told()[-2:] == ["notice_approved", "notice_sent"]


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_approved_unseen")
def test_what_changed_since_it_was_seen_is_not_sent(office: Office) -> None:
    incident_id = office.desk.opened(Kind.FRAUD)
    [notice] = office.waiting()
    seen = notices.preview(notice.notice_id, by=ANNA.id, desk=office.table).sha256
    office.desk.incidents.contain(office.call(), incident_id=incident_id, text=DONE)
    with refused("notice_changed"):
        notices.approve(notice.notice_id, seen=seen, by=BORIS.id, desk=office.table)
    office.approve(notice)
    with refused("notice_not_due"):
        office.approve(notice)


@pytest.mark.clause("7.3")
def test_nothing_is_approved_that_cannot_be_signed(office: Office) -> None:
    office.desk.opened(Kind.FRAUD)
    [notice] = office.waiting()
    office.signing.away = True
    with pytest.raises(Transient):
        office.approve(notice)
    assert office.to(Addressee.REGULATOR).state == "due"


@pytest.mark.catalogue("F29")
@pytest.mark.clause("7.3")
def test_a_body_that_is_away_is_asked_until_it_answers(office: Office) -> None:
    office.desk.opened(Kind.FRAUD)
    office.approve(office.waiting()[0])
    office.world.world_process.kill()
    assert [office.send() for _ in range(3)] == [0, 0, 0]
    assert office.to(Addressee.REGULATOR).attempts == 1
    office.world.world_process.start()
    office.desk.stand.clock.move(5)
    assert office.send() == 1


@pytest.mark.clause("7.3")
def test_a_notice_a_body_does_not_take_waits_for_a_person(office: Office) -> None:
    office.desk.opened(Kind.FRAUD)
    [notice] = office.waiting()
    office.approve(notice)
    real, office.bodies = office.bodies, Refusing()
    with pytest.raises(Broken):
        office.send()
    assert office.to(Addressee.REGULATOR).state == "refused"
    office.bodies = real
    assert office.send() == 0
    notices.send_again(
        notice.notice_id, units=office.units, tools=office.desk.incidents.tools
    )
    assert office.send() == 1


class Refusing:
    """A body that says no."""

    def post(self, addressee: Addressee, body: bytes) -> str:
        raise Broken(f"{addressee} does not take {len(body)} bytes")


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_news_untold")
def test_news_are_told_to_whoever_was_told(office: Office) -> None:
    """One day from the news on; what nobody has approved yet tells it anyway."""
    incident_id = office.desk.opened(Kind.FRAUD)
    fact = "A second account was used as well."

    def add() -> None:
        office.desk.incidents.note(
            office.call(), incident_id=incident_id, text=fact, kind="fact", at=None
        )

    add()
    assert len(office.all()) == 1
    office.approve(office.waiting()[0])
    office.send()
    office.desk.stand.clock.move(26 * HOUR_S)
    add()
    [again] = office.waiting()
    assert (again.round, f"{again.due_at:%F %T}") == (2, "2026-11-24 12:00:00")


@pytest.mark.clause("7.3", "1.3a")
@pytest.mark.seeded("notice_names_unsealed")
def test_the_affected_are_told_and_named_to_one_body_alone(office: Office) -> None:
    """Their names stand in an annex, by a reading of its own, and sealed here."""
    incident_id = office.desk.opened()
    office.desk.incidents.name_client(
        office.call(), incident_id=incident_id, client_id=CLIENT
    )
    assert len(office.waiting()) == 3
    for notice in office.waiting():
        if notice.client_id is None:
            office.approve(notice)
    assert office.asked.persons == [CLIENT]
    office.send()
    taken = {
        each["addressee"]: [one["what"] for one in each["notice"]["documents"]]
        for each in office.world.control.incident_notices()
    }
    assert taken["regulator"] == ["notice", "notice"]
    assert taken["personal_data"] == ["notice", "notice", "annex", "annex"]
    rows = office.desk.stand.rows("SELECT papers_sealed FROM incident_notice")
    assert b"annex" not in b"".join(bytes(r[0]) for r in rows if r[0] is not None)


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_client_untold")
def test_a_clients_receipt_is_the_message_in_the_log(office: Office) -> None:
    """Whatever comes between, each leaf is heard once."""
    stand, producer = office.desk.stand, Producer("auth")
    write(stand, [], producer=producer)
    hear = office.desk.cases.notices.hear
    hear()
    incident_id = office.desk.opened()
    office.desk.incidents.name_client(
        office.call(), incident_id=incident_id, client_id=CLIENT
    )
    notice = office.to(Addressee.CLIENT)
    office.approve(notice)
    for message_id, client_id, template in (
        (notice.notice_id, UUID(int=78), "incident_notice"),
        (notice.notice_id, CLIENT, "login_notice"),
        (UUID(int=5), CLIENT, "incident_notice"),
    ):
        said = sent(producer, message_id, client_id, template)
        write(stand, [said], producer=producer)
    hear()
    assert office.to(Addressee.CLIENT).state == "approved"
    left = sent(producer, notice.notice_id)
    write(stand, [left], producer=producer)
    hear()
    done = office.to(Addressee.CLIENT)
    assert (done.state, done.receipt) == ("sent", f"message:{notice.notice_id}")


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_ended_by_anothers_message")
def test_a_client_of_two_incidents_is_told_of_each(office: Office) -> None:
    """The message about the one is no receipt for the other."""
    stand, producer = office.desk.stand, Producer("auth")
    write(stand, [], producer=producer)
    hear = office.desk.cases.notices.hear
    hear()
    for _ in range(2):
        office.desk.incidents.name_client(
            office.call(), incident_id=office.desk.opened(), client_id=CLIENT
        )
    first, second = [each for each in office.waiting() if each.client_id == CLIENT]
    for notice in (first, second):
        office.approve(notice)
    write(stand, [sent(producer, second.notice_id)], producer=producer)
    hear()
    states = {each.notice_id: each.state for each in office.all()}
    assert (states[first.notice_id], states[second.notice_id]) == ("approved", "sent")
    write(stand, [sent(producer, first.notice_id)], producer=producer)
    hear()
    assert {each.state for each in office.all() if each.client_id} == {"sent"}


def sent(
    producer: Producer,
    message_id: UUID,
    client_id: UUID = CLIENT,
    template: str = "incident_notice",
) -> Message:
    """What auth says when a message has left."""
    event = MessageSent(message_id=message_id, client_id=client_id, template=template)
    return producer.event(
        event_type=event.TYPE, subject=event.subject, data=event.to_data()
    )


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_called_never")
def test_people_are_called_early_again_and_when_it_is_late(office: Office) -> None:
    """From Sunday 15:00 until Monday 15:00 in Almaty; a late notice stays late."""
    office.desk.opened(Kind.FRAUD)
    told: list[tuple[int, str]] = []
    for hour in range(27):
        office.watch()
        stage = office.to(Addressee.REGULATOR).stage
        if stage and (not told or told[-1][1] != stage.word):
            told.append((hour, stage.word))
        office.desk.stand.clock.move(HOUR_S)
    assert told == [(0, "early"), (22, "escalated"), (24, "overdue")]
    assert office.desk.told().count("notice_deadline_near") == 3
    office.approve(office.to(Addressee.REGULATOR))
    office.send()
    [row] = office.desk.stand.rows(
        "SELECT data FROM outbox WHERE type = 'audit.notice_sent.v1'"
    )
    assert b'"in_time":false' in bytes(row.data)


@pytest.mark.clause("7.3")
@pytest.mark.seeded("notice_term_moves")
def test_no_term_and_no_receipt_changes(office: Office) -> None:
    office.desk.opened(Kind.FRAUD)
    later = "UPDATE incident_notice SET due_at = due_at + interval '1 day'"
    engine = office.desk.cases.platform.database.engine
    with pytest.raises(ProgrammingError), engine.begin() as connection:
        connection.execute(text(later))
    with pytest.raises(InternalError, match="never change"):
        office.desk.stand.as_owner(later)
    office.approve(office.waiting()[0])
    office.send()
    with pytest.raises(InternalError, match="never change"):
        office.desk.stand.as_owner("UPDATE incident_notice SET receipt = 'other'")


@pytest.mark.clause("7.3")
@pytest.mark.seeded("incident_closed_untold")
def test_an_incident_is_not_closed_before_everybody_was_told(office: Office) -> None:
    incident_id = office.desk.opened(Kind.FRAUD)
    cases, conclusion = office.desk.incidents, Conclusion(**CONCLUSION)
    cases.assign(office.call(), incident_id=incident_id, to=ANNA.id)
    cases.contain(office.call(), incident_id=incident_id, text=DONE)
    with refused("incident_notices_unsent"):
        cases.close(office.call(), incident_id=incident_id, conclusion=conclusion)
    office.approve(office.waiting()[0])
    office.send()
    cases.close(office.call(), incident_id=incident_id, conclusion=conclusion)


@pytest.mark.clause("7.3")
def test_two_persons_who_agree_withdraw_what_is_not_sent(office: Office) -> None:
    incident_id = office.desk.opened()
    office.approve(office.to(Addressee.PERSONAL_DATA))
    office.send()
    office.desk.approve(office.desk.ask_downgrade(incident_id), BORIS)
    assert office.waiting() == []
    states = {each.addressee.value: each.state for each in office.all()}
    assert states == {"personal_data": "sent", "regulator": "withdrawn"}
    assert Stage.OVERDUE not in {each.stage for each in office.all()}
