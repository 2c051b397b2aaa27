"""What is signed is the same bytes every time, and its schedule sums exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import sha256_hex
from kernel.money import Money
from services.contracts.domain import texts
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import (
    AMOUNT,
    CONTRACT,
    OFFERED_AT,
    borrower,
    offered,
)

ACCOUNT = "KZ978562203105747338"
GOLDEN_DOCUMENT = "adc1f722a51b06a7a1ad5147713286d8d57e371e48199f7bcbfd05584e8454bf"
GOLDEN_NAMING = "6ae048af676f3b154c80e9d7980f9ab5574fc5d4ec842986e9564ee3262820e4"
TERMS = terms_of(offered())


@given(
    minor=st.integers(min_value=1, max_value=10**14),
    term_days=st.integers(min_value=1, max_value=1826),
)
def test_a_schedule_sums_exactly_to_the_amount(minor: int, term_days: int) -> None:
    """To the tiyn, in days that rise and end with the term; no payment is nothing."""
    schedule = texts.schedule_of(Money(minor), term_days)
    assert minor == sum(part.amount.amount_minor for part in schedule)
    assert all(part.amount.amount_minor > 0 for part in schedule)
    days = [part.day for part in schedule]
    assert sorted(set(days)) == days
    assert term_days == days[-1]


@pytest.mark.parametrize(
    ("term_days", "expected"),
    [(1, [1]), (30, [30]), (31, [30, 31]), (90, [30, 60, 90])],
)
def test_payments_fall_due_every_thirty_days(
    term_days: int, expected: list[int]
) -> None:
    """The last one at the end of the term."""
    assert expected == [part.day for part in texts.schedule_of(AMOUNT, term_days)]


def test_the_rest_is_paid_last() -> None:
    """400 000.00 in three."""
    parts = [part.amount.amount_minor for part in texts.schedule_of(AMOUNT, 90)]
    assert parts == [13_333_333, 13_333_333, 13_333_334]


def test_the_document_is_deterministic() -> None:
    """The same contract gives the same bytes, and therefore the same digest."""
    documents = {
        texts.contract_document(TERMS, borrower(), account=ACCOUNT) for _ in range(2)
    }
    assert len(documents) == 1


@pytest.mark.parametrize(
    ("account", "golden"), [(None, GOLDEN_DOCUMENT), (ACCOUNT, GOLDEN_NAMING)]
)
def test_a_golden_document_never_changes(account: str | None, golden: str) -> None:
    """What was signed under a version must stay reproducible; a change is a new one."""
    document = texts.contract_document(TERMS, borrower(), account=account)
    assert sha256_hex(document) == golden
    assert texts.names_account(document) is (account is not None)


def test_the_document_names_parties_amount_term_schedule_number_and_date() -> None:
    """Clause 5.1: the terms stand in the text, in figures, in both languages' name."""
    text = texts.contract_document(TERMS, borrower(), account=ACCOUNT).decode()
    for expected in (
        "МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ",
        "ТОО «МФО Kredit Seven Kazakhstan»",
        "Сериков Айдар Маратович, ИИН 931002451325, удостоверение личности № 012345678",
        f"№ {TERMS.number}",
        "Дата договора: 02.11.2026",
        str(AMOUNT),
        "90 дн.",
        f"{ACCOUNT}.",
        "3. день 90 от даты выдачи",
    ):
        assert expected in text


def test_a_person_without_patronymic_is_named_without_a_gap() -> None:
    """Clause 4.1a: the patronymic is given if there is one."""
    named = borrower(patronymic=None)
    text = texts.contract_document(TERMS, named, account=ACCOUNT).decode()
    assert "Заёмщик: Сериков Айдар, ИИН" in text


def test_a_name_cannot_speak_the_templates_language() -> None:
    """Braces in a name stay braces."""
    named = borrower(surname="{amount}")
    text = texts.contract_document(TERMS, named, account=ACCOUNT).decode()
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
