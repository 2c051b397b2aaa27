"""The audit log under faults: its writer and a hot stand-by at the end of the road.

Whatever the writers' journals call committed must be one leaf, and one only, of one
chain that is whole and goes on from every checkpoint that was published before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from typing_extensions import override

from infra.stack.programs import Program
from kernel.bus import Interest, close_quietly, declare_service
from kernel.platform import Platform
from kernel.settings import read
from services.audit.domain.leaf import Kind
from services.audit.settings import Settings
from services.audit.wiring import build
from tests.databases import migrator
from tests.faults import effects
from tests.faults.effects import PUBLISHER
from tests.faults.events import EventLoad
from tests.ports import free_port
from tests.wire import interests

SERVICE: Final = "audit"
WRITER: Final = "audit-worker"
STAND_BY: Final = "audit-worker-beside"


@dataclass(slots=True)
class TrailLoad(EventLoad):
    """A `campaign.Ground`: see there."""

    _leaves_before: int = field(default=0, init=False)
    _held: list[bytes] = field(default_factory=list, init=False)
    _port: int = field(default_factory=free_port, init=False)

    name = "trail"
    wishes: ClassVar[Mapping[str, Sequence[Interest]]] = {
        PUBLISHER: effects.WISHES[PUBLISHER]
    }
    processes = (WRITER, STAND_BY)
    answering = (PUBLISHER, WRITER)
    points = ()
    """Who dies at one gives its seat away, and comes to no other."""

    @override
    def _prepare(self) -> None:
        self.stack.migrate(SERVICE)
        declaring = migrator(self.stack, SERVICE)
        connection = declaring.broker.connect()
        declare_service(connection, SERVICE, interests()[SERVICE])
        close_quietly(connection)
        declaring.engine.dispose()

    @override
    def _ends(self) -> Sequence[str]:
        return PUBLISHER, *self.processes

    @override
    def program(self, process: str) -> Program:
        """The relay, the writer, or its stand-by."""
        if process == PUBLISHER:
            return EventLoad.program(self, process)
        program = self._program(process, WRITER, "services.audit", "work")
        if process == WRITER:
            return program
        own = {"AUDIT_METRICS_PORT": str(self._port)}
        return replace(program, environment={**program.environment, **own})

    @override
    def _begin(self) -> None:
        self._leaves_before = int(self._log("SELECT coalesce(max(seq), 0)"))

    @override
    def applied(self) -> int:
        """How many leaves there are of this load."""
        return int(self._log("SELECT count(*)", self._mine))

    @override
    def _happened(self) -> Sequence[str]:
        return self._log("SELECT event_id", self._mine).split()

    @override
    def _waiting(self) -> int:
        return int(self._sql(SERVICE, "SELECT count(*) FROM audit_hole"))

    @override
    def _out_of_order(self) -> int:
        """A leaf has the place at which it came: the log has no order of its own."""
        return 0

    @property
    def _mine(self) -> str:
        return f"kind = {Kind.EVENT:d} AND seq > {self._leaves_before}"

    @override
    def sweep(self) -> None:
        """One chain, whole, without strange leaves; all that was published is in it."""
        settings = read(Settings, prefix=SERVICE, environ=self.stack.env(SERVICE))
        platform = Platform.open(settings)
        use_cases = build(platform)
        published = use_cases.board.published()
        assert published is not None
        self._held.append(published)
        verdict = use_cases.verify(
            platform.context(), vkey=None, held=self._held, by="campaign"
        )
        platform.close()
        assert verdict.bad_seq is None, verdict.why
        strange = f"kind IN ({Kind.CONFLICT:d}, {Kind.REFUSED:d})"
        assert int(self._log("SELECT count(*)", strange)) == 0

    def _log(self, wanted: str, where: str = "true") -> str:
        statement = f"{wanted} FROM audit_log WHERE {where}"
        return self._sql(SERVICE, statement)
