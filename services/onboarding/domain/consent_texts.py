"""The texts people consent to (law №94-V, art. 8): by version, never edited.

A consent names the digest of the text that was shown; only a text that stands here
can be consented to, so that years later it can be shown what was agreed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kernel.errors import Broken
from services.onboarding.domain.consent import ConsentKind, ConsentText

_WITHDRAWAL: Final = (
    " Согласие можно отозвать в личном кабинете в любое время, кроме времени, пока не"
    " исполнены обязательства по договору (Закон «О персональных данных и их защите»,"
    " статья 8)."
)

_TEXTS: Final[Mapping[str, Mapping[ConsentKind, str]]] = MappingProxyType(
    {
        "1": {
            ConsentKind.PERSONAL_DATA: (
                "Даю согласие микрофинансовой организации на сбор и обработку моих"
                " персональных данных: фамилии, имени, отчества, ИИН, сведений"
                " документа, удостоверяющего личность, абонентского номера, номера"
                " банковского счёта и фотографии, а также на их сверку с"
                " государственными базами данных физических лиц и мобильных граждан."
                " Цель: регистрация в личном кабинете, заключение и исполнение"
                " договора о микрокредите. Срок: до достижения цели и далее столько,"
                " сколько закон требует хранить документы. Хранение: в Республике"
                " Казахстан." + _WITHDRAWAL
            ),
            ConsentKind.BIOMETRICS: (
                "Даю согласие на биометрическую идентификацию через Центр обмена"
                " идентификационными данными: на передачу моего ИИН, на сравнение"
                " моего изображения с эталонным и на хранение протокола сравнения."
                " Цель: подтверждение моей личности при регистрации, входе с нового"
                " устройства, изменении сведений и подписании договора. Срок:"
                " столько, сколько правила биометрической аутентификации требуют"
                " хранить протоколы." + _WITHDRAWAL
            ),
            ConsentKind.CREDIT_BUREAU: (
                "Даю согласие на получение кредитного отчёта обо мне в кредитном"
                " бюро и на передачу туда сведений о моих обязательствах. Цель:"
                " оценка платёжеспособности до решения о выдаче микрокредита. Срок:"
                " до исполнения обязательств по договору." + _WITHDRAWAL
            ),
        }
    }
)
"""By version, which the dated setting `onboarding.consent_texts` names."""


def texts_of(version: str) -> Mapping[ConsentKind, ConsentText]:
    """The texts of a version, one per purpose.  Broken when there are none."""
    if version not in _TEXTS:
        raise Broken("the consents in force have no text")
    return {
        kind: ConsentText(kind=kind, version=version, text=text)
        for kind, text in _TEXTS[version].items()
    }
