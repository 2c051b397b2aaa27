"""The verbs every service's ``__main__`` offers.

``run``      the nameko process: RPC, reactions, relay
``work``     the worker without eventlet, where the service has one
``serve``    the gateway (auth alone)
``migrate``  bring the database to the newest revision and declare the broker's part
``check``    is my database, broker, certificate, schema well
"""

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

VERBS: Final = ("run", "work", "serve", "migrate", "check")
STOP_S: Final = 10


def main(service: str, arguments: Sequence[str] | None = None) -> None:
    """Run one verb of ``service``; exits non-zero when it fails."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}", description=__doc__
    )
    parser.add_argument("verb", choices=VERBS)
    verb: str = parser.parse_args(arguments).verb
    if verb == "run":
        # Before anything of ours is imported: a lock made earlier stays a thread's.
        importlib.import_module("eventlet").monkey_patch()
    sys.exit(_VERBS[verb](service))


def _room(package: str, room: str) -> ModuleType:
    return importlib.import_module(f"{package}.{room}")


def _open(service: str) -> Any:  # noqa: ANN401 - the platform of a service known by name
    settings_room = _room(f"services.{service}", "settings")
    settings = _room("kernel", "settings").read(settings_room.Settings, prefix=service)
    _room("kernel", "logging").configure(settings.principal, settings.log_level)
    return _room("kernel", "platform").Platform.open(settings)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def _run(service: str) -> int:
    platform = _open(service)
    _room("kernel", "database").bound_waiting()
    use_cases = _room(f"services.{service}", "wiring").build(platform)
    entrypoints = _room("kernel", "entrypoints")
    container = entrypoints.serve(
        _room(f"services.{service}", "service").Service, platform, use_cases
    )
    stop = _stop_on_signal()
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
    platform.rpc.start()
    parts = {"bus": lambda: platform.rpc.connected, "database": _database_up(platform)}
    served = _serve_metrics(platform, parts)
    _room(f"services.{service}", "worker").work(platform, stop)
    served.close()
    platform.close()
    return 0


def _serve(service: str) -> int:
    platform = _open(service)
    platform.rpc.start()
    parts = {"bus": lambda: platform.rpc.connected, "database": _database_up(platform)}
    served = _serve_metrics(platform, parts)
    _room(f"services.{service}", "gateway").serve(platform)
    served.close()
    platform.close()
    return 0


def _serve_metrics(
    platform: Any,  # noqa: ANN401 - as _open
    parts: Mapping[str, Callable[[], bool]],
) -> Any:  # noqa: ANN401 - kernel.metrics.Served, imported late
    settings = platform.settings
    metrics = _room("kernel", "metrics")
    unhang = {"database": platform.database.cut}
    pulses = {
        name: metrics.Pulse(part, unhang=unhang.get(name))
        for name, part in parts.items()
    }
    tls = _room("kernel", "tls").server_context(
        settings.tls_ca, settings.tls_cert, settings.tls_key, client_required=True
    )
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


def _migrate(service: str) -> int:
    """Database first, then the broker: both idempotent."""
    platform = _open(service)
    entrypoints, bus = _room("kernel", "entrypoints"), _room("kernel", "bus")
    service_room = _room(f"services.{service}", "service")
    upgrade(
        platform.database.engine,
        directory=Path(str(service_room.__file__)).parent / "migrations",
        metadata=_room(f"services.{service}", "storage").metadata,
    )
    interests = entrypoints.interests_of(service_room.__name__)
    interests |= set(getattr(service_room.Service, "listens", ()))
    connection = platform.broker.connect()
    try:
        bus.declare_service(connection, service, interests)
    finally:
        bus.close_quietly(connection)
    platform.close()
    return 0


def upgrade(engine: Any, *, directory: Path, metadata: Any) -> None:  # noqa: ANN401 - SQLAlchemy, imported late
    """Bring a database to the newest revision of ``directory``, in one transaction."""
    command, config_room = _room("alembic", "command"), _room("alembic", "config")
    config = config_room.Config()
    config.set_main_option("script_location", "kernel:migrations")
    config.set_main_option("version_locations", str(directory))
    config.set_main_option("path_separator", "os")
    config.attributes["metadata"] = metadata
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check(service: str) -> int:
    """Say of each part whether it is well; exit 3 when one is not."""
    platform = _open(service)
    findings = {
        "database": _database_up(platform)(),
        "broker": _broker_up(platform),
        "certificate": _certificate_days(platform) > 0,
    }
    for part, well in findings.items():
        print(f"{part:12} {'ok' if well else 'NOT WELL'}")  # noqa: T201 - a command's answer
    platform.close()
    return 0 if all(findings.values()) else 3


def _broker_up(platform: Any) -> bool:  # noqa: ANN401 - as _open
    bus = _room("kernel", "bus")
    try:
        bus.close_quietly(platform.broker.connect())
    except bus.BROKER_ERRORS:
        return False
    return True


def _certificate_days(platform: Any) -> int:  # noqa: ANN401 - as _open
    expires_at: datetime = _room("kernel", "tls").expires_at(platform.settings.tls_cert)
    left = expires_at.astimezone(UTC) - platform.clock.now()
    return int(left.days)


_VERBS: Final[Mapping[str, Callable[[str], int]]] = {
    "run": _run,
    "work": _work,
    "serve": _serve,
    "migrate": _migrate,
    "check": _check,
}
