"""The rules every member of the staff acknowledges before first access (clause 1.4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kernel.errors import Broken, Refused

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "2026-03-31": (
            "С Порядком обеспечения информационной безопасности при выдаче"
            " микрокредитов (протокол №31-03-2026 от 31.03.2026) ознакомлен(а) и"
            " обязуюсь его исполнять.\n"
            "1. Порядок обязателен для всех работников; исключений нет ни для кого.\n"
            "2. Пароль и коды второго фактора никому не передаю и нигде не записываю.\n"
            "3. Обращаюсь только к тем сведениям, которые нужны для моей работы.\n"
            "4. Сведения о клиентах и операциях не разглашаю, в том числе после"
            " увольнения.\n"
            "5. Знаю, что каждое моё действие записывается в журнал.\n"
            "6. О подозрении на нарушение или утечку сообщаю немедленно."
        )
    }
)
"""By version, which the dated setting `staff.rules` names; never edited, only added."""


def text_of(version: str) -> str:
    """The words of a version.  Broken when there are none."""
    if version not in TEXTS:
        raise Broken("the rules in force have no text")
    return TEXTS[version]


def rules_not_acknowledged() -> Refused:
    """No access before the rules in force are acknowledged (clause 1.4)."""
    return Refused(
        "rules_not_acknowledged",
        "You have not acknowledged the rules that are in force.",
        next_step="Read them and acknowledge them; access opens at once.",
    )
