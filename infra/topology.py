"""Who exists: the list of services, processes and principals, read from the tree.

Certificates, database roles, broker users and supervised processes are all derived
from this one reading, so that a new folder in `services/` needs no second list.
"""

from dataclasses import dataclass
from pathlib import Path

from infra.layout import ROOT

OPERATOR = "operator"
"""The staff's command line; which person sits before it, a staff token says."""
STAFF_TOKENS = "staff"
"""Signs what members of the staff may do: a key of process `auth`, no broker user."""
DATABASE_SERVER = "postgres"
BROKER_SERVER = "rabbitmq"
NODE_DIRECTORY = "epmd"
"""The Erlang node directory: the broker registers with it, nobody else does."""
WEB_TIER = "web"
"""nginx before the gateway: no broker user, no database role, no key to sign with."""
PHOTO_JUDGE = "photo"
"""Cleans and measures photos for onboarding: no broker, no database, no certificate."""
LOG_SIGNER = "audit-signer"
"""Has the audit log's keys: no broker, no database, no certificate."""
BROKER_GUARD = "broker-guard"
"""Has the broker's cookie: keeps everybody's rights there, and cuts off who is told."""
LOG_WRITER = "audit-worker"
"""Whose process asks it."""
GUARD_ASKER = "audit"
"""Whose process asks it who is cut off."""
PHOTO_ASKER = "onboarding"
"""Whose process asks it."""
PUBLIC_HOST = "creditplus.kz"
"""The site's name as browsers know it (clause 1.2a)."""
PUBLIC_CERTIFICATE = "public"
"""What browsers are shown under that name."""

# Outer systems that demand a client certificate, and who may show one to them.
PARTNER_CLIENTS = frozenset(
    {
        "auth",
        "onboarding",
        "contracts",
        "antifraud",
        "audit",
        "disbursement-worker",
        "disbursement-witness",
    }
)
# Who may turn a personal value into its matching token.
TOKEN_MAKERS = frozenset({"auth", "onboarding", "contracts", "antifraud"})


@dataclass(frozen=True, slots=True)
class Process:
    """One operating-system process; its name is its principal everywhere."""

    name: str
    service: str
    verb: str
    room: str
    """The module of the service that must exist for the process to make sense."""


# Processes beside `<service> run`: each has its own certificate and broker user.
_BESIDE = (
    Process("gateway", "auth", "serve", "gateway"),
    Process("disbursement-worker", "disbursement", "work", "worker"),
    Process("disbursement-witness", "disbursement", "witness", "witness"),
    Process("audit-worker", "audit", "work", "worker"),
)
WITNESSES = ("regulator", "auditor")
"""Outside parties that cosign what the audit log publishes, each on its own."""
_SIMULATORS = {
    "bank": "bank",
    "world": "world",
    **dict.fromkeys(WITNESSES, "witness"),
}
"""Stand-ins by name, and the module each is."""


def services(root: Path = ROOT) -> tuple[str, ...]:
    """Names of the services: folders of `services/` that hold Python."""
    found = (
        folder.name
        for folder in (root / "services").glob("[a-z]*")
        if any(folder.glob("*.py"))
    )
    return tuple(sorted(found))


def principals(root: Path = ROOT) -> tuple[str, ...]:
    """Everybody who may speak on the broker, the staff's command line last."""
    return (*(p.name for p in processes(root)), OPERATOR)


def signers(root: Path = ROOT) -> tuple[str, ...]:
    """Everybody whose signature means something to the others."""
    return (*principals(root), STAFF_TOKENS)


def migrators(root: Path = ROOT) -> tuple[str, ...]:
    """Principals that own a schema; they declare what lasts in database and broker."""
    return tuple(f"{service}-migrate" for service in services(root))


def processes(root: Path = ROOT) -> tuple[Process, ...]:
    """Every process the services may have, whether its code exists yet or not."""
    names = services(root)
    own = tuple(Process(name, name, "run", "service") for name in names)
    return (*own, *(p for p in _BESIDE if p.service in names))


def runnable(root: Path = ROOT) -> tuple[Process, ...]:
    """Processes whose code exists, so that the supervisor may start them."""
    return tuple(p for p in processes(root) if _has_code(root, p))


def migratable(root: Path = ROOT) -> tuple[str, ...]:
    """Services that run and have at least one migration."""
    return tuple(
        p.name
        for p in runnable(root)
        if any((root / "services" / p.name / "migrations").glob("[0-9]*.py"))
    )


def simulators(root: Path = ROOT) -> tuple[str, ...]:
    """Stand-ins of the outer world whose code exists: `simulator-<name>`."""
    folder = root / "infra" / "simulators"
    return tuple(
        simulator(name)
        for name, module in _SIMULATORS.items()
        if _is_module(folder / module)
    )


def simulator(name: str) -> str:
    """The process that stands in for an outer system or party."""
    return f"simulator-{name}"


def simulator_module(process: str) -> str:
    """The module of a stand-in's process."""
    return f"infra.simulators.{_SIMULATORS[process.removeprefix('simulator-')]}"


def process(name: str, root: Path = ROOT) -> Process:
    """The process of that name; KeyError when there is none."""
    return {p.name: p for p in processes(root)}[name]


def _has_code(root: Path, wanted: Process) -> bool:
    folder = root / "services" / wanted.service
    return (folder / "__main__.py").is_file() and _is_module(folder / wanted.room)


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
