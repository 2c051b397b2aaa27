"""What a payer comes past is named from outside, whatever ports it has."""

from services.disbursement.wiring import beats_of
from tests.faults.boundaries import Watch
from tests.unit.disbursement.builders import order, payout
from tests.unit.disbursement.fakes import Stage


def passed() -> list[tuple[str, bool]]:
    """What one smooth payment comes past, and whether rows were locked there."""
    stage = Stage()
    stage.desk.put(payout(), order())
    seen: list[tuple[str, bool]] = []
    watch = Watch(lambda name, *, locked: seen.append((name, locked)))
    watch.beat = "pay"
    assert beats_of(watch.over(stage.till))["pay"].take_next()
    assert len(stage.bank.ledger) == 1
    return seen


def test_each_call_and_each_commit_has_a_boundary_before_and_after() -> None:
    names = [name for name, _ in passed()]
    for what in ("bank.send", "accounts.prove", "contracts.read", "commit", "publish"):
        asked = names.count(f"pay: {what} asked")
        assert asked == names.count(f"pay: {what} answered") > 0


def test_rows_are_locked_in_a_transaction_and_nowhere_else() -> None:
    locked = {name for name, held in passed() if held}
    free = {name for name, held in passed() if not held}
    assert {"pay: commit asked", "pay: publish asked"} <= locked
    assert {"pay: commit answered", "pay: bank.send asked"} <= free
    assert not locked & free
