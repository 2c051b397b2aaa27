"""``python -m infra.demo.person``: be a client at the cabinet, in a browser.

Invents a person, makes them known to the simulated world, prints what to type, plays
NCALayer on this computer, and shows the messages on their phone as they come.
"""

import argparse
import secrets
import sys
import time

import httpx

from infra.demo.borrower import Borrower
from infra.demo.browser import ncalayer_pair, switches
from infra.demo.photo import PORTRAIT
from infra.demo.view import View
from infra.demo.world import World
from infra.layout import Layout, state_folder
from infra.simulators.ncalayer import Ncalayer
from infra.stack import Stack, StackError

PAUSE_S = 1.0


def main() -> int:
    """Exit status: 0 told to stop, 1 nothing runs or NCALayer's port is taken."""
    parser = argparse.ArgumentParser(prog="python -m infra.demo.person")
    parser.add_argument("--seed", help="be the same person again")
    seed = parser.parse_args().seed or secrets.token_hex(4)
    layout = Layout(state_folder())
    world = World(Stack(layout))
    try:
        client = world.borrower(seed)
        client.appear()
        with Ncalayer(client.person, certificate=ncalayer_pair(layout)):
            view = View()
            _introduce(world, client, view, seed)
            _read_messages(client, view)
    except KeyboardInterrupt:
        return 0
    except (StackError, httpx.HTTPError, OSError) as failure:
        print(f"person: {failure}", file=sys.stderr)
        print("person: does the stack run? make up", file=sys.stderr)
        return 1
    return 0


def _introduce(world: World, client: Borrower, view: View, seed: str) -> None:
    identity, url = client.person.identity, world.stack.url
    view.chapter(f"You are {identity.surname} {identity.given_name} (--seed {seed})")
    for name, value in (
        ("phone", identity.phone),
        ("surname", identity.surname),
        ("given name", identity.given_name),
        ("patronymic", identity.patronymic or "none"),
        ("ИИН", identity.iin),
        ("document", f"{identity.document.kind} {identity.document.number}"),
        ("valid until", identity.document.valid_until.strftime("%d.%m.%Y")),
        ("IBAN", identity.iban),
        ("photo", str(PORTRAIT)),
    ):
        view.say(f"{name:12} {value}")
    view.chapter("Your browser")
    trusting = " ".join(switches(world.stack.layout))
    view.say(f"chromium --user-data-dir=$(mktemp -d) {trusting} {url}")
    view.say("NCALayer signs for you while this runs. Stop: Ctrl-C")
    view.chapter("Your phone")


def _read_messages(client: Borrower, view: View) -> None:
    read = 0
    while True:
        messages = client.control.sms(client.person.phone)
        for message in messages[read:]:
            view.say(f"SMS  {message['text']}")
        read = len(messages)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    sys.exit(main())
