"""What is signed is the same bytes every time, and its schedule sums exactly."""

from kernel.crypto import sha256_hex
from services.contracts.domain import texts
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import (
    AMOUNT,
    CONTRACT,
    OFFERED_AT,
    borrower,
    offered,
    schedule,
)

TERMS = terms_of(offered())
SCHEDULE = schedule()


def test_the_document_is_deterministic() -> None:
    """The same contract gives the same bytes, and therefore the same digest."""
    first, second = (
        texts.contract_document(TERMS, schedule(), borrower()) for _ in range(2)
    )
    assert first == second


def test_a_golden_document_never_changes() -> None:
    """What was signed under a version must stay reproducible; a change is a new one."""
    document = texts.contract_document(TERMS, SCHEDULE, borrower())
    assert sha256_hex(document) == GOLDEN_DOCUMENT


def test_the_document_names_parties_amount_term_schedule_number_and_date() -> None:
    """Clause 5.1: the terms stand in the text, in figures, in both languages' name."""
    text = texts.contract_document(TERMS, SCHEDULE, borrower()).decode()
    for expected in (
        "МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ",
        "ТОО «МФО Kredit Seven Kazakhstan»",
        "Сериков Айдар Маратович, ИИН 931002451325, удостоверение личности № 012345678",
        f"№ {TERMS.number}",
        "Дата договора: 02.11.2026",
        str(AMOUNT),
        "90 дн.",
        "36 % годовых",
        "ГЭСВ): 42,57 %",
        "1. 03.12.2026",
        "3. 01.02.2027",
    ):
        assert expected in text


def test_a_person_without_patronymic_is_named_without_a_gap() -> None:
    """Clause 4.1a: the patronymic is given if there is one."""
    text = texts.contract_document(TERMS, SCHEDULE, borrower(patronymic=None)).decode()
    assert "Заёмщик: Сериков Айдар, ИИН" in text


def test_a_name_cannot_speak_the_templates_language() -> None:
    """Braces in a name stay braces."""
    text = texts.contract_document(
        TERMS, SCHEDULE, borrower(surname="{amount}")
    ).decode()
    assert "Заёмщик: {amount} Айдар" in text


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


GOLDEN_DOCUMENT = "a9815486dfe581133397057881b6f7a0ead42d8780b3fccbb0ded44ad1bbb641"
