"""The cabinet in a browser, on the whole platform: what a person sees and presses."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.browser import PATIENCE_MS, Walker, walking
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed

IDLE_END = timedelta(minutes=10, seconds=2)


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


def test_a_person_registers_and_comes_in(world: World, borrower: Borrower) -> None:
    """Photo, ЦОИД and back, ЭЦП by NCALayer, password; axe finds nothing serious."""
    borrower.appear()
    with walking(world, borrower, "kk") as walker:
        walker.register()
        walker.press("welcome.login")
        walker.log_in()
        walker.sees("home.title")
        assert walker.findings == []


def test_silence_is_warned_of_then_ends_the_session(
    world: World, borrower: Borrower
) -> None:
    """At nine minutes one button keeps it; after ten nothing opens the cabinet (4.8).

    Then three wrong passwords, and the right one is refused until it may be (4.7).
    """
    register(borrower)
    with walking(world, borrower, "en") as walker:
        page = walker.page
        walker.open("/login")
        come_in_by_face(walker)
        page.clock.install()
        page.clock.fast_forward("09:01")
        walker.sees("idle.title")
        walker.press("idle.stay")
        expect(page.get_by_role("dialog")).to_be_hidden()

        page.clock.fast_forward("09:01")
        walker.sees("idle.title")
        world.move_clock(IDLE_END)
        page.clock.fast_forward("01:01")
        expect(page.get_by_text(walker.t("login.ended"))).to_be_visible(
            timeout=PATIENCE_MS
        )
        assert kept(walker) == {"language": "en"}
        wrong_passwords(walker)
        world.move_clock(timedelta(minutes=15, seconds=2))
        walker.log_in()
        walker.sees("home.title")
        assert walker.findings == []


def come_in_by_face(walker: Walker) -> None:
    """In a new browser; the camera sees somebody lifeless first."""
    walker.log_in()
    walker.sees("newbrowser.title")
    walker.pass_face(lively=False)
    expect(walker.page.get_by_text(walker.t("face.missed"))).to_be_visible()
    walker.pass_face()
    walker.press("login.enter")
    walker.sees("home.title")


def wrong_passwords(walker: Walker) -> None:
    """Three, then the right one: the same words, and how long to wait."""
    right = walker.borrower.password
    refused = walker.page.locator("[data-code=login_refused]")
    for password in ("guess one", "guess two", "guess three", right):
        walker.type(login=walker.borrower.person.phone, password=password)
        with walker.page.expect_response("**/api/v1/sessions"):
            walker.press("common.go_on")
        expect(refused).to_be_visible(timeout=PATIENCE_MS)
    expect(refused).to_contain_text("Time to wait: 15 min.")


def kept(walker: Walker) -> dict[str, str]:
    """All that the page keeps in the browser beyond the tab (clause 4.9)."""
    stored: dict[str, str] = walker.page.evaluate("({...localStorage})")
    return stored
