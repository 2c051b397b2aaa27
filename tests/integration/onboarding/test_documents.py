"""Ends of documents on the real database."""

from datetime import UTC, datetime, timedelta

from tests.integration.onboarding.conftest import Cabinet


def test_clients_are_told_once_before_and_once_after(cabinet: Cabinet) -> None:
    """By the simulated person's own document; somebody without an account is not."""
    client = cabinet.client("document ends")
    cabinet.applicant("no client yet").up_to_ceremony()
    last_day = client.person.identity.document.valid_until
    now = datetime.now(UTC)
    end = datetime(last_day.year, last_day.month, last_day.day, 7, tzinfo=UTC)

    def watch_on(moment: datetime) -> list[str]:
        shift = int((moment - now).total_seconds())
        cabinet.stand.clock_file.write_text(str(shift))
        for _ in range(2):
            cabinet.use_cases.personal.watch_documents()
        said = cabinet.said("document_expiry_noted")
        assert {one["client_id"] for one in said} <= {str(client.client_id)}
        return [one["standing"] for one in said]

    assert watch_on(end - timedelta(days=31)) == []
    assert watch_on(end) == ["expiring"]
    assert watch_on(end + timedelta(days=1)) == ["expiring", "expired"]
