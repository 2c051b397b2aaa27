"""What is agreed to on a screen of its own is a text of this very contract."""

from services.contracts.domain import texts
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import (
    CONTRACT,
    OFFERED_AT,
    offered,
)

TERMS = terms_of(offered())


def test_consent_and_release_are_different_texts_of_this_contract() -> None:
    """A digest of another contract's consent, or of the release, does not fit."""
    other = terms_of(offered(number="KSK-20261102-FFFFFFFFFF"))
    digests = {
        texts.consent_text(TERMS).sha256,
        texts.release_text(TERMS).sha256,
        texts.consent_text(other).sha256,
        texts.release_text(other).sha256,
    }
    assert len(digests) == 4
    assert texts.consent_text(TERMS).version == "consent-1"
    assert texts.release_text(TERMS).version == "release-1"


def test_a_contract_number_holds_the_date_and_the_ids_random_end() -> None:
    """Short enough to be said on the telephone."""
    expected = "KSK-20261102-00000000C0"
    assert expected == texts.contract_number(CONTRACT, OFFERED_AT.date())
