"""``python -m tests.benchmarks.growth FOLDER``: what the log costs as it grows.

Events are appended until the log has so many leaves; at 10⁵, 10⁶ and 10⁷ of them it is
told how fast the last were appended, indexed and verified, and how long a search takes.
Servers, log and figures stay in the folder: who starts it again goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

import infra.stack
from infra.stack import Stack
from kernel.crypto import SigningKey
from kernel.events.contracts import ContractSigned
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from services.audit.handlers.searching import index_tiles
from services.audit.handlers.writing import State
from services.audit.ports import WriterStore
from services.audit.settings import Settings
from services.audit.storage.reading import ReadingUnits
from services.audit.wiring import Writer, build, build_writer
from tests.benchmarks import facts
from tests.benchmarks.trail import genuine, write_all

MARKS: Final = (100_000, 1_000_000, 10_000_000)
CHUNK: Final = 20_000
"""Made and signed at once, outside the clock."""
LAST: Final = 5
"""So many chunks before a mark give the rate there."""
LOOKS: Final = 50


def contract(index: int) -> ContractSigned:
    """The fact of this event: five of a contract stand near together."""
    return facts.fact(index // facts.EVENTS_PER_SUBJECT, subjects=MARKS[-1])


def tell(line: str) -> None:
    """Progress."""
    sys.stderr.write(line + "\n")


def events(first: int, count: int, key: SigningKey) -> list[bytes]:
    """Signed events of clients that come and go."""
    made = []
    for index in range(first, first + count):
        fact = contract(index)
        envelope = replace(
            facts.envelope(index, subjects=1, keyid=key.keyid),
            subject=fact.subject,
            correlation_id=fact.contract_id,
            data=fact.to_data(),
        )
        made.append(envelope.signed(key))
    return made


def grow(
    writer: Writer, store: WriterStore, key: SigningKey, *, until: int
) -> Iterator[tuple[State, float]]:
    """State and events a second, chunk after chunk."""
    state = writer.open_log(store)
    while (size := state.head.size) < until:
        count = min(CHUNK, until - size)
        chunk = [genuine(body) for body in events(size - 1, count, key)]
        began = time.perf_counter()
        state = write_all(writer, chunk, store, state)
        rate = count / (time.perf_counter() - began)
        writer.publish(state)
        yield state, rate
    writer.board.flush()


def told(reader: Platform[Settings], size: int) -> Mapping[str, float]:
    """Index, search and verification at this size."""
    use_cases, context = build(reader), reader.context()
    units = ReadingUnits(reader.database, context, reader.field_keys)
    began = time.perf_counter()
    tiles = 0
    while more := index_tiles(units=units, most=64):
        tiles += more
    indexing_s = time.perf_counter() - began
    looks = []
    for place in range(LOOKS):
        subject = contract(place * (size - 10) // LOOKS).subject
        began = time.perf_counter()
        use_cases.search(
            context,
            words={"subject": subject},
            by="benchmark",
            before=None,
            limit=20,
        )
        looks.append(time.perf_counter() - began)
    began = time.perf_counter()
    verdict = use_cases.verify(context, vkey=None, held=(), by="benchmark")
    assert verdict.bad_seq is None, verdict.why
    return {
        "indexed_per_s": tiles * 256 / indexing_s,
        "look_median_ms": 1_000 * median(looks),
        "look_slowest_ms": 1_000 * max(looks),
        "verified_per_s": verdict.leaves / (time.perf_counter() - began),
    }


def measure(stack: Stack, *, leaves: int, page: Path) -> None:
    """Go on from where the log stands."""
    stack.migrate("audit")
    env = stack.env
    reader = Platform.open(read(Settings, prefix="audit", environ=env("audit")))
    writing = read(Settings, prefix="audit", environ=env("audit-worker"))
    speaker = read(PlatformSettings, prefix=facts.SOURCE, environ=env(facts.SOURCE))
    key = Platform.open(speaker).signing_key
    writer = build_writer(Platform.open(writing))
    for mark in (each for each in (*MARKS, leaves) if each <= leaves):
        rates: list[float] = []
        with writer.seat() as store:
            for state, rate in grow(writer, store, key, until=mark):
                rates = [*rates[1 - LAST :], rate]
                tell(f"{state.head.size} leaves, {rate:.0f}/s")
        if not rates:
            continue
        figures = {"leaves": mark, "appended_per_s": median(rates)}
        line = json.dumps({**figures, **told(reader, mark)})
        tell(line)
        with page.open("a") as file:
            file.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth")
    parser.add_argument("folder", type=Path, help="stays; may be gone on with")
    parser.add_argument("--leaves", type=int, default=MARKS[-1])
    chosen = parser.parse_args()
    folder: Path = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # the database's user must reach its own folder in it
    stack = infra.stack.start(folder)
    try:
        measure(stack, leaves=chosen.leaves, page=folder / "growth.jsonl")
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
