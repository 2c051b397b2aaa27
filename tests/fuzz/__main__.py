"""`python -m tests.fuzz`: rounds of generated requests against the whole platform.

Each round has its own seed and a client of its own, who is logged in, has a contract
to sign and another registration begun.  What was counted stands in `.state/fuzz.json`,
so that the command can be stopped and goes on where it was; after each round the report
`docs/fuzz.md` says what there is.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
import schemathesis
from schemathesis import Case
from schemathesis.core.transport import Response

import infra.stack
from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.fuzz.calls import MODES, Round, Send, described, run
from tests.marks import ROOT
from tests.openapi import document

KEPT: Final = ROOT / ".state" / "fuzz.json"
REPORT: Final = ROOT / "docs" / "fuzz.md"
CALLS: Final = 50_000
EXAMPLES: Final = 25
AWAY: Final = 503
MOST_AWAY: Final = 0.001
"""Of all answers; a 503 says that something was away for a moment."""


@dataclass
class Kept:
    """What all rounds so far came to."""

    rounds: int = 0
    calls: int = 0
    took_s: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def load(cls) -> "Kept":
        if not KEPT.exists():
            return cls()
        found: dict[str, Any] = json.loads(KEPT.read_text())
        found |= {name: Counter(found[name]) for name in ("statuses", "reached")}
        return cls(**found)

    def add(self, made: Round, *, took_s: float) -> None:
        """Count a round, and keep the sum."""
        self.rounds += 1
        self.calls += made.calls
        self.took_s += took_s
        self.statuses.update({str(key): n for key, n in made.statuses.items()})
        self.reached.update(made.reached)
        self.failures += made.failures
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(vars(self)))

    @property
    def away_too_often(self) -> bool:
        """Whether 503 was said more often than a moment's absence explains."""
        return self.statuses[str(AWAY)] > max(1, self.calls * MOST_AWAY)


@contextmanager
def whole_platform() -> Iterator[World]:
    """Everything, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="kredit-fuzz-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        everything = {
            topology.DATABASE_SERVER,
            topology.BROKER_SERVER,
            *topology.simulators(),
            *(process.name for process in topology.runnable()),
            topology.WEB_TIER,
        }
        stack = infra.stack.start(place / "platform", only=everything)
        try:
            yield World(stack)
        finally:
            stack.stop()


def visitor(world: World) -> Send:
    """Sends requests as a new client; good ones often name what is the client's own."""
    client = world.borrower(secrets.token_hex(4))
    register(client)
    client.log_in()
    own = {
        "contract_id": str(client.apply(AMOUNT)["contract_id"]),
        "ceremony_id": str(client.contract("POST", "/signing")["ceremony_id"]),
        "application_id": str(client.contract()["application_id"]),
    }
    begun = world.borrower(secrets.token_hex(4))
    begun.start_registration()
    own["registration_id"] = str(begun.registration_id)
    session = _session(client)
    trusted = str(world.stack.layout.pki / "ca.crt")

    def send(case: Case) -> Response:
        headers = {"Origin": world.stack.url}
        if "registration_id" in (case.path_parameters or {}):
            headers["Authorization"] = f"Bearer {begun.cabinet.token}"
        if case.meta is None or case.meta.generation.mode.is_positive:
            for name, value in (case.path_parameters or {}).items():
                if name in own and str(value)[-1:] < "c":
                    case.path_parameters[name] = own[name]
        return case.call(
            base_url=world.stack.url, session=session, headers=headers, verify=trusted
        )

    return send


def _session(client: Borrower) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    for name, value in client.cabinet.cookies().items():
        session.cookies.set(name, value, secure=True)
    return session


def report(kept: Kept) -> str:
    """The report, as it stands."""
    rate = kept.calls / kept.took_s if kept.took_s else 0.0
    statuses = "".join(
        f"| {status} | {count} |\n" for status, count in sorted(kept.statuses.items())
    )
    never = sorted(set(described()) - set(kept.reached))
    kinds = " and ".join(mode.value for mode in MODES)
    failures = "".join(f"\n```\n{text}\n```\n" for text in kept.failures) or "none\n"
    return f"""# Generated requests

<!-- Written by `make fuzz`; edits are lost. -->

Requests made by schemathesis from the description of the API, good and spoilt, against
the whole platform, each round with a seed and a client of its own (case B11). An answer
is wrong when it is a 5xx other than a short 503, when status, headers, body or problem
code are not what the description says, or when it tells what is inside.

| what | |
|---|---|
| calls | {kept.calls} of {CALLS} |
| rounds (seeds 1 to …) | {kept.rounds} |
| operations | {len(described())}, each with {kinds} requests |
| calls/s, with making them | {rate:.0f} |
| wrong answers | {len(kept.failures)} |

| status | answers |
|---|---|
{statuses}
Operations whose own rules no request reached: {", ".join(never) or "none"}.

## Wrong answers

{failures}"""


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when nothing was wrong so far, 3 when something was."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="stop at this total")
    parser.add_argument("--anew", action="store_true", help="forget earlier rounds")
    chosen = parser.parse_args(arguments)
    if chosen.anew:
        KEPT.unlink(missing_ok=True)
    kept = Kept.load()
    schema = schemathesis.openapi.from_dict(document())
    if kept.calls < chosen.calls:
        with whole_platform() as world:
            while kept.calls < chosen.calls:
                made, send = Round(), visitor(world)
                began = time.monotonic()
                run(schema, send, seed=kept.rounds + 1, examples=EXAMPLES, into=made)
                kept.add(made, took_s=time.monotonic() - began)
                REPORT.write_text(report(kept))
                print(
                    f"round {kept.rounds}: {kept.calls} calls,"
                    f" {len(kept.failures)} wrong answers",
                    flush=True,
                )
    for text in kept.failures:
        print(text)
    return 3 if kept.failures or kept.away_too_often else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
