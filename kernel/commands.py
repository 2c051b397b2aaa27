"""The verbs every service's ``__main__`` offers.

``run``      the nameko process: RPC, reactions, relay
``work``     the worker without eventlet, where the service has one
``sign``     has the log's keys, and nothing else (audit alone)
``witness``  counts the time nobody can set (disbursement alone)
``serve``    the gateway (auth alone)
``migrate``  prepare database and broker for this code while older code still runs;
             with ``--post`` take away what only older code needed (ADR 0007)
``check``    is my database, schema, clock, broker, certificate well (``--json``)
"""

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, MappingProxyType, ModuleType
from typing import Any, Final

VERBS: Final = ("run", "work", "sign", "witness", "serve", "migrate", "check")
STOP_S: Final = 10


def main(
    service: str,
    arguments: Sequence[str] | None = None,
    *,
    own: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run one verb of ``service``; exits non-zero when it fails.

    ``own`` are verbs of this service alone: each names a function of its wiring, which
    is given the platform and the words behind the verb, and returns what is printed.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}", description=__doc__
    )
    parser.add_argument("verb", choices=(*VERBS, *own))
    parser.add_argument("words", nargs="*", help=f"for {', '.join(own) or 'none'}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--post", action="store_true", help="no older process is left")
    asked = parser.parse_intermixed_args(arguments)
    if asked.post and asked.verb != "migrate":
        parser.error("--post belongs to migrate")
    if asked.words and asked.verb not in own:
        parser.error(f"{asked.verb} takes no words")
    if asked.verb in own:
        sys.exit(_own(service, own[asked.verb], asked.words, as_json=asked.json))
    if asked.verb == "run":
        # Before anything of ours is imported: a lock made earlier stays a thread's.
        importlib.import_module("eventlet").monkey_patch()
    if asked.verb == "check":
        sys.exit(_check(service, as_json=asked.json))
    sys.exit(
        _migrate(service, post=True) if asked.post else _VERBS[asked.verb](service)
    )


def _room(package: str, room: str) -> ModuleType:
    return importlib.import_module(f"{package}.{room}")


def _open(service: str) -> Any:  # noqa: ANN401 - the platform of a service known by name
    settings_room = _room(f"services.{service}", "settings")
    settings = _room("kernel", "settings").read(settings_room.Settings, prefix=service)
    _room("kernel", "logging").configure(settings.principal, settings.log_level)
    return _room("kernel", "platform").Platform.open(settings)


def _migrator(service: str) -> Any:  # noqa: ANN401 - kernel.platform.Migrator, as above
    rooms = _room("kernel", "settings")
    settings = rooms.read(rooms.WireSettings, prefix=service)
    _room("kernel", "logging").configure(settings.principal, settings.log_level)
    return _room("kernel", "platform").Migrator.open(settings)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def _follow(platform: Any, stop: threading.Event) -> None:  # noqa: ANN401 - as _open
    """What every process does beside its work.

    What is changed in the registry takes effect in it too, and it says when one of its
    certificates comes to an end.
    """
    _room("kernel", "dated").follow(platform, stop)
    _room("kernel", "expiring").watch(platform, stop)


def _run(service: str) -> int:
    platform = _open(service)
    stop = _stop_on_signal()
    _room("kernel", "database").bound_waiting()
    _follow(platform, stop)
    use_cases = _room(f"services.{service}", "wiring").build(platform)
    entrypoints = _room("kernel", "entrypoints")
    container = entrypoints.serve(
        _room(f"services.{service}", "service").Service, platform, use_cases
    )
    served = _serve_metrics(
        platform, {"bus": container.bus_connected, "database": _database_up(platform)}
    )
    while not stop.wait(1):
        if container.has_died():
            return 1
    served.close()
    container.stop()
    platform.close()
    return 0


def _work(service: str) -> int:
    platform = _open(service)
    stop = _stop_on_signal()
    _follow(platform, stop)
    platform.rpc.start()
    parts = {"bus": lambda: platform.rpc.connected, "database": _database_up(platform)}
    return _loop(_room(f"services.{service}", "worker").work, platform, stop, parts)


def _sign(service: str) -> int:
    """No platform: this process is told of no database and no broker."""
    settings_room = _room(f"services.{service}", "settings")
    settings = _room("kernel", "settings").read(
        settings_room.SignerSettings, prefix=service
    )
    _room("kernel", "logging").configure(f"{service}-signer", settings.log_level)
    _room(f"services.{service}", "signer").sign(settings, _stop_on_signal())
    return 0


def _witness(service: str) -> int:
    platform = _open(service)
    stop = _stop_on_signal()
    _follow(platform, stop)
    parts = {"database": _database_up(platform)}
    return _loop(_room(f"services.{service}", "witness").witness, platform, stop, parts)


