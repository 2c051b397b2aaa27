"""The registration statement: what the client signs, the same bytes every time."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.values import CardToken
from services.onboarding.domain.account import Card, Destination
from services.onboarding.domain.consent import parse_consents
from services.onboarding.domain.statement import Statement
from tests.unit.onboarding.builders import (
    IBAN,
    IIN,
    OTHER_TEXT,
    PHONE,
    TEXT,
    TEXTS,
    consents,
    names,
    person,
)

STATEMENT = Statement(
    registration_id=UUID(int=5),
    site="creditplus.kz",
    given_at=datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
    person=person(),
    phone=PHONE,
    account=Destination(iban=IBAN),
    photo_sha256=TEXT,
    consents=consents(),
)


def test_same_registration_gives_the_same_bytes() -> None:
    turned = replace(STATEMENT, consents=tuple(reversed(consents())))
    assert STATEMENT.render() == turned.render()


def test_statement_holds_the_data_in_full() -> None:
    text = STATEMENT.render().decode()
    for part in (
        "Ахметов",
        "Арман",
        "Серикович",
        IIN.reveal(),
        PHONE.reveal(),
        IBAN.reveal(),
        "012345678",
        "01.05.2031",
        TEXT,
        OTHER_TEXT,
        str(UUID(int=5)),
    ):
        assert part in text


def test_a_card_is_named_by_its_last_digits_and_its_account() -> None:
    card = Card(token=CardToken("tok_" + "c" * 20), last4="4242")
    by_card = replace(STATEMENT, account=Destination(iban=IBAN, card=card))
    text = by_card.render().decode()
    named = f"платёжная карта •••• 4242, счёт карты {IBAN.reveal()}"
    assert f"Счёт для перечислений: {named}\n" in text
    assert card.token.reveal() not in text


def test_day_of_the_statement_is_almatys() -> None:
    assert "Дата заявления: 25.11.2026" in STATEMENT.render().decode()


def test_absent_patronymic_is_said() -> None:
    nameless = person(named=names(patronymic=None))
    assert "Отчество: нет" in replace(STATEMENT, person=nameless).render().decode()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ((("personal_data", TEXT),), "consent_missing"),
        ((("personal_data", TEXT), ("biometrics", "short")), "consent_invalid"),
        ((("personal_data", TEXT), ("marketing", TEXT)), "consent_invalid"),
        ((("biometrics", TEXT), ("biometrics", TEXT)), "consent_invalid"),
        ((("personal_data", TEXT), ("biometrics", TEXT)), "consent_text_changed"),
        ((), "consent_missing"),
    ],
)
def test_both_consents_are_needed(
    given: tuple[tuple[str, str], ...], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        parse_consents(given, TEXTS)
    assert code == refused.value.code
