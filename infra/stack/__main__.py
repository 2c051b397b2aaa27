"""`python -m infra.stack up|down|staff|status|url|logs|env`: the private stack."""

import argparse
import json
import subprocess
import sys
import time

from infra.layout import ROOT, Layout, StateFolderError, find_program, state_folder
from infra.postgres.server import DatabaseServerError
from infra.stack import Stack, StackError
from infra.stack.control import SupervisorError
from infra.stack.ports import NoFreePortError
from infra.stack.ready import NotReadyError, last_lines
from infra.stack.report import rows, table

_FAILURES = (
    StackError,
    NotReadyError,
    SupervisorError,
    DatabaseServerError,
    NoFreePortError,
    StateFolderError,
)


def main() -> int:
    """Exit status: 0 done, 1 failed (the reason on stderr), 3 not running (status)."""
    asked = _parser().parse_args()
    stack = Stack(Layout(state_folder()))
    try:
        return int(asked.run(stack, asked))
    except _FAILURES as failure:
        print(f"stack: {failure}", file=sys.stderr)
        return 1


def _up(stack: Stack, _: argparse.Namespace) -> int:
    began = time.monotonic()
    for sentence in stack.up():
        print(f"stack: {sentence}")
    print(table(rows(stack)))
    print(f"stack: ready in {time.monotonic() - began:.1f} s; {stack.url}")
    return 0


def _down(stack: Stack, asked: argparse.Namespace) -> int:
    if asked.wipe:
        stack.wipe()
    else:
        stack.stop()
    print("stack: nothing is running" + (", nothing is kept" if asked.wipe else ""))
    return 0


def _staff(stack: Stack, asked: argparse.Namespace) -> int:
    """The owner's command, with the environment of the process it is for."""
    command = [sys.executable, "-m", "services.auth", "staff-bootstrap"]
    done = subprocess.run(
        [*command, *asked.login], cwd=ROOT, env=stack.env("auth"), check=False
    )
    return done.returncode


def _status(stack: Stack, asked: argparse.Namespace) -> int:
    found = rows(stack)
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        print(table(found) if found else "stack: nothing is running")
    return 0 if found else 3


def _url(stack: Stack, _: argparse.Namespace) -> int:
    print(stack.url)
    return 0


def _logs(stack: Stack, asked: argparse.Namespace) -> int:
    names = asked.process or sorted(p.stem for p in stack.layout.logs.glob("*.log"))
    paths = [stack.layout.logs / f"{name}.log" for name in names]
    if asked.follow:
        tail = [find_program("usr/bin/tail"), "-n", str(asked.lines), "-F"]
        return subprocess.run([*tail, *map(str, paths)], check=False).returncode
    for path in paths:
        for line in last_lines(path, asked.lines):
            print(f"{path.stem} | {line}")
    return 0


def _env(stack: Stack, asked: argparse.Namespace) -> int:
    for key, value in sorted(stack.env(asked.process).items()):
        print(f"{key}={value}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.stack", description=__doc__)
    verbs = parser.add_subparsers(
        required=True, metavar="up|down|staff|status|url|logs|env"
    )
    up = verbs.add_parser("up", help="start everything, or what changed")
    up.set_defaults(run=_up)
    down = verbs.add_parser("down", help="stop everything")
    down.add_argument("--wipe", action="store_true", help="forget data and keys too")
    down.set_defaults(run=_down)
    staff = verbs.add_parser("staff", help="invite the first administrators")
    staff.add_argument("login", nargs="+")
    staff.set_defaults(run=_staff)
    status = verbs.add_parser("status", help="what runs")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    verbs.add_parser("url", help="address of the site").set_defaults(run=_url)
    logs = verbs.add_parser("logs", help="the ends of the logs")
    logs.add_argument("process", nargs="*")
    logs.add_argument("-n", "--lines", type=int, default=20)
    logs.add_argument("-f", "--follow", action="store_true")
    logs.set_defaults(run=_logs)
    env = verbs.add_parser("env", help="the environment of one process")
    env.add_argument("process")
    env.set_defaults(run=_env)
    return parser


if __name__ == "__main__":
    sys.exit(main())
