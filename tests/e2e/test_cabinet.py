"""The cabinet in a browser, on the whole platform: what a person sees and presses."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from infra.demo import changes
from infra.demo.borrower import Borrower
from infra.demo.story import HOLD
from infra.demo.world import World
from infra.simulators.client import person_from_seed
from tests.browser import PATIENCE_MS, Walker, walking
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed

IDLE_END = timedelta(minutes=10, seconds=2)
LOCK_END = timedelta(minutes=15, seconds=2)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


def test_a_loan_in_a_browser_from_registration_to_money(
    world: World, borrower: Borrower
) -> None:
    """Photo, ЦОИД and back, ЭЦП by NCALayer, contract, consent, countdown, release."""
    borrower.appear()
    with walking(world, borrower, "kk") as walker:
        from_registration_to_money(world, walker)
        assert walker.findings == []


def from_registration_to_money(world: World, walker: Walker) -> None:
    """The whole way; axe has looked at every screen of it."""
    walker.register()
    walker.press("welcome.login")
    walker.log_in()
    walker.sees("home.begin")
    walker.press("home.apply")
    walker.apply(400_000)
    walker.sign_contract()
    walker.press("next.give_consent")
    walker.state("consent_to")
    walker.sees("contract.consented")
    expect(walker.page.get_by_role("timer")).to_contain_text("23:5")
    world.move_clock(HOLD)
    walker.page.reload()
    walker.log_in()
    walker.sees("contract.awaiting_release")
    walker.press("next.confirm_release")
    walker.state("release")
    walker.sees("contract.active")
    walker.sees("debt.title")


def test_silence_is_warned_of_then_ends_the_session(
    world: World, borrower: Borrower
) -> None:
    """At nine minutes one button keeps it; after ten nothing opens the cabinet (4.8).

    Then three wrong passwords, and the right one is refused until it may be (4.7);
    after it the client is where they were, with what they had typed.
    """
    register(borrower)
    with walking(world, borrower, "en") as walker:
        page = walker.page
        walker.open("/login")
        come_in_after_a_miss(walker)
        walker.way("way.messages")
        walker.press("messages.write")
        walker.sees("messages.new")
        walker.type(text="A letter half written.")
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
        world.move_clock(LOCK_END)
        walker.log_in()
        walker.sees("messages.new")
        expect(page.locator("[name=text]")).to_have_value("A letter half written.")
        assert walker.findings == []


def come_in_after_a_miss(walker: Walker) -> None:
    """In a new browser, by a second code; the camera sees somebody lifeless first."""
    walker.give_password()
    walker.borrower.forget_messages()
    with walker.page.expect_response("**/second-factor/message"):
        walker.press("second.again")
    walker.code()
    walker.press("login.enter")
    walker.sees("newbrowser.title")
    walker.pass_face(lively=False)
    expect(walker.page.get_by_text(walker.t("face.missed"))).to_be_visible(
        timeout=PATIENCE_MS
    )
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


def test_a_client_recovers_writes_changes_and_refuses_on_a_phone(
    world: World, borrower: Borrower
) -> None:
    """At 360 points of width: no screen is wider, and each does what it says."""
    register(borrower)
    with walking(world, borrower, "ru", viewport=PHONE, color_scheme="dark") as walker:
        recover(walker)
        walker.press("welcome.login")
        walker.come_in_by_face()
        walker.sees("home.begin")
        write(walker)
        look_back(walker)
        walker.way("way.home")
        walker.press("home.apply")
        walker.apply(200_000)
        walker.sign_contract()
        refuse(walker)
        change_phone(walker)
        assert walker.findings == []


def recover(walker: Walker) -> None:
    """A forgotten password: code, camera, a new one."""
    borrower = walker.borrower
    walker.open("/login")
    walker.sees("login.title")
    walker.press("login.forgotten")
    walker.sees("recovery.title")
    borrower.forget_messages()
    walker.type(login=borrower.person.phone)
    walker.press("registration.send_code")
    walker.page.locator("[name=code]").wait_for()
    walker.code()
    walker.press("common.go_on")
    walker.pass_face()
    borrower.password += " снова"
    walker.type(password=borrower.password, password_again=borrower.password)
    walker.press("password.set")
    walker.sees("recovery.done")


def write(walker: Walker) -> None:
    """A letter; an appeal is refused while there is nothing to appeal against."""
    walker.way("way.messages")
    walker.sees("messages.title")
    walker.press("messages.write")
    walker.sees("messages.new")
    walker.type(text="Здравствуйте, есть вопрос о графике.")
    walker.press("messages.send")
    walker.sees("inquiry.waiting")
    walker.way("way.messages")
    walker.press("appeals.write")
    walker.sees("appeals.new")
    walker.type(text="Прошу пересмотреть.")
    walker.press("messages.send")
    walker.page.locator("[data-code]").wait_for()


def look_back(walker: Walker) -> None:
    """Where one is logged in, and who looked at one's data."""
    walker.way("way.security")
    walker.sees("sessions.title")
    expect(walker.page.get_by_text(walker.t("sessions.this"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    walker.press("access.open")
    walker.sees("access.title")


def refuse(walker: Walker) -> None:
    """What was signed is refused; nothing will be paid out."""
    walker.press("contract.refuse")
    walker.sees("refusal.title")
    walker.press("refusal.go")
    walker.sees("contract.annulled")


def change_phone(walker: Walker) -> None:
    """Code to the new number, camera, ЭЦП; then the old session is dead (4.10)."""
    borrower, page = walker.borrower, walker.page
    new = person_from_seed(f"{borrower.person.iin} new").phone
    walker.way("way.security")
    walker.sees("change.phone")
    changes.take_number(borrower, new)
    borrower.forget_messages()
    walker.type(phone=new)
    form = page.locator("form", has=page.locator("[name=phone]"))
    walker.push(form.get_by_role("button"))
    walker.sees("change.code")
    walker.code()
    walker.press("common.go_on")
    walker.sees("ceremony.face")
    walker.pass_face()
    walker.sees("ceremony.sign")
    walker.sign()
    expect(page.get_by_text(walker.t("login.ended"))).to_be_visible(timeout=PATIENCE_MS)
