"""The whole way through the cabinet in each language, by keys alone, on a phone."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.browser import Language, walking
from tests.e2e.test_cabinet import PHONE, from_registration_to_money
from tests.seeds import seed

DARK_PHONE: Final[dict[str, Any]] = {"viewport": PHONE, "color_scheme": "dark"}


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


@pytest.mark.parametrize(
    ("language", "keyboard", "context"),
    [
        ("ru", False, {}),
        ("en", False, {}),
        ("kk", False, DARK_PHONE),
        ("ru", False, DARK_PHONE),
        ("en", True, {}),
        ("kk", True, DARK_PHONE),
    ],
    ids=["ru", "en", "kk-phone", "ru-phone", "en-keys", "kk-keys-phone"],
)
def test_a_loan_goes_its_way_whoever_walks(
    world: World,
    borrower: Borrower,
    language: Language,
    keyboard: bool,  # noqa: FBT001 - a parameter of the case
    context: dict[str, Any],
) -> None:
    """From registration to money; no screen is too wide, or found wanting by axe."""
    borrower.appear()
    with walking(world, borrower, language, **context) as walker:
        walker.keyboard = keyboard
        from_registration_to_money(world, walker)
        assert walker.findings == []
