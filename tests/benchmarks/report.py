"""From rounds of figures to a page: medians, spreads, ratios, the aim."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any, Final

from sqlalchemy import text

from kernel.bus import close_quietly
from tests.benchmarks.bench import PUBLISHER, Bench
from tests.benchmarks.rows import OURS, Figures, Row

LIBRARIES: Final = (
    "amqp", "kombu", "nameko", "eventlet", "aio-pika", "aiormq",
    "fastapi", "uvicorn", "django", "django-axes", "gunicorn", "argon2-cffi",
    "procrastinate",
    "cryptography", "pynacl", "pyhanko", "gmpy2", "psycopg2-binary", "sqlalchemy",
    "orjson",
)  # fmt: skip
HEAD: Final = """\
# Benchmarks

`make bench BENCH_ARGS=--write` writes this page anew; edits are lost then.

**How to read it.** Machines differ and are noisy, so no speed stands alone: every row
sets ours beside a peer that did the same work in the same run, on the same servers,
with the same TLS and client certificates, over the same signed bytes, each as a process
of its own. Parties take turns, and every round begins with another; tables and queues
are emptied before each. *Ratio* is ours over the peer's, of medians; behind it the
lowest and highest ratio within one round. Where it stays on one side of the aim, the
verdict is firm; where it straddles it, measure on a calmer machine. *Load* is the
machine's load average when the run began: above the number of its cores, others were at
work, and ours, which needs the database too, suffers more of that than a peer. Nothing
here ever turns a test red.

