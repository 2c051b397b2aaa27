"""A person at the cabinet: Debian's Chromium, headless, with NCALayer beside it.

`Walker` does what a person does: reads labels in a language, types, presses. Words come
from the cabinet's own files of texts, so that one walk is the same in each language.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import ConsoleMessage, Locator, Page, expect, sync_playwright

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.browser import ncalayer_pair, switches
from infra.demo.photo import portrait
from infra.demo.world import World
from infra.simulators.ncalayer import PORT, Ncalayer
from tests.faults.proxy import Proxy
from tests.marks import ROOT

Language = Literal["kk", "ru", "en"]

TEXTS: Final = ROOT / "infra/web/cabinet/texts"
PATIENCE_MS: Final = 45_000
MOST_TABS: Final = 80
SERIOUS: Final = frozenset({"serious", "critical"})


@cache
def texts(language: Language) -> dict[str, str]:
    """All words of a language, by key."""
    found: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text())
    return found


@dataclass(kw_only=True)
class Walker:
    """A borrower who uses a browser; `seen` holds every screen axe has looked at."""

    world: World
    borrower: Borrower
    page: Page
    ncalayer: Ncalayer
    language: Language
    keyboard: bool = False
    """Whether this person has no pointer: Tab to a thing, then keys."""
    seen: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def t(self, key: str) -> str:
        """The cabinet's words."""
        return texts(self.language)[key]

    def listen(self) -> None:
        """Errors of a script, and what the page's policy stopped, are findings."""
        self.page.on("pageerror", lambda error: self.findings.append(str(error)))
        self.page.on("console", self._told)

    def _told(self, said: ConsoleMessage) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.findings.append(said.text)

    def open(self, path: str = "") -> None:
        """Go to a screen by its address."""
        self.page.goto(f"{self.world.stack.url}/{self.language}{path}")

    def press(self, key: str) -> None:
        """Press the one button, or follow the one link, of this name."""
        words = self.t(key)
        button = self.page.get_by_role("button", name=words, exact=True)
        link = self.page.locator("main").get_by_role("link", name=words, exact=True)
        self.push(button.or_(link).first)

    def push(self, thing: Locator) -> None:
        """Press a thing, by pointer or by key."""
        if not self.keyboard:
            thing.click()
            return
        self._reach(thing)
        self.page.keyboard.press("Enter")

    def type(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            field_ = self.page.locator(f"[name={name}]")
            if not self.keyboard or field_.get_attribute("type") == "date":
                field_.fill(value)
                continue
            self._reach(field_)
            self.page.keyboard.insert_text(value)

    def tick(self, name: str) -> None:
        """Tick a box."""
        box = self.page.locator(f"[name={name}]")
        if self.keyboard:
            self._reach(box)
            self.page.keyboard.press("Space")
        else:
            box.check()

    def _reach(self, thing: Locator) -> None:
        thing.wait_for()
        for _ in range(MOST_TABS):
            if thing.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {thing}")

    def sees(self, key: str) -> None:
        """Wait for a heading, and let axe look at the screen under it."""
        expect(self.page.get_by_role("heading", name=self.t(key)).first).to_be_visible(
            timeout=PATIENCE_MS
        )
        self.look(key)

    def look(self, name: str) -> None:
        """What axe-core finds on this screen, once for each."""
        if name in self.seen:
            return
        self.seen.append(name)
        expect(self.page.locator(".loading")).to_have_count(0, timeout=PATIENCE_MS)
        width = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if width > 0:
            self.findings.append(f"{name}: {width} points wider than the window")
        self.page.evaluate(_axe())
        found = self.page.evaluate("axe.run()")["violations"]
        self.findings += [
            f"{name}: {one['id']}: {node['target']}"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def code(self) -> None:
        """Type the code of the next message."""
        self.type(code=self.borrower.next_code())

    def pass_face(self, *, lively: bool = True) -> None:
        """Go to ЦОИД, stand before its camera, come back."""
        self.press("face.go")
        verdict = "passed" if lively else "failed"
        self.page.locator("[name=liveness]").select_option(verdict)
        self.page.locator("[name=iin]").fill(self.borrower.person.iin)
        self.page.get_by_role("button").click()
        self.page.wait_for_url(f"{self.world.stack.url}/{self.language}/**")

    def sign(self) -> None:
        """Sign by NCALayer."""
        self.press("sign.go")

    def register(self) -> None:
        """From the first page to a password."""
        person = self.borrower.person
        self.open()
        self.sees("welcome.title")
        self.press("welcome.register")
        self.sees("registration.phone_title")
        self.type(phone=person.phone)
        self.press("registration.send_code")
        self.sees("registration.code_title")
        self.code()
        self.press("common.go_on")
        self.sees("person.title")
        self.fill_in_person()
        self.press("common.go_on")
        self.sees("photo.title")
        self.page.locator("[name=photo]").set_input_files(
            {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": portrait()}
        )
        self.press("photo.send")
        self.sees("ceremony.face")
        self.pass_face()
        self.sees("ceremony.sign")
        self.sign()
        self.sees("password.title")
        self.type(
            password=self.borrower.password, password_again=self.borrower.password
        )
        self.press("password.set")
        self.sees("registration.finished")

    def fill_in_person(self) -> None:
        """The form of clause 4.1, and all consents."""
        identity = self.borrower.person.identity
        self.type(
            surname=identity.surname,
            given_name=identity.given_name,
            patronymic=identity.patronymic or "",
            iin=identity.iin,
            number=identity.document.number,
            valid_until=identity.document.valid_until.isoformat(),
            iban=identity.iban,
        )
        self.page.locator("[name=kind]").select_option(identity.document.kind)
        for consent in ("personal_data", "biometrics", "credit_bureau"):
            self.tick(f"consent_{consent}")

    def give_password(self) -> None:
        """The first factor."""
        self.borrower.forget_messages()
        self.sees("login.title")
        self.type(login=self.borrower.person.phone, password=self.borrower.password)
        self.press("common.go_on")
        self.sees("second.title")

    def log_in(self) -> None:
        """Password and code; in a new browser the camera."""
        self.give_password()
        self.code()
        self.press("login.enter")

    def come_in_by_face(self) -> None:
        """Log in from a browser nobody has logged in from before."""
        self.log_in()
        self.sees("newbrowser.title")
        self.pass_face()
        self.press("login.enter")

    def way(self, key: str) -> None:
        """Follow one of the sections."""
        ways = self.page.get_by_role("navigation")
        self.push(ways.get_by_role("link", name=self.t(key)))

    def apply(self, amount: int) -> None:
        """Choose a sum, look at the price, send."""
        self.sees("apply.price")
        self.page.locator("[name=amount]").fill(str(amount))
        shown = self.page.get_by_text(f"{amount // 1000}\u00a0000\u00a0₸").first
        expect(shown).to_be_visible(timeout=PATIENCE_MS)
        self.press("apply.send")
        self.sees("application.offered")

    def sign_contract(self) -> None:
        """Both proofs over the contract."""
        self.press("next.sign")
        self.sees("signing.title")
        self.sees("ceremony.face")
        self.pass_face()
        self.sees("ceremony.sign")
        self.sign()
        self.sees("contract.concluded")

    def state(self, kind: Literal["consent_to", "release"]) -> None:
        """Read the text, agree, type a fresh code."""
        self.sees(f"{kind}.title")
        self.tick("agreed")
        self.borrower.forget_messages()
        self.press("registration.send_code")
        self.page.locator("[name=code]").wait_for()
        self.code()
        self.press(f"{kind}.give")


@contextmanager
def walking(
    world: World,
    borrower: Borrower,
    language: Language = "ru",
    **context: Any,  # noqa: ANN401 - Playwright's own arguments
) -> Iterator[Walker]:
    """A browser of the borrower's own, at the platform's site.

    `context` is for Playwright's `new_context`: a viewport, a colour scheme.
    """
    layout = world.stack.layout
    site = ("127.0.0.1", world.stack.port(topology.WEB_TIER))
    with (
        Proxy(site, source=borrower.cabinet.address) as way,
        Ncalayer(
            borrower.person, certificate=ncalayer_pair(layout), port=0
        ) as ncalayer,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as home,
    ):
        ways = (
            f"MAP 127.0.0.1:{PORT} 127.0.0.1:{ncalayer.port}",
            f"MAP 127.0.0.1:{site[1]} 127.0.0.1:{way.port}",
        )
        browser = playwright.chromium.launch(
            executable_path=_chromium(),
            args=[
                f"--host-resolver-rules={','.join(ways)}",
                *switches(layout),
            ],
            env={"HOME": home},
        )
        try:
            context_ = browser.new_context(**context)
            context_.set_default_timeout(PATIENCE_MS)
            walker = Walker(
                world=world,
                borrower=borrower,
                page=context_.new_page(),
                ncalayer=ncalayer,
                language=language,
            )
            walker.listen()
            yield walker
        finally:
            browser.close()


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def _chromium() -> str:
    """The machine's, or the one `infra/bootstrap/browser.sh` unpacked."""
    for place in (Path("/usr/bin/chromium"), ROOT / ".state/browser/chromium"):
        if place.exists():
            return str(place)
    raise FileNotFoundError("no Chromium: make browser")
