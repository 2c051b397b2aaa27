"""`python -m infra.containers.journey`: one loan, told to a platform in containers.

The borrower of the demonstration, from registration to money, by the public door.
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from datetime import timedelta

from infra import topology
from infra.containers import places
from infra.demo.borrower import Borrower
from infra.demo.cabinet import Cabinet, ProblemError
from infra.demo.world import PARTNER
from infra.layout import Layout
from infra.simulators.client import ControlClient, person_from_seed

AMOUNT = "400000.00"
AMOUNT_MINOR = 40_000_000
HOLD = timedelta(hours=24, seconds=2)


class JourneyError(Exception):
    """Something happened that must not, or did not happen that must."""


def main() -> int:
    """Exit status 0 when the loan was paid; else the reason as a traceback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    seed: str = parser.parse_args().seed
    print(f"journey: seed {seed}", flush=True)
    layout = Layout(places.STATE)
    client = _borrower(layout, seed)
    for step in (_register, _conclude, _refuse_early_release):
        _told(step, client)
    _move_clock(layout, HOLD)
    for step in (_release, _count_transfers):
        _told(step, client)
    return 0


def _told(step: Callable[[Borrower], str], client: Borrower) -> None:
    print(f"journey: {step(client)}", flush=True)


def director(layout: Layout) -> ControlClient:
    """The directors' doors of bank and world, for who holds the visitor's things."""
    outer = layout.outer
    return ControlClient(
        bank_url=places.url("simulator-bank"),
        world_url=places.url("simulator-world"),
        token=(layout.keys / "control.token").read_text().strip(),
        ca=outer / "ca.crt",
        certificate=(outer / f"{PARTNER}.crt", outer / f"{PARTNER}.key"),
    )


def password_of(seed: str) -> str:
    """What the person of this seed logs in with."""
    return f"Тихий океан {seed}"


def _borrower(layout: Layout, seed: str) -> Borrower:
    ca = layout.outer / "ca.crt"
    return Borrower(
        person=person_from_seed(seed, ca=ca, clock_file=layout.clock),
        cabinet=Cabinet(places.url(topology.WEB_TIER), layout.pki / "ca.crt"),
        control=director(layout),
        world_url=places.url("simulator-world.public"),
        password=password_of(seed),
    )


def _register(client: Borrower) -> str:
    client.appear()
    client.start_registration()
    client.confirm_phone()
    client.give_data()
    client.give_photo()
    client.identify()
    client.set_password()
    client.log_in()
    return "registered, identified, logged in"


def _conclude(client: Borrower) -> str:
    decided = client.apply(AMOUNT)
    if decided["state"] != "offered":
        raise JourneyError(f"the application was {decided['state']}")
    client.sign()
    client.consent()
    client.payout_until("held")
    return "contract signed, consent given, payout held"


def _refuse_early_release(client: Borrower) -> str:
    try:
        client.release()
    except ProblemError as error:
        return f"release before its time refused: {error.code}"
    raise JourneyError("a release was accepted before hold_until")


def _move_clock(layout: Layout, by: timedelta) -> None:
    """Everybody reads the same file (never possible in production)."""
    shown = layout.clock.read_text().strip() if layout.clock.is_file() else ""
    fresh = layout.clock.with_suffix(".new")
    fresh.write_text(f"{float(shown or 0) + by.total_seconds():.3f}\n")
    fresh.replace(layout.clock)


def _release(client: Borrower) -> str:
    client.next_message("подтверд")
    client.log_in()
    client.release()
    client.payout_until("paid", within_s=60)
    client.contract_until("active")
    return "a day later: released, paid, contract active"


def _count_transfers(client: Borrower) -> str:
    iban = client.person.iban
    sums = [
        line["amount_minor"]
        for line in client.control.ledger()
        if line["creditor_iban"] == iban
    ]
    if sums != [AMOUNT_MINOR]:
        raise JourneyError(f"the bank made {len(sums)} transfers")
    return "the bank's ledger has one transfer"


if __name__ == "__main__":
    sys.exit(main())
