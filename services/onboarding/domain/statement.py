"""The registration statement (заявление о регистрации): the bytes the client signs.

Plain Russian text in UTF-8, a pure function of the registration: the same
registration gives the same bytes, so that a signature over them can be checked for
ever. It holds the client's data in full, because the client signs what they gave.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.values import Phone
from services.onboarding.domain.account import Destination
from services.onboarding.domain.consent import ConsentKind, ConsentRecord
from services.onboarding.domain.person import DOCUMENT_WORDS, Person

MEDIA_TYPE: Final = "text/plain; charset=utf-8"

_CONSENTS: Final = {
    ConsentKind.PERSONAL_DATA: "на сбор и обработку персональных данных",
    ConsentKind.BIOMETRICS: "на биометрическую идентификацию через ЦОИД",
    ConsentKind.CREDIT_BUREAU: "на получение кредитного отчёта",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything the statement says."""

    registration_id: UUID
    site: str
    given_at: datetime
    person: Person
    phone: Phone
    account: Destination
    photo_sha256: str
    consents: tuple[ConsentRecord, ...]

    def render(self) -> bytes:
        """The document, deterministic to the byte."""
        return ("\n".join(self._lines()) + "\n").encode()

    def _lines(self) -> list[str]:
        document = self.person.document
        return [
            "ЗАЯВЛЕНИЕ О РЕГИСТРАЦИИ В ЛИЧНОМ КАБИНЕТЕ",
            "",
            f"Номер заявления: {self.registration_id}",
            f"Дата заявления: {almaty_date(self.given_at):%d.%m.%Y}",
            f"Интернет-ресурс: {self.site}",
            "",
            "Прошу зарегистрировать меня в личном кабинете. Сообщаю о себе:",
            "",
            f"Фамилия: {self.person.names.surname}",
            f"Имя: {self.person.names.given_name}",
            f"Отчество: {self.person.names.patronymic or 'нет'}",
            f"ИИН: {self.person.iin.reveal()}",
            f"Документ: {DOCUMENT_WORDS[document.kind]} № {document.number}",
            f"Документ действителен до: {document.valid_until:%d.%m.%Y}",
            f"Абонентский номер: {self.phone.reveal()}",
            f"{self._account_is()}: {self.account.reveal()}",
            f"Фотография, SHA-256: {self.photo_sha256}",
            "",
            *self._consent_lines(),
            "",
            "Сведения верны. Логином для входа будет указанный абонентский номер.",
            "Подписываю электронной цифровой подписью.",
        ]

    def _account_is(self) -> str:
        card = self.account.card
        return "Банковский счёт (ИИК)" if card is None else "Счёт для перечислений"

    def _consent_lines(self) -> list[str]:
        given = sorted(self.consents, key=lambda consent: consent.kind)
        return [
            f"Даю согласие {_CONSENTS[consent.kind]}"
            f" (текст, SHA-256: {consent.text_sha256})."
            for consent in given
        ]