def _loop(
    loop: Callable[[Any, threading.Event], None],
    platform: Any,  # noqa: ANN401 - as _open
    stop: threading.Event,
    parts: Mapping[str, Callable[[], bool]],
) -> int:
    """Run a loop without eventlet to its end, with its numbers beside it."""
    served = _serve_metrics(platform, parts)
    loop(platform, stop)
    served.close()
    platform.close()
    return 0


def _serve(service: str) -> int:
    platform = _open(service)
    # The web server stops in good order and then raises the signal anew.
    _follow(platform, _stop_on_signal())
    platform.rpc.start()
    door = _room(f"services.{service}", "gateway").Door(platform)
    # Ready before it listens, it would be sent visitors it refuses.
    parts = {
        "bus": lambda: platform.rpc.connected,
        "database": _database_up(platform),
        "door": door.is_open,
    }
    served = _serve_metrics(platform, parts)
    door.serve()
    served.close()
    platform.close()
    return 0


def _own(service: str, function: str, words: Sequence[str], *, as_json: bool) -> int:
    """A command of one service; what a rule refuses is said in its own words."""
    platform = _open(service)
    try:
        answer = getattr(_room(f"services.{service}", "wiring"), function)(
            platform, words
        )
    except _room("kernel", "errors").Refused as refusal:
        sys.stderr.write(f"{refusal.sentence} {refusal.next_step} [{refusal.code}]\n")
        return 5
    finally:
        platform.close()
    _room("kernel", "cli").show(answer, as_json=as_json)
    return 0


def _serve_metrics(
    platform: Any,  # noqa: ANN401 - as _open
    parts: Mapping[str, Callable[[], bool]],
) -> Any:  # noqa: ANN401 - kernel.metrics.Served, imported late
    settings, rooms = platform.settings, _room("kernel", "tls")
    metrics = _room("kernel", "metrics")
    helps = {"database": {"unhang": platform.database.cut}}
    pulses = {
        name: metrics.Pulse(part, **helps.get(name, {})) for name, part in parts.items()
    }
    tls = rooms.server_context(
        settings.tls_ca, settings.tls_cert, settings.tls_key, client_required=True
    )
    metrics.show_certificate(rooms.expires_at(settings.tls_cert))
    return metrics.serve(
        host=settings.metrics_host,
        port=settings.metrics_port,
        tls=tls,
        ready=lambda: {name: pulse.is_well() for name, pulse in pulses.items()},
    )


def _database_up(platform: Any) -> Callable[[], bool]:  # noqa: ANN401 - as _open
    def up() -> bool:
        transient = _room("kernel", "errors").Transient
        try:
            with platform.database.begin(platform.context()) as tx:
                tx.connection.exec_driver_sql("SELECT 1")
        except transient:
            return False
        return True

    return up


def _migrate(service: str, *, post: bool = False) -> int:
    """Database first, then the broker: both idempotent."""
    migrator = _migrator(service)
    entrypoints, bus = _room("kernel", "entrypoints"), _room("kernel", "bus")
    service_room = _room(f"services.{service}", "service")
    schema = _room("kernel", "schema").Schema.of(service)
    try:
        _room("kernel.migrations", "applying").upgrade(
            migrator.engine,
            directory=schema.migrations,
            metadata=schema.metadata,
            post=post,
        )
    except _room("kernel", "errors").Refused as refusal:
        print(f"{service} migrate: {refusal.sentence} {refusal.next_step}")  # noqa: T201 - a command's answer
        return 3
    interests = entrypoints.interests_of(service_room.__name__)
    interests |= set(getattr(service_room.Service, "listens", ()))
    connection = migrator.broker.connect()
    try:
        bus.declare_service(connection, service, interests)
    finally:
        bus.close_quietly(connection)
    migrator.engine.dispose()
    return 0


def _check(service: str, *, as_json: bool) -> int:
    """Say of each part whether it is well; exit 3 when one is not."""
    platform = _open(service)
    # The answer alone goes to stdout; libraries keep their news to themselves.
    _room("kernel", "logging").configure(platform.settings.principal, "error")
    checks = _room("kernel", "checks")
    report = {
        "service": service,
        "principal": platform.settings.principal,
        "parts": _room("kernel", "context").jsonable(checks.examine(platform, service)),
    }
    platform.close()
    cli = _room("kernel", "cli")
    cli.show(report, as_json=as_json)
    return int(cli.verdict(report))


_VERBS: Final[Mapping[str, Callable[[str], int]]] = {
    "run": _run,
    "work": _work,
    "sign": _sign,
    "witness": _witness,
    "serve": _serve,
    "migrate": _migrate,
}
