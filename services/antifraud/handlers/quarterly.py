"""Reports of a quarter: made, kept by their digests, and told of when missing."""

from collections.abc import Sequence
from uuid import UUID

from kernel.crypto import sha256_hex
from kernel.events.antifraud import RiskReportMade
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.indicators import Indicator, in_force
from services.antifraud.domain.quarterly import (
    FORMS,
    LANGUAGES,
    Facts,
    File,
    Made,
    report,
)
from services.antifraud.domain.quarters import (
    LOOKED_BACK,
    Quarter,
    QuarterRules,
    report_not_found,
)
from services.antifraud.handlers import duties
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.duties import DutyAlarms
from services.antifraud.ports.quarterly import Printer, ReportUnit, ReportUnits


def make(
    name: str,
    *,
    records: Sequence[Indicator],
    printer: Printer,
    by: UUID,
    units: ReportUnits,
    tools: Tools,
) -> Made:
    """The report of a quarter that is over; again it is another, beside the first.

    1. The facts, in one unit of work.
    2. Pages of them, outside of any.
    3. Files and their digests, and the event that tells these.

    Refused ``quarter_unfit``.
    """
    now = tools.clock.now()
    quarter = Quarter.of(name)
    QuarterRules.at(tools.policy, now).refuse_unfit(quarter)
    with units.begin() as unit:  # step 1
        facts = _facts(quarter, records, unit=unit, tools=tools)
    files = []
    for language in LANGUAGES:  # step 2
        pages = report(facts, language=language)
        for form in FORMS:
            content = printer.print(pages, form)
            files.append(
                File(
                    language=language,
                    form=form,
                    content=content,
                    sha256=sha256_hex(content),
                )
            )
    digests = {f"{file.language}.{file.form}": file.sha256 for file in files}
    made = Made(
        report_id=tools.ids.new(),
        quarter=quarter.name,
        made_at=now,
        made_by=by,
        sha256=digests,
    )
    with units.begin() as unit:  # step 3
        unit.reports.keep(made.report_id, quarter.name, files, at=now, by=by)
        unit.publish(
            RiskReportMade(
                report_id=made.report_id,
                quarter=quarter.name,
                pdf_ru_sha256=digests["ru.pdf"],
                pdf_kk_sha256=digests["kk.pdf"],
                html_ru_sha256=digests["ru.html"],
                html_kk_sha256=digests["kk.html"],
                by=by,
            )
        )
    return made


def listed(*, units: ReportUnits) -> Sequence[Made]:
    """Reports that were made, the newest first."""
    with units.begin() as unit:
        return unit.reports.listed()


def fetch(report_id: UUID, *, language: str, form: str, units: ReportUnits) -> bytes:
    """A report as it was made.  Refused ``risk_report_not_found``."""
    with units.begin() as unit:
        content = unit.reports.content(report_id, language=language, form=form)
    if content is None:
        raise report_not_found()
    return content


def watch(*, units: ReportUnits, tools: Tools, alarms: DutyAlarms) -> None:
    """Tell once of each quarter whose report is missing past its day."""
    rules = QuarterRules.at(tools.policy, tools.clock.now())
    with units.begin() as unit:
        reported = {made.quarter for made in unit.reports.listed()}
        began_on = unit.reports.began_on()
    owed = rules.missing(reported=reported, began_on=began_on)
    duties.tell(owed, of=(Duty.REPORT,), units=units, tools=tools, alarms=alarms)


def _facts(
    quarter: Quarter, records: Sequence[Indicator], *, unit: ReportUnit, tools: Tools
) -> Facts:
    quarters = [quarter]
    while len(quarters) < LOOKED_BACK:
        quarters.append(quarters[-1].before)
    return Facts(
        quarter=quarter,
        made_at=tools.clock.now(),
        risks=unit.risks.listed(),
        losses={
            one: unit.losses.listed(since=one.first, until=one.last) for one in quarters
        },
        indicators=[
            (one, unit.reports.readings(one.code, quarter))
            for one in in_force(records, quarter.last)
        ],
        happened=unit.reports.happened(quarter),
    )
