"""Reports of a quarter: what they are made of, and their files, which stay."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from kernel.clock import almaty_date
from services.antifraud.domain.indicators import Reading
from services.antifraud.domain.quarterly import File, Happened, Made
from services.antifraud.domain.quarters import Quarter
from services.antifraud.storage.indicator_tables import indicator_reading
from services.antifraud.storage.indicators import reading_of
from services.antifraud.storage.report_tables import risk_report, risk_report_file
from services.antifraud.storage.risk_tables import risk

_HAPPENED: Final = text("""
SELECT
    (SELECT count(*) FROM fraud_case
        WHERE opened_at >= :since AND opened_at < :until) AS cases_opened,
    (SELECT count(*) FROM fraud_case WHERE outcome = 'fraud'
        AND closed_at >= :since AND closed_at < :until) AS frauds,
    (SELECT count(*) FROM fraud_case WHERE outcome = 'not_fraud'
        AND closed_at >= :since AND closed_at < :until) AS not_frauds,
    (SELECT count(*) FROM appeal
        WHERE received_on BETWEEN :first AND :last) AS appeals_received,
    (SELECT count(*) FROM appeal
        WHERE decided_at >= :since AND decided_at < :until) AS appeals_answered,
    (SELECT count(*) FROM appeal WHERE outcome IN ('upheld', 'partly')
        AND decided_at >= :since AND decided_at < :until) AS appeals_upheld,
    (SELECT count(*) FROM investigation
        WHERE opened_at >= :since AND opened_at < :until) AS investigations_opened,
    (SELECT count(*) FROM investigation_end
        WHERE at >= :since AND at < :until) AS investigations_closed,
    (SELECT count(*) FROM investigation_entry AS m
        WHERE kind = 'measure' AND at < :until AND NOT EXISTS (
            SELECT FROM investigation_entry AS e
            WHERE e.of = m.entry_id AND e.at < :until)) AS measures_open,
    (SELECT count(*) FROM risk_reminder
        WHERE told_at >= :since AND told_at < :until) AS duties_told
""")


class ReportRows:
    """Implements Reports on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def happened(self, quarter: Quarter) -> Happened:
        counted = self._connection.execute(
            _HAPPENED,
            {
                "since": quarter.since,
                "until": quarter.until,
                "first": quarter.first,
                "last": quarter.last,
            },
        )
        return Happened(**counted.mappings().one())

    def readings(self, code: str, quarter: Quarter) -> Sequence[Reading]:
        found = self._connection.execute(
            select(indicator_reading)
            .where(indicator_reading.c.code == code)
            .where(indicator_reading.c.at >= quarter.since)
            .where(indicator_reading.c.at < quarter.until)
            .order_by(indicator_reading.c.at)
        )
        return [reading_of(row) for row in found]

    def began_on(self) -> date | None:
        first: datetime | None = self._connection.execute(
            select(func.min(risk.c.opened_at))
        ).scalar_one()
        return None if first is None else almaty_date(first)

    def keep(
        self,
        report_id: UUID,
        quarter: str,
        files: Sequence[File],
        *,
        at: datetime,
        by: UUID,
    ) -> None:
        self._connection.execute(
            risk_report.insert(),
            {"report_id": report_id, "quarter": quarter, "made_at": at, "made_by": by},
        )
        self._connection.execute(
            risk_report_file.insert(),
            [
                {
                    "report_id": report_id,
                    "language": file.language,
                    "form": file.form,
                    "sha256": file.sha256,
                    "content": file.content,
                }
                for file in files
            ],
        )

    def listed(self) -> Sequence[Made]:
        digests: dict[UUID, dict[str, str]] = defaultdict(dict)
        for row in self._connection.execute(
            select(
                risk_report_file.c.report_id,
                risk_report_file.c.language,
                risk_report_file.c.form,
                risk_report_file.c.sha256,
            )
        ):
            digests[row.report_id][f"{row.language}.{row.form}"] = row.sha256
        found = self._connection.execute(
            select(risk_report).order_by(risk_report.c.report_id.desc())
        )
        return [
            Made(
                report_id=row.report_id,
                quarter=row.quarter,
                made_at=row.made_at,
                made_by=row.made_by,
                sha256=digests[row.report_id],
            )
            for row in found
        ]

    def content(self, report_id: UUID, *, language: str, form: str) -> bytes | None:
        found: bytes | None = self._connection.execute(
            select(risk_report_file.c.content)
            .where(risk_report_file.c.report_id == report_id)
            .where(risk_report_file.c.language == language)
            .where(risk_report_file.c.form == form)
        ).scalar_one_or_none()
        return None if found is None else bytes(found)
