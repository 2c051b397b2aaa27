"""The log watched leaf by leaf on real PostgreSQL: alerts, incidents, measures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal
from uuid import UUID

import pytest

from kernel.crypto import as_object
from kernel.errors import Refused
from kernel.events import Event
from kernel.events.antifraud import CaseClosed
from kernel.events.audit import IntegrityMismatchFound
from kernel.events.disbursement import ClockStepped
from kernel.events.onboarding import PersonalDataRead
from kernel.events.platform import CertificateExpiring
from services.audit.domain.incidents.incident import Conclusion
from services.audit.ports import Message
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.desk import ANNA, CLIENT, CONCLUSION, DONE, Desk
from tests.integration.audit.test_log import write
from tests.unit.audit.builders import Producer
from tests.unit.audit.fakes import NOON

SNOOP = UUID(int=0x5)
MANY = 30


@pytest.fixture
def desk(stand: LogStand) -> Desk:
    """Watching, from a log that has its first leaf."""
    made = Desk.over(stand)
    write(stand, [], producer=Producer("onboarding"))
    made.cases.monitoring.look()
    return made


def said(producer: Producer, event: Event) -> Message:
    return producer.event(
        event_type=event.TYPE, subject=event.subject, data=event.to_data()
    )


def reads(producer: Producer, count: int, *, first: int = 100) -> list[Message]:
    """One of the staff looks at so many clients."""
    return [
        said(
            producer,
            PersonalDataRead(
                client_id=UUID(int=first + number),
                reader=f"staff:{SNOOP}",
                purpose="curiosity",
            ),
        )
        for number in range(count)
    ]


def certificate(standing: Literal["expiring", "expired"]) -> CertificateExpiring:
    return CertificateExpiring(
        certificate_id=UUID(int=1),
        principal="gateway",
        which="own",
        expires_at=NOON,
        standing=standing,
    )


def happen(desk: Desk, messages: list[Message], producer: Producer) -> None:
    """The log receives it, and is looked at."""
    write(desk.stand, messages, producer=producer)
    desk.cases.monitoring.look()


def opened(desk: Desk) -> list[tuple[str, str | None]]:
    rows = desk.stand.rows("SELECT kind, about FROM incident ORDER BY incident_id")
    return [(row.kind, row.about) for row in rows]


def ordered(desk: Desk) -> list[str]:
    rows = desk.stand.rows(
        "SELECT convert_from(data, 'UTF8')::json ->> 'measure' AS measure FROM outbox"
        " WHERE type = 'audit.measure_ordered.v1' ORDER BY inserted"
    )
    return [row.measure for row in rows]


def alerts(desk: Desk) -> list[tuple[str, int, bool]]:
    rows = desk.stand.rows(
        "SELECT rule, times, suppression_id IS NOT NULL AS quiet FROM alert"
        " ORDER BY alert_id"
    )
    return [(row.rule, row.times, row.quiet) for row in rows]


@pytest.mark.clause("6.1c", "6.1d", "7.2a")
@pytest.mark.seeded("monitoring_opens_nothing")
def test_staff_who_read_many_clients_are_an_incident_with_a_measure(
    desk: Desk,
) -> None:
    """Detected when the log received what was one too many; its notices are due."""
    producer = Producer("onboarding")
    happen(desk, reads(producer, MANY - 1), producer)
    assert opened(desk) == []
    desk.stand.clock.move(60)
    happen(desk, reads(producer, 1, first=900), producer)
    assert opened(desk) == [("unauthorised_access", f"staff:{SNOOP}")]
    assert ordered(desk) == ["suspend_staff"]
    [row] = desk.stand.rows("SELECT detected_at FROM incident")
    assert row.detected_at == NOON + timedelta(seconds=60)
    assert desk.told().count("notice_due") == 2
    assert desk.told().count("alert_raised") == 1


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("monitoring_alerts_for_each_leaf")
def test_the_same_again_joins_what_is_open(desk: Desk) -> None:
    producer = Producer("onboarding")
    for batch in range(3):
        happen(desk, reads(producer, MANY, first=1_000 * batch), producer)
        desk.stand.clock.move(7_200)
    assert alerts(desk) == [("mass_reads", 3, False)]
    assert len(opened(desk)) == 1
    _close(desk)
    happen(desk, reads(producer, MANY, first=9_000), producer)
    assert [times for _, times, _ in alerts(desk)] == [3, 1]
    assert len(opened(desk)) == 2


def _close(desk: Desk) -> None:
    [row] = desk.stand.rows("SELECT incident_id FROM incident")
    cases, incident_id = desk.incidents, row.incident_id
    desk.nobody_is_told()
    cases.assign(desk.call(), incident_id=incident_id, to=ANNA.id)
    cases.contain(desk.call(), incident_id=incident_id, text=DONE)
    conclusion = Conclusion(**CONCLUSION)
    cases.close(desk.call(), incident_id=incident_id, conclusion=conclusion)


@pytest.mark.clause("6.1d", "7.1")
@pytest.mark.seeded("monitoring_forgets_where_it_was")
def test_each_leaf_is_judged_once_by_however_many_look(desk: Desk) -> None:
    producer = Producer("audit")
    for number in range(5):
        found = IntegrityMismatchFound(
            finding_id=UUID(int=50 + number), seq=number, code="leaf_changed"
        )
        write(desk.stand, [said(producer, found)], producer=producer)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(desk.cases.monitoring.look) for _ in range(8)]:
            done.result()
    assert alerts(desk) == [
        ("integrity_mismatch", 5, False),
        ("log_finding", 5, False),
    ]
    assert ordered(desk) == ["halt_sending"]


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("monitoring_waits_for_a_stopped_log")
def test_what_stops_the_log_is_an_incident_though_no_leaf_can_say_so(
    desk: Desk,
) -> None:
    """Once; when the log goes on and takes the finding, it joins."""
    desk.stand.as_owner(
        "INSERT INTO audit_block (id, seq, code, found_at) VALUES"  # noqa: S608 - ours
        f" ('{UUID(int=70)}', 0, 'leaf_changed', '{NOON.isoformat()}')"
    )
    for _ in range(3):
        desk.cases.monitoring.look()
        desk.stand.clock.move(7_200)
    assert opened(desk) == [("unauthorised_change", None)]
    assert ordered(desk) == ["halt_sending"]
    desk.stand.as_owner("UPDATE audit_block SET lifted_at = now(), lifted_by = 'anna'")
    producer = Producer("audit")
    found = IntegrityMismatchFound(finding_id=UUID(int=70), seq=0, code="leaf_changed")
    happen(desk, [said(producer, found)], producer)
    assert alerts(desk)[0] == ("integrity_mismatch", 2, False)
    assert ordered(desk) == ["halt_sending"]


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("monitoring_halts_money_for_a_stamp")
def test_a_day_without_a_stamp_is_told_and_halts_no_money(desk: Desk) -> None:
    producer = Producer("audit")
    missed = IntegrityMismatchFound(finding_id=UUID(int=60), seq=0, code="stamp_missed")
    happen(desk, [said(producer, missed)], producer)
    assert alerts(desk) == [("log_finding", 1, False)]
    assert (opened(desk), ordered(desk)) == ([], [])


@pytest.mark.parametrize(
    ("event", "kind", "measures"),
    [
        (
            CaseClosed(
                case_id=UUID(int=1), client_id=CLIENT, outcome="fraud", closed_by=SNOOP
            ),
            ["fraud"],
            ["end_sessions", "suspend_client"],
        ),
        (
            CaseClosed(
                case_id=UUID(int=1),
                client_id=CLIENT,
                outcome="not_fraud",
                closed_by=SNOOP,
            ),
            [],
            [],
        ),
        (ClockStepped(clock_id=UUID(int=1), by_s=7_200), [], []),
        (certificate("expiring"), [], []),
        (certificate("expired"), ["outage"], []),
    ],
    ids=["fraud", "no fraud", "clock", "certificate ends", "certificate has ended"],
)
@pytest.mark.clause("7.2b", "7.2c")
def test_a_kind_of_the_procedure_is_an_incident_and_the_rest_an_alert(
    desk: Desk, event: Event, kind: list[str], measures: list[str]
) -> None:
    producer = Producer(event.TYPE.partition(".")[0])
    happen(desk, [said(producer, event)], producer)
    assert [each for each, _ in opened(desk)] == kind
    assert ordered(desk) == measures


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("monitoring_suppressed_for_ever")
def test_what_is_suppressed_is_counted_until_it_ends(desk: Desk) -> None:
    producer = Producer("disbursement")

    def step(number: int) -> None:
        happen(
            desk,
            [said(producer, ClockStepped(clock_id=UUID(int=number), by_s=9))],
            producer,
        )

    desk.cases.monitoring.suppress(
        desk.call(), rule="clock_alarm", group=None, hours=2, reason="A drill of ours."
    )
    step(1)
    desk.stand.clock.move(1_800)
    step(2)
    assert alerts(desk) == [("clock_alarm", 2, True)]
    assert "alert_raised" not in desk.told()
    desk.stand.clock.move(5_400)
    step(3)
    assert alerts(desk) == [("clock_alarm", 2, True), ("clock_alarm", 1, False)]
    assert desk.told().count("alert_raised") == 1


@pytest.mark.parametrize(
    ("rule", "group", "hours", "code"),
    [
        ("mass_reads", None, 1, "suppression_unfit"),
        ("clock_alarm", None, 73, "suppression_unfit"),
        ("clock_alarm", None, 0, "suppression_unfit"),
        ("nonsense", None, 1, "rule_unknown"),
    ],
)
@pytest.mark.clause("6.1d")
@pytest.mark.seeded("monitoring_blind_to_incidents")
def test_nobody_makes_the_company_blind(
    desk: Desk, rule: str, group: str | None, hours: int, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        desk.cases.monitoring.suppress(
            desk.call(), rule=rule, group=group, hours=hours, reason="Too loud."
        )
    assert refusal.value.code == code


@pytest.mark.clause("6.1d")
def test_rules_are_tried_on_history_and_nothing_is_raised(desk: Desk) -> None:
    """Those in force, and a draft of another."""
    producer = Producer("onboarding")
    write(desk.stand, reads(producer, MANY), producer=producer)
    since, until = NOON - timedelta(days=1), NOON + timedelta(days=1)
    tried = desk.cases.monitoring.test(
        desk.call(), since=since, until=until, rules=None
    )
    group = f"staff:{SNOOP}"
    assert as_object(tried)["fired"] == [
        {"rule": "mass_reads", "group": group, "times": 1}
    ]
    draft: dict[str, object] = {
        "code": "reads_few",
        "from": "2026-01-01",
        "kinds": ["onboarding.personal_data_read.v1"],
        "by": "reader",
        "count": 10,
        "within_s": 60,
        "severity": "low",
        "clause": "6.1c",
        "words": "Ten reads.",
    }
    tried = desk.cases.monitoring.test(
        desk.call(), since=since, until=until, rules=(draft,)
    )
    assert as_object(tried)["fired"] == [
        {"rule": "reads_few", "group": group, "times": 3}
    ]
    assert alerts(desk) == []
    assert opened(desk) == []
