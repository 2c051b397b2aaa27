"""The report of a quarter: of the register and what came about, kept by digest."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.crypto import sha256_hex
from kernel.money import Money
from services.antifraud.adapters.definitions import indicators as records
from services.antifraud.adapters.printing import QuarterPrinter
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.quarterly import FORMS, LANGUAGES, Made
from services.antifraud.handlers import quarterly
from tests.integration.antifraud.conftest import Desk
from tests.integration.antifraud.test_losses import Base
from tests.integration.antifraud.test_risks import ANNA, DAY_S, Bell, refused
from tests.unit.antifraud.test_losses import TODAY

QUARTER = "2026Q4"
FROM_NOVEMBER_TO_MARCH = 100 * DAY_S


class Office(Base):
    """The use cases, as the staff have them."""

    def make(self, quarter: str = QUARTER) -> Made:
        return quarterly.make(
            quarter,
            records=records(),
            printer=QuarterPrinter(),
            by=ANNA,
            units=self.units,
            tools=self.desk.tools,
        )

    def fetch(self, made: Made, language: str, form: str) -> bytes:
        return quarterly.fetch(
            made.report_id, language=language, form=form, units=self.units
        )

    def late(self) -> Bell:
        bell = Bell()
        quarterly.watch(units=self.units, tools=self.desk.tools, alarms=bell)
        return bell


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_report_without_losses")
def test_a_report_has_the_register_and_what_was_lost_in_both_languages(
    office: Office,
) -> None:
    loss = office.record(office.facts(), "250000")
    office.recover(loss, "50000")
    office.desk.clock.move(FROM_NOVEMBER_TO_MARCH)
    made = office.make()
    pages = {
        language: office.fetch(made, language, "html").decode()
        for language in LANGUAGES
    }
    for page in pages.values():
        assert "Bought passports apply in a burst" in page
        assert "<svg" in page
        for amount in ("250000", "200000"):
            assert str(Money.of(amount)).removesuffix("₸").rstrip() in page
        assert "₸" not in page
        assert "<script" not in page
    assert "чужая личность" in pages["ru"]
    assert "бөтен жеке бас" in pages["kk"]


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_report_rewritten")
def test_a_report_is_kept_as_it_was_made_and_its_digests_are_told(
    office: Office,
) -> None:
    office.record(office.facts())
    office.desk.clock.move(FROM_NOVEMBER_TO_MARCH)
    made = office.make()
    told = office.desk.rows(
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'antifraud.risk_report_made.v1'"
    )
    for language in LANGUAGES:
        for form in FORMS:
            digest = sha256_hex(office.fetch(made, language, form))
            assert made.sha256[f"{language}.{form}"] == digest
            assert digest in told[0].data
    assert quarterly.listed(units=office.units) == [made]
    for act in ("UPDATE risk_report_file SET content = ''", "DELETE FROM risk_report"):
        with (
            office.desk.platform.database.engine.begin() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.exec_driver_sql(act)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_missing_report_unseen")
def test_a_quarter_without_a_report_is_told_of_once(office: Office) -> None:
    office.open()
    assert office.late().counts == {Duty.REPORT: 0}
    office.desk.clock.move(FROM_NOVEMBER_TO_MARCH)
    bell = office.late()
    assert (bell.rung, bell.counts) == ([Duty.REPORT], {Duty.REPORT: 1})
    assert office.late().rung == []
    office.make()
    assert office.late().counts == {Duty.REPORT: 0}


def test_the_same_facts_are_the_same_bytes_and_an_empty_quarter_is_one_too(
    office: Office,
) -> None:
    office.desk.clock.move(FROM_NOVEMBER_TO_MARCH)
    first, second = office.make(), office.make()
    assert first.sha256 == second.sha256
    assert [made.report_id for made in quarterly.listed(units=office.units)] == [
        second.report_id,
        first.report_id,
    ]


def test_only_of_quarters_that_are_over(office: Office) -> None:
    for quarter in (QUARTER, "2026", f"{TODAY + timedelta(days=400)}"):
        with refused("quarter_unfit"):
            office.make(quarter)


def test_a_pdf_is_one_and_in_a_face_with_kazakh_letters(office: Office) -> None:
    office.open()
    office.desk.clock.move(FROM_NOVEMBER_TO_MARCH)
    made = office.make()
    content = office.fetch(made, "kk", "pdf")
    assert content.startswith(b"%PDF-")
    assert b"PTSans" in content
    with refused("risk_report_not_found"):
        office.fetch(made, "en", "pdf")
