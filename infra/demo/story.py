"""The story the demonstration tells: one loan, and four things that must not happen."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError, until
from infra.demo.forgery import forge_release
from infra.demo.staff import Here, Staff
from infra.demo.view import View
from infra.demo.world import World
from infra.layout import ROOT
from infra.stack import company

AMOUNT = "400000.00"
HOLD = timedelta(hours=24, seconds=2)
WRONG_PASSWORDS = 3


class StoryError(Exception):
    """Something happened that must not, or did not happen that must."""


@dataclass(slots=True, kw_only=True)
class Story:
    """One telling, with two clients: an honest one, and one with a foreign account."""

    world: World
    view: View
    seed: str
    honest: Borrower = field(init=False)
    other: Borrower = field(init=False)
    verdict: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Invent both people."""
        self.honest = self.world.borrower(self.seed)
        self.other = self.world.borrower(f"{self.seed}-b")

    def tell(self) -> None:
        """The whole of it; raises StoryError, ProblemError or TimeoutError."""
        with self.view.step(
            "two administrators let an auditor in, by four eyes", "6.1f"
        ):
            Staff(Here(self.world.stack)).members()
        self.view.chapter("1. Registration and the first login")
        self._register(self.honest)
        self._log_in(self.honest)
        self.view.chapter("2. Application, contract, consent")
        self._conclude(self.honest)
        self._refuse_early_release()
        self.view.chapter("3. A second client, whose account will change hands")
        self._second_client()
        self.view.chapter("4. A forged event")
        self._forge()
        self.view.chapter("5. Twenty-four hours later")
        self._move_time()
        self._release_and_pay()
        self._refuse_foreign_account()
        self.view.chapter("6. Repaid early")
        self._repay()
        self.view.chapter("7. The right password after three wrong ones")
        self._lock_out()
        self.view.chapter("8. The audit log, checked by a program that knows only RFCs")
        self._verify()

    def _register(self, client: Borrower) -> None:
        view = self.view
        with view.step("the state, the bank and the bureau know the person"):
            client.appear()
        with view.step("phone confirmed by SMS code", "4.1d"):
            client.start_registration()
            client.confirm_phone()
        with view.step("data checked against the state's record", "4.1a–c"):
            client.give_data()
        with view.step("photo accepted", "4.1e"):
            client.give_photo()
        with view.step("ЦОИД biometrics and ЭЦП over the statement", "4.2"):
            client.identify()
        with view.step("password set", "4.3"):
            client.set_password()

    def _log_in(self, client: Borrower) -> None:
        with self.view.step("login with password and second factor", "4.3, 4.5"):
            client.log_in()

    def _conclude(self, client: Borrower) -> None:
        view = self.view
        with view.step("the whole price, by both methods of repayment") as step:
            drafts = client.draft_schedules(AMOUNT)
            step.note = ", ".join(
                f"{one['repayment']} {one['total']} ₸, ГЭСВ {one['gesv_percent']} %"
                for one in drafts
            )
        with view.step(
            f"application for {AMOUNT} ₸: bureau, antifraud", "6.1g"
        ) as step:
            decided = client.apply(AMOUNT)
            if decided["state"] != "offered":
                raise StoryError(f"the application was {decided['state']}")
            step.note = f"contract {client.contract_id} offered"
        with view.step(
            "signed by biometrics + ЭЦП over its digest", "5.1, 5.2"
        ) as step:
            step.note = f"sha256 {client.sign()['document_sha256'][:16]}…"
        with view.step("additional consent", "5.5"):
            client.consent()
        with view.step("payout scheduled", "5.5") as step:
            payout = client.payout_until("held")
            step.note = f"nothing moves before {payout['hold_until']}"

    def _refuse_early_release(self) -> None:
        client = self.honest
        with self.view.step("release confirmed before hold_until", "5.5") as step:
            try:
                client.release()
            except ProblemError as error:
                step.refuse(_told(error))
            else:
                raise StoryError("a release was accepted before hold_until")

    def _second_client(self) -> None:
        client = self.other
        self._register(client)
        self._log_in(client)
        self._conclude(client)
        with self.view.step("the account goes to another person at the bank"):
            client.control.create_account(
                iban=client.person.iban, iin=self.honest.person.iin
            )

    def _forge(self) -> None:
        client = self.honest
        with self.view.step(
            "event forged with the stolen user and keys of antifraud", "3.4"
        ) as step:
            forgery = forge_release(self.world.stack, client.contract_id)
            if not forgery.refused_by_broker:
                raise StoryError("the broker let a foreign user write")
            if client.contract()["state"] != "consented":
                raise StoryError("a forged event moved the contract")
            step.refuse("403 by the broker; its own exchange: logged as refused")

    def _move_time(self) -> None:
        with self.view.step("the clock of every process moves by 24 hours") as step:
            self.world.move_clock(HOLD)
            step.note = "time is a port; production settings refuse any but the real"
        with self.view.step("message: you may confirm") as step:
            step.note = f"«{self.honest.next_message('подтверд')}»"
        for client in (self.honest, self.other):
            client.contract_id, kept = "", client.contract_id
            with self.view.step("login again: yesterday's session is dead", "4.8"):
                client.log_in()
            client.contract_id = kept
        with self.view.step(
            "login in another browser: password, code and ЦОИД", "4.3"
        ) as step:
            faces = len(self.honest.ways_back)
            self.honest.change_browser()
            self.honest.log_in()
            if len(self.honest.ways_back) == faces:
                raise StoryError("a new browser was let in without biometrics")
            step.note = "what the browser keeps opens nothing (4.9)"

    def _release_and_pay(self) -> None:
        client, view = self.honest, self.view
        with view.step("release confirmed with a fresh second factor", "5.5"):
            client.release()
        with view.step(
            "owner and antifraud checked again; one transfer", "5.3"
        ) as step:
            client.payout_until("paid", within_s=40)
            transfers = self._transfers(client)
            if len(transfers) != 1:
                raise StoryError(f"the bank made {len(transfers)} transfers")
            step.note = f"{transfers[0]['amount_minor'] // 100} ₸, ledger has one line"
        with view.step("contract active"):
            client.contract_until("active")

    def _repay(self) -> None:
        client, view = self.honest, self.view
        with view.step("the exact sum that ends the contract today") as step:
            to_pay = client.debt()["to_pay"]
            step.note = f"{to_pay} ₸, no fee for paying early"
        with view.step("paid in at the bank, recognised by the contract's number"):
            client.pay(to_pay)
        with view.step("every tiyn allocated; contract closed") as step:
            client.contract_until("closed", within_s=40)
            debt = client.debt()
            if (debt["owed"], debt["unused"]) != ("0.00", "0.00"):
                raise StoryError("something is left of a contract that is closed")
            step.note = "nothing owed, nothing over"

    def _transfers(self, client: Borrower) -> list[dict[str, Any]]:
        return [
            dict(line)
            for line in client.control.ledger()
            if line["creditor_iban"] == client.person.iban
        ]

    def _refuse_foreign_account(self) -> None:
        client = self.other
        with self.view.step("payout to another person's account", "5.4") as step:
            client.release()
            payout = client.payout_until("blocked", within_s=40)
            if self._transfers(client):
                raise StoryError("money went to another person's account")
            step.refuse(f"payout {payout['state']}: the account is not the client's")

    def _lock_out(self) -> None:
        client = self.other
        client.cabinet.close()
        thief = self.world.borrower(f"{self.seed}-b")
        guessing = "three wrong passwords, then the right one"
        with self.view.step(guessing, "4.7") as step:
            for attempt in range(WRONG_PASSWORDS):
                _expect_refusal(thief, f"не тот пароль {attempt}")
            problem = _expect_refusal(thief, thief.password)
            step.refuse(_told(problem))

    def _verify(self) -> None:
        with self.view.step("every event is in the log") as step:
            size = _settled_size(self.world)
            step.note = f"{size} leaves"
        with self.view.step(
            "export verified by tools/verify_export.py", "3.2b"
        ) as step:
            self.verdict = step.note = verify_export(self.world)