**What the parties do.** `events`: ours is a service's process as shipped: it checks the
envelope and its signature, keeps the order of the subject and the once-only record in
PostgreSQL, runs the handler in that transaction, logs a line, then acknowledges.
aio-pika only parses, checks the same signature by `cryptography` (in the row below by
PyNaCl, as we do) and acknowledges half a window at a time; stock nameko does not even
check, on the classic queue it declares, acknowledging each. The queue is full before
they start; the clock runs from the 400th message to the last commit (theirs: the last
acknowledgement). Ours has 400 messages under way; aio-pika is faster with 200.
`relay`: ours reads committed rows, numbers and signs them, publishes, waits for the
confirms and marks the rows; py-amqp only publishes ready bytes, 200 and then their
confirms. The clock runs from the first batch to the last.
`latency`: from the return of the commit to the handler's first line, two processes and
both databases between; aio-pika publishes from memory, without a database.
`calls`: an asyncio caller and one callee; both sides sign or verify each request, and
aio-pika checks nothing else (deadline, permission, sender, form of arguments).
`reading`: who has a session asks who that is, over lines that are kept; sessions lie in
PostgreSQL, TLS everywhere. Ours is two gateways as shipped, by the real clock (a line
keeps to one), the peer Django with django-axes under gunicorn, two workers of eight
threads.
`logging-in`: number and password, one after the other; ours also counts the attempt
beforehand, commits twice and queues the code's message, the peer opens a session. Bare
argon2 is the look at the password alone, in one process. Ours keeps the memory argon2
fills, by the environment it ships with; by default it is fetched anew for each look.
`guessing`: a thousand passwords for one number at once, the right one in the middle.
Counted is how often the password was really looked at; *logins and one* is 1 when
nobody came in.
`photo`: uploads one after the other, every second one of 11 megapixels; ours are the
shipped processes behind their socket, cleaning included, the peer the same models and
decoders in one process without any limit. Memory is the highest there was, resident.
Less is better in this row.
`payouts`: ours is the payer's loop as shipped, every check of the gate recorded in the
commit of the order, with services and bank that are at hand, say yes and set no pace,
by the real clock; Procrastinate runs ten tasks at once that do nothing. All due at
once, then spread at 50/s, and *cost of many ahead*: the time with a hundred far ones
for each that is due over that with 1 000 far ones. Both tables are vacuumed and
analysed before.
`rules`: the very same conditions over the values of the same applications; ours also
times each rule, says what it saw, weighs typologies and keeps to a budget. The library
is what ours cannot be faster than.
`deciding`: the shipped process, asked by contracts over the broker: one look at what is
stored, all rules, decision and event in one commit. Stored are the events of half a
year, ten a client, with devices that fifty share. The peer takes the same call, writes
a row and an event, and looks at nothing. *Of many over few*: with all that is stored
over that with a hundredth.
`timing`: refusals of known and unknown numbers, each number once. 0.5 tells nothing.
`eds-…`: signature, path of two and a CRL of 195 entries over the very same files,
twelve signers in turn; by processor time, because one party is a process for each file
and the machine's load is nobody's doing. Ours also applies every rule of the platform
and remembers links between authorities and the CRL by their bytes. pyHanko is given
GOST by our arithmetic and the CRL parsed; of OpenSSL (gost-engine for GOST, in the
Russian profile all three can read) the whole process counts.
`log-…`: the audit log's writer and reader, in one process with the clock. `append`
begins with verified events and ends with the commit of their leaves, hashes, chain and
signed checkpoint, 500 at a time; the peer makes leaf, hash and chain too, but commits
each alone, without tree and signature; pymerkle keeps entries and hashes in SQLite, no
chain, no signature, nothing that knows an event again. `ingest` begins at a full queue
and ends with the acknowledgement after the commit; the raw consumer takes the same
batches, verifies the same signatures in one thread, and keeps nothing. `verify` reads
all rows and hashes every payload, chain value and checkpoint; the peer reads the same
rows and hashes leaf and chain, compares nothing and looks into nothing. `export` ends
with every tile and bundle in files, page by page as an operator is given them; COPY
writes the leaves to one file. `search` finds a contract's leaves by the index of tiles,
hashes them again and tells who looked; the peer looks through all leaves for the text.
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of ours against the same figure of a peer, over all rounds."""

    figure: str
    peer: str
    ratio: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Result:
    """One row with what every party showed in every round."""

    key: str
    row: Row
    rounds: Mapping[str, Sequence[Figures]]

    def values(self, party: str, figure: str) -> list[float]:
        """A party's figure, round by round."""
        return [figures[figure] for figures in self.rounds[party]]

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of what each party shows."""
        return tuple(self.rounds[OURS][0])

    def comparisons(self) -> Iterator[Comparison]:
        """Ours against each peer, figure by figure."""
        for figure in self.figures:
            ours = self.values(OURS, figure)
            for peer in self.rounds:
                if peer == OURS:
                    continue
                theirs = self.values(peer, figure)
                paired = [a / b for a, b in zip(ours, theirs, strict=True)]
                ratio = median(ours) / median(theirs)
                yield Comparison(figure, peer, ratio, min(paired), max(paired))

    def verdict(self) -> str | None:
        """Whether the aim was met; None when the row has none."""
        aim = self.row.aim
        if aim is None:
            return None
        (found,) = (
            c
            for c in self.comparisons()
            if (c.figure, c.peer) == (aim.figure, aim.peer)
        )
        met = "met" if found.ratio >= aim.ratio else "**not met**"
        return f"Aim: at least {aim.ratio:.3g} × {aim.peer}: {met}."


def measure(
    bench: Bench,
    key: str,
    row: Row,
    *,
    rounds: int,
    size: int,
    tell: Callable[[str], None],
) -> Result:
    """Every party in turn, ``rounds`` times, each round from another first."""
    names = list(row.parties)
    shown: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            bench.empty()
            figures = row.parties[name](bench, size)
            shown[name].append(figures)
            said = ", ".join(f"{k} {_short(v)}" for k, v in figures.items())
            tell(f"{key} {number + 1}/{rounds} {name}: {said} {row.unit}")
    return Result(key, row, shown)


def environment(bench: Bench) -> dict[str, str]:
    """Where it was measured."""
    with bench.engines[PUBLISHER].connect() as connection:
        postgres = connection.execute(text("SHOW server_version")).scalar_one()
    to_broker = bench.platform.broker.connect()
    broker: Any = to_broker.connection.server_properties["version"]
    close_quietly(to_broker)
    return {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
        "Python": platform.python_version(),
        "PostgreSQL": str(postgres).split()[0],
        "RabbitMQ": broker if isinstance(broker, str) else broker.decode(),
        **{name: version(name) for name in LIBRARIES},
    }


def table(result: Result, *, size: int) -> str:
    """One row of the report as Markdown, good enough for a terminal."""
    row = result.row
    rounds = len(result.rounds[OURS])
    ratios = {(c.figure, c.peer): c for c in result.comparisons()}
    lines = [
        f"## {result.key}",
        "",
        f"{row.title}. {size} {row.of}, {rounds} rounds, {row.unit}.",
        "",
        "| figure | party | median | lowest – highest | ratio: ours / party |",
        "|---|---|---|---|---|",
    ]
    for figure in result.figures:
        for party in result.rounds:
            values = result.values(party, figure)
            found = ratios.get((figure, party))
            ratio = (
                f"{found.ratio:.2f} ({found.lowest:.2f} – {found.highest:.2f})"
                if found
                else ""
            )
            lines.append(
                f"| {figure} | {party} | {_short(median(values))} |"
                f" {_short(min(values))} – {_short(max(values))} | {ratio} |"
            )
    verdict = result.verdict()
    return "\n".join([*lines, *(["", verdict] if verdict else []), ""])


def page(body: str, environment: Mapping[str, str]) -> str:
    """`docs/benchmarks.md`."""
    where = ", ".join(f"{name} {value}" for name, value in environment.items())
    return f"{HEAD}\n**Where.** {where}.\n\n{body}"


def as_json(
    results: Sequence[Result], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "environment": dict(environment),
        "rows": {
            r.key: {
                "unit": r.row.unit,
                "rounds": {name: list(shown) for name, shown in r.rounds.items()},
                "ratios": [
                    {
                        "figure": c.figure,
                        "peer": c.peer,
                        "ratio": c.ratio,
                        "lowest": c.lowest,
                        "highest": c.highest,
                    }
                    for c in r.comparisons()
                ],
                "verdict": r.verdict(),
            }
            for r in results
        },
    }


def _short(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 2 else 2
    return f"{value:.{digits}f}"
