"""Who has no cabinet appeals by the token of the registration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.errors import Refused
from services.onboarding.handlers import appeals
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant

TEXT = "Прошу пересмотреть решение."
APPEAL = UUID(int=9)
Act = Callable[..., Mapping[str, Json]]


@dataclass
class FakeRegister:
    """Antifraud, which is told of whose registration it is asked."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def file(
        self, registration_id: UUID, client_id: UUID, text: str
    ) -> Mapping[str, Json]:
        return self._asked("file", registration_id, client_id, text)

    def listed(self, registration_id: UUID, client_id: UUID) -> Mapping[str, Json]:
        return self._asked("listed", registration_id, client_id)

    def get(
        self, registration_id: UUID, client_id: UUID, appeal_id: UUID
    ) -> Mapping[str, Json]:
        return self._asked("get", registration_id, client_id, appeal_id)

    def _asked(self, *asked: object) -> Mapping[str, Json]:
        self.asked.append(asked)
        return {"number": "A-2026-00001"}


ACTS: list[tuple[Act, dict[str, Any], tuple[object, ...]]] = [
    (appeals.file_appeal, {"text": TEXT}, ("file", TEXT)),
    (appeals.list_appeals, {}, ("listed",)),
    (appeals.get_appeal, {"appeal_id": APPEAL}, ("get", APPEAL)),
]


@pytest.mark.clause("6.1h")
@pytest.mark.parametrize(("act", "told", "asked"), ACTS)
def test_the_token_speaks_for_its_own_registration_however_late(
    bench: Bench, act: Act, told: dict[str, Any], asked: tuple[object, ...]
) -> None:
    someone, register = Applicant(bench), FakeRegister()
    bench.clock.move(days=60)
    answer = act(
        begin=bench.unit.begin,
        appeals=register,
        registration_id=someone.registration_id,
        token=someone.token,
        **told,
    )
    assert answer == {"number": "A-2026-00001"}
    whose = (someone.registration_id, someone.client_id)
    assert register.asked == [(asked[0], *whose, *asked[1:])]


@pytest.mark.seeded("onboarding_appeal_without_its_token")
@pytest.mark.parametrize(("act", "told", "asked"), ACTS)
def test_another_token_is_of_no_registration(
    bench: Bench, act: Act, told: dict[str, Any], asked: tuple[object, ...]
) -> None:
    someone, register = Applicant(bench), FakeRegister()
    with pytest.raises(Refused) as caught:
        act(
            begin=bench.unit.begin,
            appeals=register,
            registration_id=someone.registration_id,
            token=f"{asked[0]}-of-somebody",
            **told,
        )
    assert caught.value.code == "registration_unknown"
    assert register.asked == []