def _told(error: ProblemError) -> str:
    """The refusal as the client reads it, with the time left where there is some."""
    left = error.problem.get("seconds_left")
    wait = f" ({left} s left)" if left is not None else ""
    return f"{error.code}: {error.problem['detail']}{wait}"


def _expect_refusal(client: Borrower, password: str) -> ProblemError:
    credentials = {"login": client.person.phone, "password": password}
    try:
        client.cabinet.call("POST", "/sessions", credentials)
    except ProblemError as error:
        return error
    raise StoryError("a password was accepted that must not be")


def operator(world: World, service: str, *words: str) -> dict[str, object]:
    """The answer to one command of the stack's auditor at a service."""
    return Staff(Here(world.stack)).ask(service, *words)


def _until_witnessed(world: World) -> None:
    """An export ends where enough witnesses have seen the log."""
    size = int(str(operator(world, "audit", "status")["size"]))
    note = world.stack.layout.checkpoints / "checkpoint.witnessed"

    def seen() -> dict[str, object]:
        lines = note.read_text().splitlines() if note.is_file() else ["", "0"]
        return {"state": f"{lines[1]} of {size} leaves witnessed", "size": lines[1]}

    until(seen, lambda answer: int(str(answer["size"])) >= size, within_s=60)


def _authorities(world: World, folder: Path) -> Path:
    """Root and issuing authority of the time stamps, as they are published."""
    path, outer = folder / "tsa.pem", world.stack.layout.outer
    published = ("eds-roots.pem", "eds-issuers.pem")
    path.write_text("".join((outer / name).read_text() for name in published))
    return path


def _settled_size(world: World) -> int:
    """The size of the log once nobody has anything left to say."""
    services = ("auth", "onboarding", "contracts", "disbursement", "antifraud")

    def left() -> int:
        with ThreadPoolExecutor(len(services)) as pool:
            states = pool.map(lambda s: operator(world, s, "status"), services)
            return sum(int(str(state["outbox_unpublished"])) for state in states)

    until(
        lambda: {"state": "unpublished", "left": left()},
        lambda answer: answer["left"] == 0,
    )
    return int(str(operator(world, "audit", "status")["size"]))


def verify_export(world: World) -> str:
    """Export the log and let the stranger's verifier judge it; its last line.

    Both witnesses must have seen all there is now, and within the hour.
    """
    _until_witnessed(world)
    with tempfile.TemporaryDirectory(prefix="kredit-export-") as folder:
        export = Path(folder) / "log"
        let = ("--disclosure", Staff(Here(world.stack)).disclosure(), "--yes")
        operator(world, "audit", "export", str(export), *let)
        command = [
            sys.executable,
            str(ROOT / "tools" / "verify_export.py"),
            str(export),
            "--vkey",
            (world.stack.layout.checkpoints / "vkey").read_text().strip(),
            "--trust",
            str(world.stack.layout.keys / "trust.json"),
            "--policy",
            str(world.stack.layout.audit_policy),
            "--fresh",
            "1",
            "--roots",
            str(world.stack.layout.outer / "eds-roots.pem"),
            "--bin",
            company.BIN,
            "--tsa",
            str(_authorities(world, Path(folder))),
        ]
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    if done.returncode != 0:
        raise StoryError(f"the verifier found: {done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]
