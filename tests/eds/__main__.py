"""`python -m tests.eds files`: write `files/` anew, byte for byte the same each time.

`python -m tests.eds crosscheck`: judge thousands of signatures beside OpenSSL, and
mutate them for minutes.
"""

import argparse
import sys
from collections.abc import Sequence
from unittest import mock

from services.onboarding.adapters.eds import examiner
from tests.eds.crosscheck import Tally, compare, forget, fuzz
from tests.eds.files import FOLDER, made
from tests.eds.mutation import KINDS
from tests.eds.oracle import engine
from tests.eds.russian import profile

SHOWN = 10


def files() -> int:
    """Write what is missing or differs, remove what is not made any more."""
    wanted = made()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(wanted)} files, {sum(map(len, wanted.values()))} bytes")
    return 0


def crosscheck(asked: argparse.Namespace) -> int:
    """Exit status 0 when nothing differs without a reason."""
    if engine() is None:
        print("gost-engine is not here (apt-get install libengine-gost-openssl)")
        return 2
    with mock.patch.object(examiner, "log") as log:
        tally = compare(asked.seed, asked.count, ("rsa", "ecdsa"), gost=False)
        wrong = _say("OpenSSL", tally)
        kinds = [one for one in KINDS if one.startswith("gost")]
        with profile():
            tally = compare(asked.seed, asked.gost_count, kinds, gost=True)
        wrong += _say("gost-engine", tally)
        forget()
        tried, accepted = fuzz(asked.seed, KINDS, seconds=60 * asked.minutes)
        kinds = sorted({call.kwargs["kind"] for call in log.warning.mock_calls})
    print(f"fuzzed: {tried} mutations, {len(accepted)} with a signed byte accepted")
    for sample in accepted[:SHOWN]:
        print(f"  ACCEPTED {sample.kind} {sample.how} at {sample.changed}")
    print(f"unreadable by {', '.join(kinds)}")
    return 1 if wrong or accepted else 0


def _say(who: str, tally: Tally) -> int:
    print(f"{who}: {tally}", flush=True)
    for sample, ours in tally.wrong[:SHOWN]:
        where = f"{sample.how} at {sample.changed}"
        print(f"  DIFFERENT {sample.kind} {where}: ours says {ours}")
    return len(tally.wrong)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.eds", description=__doc__)
    parser.add_argument("what", choices=("files", "crosscheck"))
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1_000, help="of RSA and ECDSA")
    parser.add_argument("--gost-count", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=10.0, help="of mutations")
    asked = parser.parse_args(arguments)
    return files() if asked.what == "files" else crosscheck(asked)


if __name__ == "__main__":
    sys.exit(main())
