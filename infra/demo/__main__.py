"""``python -m infra.demo``: bring the stack up and show one loan, end to end."""

import argparse
import secrets
import sys
import time

import httpx

from infra.demo.cabinet import ProblemError
from infra.demo.staff import ADMINISTRATORS, AUDITOR, Here, StaffError
from infra.demo.story import Story, StoryError
from infra.demo.view import View
from infra.demo.world import World
from infra.layout import Layout, state_folder
from infra.stack import Stack, StackError

FAILURES = (
    StoryError,
    StaffError,
    ProblemError,
    TimeoutError,
    StackError,
    httpx.HTTPError,
)


def main() -> int:
    """Exit status: 0 the story ended well, 1 it did not (the reason on stderr)."""
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--seed", help="repeat the clients of an earlier telling")
    seed = parser.parse_args().seed or secrets.token_hex(4)
    stack = Stack(Layout(state_folder()))
    view = View()
    view.say(f"[bold]One loan, from registration to money[/bold] (--seed {seed})")
    began = time.monotonic()
    try:
        with view.step("the stack is up: database, broker, outer world, services"):
            stack.up()
        story = Story(world=World(stack), view=view, seed=seed)
        story.tell()
    except FAILURES as failure:
        print(f"demo: {failure}", file=sys.stderr)
        print("demo: make logs shows what each process says", file=sys.stderr)
        return 1
    _close(view, story, time.monotonic() - began)
    return 0


def _close(view: View, story: Story, elapsed_s: float) -> None:
    stack = story.world.stack
    transfer = story.honest.control.ledger()[-1]
    view.chapter("The stack keeps running")
    view.say(f"site        {stack.url} · {stack.url}/api/v1/openapi.json")
    view.say(f"its CA      {stack.layout.pki / 'ca.crt'}")
    view.say(
        "try next    make status · make logs p=contracts · make demo (a new client)"
    )
    people = ", ".join((*ADMINISTRATORS, AUDITOR))
    view.say(f"staff       ./kredit login as {people}: {Here(stack).kept}")
    view.say("stop        make down")
    view.say("")
    view.say(f"contract    {story.honest.contract_id}")
    view.say(f"transfer    {transfer['order_id']}")
    view.say(f"told in     {elapsed_s:.1f} s")
    view.say(f"audit       {story.verdict}")


if __name__ == "__main__":
    sys.exit(main())
