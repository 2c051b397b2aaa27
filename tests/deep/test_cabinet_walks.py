"""The whole way through the cabinet in each language, by keys alone, on a phone."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from infra.demo import changes
from infra.demo.borrower import Borrower
from infra.demo.world import World
from infra.simulators.client import person_from_seed
from kernel.crypto import hotp
from tests.browser import PATIENCE_MS, Language, Walker, walking
from tests.e2e.test_cabinet import PHONE, from_registration_to_money
from tests.e2e.test_from_registration_to_money import conclude, register
from tests.seeds import seed

TOTP_STEP_S: Final = 30
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


def test_a_client_adds_an_authenticator_and_takes_codes_on_paper(
    world: World, borrower: Borrower
) -> None:
    """Each change after a second factor given again (ADR 0010)."""
    register(borrower)
    with walking(world, borrower, "en") as walker:
        page = walker.page
        walker.open("/login")
        walker.come_in_by_face()
        walker.sees("home.begin")
        walker.way("way.security")
        walker.press("factors.open")
        walker.sees("factors.codes")
        borrower.forget_messages()
        walker.press("factors.totp_add")
        walker.sees("second.title")
        walker.code()
        walker.press("factors.prove")
        key = base64.b32decode(page.locator("#totp-key").inner_text().replace(" ", ""))
        step = int(borrower.person.clock.now().timestamp()) // TOTP_STEP_S
        walker.type(code=hotp(key, step))
        walker.press("common.go_on")
        removing = page.get_by_role("button", name=walker.t("factors.totp_remove"))
        expect(removing).to_be_visible(timeout=PATIENCE_MS)
        walker.look("totp")
        walker.press("factors.codes_new")
        borrower.forget_messages()
        page.get_by_label(walker.t("second.sms")).check()
        expect(page.get_by_text(walker.t("second.sent"))).to_be_visible(
            timeout=PATIENCE_MS
        )
        walker.code()
        walker.press("factors.prove")
        expect(page.locator("ul.digest li")).to_have_count(10, timeout=PATIENCE_MS)
        walker.look("codes")
        assert walker.findings == []


def test_a_client_takes_a_consent_back_and_a_copy_of_the_data(
    world: World, borrower: Borrower
) -> None:
    """The copy is everything in clear: a second factor is given again for it."""
    register(borrower)
    with walking(world, borrower, "kk", viewport=PHONE) as walker:
        page = walker.page
        walker.open("/login")
        walker.come_in_by_face()
        walker.sees("home.begin")
        walker.way("way.security")
        walker.press("data.open")
        walker.sees("person.consents")
        page.get_by_role("button", name=walker.t("data.withdraw")).last.click()
        again = page.get_by_role("button", name=walker.t("consent_to.give"))
        again.click()
        expect(again).to_have_count(0, timeout=PATIENCE_MS)
        borrower.forget_messages()
        walker.press("data.export_go")
        walker.sees("second.title")
        walker.code()
        with page.expect_download() as fetched:
            walker.press("factors.prove")
        copy = json.loads(fetched.value.path().read_text())
        assert copy["person"]["iin"] == borrower.person.iin
        walker.look("exported")
        assert walker.findings == []


def test_a_lost_number_is_changed_by_password_and_face(
    world: World, borrower: Borrower
) -> None:
    """Without a session; the new number opens the cabinet (4.10)."""
    register(borrower)
    with walking(world, borrower, "kk") as walker:
        walker.open("/recovery")
        walker.sees("recovery.title")
        walker.press("lost.link")
        walker.sees("lost.title")
        walker.type(login=borrower.person.phone, password=borrower.password)
        walker.press("common.go_on")
        walker.pass_face()
        walker.press("common.go_on")
        walker.sees("change.phone")
        new = person_from_seed(f"{borrower.person.iin} new").phone
        changes.take_number(borrower, new)
        borrower.forget_messages()
        walker.type(phone=new)
        walker.press("change.begin")
        walker.sees("change.code")
        walker.code()
        walker.press("common.go_on")
        walker.sees("ceremony.face")
        walker.pass_face()
        walker.sees("ceremony.sign")
        walker.sign()
        expect(walker.page.get_by_text(walker.t("change.state.applied"))).to_be_visible(
            timeout=PATIENCE_MS
        )
        walker.open("/login")
        walker.come_in_by_face()
        walker.sees("home.begin")
        assert walker.findings == []


def test_a_changed_account_is_signed_into_the_contract(
    world: World, borrower: Borrower
) -> None:
    """The account by both proofs, then the amendment by both again (4.10, 5.2)."""
    conclude(borrower)
    with walking(world, borrower, "ru") as walker:
        page = walker.page
        walker.open("/login")
        walker.come_in_by_face()
        walker.sees("home.title")
        walker.way("way.security")
        walker.sees("change.account")
        iban = person_from_seed(f"{borrower.person.iin} new").iban
        changes.take_account(borrower, iban)
        page.locator(".number").first.wait_for()
        walker.type(iban=iban)
        form = page.locator("form", has=page.locator("[name=iban]"))
        walker.push(form.get_by_role("button"))
        prove(walker)
        expect(page.get_by_text(walker.t("change.state.applied"))).to_be_visible(
            timeout=PATIENCE_MS
        )
        walker.way("way.home")
        walker.press("next.amendment")
        walker.sees("amendment.title")
        prove(walker)
        borrower.contract_until("consented")
        borrower.payout_until("held")
        assert walker.findings == []


def prove(walker: Walker) -> None:
    """Face, then ЭЦП, over what is on the screen."""
    walker.sees("ceremony.face")
    walker.pass_face()
    walker.sees("ceremony.sign")
    walker.sign()
