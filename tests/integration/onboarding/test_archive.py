"""Kept signatures on a real database: read back, verified, stamped anew."""

from datetime import timedelta

import pytest

from tests.integration.onboarding.conftest import Cabinet

STAMPER_ENDS = timedelta(days=3_650 - 400)
"""After the simulators' start (`infra.simulators.hierarchy`)."""


AN_ANSWER = 200
"""Bytes; no OCSP answer or CRL is shorter."""


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_stampers_state_is_not_kept")
def test_kept_signature_is_verified_and_stamped_before_its_stamp_ages(
    cabinet: Cabinet,
) -> None:
    applicant = cabinet.client("archive")
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    kept = cabinet.rows("SELECT ages_at, looked_at FROM signatures")
    assert [row.ages_at is not None and row.looked_at is not None for row in kept] == [
        True
    ]
    late = STAMPER_ENDS - timedelta(days=30)
    cabinet.stand.clock_file.write_text(str(int(late.total_seconds())))
    assert cabinet.use_cases.evidence.restamp_ageing() == 1
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    stamps = cabinet.rows(
        "SELECT ceremony_id, number, length(revocation_sealed) AS said FROM restamps"
    )
    assert [(row.ceremony_id, row.number) for row in stamps] == [
        (applicant.ceremony_id, 0)
    ]
    assert stamps[0].said > AN_ANSWER  # of the stamper, and of the authority above
    cabinet.rows("UPDATE signatures SET looked_at = NULL, ages_at = NULL RETURNING 1")
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    kept = cabinet.rows("SELECT ages_at FROM signatures")
    assert kept[0].ages_at is not None  # verified anew by what was kept


def test_evidence_changed_in_the_database_is_not_stamped(cabinet: Cabinet) -> None:
    cabinet.client("broken-archive")
    with cabinet.owner.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE signatures SET stamp_sealed = cms_sealed, cms_sealed = stamp_sealed"
        )
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    kept = cabinet.rows("SELECT ages_at, looked_at FROM signatures")
    assert [row.ages_at is None and row.looked_at is not None for row in kept] == [True]
    assert cabinet.rows("SELECT number FROM restamps") == []
