"""What runs, for people and for scripts."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from infra.stack.control import Supervised
from infra.stack.stack import Stack

_KIB_PER_MIB = 1024
_HOUR_S, _MINUTE_S = 3600, 60


class Row(TypedDict):
    """One process; `port` is None when it listens nowhere.

    `memory_kib` is resident memory with its children's, shared pages counted once.
    """

    name: str
    state: str
    pid: int | None
    uptime_s: int
    memory_kib: int
    port: int | None
    complaint: str


def rows(stack: Stack) -> list[Row]:
    """One row per supervised process, by name; none when nothing runs."""
    found = sorted(stack.status().values(), key=lambda program: program.name)
    children = _children()
    return [_row(stack, program, children) for program in found]


def table(found: Sequence[Row]) -> str:
    """The rows as aligned text."""
    head = ("process", "state", "pid", "uptime", "memory", "port")
    body = [
        (
            row["name"],
            row["state"].lower(),
            str(row["pid"] or "-"),
            _duration(row["uptime_s"]),
            f"{row['memory_kib'] // _KIB_PER_MIB} MiB",
            str(row["port"] or "-"),
        )
        for row in found
    ]
    return _align([head, *body])


def _row(stack: Stack, program: Supervised, children: dict[int, list[int]]) -> Row:
    return Row(
        name=program.name,
        state=program.state,
        pid=program.pid,
        uptime_s=program.uptime_s,
        memory_kib=_family_memory_kib(program.pid, children) if program.pid else 0,
        port=stack.ports.get(program.name)
        or stack.ports.get(f"{program.name}.metrics"),
        complaint=program.complaint,
    )


def _family_memory_kib(pid: int, children: dict[int, list[int]]) -> int:
    below = sum(_family_memory_kib(child, children) for child in children.get(pid, ()))
    return below + _memory_kib(pid)


def _memory_kib(pid: int) -> int:
    """The process's share of resident memory (Pss): shared pages count once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.setdefault(parent, []).append(int(path.parent.name))
    return found


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, _HOUR_S)
    minutes, rest = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02}"


def _align(lines: Iterable[Sequence[str]]) -> str:
    listed = list(lines)
    widths = [max(len(line[i]) for line in listed) for i in range(len(listed[0]))]
    return "\n".join(
        "  ".join(
            word.ljust(width) for word, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in listed
    )
