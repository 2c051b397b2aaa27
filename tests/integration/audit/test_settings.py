"""The registry of dated settings: tightened by two, never weakened, never edited."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from kernel import approvals, dated
from kernel.approvals import Operation
from kernel.context import StaffMember
from kernel.crypto import Json, as_object
from kernel.policy import LivePolicy
from services.audit.domain.registry import CHANGE_SETTING, Change
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_procedure import OFFICER, Office, refusal
from tests.staff import ANNA, member

ATTEMPTS, MINUTES = "auth.password_attempts", "auth.lock_minutes"


class Registry(Office):
    """The settings, as the officer and the liaison see them."""

    def ask(self, key: str, *value: str, **told: Any) -> UUID:  # noqa: ANN401 - an instant
        change = Change(
            key=key,
            value=value,
            source=str(told.get("source", "Приказ №12")),
            effective_at=told.get("effective_at"),
        )
        asked = as_object(self.use_cases.ask_change(self.call(), change))
        return UUID(str(asked["approval_id"]))

    def agree(self, approval_id: UUID, by: StaffMember = OFFICER) -> None:
        operation = Operation("governance.decide", self.use_cases.change)
        with self.platform.database.begin(self.platform.context()) as tx:
            approvals.approve(
                tx,
                approval_id,
                seen=None,
                by=by,
                operations={CHANGE_SETTING: operation},
            )

    def look(self) -> None:
        """What each process of a service does every second."""
        policy = cast("LivePolicy", self.platform.policy)
        follower = dated.Follower(policy, self.platform.database)
        follower.look(self.platform.context())

    def in_force(self, key: str) -> int:
        return self.platform.policy.integer(key, self.stand.clock.now())

    def row(self, key: str) -> dict[str, Json]:
        told = as_object(self.use_cases.settings())
        rows = cast("list[dict[str, Json]]", told["settings"])
        return next(row for row in rows if row["key"] == key)


@pytest.fixture
def registry(stand: LogStand) -> Registry:
    return Registry(stand)


@pytest.mark.clause("6.3")
@pytest.mark.seeded("settings_floor_forgotten")
@pytest.mark.seeded("settings_change_the_past")
def test_a_value_weaker_than_the_procedure_is_refused(registry: Registry) -> None:
    """Asked for, and by who writes into the table past everybody."""
    assert refusal(lambda: registry.ask(ATTEMPTS, "4")) == "setting_too_weak"
    assert refusal(lambda: registry.ask(MINUTES, "14")) == "setting_too_weak"
    assert refusal(lambda: registry.ask(ATTEMPTS, "two")) == "setting_wrong_type"
    assert refusal(lambda: registry.ask("auth.shoe_size", "4")) == "setting_unknown"
    past = registry.stand.clock.now() - timedelta(seconds=1)
    code = refusal(lambda: registry.ask(ATTEMPTS, "2", effective_at=past))
    assert code == "setting_in_the_past"
    assert refusal(lambda: registry.ask(ATTEMPTS, "2", source="")) == "words_unfit"

    registry.stand.as_owner(
        "INSERT INTO settings VALUES (gen_random_uuid(), 'auth.password_attempts',"
        " '2026-11-01T00:00:00Z', convert_to('{\"value\":9}', 'UTF8'), 'x', '4.7')"
    )
    registry.look()
    assert registry.in_force(ATTEMPTS) == 3


@pytest.mark.clause("6.3")
@pytest.mark.seeded("settings_change_unheard")
def test_a_stricter_value_is_in_force_without_a_restart(registry: Registry) -> None:
    asked = registry.ask(MINUTES, "30")
    own = member(ANNA, {"governance.decide"})
    assert refusal(lambda: registry.agree(asked, by=own)) == "own_request"
    registry.look()
    assert registry.in_force(MINUTES) == 15

    registry.agree(asked)
    registry.look()
    assert registry.in_force(MINUTES) == 30
    before = registry.stand.clock.now() - timedelta(seconds=1)
    assert registry.platform.policy.integer(MINUTES, before) == 15
    assert registry.events("setting_changed") == 1
    row = registry.row(MINUTES)
    assert (row["value"], row["source"], row["clause"]) == (30, "Приказ №12", "4.7")
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        registry.platform.database.begin(registry.platform.context()) as tx,
    ):
        tx.connection.exec_driver_sql("UPDATE settings SET source = 'x'")


def test_a_change_waits_for_its_day(registry: Registry) -> None:
    later = registry.stand.clock.now() + timedelta(days=3)
    registry.agree(registry.ask(ATTEMPTS, "2", effective_at=later))
    registry.look()
    assert registry.in_force(ATTEMPTS) == 3
    assert registry.row(ATTEMPTS)["changes_at"] is not None
    assert (
        refusal(lambda: registry.ask(ATTEMPTS, "1", effective_at=later))
        == "setting_exists"
    )
    registry.stand.clock.at = later
    assert registry.in_force(ATTEMPTS) == 2
    told = as_object(registry.use_cases.setting(ATTEMPTS))
    records = cast("list[dict[str, Json]]", told["records"])
    assert [record["value"] for record in records] == [3, 2]
