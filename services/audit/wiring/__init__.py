"""Builds the use cases of both processes: `audit` reads, `audit-worker` writes."""

import _thread
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from kernel.beside import in_two_threads
from kernel.bus import Received
from kernel.clock import rfc3339
from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken, Transient
from kernel.logging import get_logger
from kernel.platform import Platform
from services.audit.adapters import (
    AnchorFile,
    CheckpointFolder,
    EventQueue,
    HttpWitness,
    http_witness,
    message_of,
    verify_ed25519,
)
from services.audit.adapters.archive import ArchiveFolder
from services.audit.adapters.bodies import HttpBodies, http_bodies
from services.audit.adapters.guard import SocketGuard
from services.audit.adapters.neighbours import (
    RpcPeople,
    RpcRegister,
    RpcSeal,
    RpcStamper,
)
from services.audit.adapters.printing import ReportPrinter, tellings
from services.audit.adapters.rules import starting_rules
from services.audit.adapters.signing import SocketSigner
from services.audit.domain.check import MismatchError
from services.audit.domain.monitoring.rules import Rules
from services.audit.domain.policy import Policy, parse_policy
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.telling import Language, Telling
from services.audit.handlers import parts, reading, searching, writing
from services.audit.handlers.archiving import (
    Archiving,
    ColdVerdict,
    archive_empty,
    verify_archive,
)
from services.audit.handlers.following import Followed, KeptTiles
from services.audit.handlers.packing import Bench
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.proving import prove_leaf
from services.audit.handlers.reading import Page, Verdict
from services.audit.handlers.reconciling import (
    Reconciled,
    Reconciliation,
    reconcile,
)
from services.audit.handlers.searching import Found
from services.audit.handlers.signing import HeldKeys
from services.audit.handlers.stamping import Stamping
from services.audit.handlers.tools import Tools as IncidentTools
from services.audit.handlers.verifying import Progress, Seals, Verifying, verify_some
from services.audit.handlers.witnessing import Witnessed, Witnessing, witnessed
from services.audit.ports import Export, WriterStore
from services.audit.settings import Settings
from services.audit.storage.reading import ReadingUnits
from services.audit.storage.writing import Tools, committed_hashes, locked
from services.audit.wiring.governing import Governance, keep_published
from services.audit.wiring.incidents import IncidentCases
from services.audit.wiring.measures import MeasureCases
from services.audit.wiring.monitoring import MonitoringCases
from services.audit.wiring.notices import NoticeCases
from services.audit.wiring.signing import held_keys

__all__ = [
    "ColdVerdict",
    "EventQueue",
    "Followed",
    "Found",
    "Language",
    "Page",
    "Progress",
    "Reconciled",
    "UseCases",
    "Verdict",
    "Witnessed",
    "Writer",
    "build",
    "build_writer",
]

log = get_logger("audit")

ARCHIVED_AT_ONCE = 64
"""Tiles at a beat: each is synced, so the service answers in between."""
IN_TWO_THREADS = in_two_threads(_thread)
"""Signatures let go of the interpreter, so two cores look at them."""

NO_POLICY = b""
"""Leaf 0 of a log without witnesses names the digest of nothing."""


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the RPC door offers."""

    platform: Platform[Settings]
    board: CheckpointFolder
    round: Patrol
    tiles: KeptTiles
    tellings: Mapping[str, Telling]
    reconciliation: Reconciliation
    archiving: Archiving
    cold: ArchiveFolder | None
    bodies: HttpBodies | None
    rules: Rules
    guard: SocketGuard | None

    @property
    def incidents(self) -> IncidentCases:
        return IncidentCases(self.platform, self.board, self.tiles, self._tools)

    @property
    def notices(self) -> NoticeCases:
        return NoticeCases(self.platform, self.bodies, self._tools)

    @property
    def measures(self) -> MeasureCases:
        return MeasureCases(self.platform, self.guard, self._tools)

    @property
    def monitoring(self) -> MonitoringCases:
        return MonitoringCases(self.platform, self.rules, self._tools)

    @property
    def _tools(self) -> IncidentTools:
        platform = self.platform
        return IncidentTools(platform.clock, platform.ids, platform.policy)

    @property
    def governance(self) -> Governance:
        """What section 8 of the Procedure asks for."""
        return Governance(self.platform)

    def verify(
        self, context: Context, *, vkey: str | None, held: Sequence[bytes], by: str
    ) -> reading.Verdict:
        return reading.verify_log(
            vkey=vkey,
            held=held,
            by=by,
            units=self._units(context),
            board=self.board,
            verify=verify_ed25519,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )

    def verify_some(
        self,
        context: Context,
        *,
        sealed: bytes | None,
        vkey: str | None,
        held: Sequence[bytes],
        by: str,
    ) -> Progress:
        keys, platform = self.platform.field_keys, self.platform
        table, column = "verification", "state"
        desk = Verifying(
            by=by,
            vkey=vkey,
            units=self._units(context),
            board=self.board,
            verify=verify_ed25519,
            seals=Seals(
                partial(keys.seal, table=table, column=column, row=by),
                partial(keys.unseal, table=table, column=column, row=by),
            ),
            clock=platform.clock,
            ids=platform.ids,
        )
        return verify_some(sealed, held=held, desk=desk)

    def prove(self, context: Context, *, seq: int, by: str) -> tuple[bytes, bytes]:
        return prove_leaf(
            seq,
            read_by=by,
            units=self._units(context),
            board=self.board,
            tiles=self.tiles,
            ids=self.platform.ids,
        )

    def witnesses(self, context: Context) -> Witnessed:
        path = self.platform.settings.policy
        with self._units(context).begin() as unit:
            checkpoint = unit.last_checkpoint()
        return witnessed(
            self.board.witnessed(),
            policy=_policy(path.read_bytes()) if path else None,
            size=checkpoint.size if checkpoint else 0,
            verify=verify_ed25519,
        )

    def patrol(self) -> None:
        """A second's share of the round through the whole log."""
        leaves = self.round.beat(
            rows=self.platform.settings.patrol_rows_per_s,
            rest=timedelta(seconds=self.platform.settings.patrol_rest_s),
            units=self._units(self.platform.context()),
            board=self.board,
            verify=verify_ed25519,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )
        if leaves is not None:
            log.debug("patrolled", leaves=leaves)

    def index(self) -> None:
        """A second's share of what the index and the kept tiles have not got yet."""
        indexing = self.platform.settings.index_tiles_per_s
        units = self._units(self.platform.context())
        tiles = searching.index_tiles(units=units, most=indexing)
        if tiles:
            log.debug("indexed", tiles=tiles)
        with units.begin() as unit:
            self.tiles.go_on(unit)

    def reconcile(self) -> None:
        """Hour by hour: what outboxes counted, beside what the log holds."""
        try:
            told = self.reconciliation.beat(
                silence=self._silence(),
                units=self._units(self.platform.context()),
                clock=self.platform.clock,
                ids=self.platform.ids,
            )
        except MismatchError as lie:  # the round through the log names and tells it
            log.error("not_reconciled", seq=lie.seq, code=lie.code)  # noqa: TRY400 - no defect of ours
            return
        for producer, code in told:
            log.error("outbox_and_log_differ", producer=producer, code=code)

    def reconciled(self, context: Context) -> Reconciled:
        with self._units(context).begin() as unit:
            now = self.platform.clock.now()
            return reconcile(unit, now=now, silence=self._silence())

    def _silence(self) -> timedelta:
        platform = self.platform
        now = platform.clock.now()
        return timedelta(hours=platform.policy.integer("audit.silence_hours", now))

    def archive(self) -> None:
        """Put what is new into cold storage, if a folder was named for it."""
        if self.cold is None:
            return
        platform = self.platform
        try:
            tiles = self.archiving.step(
                archive=self.cold,
                units=self._units(platform.context()),
                board=self.board,
                most=ARCHIVED_AT_ONCE,
            )
        except MismatchError as lie:  # the round through the log names and tells it
            log.error("not_archived", seq=lie.seq, code=lie.code, why=lie.why)  # noqa: TRY400 - no defect of ours
            return
        if tiles:
            log.debug("archived", tiles=tiles)

    def archived(self) -> bytes | None:
        """The checkpoint of what stands in cold storage."""
        return self.cold.note() if self.cold else None

    def verify_archive(self, context: Context, *, begin: int) -> ColdVerdict:
        if self.cold is None:
            raise archive_empty()
        return verify_archive(
            begin,
            archive=self.cold,
            units=self._units(context),
            board=self.board,
            verify=verify_ed25519,
            ids=self.platform.ids,
        )

    def keep_years(self) -> int:
        """How long a leaf must stay after the obligations it tells of have ended."""
        platform = self.platform
        return platform.policy.integer("audit.keep_years", platform.clock.now())

    def search(
        self,
        context: Context,
        *,
        words: Mapping[str, Json],
        by: str,
        before: int | None,
        limit: int,
    ) -> searching.Found:
        reader = self._reader(context, by)
        return searching.search(words, before=before, limit=limit, reader=reader)

    def timeline(
        self, context: Context, *, subject: str, by: str, after: int | None, limit: int
    ) -> searching.Found:
        reader = self._reader(context, by)
        return searching.timeline(subject, after=after, limit=limit, reader=reader)

    def sentences(
        self, found: searching.Found, language: Language
    ) -> Sequence[str | None]:
        """What each leaf says; None for a kind of a release yet to come."""
        said: list[str | None] = []
        for entry in found.entries:
            telling = self.tellings.get(entry.kind)
            said.append(telling.sentence(entry, language) if telling else None)
        return said

    def _reader(self, context: Context, by: str) -> searching.Reader:
        platform = self.platform
        return searching.Reader(by, self._units(context), platform.clock, platform.ids)

    def start_export(
        self,
        context: Context,
        *,
        taken_by: str,
        disclosure_id: UUID,
        recipient_pem: str | None,
    ) -> Export:
        return reading.start_export(
            taken_by=taken_by,
            disclosure_id=disclosure_id,
            recipient_pem=recipient_pem,
            register=RpcRegister(self.platform.rpc, context),
            board=self.board,
            units=self._units(context),
            clock=self.platform.clock,
            ids=self.platform.ids,
        )

    def export_page(
        self, context: Context, *, export_id: UUID, from_seq: int, limit: int
    ) -> Page:
        return reading.export_page(
            export_id, from_seq=from_seq, limit=limit, units=self._units(context)
        )

    def seal_export(self, context: Context, *, export_id: UUID) -> bytes:
        return reading.seal_export(
            export_id,
            units=self._units(context),
            printer=ReportPrinter(),
            seal=RpcSeal(self.platform.rpc, context),
        )

    def export_stamps(
        self, context: Context, *, export_id: UUID, after: int
    ) -> Sequence[TimeStamp]:
        return reading.export_stamps(export_id, after=after, units=self._units(context))

    def export_part(
        self,
        context: Context,
        *,
        scope: Mapping[str, Json],
        disclosure_id: UUID,
        taken_by: str,
        since: Sequence[int],
        pages: Sequence[int],
        names: bool,
        recipient_pem: str | None,
    ) -> parts.Given:
        platform = self.platform
        now = platform.clock.now()
        desk = parts.Desk(
            register=RpcRegister(platform.rpc, context),
            board=self.board,
            units=self._units(context),
            clock=platform.clock,
            ids=platform.ids,
            most_leaves=platform.policy.integer("audit.part_leaves", now),
            bench=Bench(
                people=RpcPeople(platform.rpc, context),
                tellings=self.tellings,
                printer=ReportPrinter(),
                seal=RpcSeal(platform.rpc, context),
            ),
            tiles=self.tiles,
        )
        return parts.export_part(
            scope,
            disclosure_id=disclosure_id,
            taken_by=taken_by,
            desk=desk,
            since=since,
            pages=pages,
            names=names,
            recipient_pem=recipient_pem,
        )

    def read_leaves(
        self, context: Context, *, read_by: str, from_seq: int, limit: int
    ) -> Page:
        return reading.read_leaves(
            read_by=read_by,
            from_seq=from_seq,
            limit=limit,
            units=self._units(context),
            ids=self.platform.ids,
        )

    def status(self, context: Context) -> reading.Status:
        return reading.read_status(units=self._units(context), board=self.board)

    def _units(self, context: Context) -> ReadingUnits:
        return ReadingUnits(self.platform.database, context, self.platform.field_keys)


@dataclass(frozen=True, slots=True)
class Writer:
    """What the writer's loop is made of; one per process."""

    platform: Platform[Settings]
    signer: SocketSigner | HeldKeys
    anchor: AnchorFile
    board: CheckpointFolder
    policy: bytes = NO_POLICY
    doors: Sequence[HttpWitness] = ()
    witnessing: Witnessing | None = None
    stamping: Stamping = field(default_factory=Stamping)

    def seat(self) -> AbstractContextManager[WriterStore]:
        """The only writer's place; Transient while somebody else has it."""
        platform = self.platform
        tools = Tools(
            clock=platform.clock,
            ids=platform.ids,
            field_keys=platform.field_keys,
            context=platform.context,
        )
        return locked(platform.database, tools)

    def queue(self) -> EventQueue:
        """The queue of all events."""
        return EventQueue.open(self.platform.broker)

    def follow(self, followed: Followed) -> None:
        """Keep up with whoever has the seat."""
        start = followed.size
        followed.follow(committed_hashes(self.platform.database, start=start))

    def open_log(
        self, store: WriterStore, *, followed: Followed | None = None
    ) -> writing.State:
        return writing.open_log(
            store=store,
            anchor=self.anchor,
            board=self.board,
            signer=self.signer,
            clock=self.platform.clock,
            policy=self.policy,
            witnessed=[note for note in map(self._last_seen, self.doors) if note],
            followed=followed,
        )

    def _last_seen(self, door: HttpWitness) -> bytes | None:
        """What this witness cosigned last; who cannot be asked says nothing."""
        try:
            return door.last(self.platform.settings.origin)
        except Transient:
            log.warning("witness_silent", witness=door.name)
            return None

    def close(self) -> None:
        """Give the connections to the witnesses and to the signer back."""
        if isinstance(self.signer, SocketSigner):
            self.signer.close()
        for door in self.doors:
            door.close()

    def witness(self) -> None:
        """Show the witnesses what was published since the last round."""
        if self.witnessing is None:
            return
        seen = self.witnessing.round(
            doors=self.doors,
            units=ReadingUnits(
                self.platform.database,
                self.platform.context(),
                self.platform.field_keys,
            ),
            board=self.board,
            verify=verify_ed25519,
            ids=self.platform.ids,
        )
        if seen is None:
            return
        for name, why in seen.failures:
            log.warning("witness_failed", witness=name, why=why)
        say = log.info if seen.enough else log.error
        say(
            "witnessed", size=seen.size, cosigned=len(seen.cosigned), enough=seen.enough
        )

    def stamp(self) -> None:
        """Have what was published stamped, once a day."""
        context = self.platform.context()
        stamp = self.stamping.beat(
            stamper=RpcStamper(self.platform.rpc, context),
            units=ReadingUnits(
                self.platform.database, context, self.platform.field_keys
            ),
            board=self.board,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )
        if stamp is not None:
            log.info("stamped", size=stamp.size, at=rfc3339(stamp.stamped_at))

    def show_procedure(self) -> None:
        """The site shows the Procedure in force; another text is told and replaced."""
        keep_published(self.platform, self.board)

    def write(
        self, batch: Sequence[Received], *, state: writing.State, store: WriterStore
    ) -> writing.State:
        return writing.write_batch(
            [message_of(delivery) for delivery in batch],
            state=state,
            store=store,
            signer=self.signer,
            trust=self.platform.trust,
            clock=self.platform.clock,
            ids=self.platform.ids,
            grace=timedelta(seconds=self.platform.settings.gap_grace_s),
            each=IN_TWO_THREADS,
        )

    def publish(self, state: writing.State) -> None:
        writing.publish_note(
            state.note, anchor=self.anchor, board=self.board, signer=self.signer
        )


def build(platform: Platform[Settings]) -> UseCases:
    """The readers' use cases. The log key is not opened here."""
    settings = platform.settings
    archive = settings.archive_dir
    return UseCases(
        platform,
        _board(settings),
        Patrol(),
        KeptTiles(),
        tellings(),
        Reconciliation(),
        Archiving(),
        ArchiveFolder(Path(archive)) if archive else None,
        _bodies(settings),
        starting_rules(),
        SocketGuard(Path(settings.broker_guard)) if settings.broker_guard else None,
    )


def build_writer(platform: Platform[Settings]) -> Writer:
    """The writer's parts. Broken without the log key, or with half a policy."""
    settings = platform.settings
    policy, doors, witnessing = NO_POLICY, [], None
    if settings.policy is not None:
        policy = settings.policy.read_bytes()
        witnessing = Witnessing(_policy(policy))
        doors = _doors(witnessing.policy, settings)
    return Writer(
        platform,
        _signer(settings),
        AnchorFile(Path(settings.anchor)),
        _board(settings),
        policy,
        doors,
        witnessing,
    )


def _bodies(settings: Settings) -> HttpBodies | None:
    """Who is told of incidents; None for a process that is told no address."""
    where = (settings.outer_ca, settings.outer_cert, settings.outer_key)
    match (settings.notices_url, *where):
        case (str(url), Path() as ca, Path() as cert, Path() as key):
            return http_bodies(url, ca=ca, cert=cert, key=key)
        case (None, None, None, None):
            return None
    raise Broken("AUDIT_NOTICES_URL and AUDIT_OUTER_CA, _CERT, _KEY go together")


def _signer(settings: Settings) -> SocketSigner | HeldKeys:
    """The signer apart; else, where there is none, the keys themselves."""
    if settings.signer_socket is not None:
        return SocketSigner(Path(settings.signer_socket))
    if settings.log_key is None:
        raise Broken("AUDIT_SIGNER_SOCKET is missing, and AUDIT_LOG_KEY is too")
    return held_keys(
        settings.log_key, origin=settings.origin, before=settings.log_key_before
    )


def _policy(raw: bytes) -> Policy:
    try:
        return parse_policy(raw.decode())
    except ValueError as cause:
        raise Broken("AUDIT_POLICY is no policy of witnesses") from cause


def _doors(policy: Policy, settings: Settings) -> list[HttpWitness]:
    if settings.witness_ca is None:
        raise Broken("AUDIT_WITNESS_CA is missing: it certifies the witnesses")
    return [
        http_witness(each.name, each.url, ca=settings.witness_ca)
        for each in policy.witnesses.values()
        if each.url is not None
    ]


def _board(settings: Settings) -> CheckpointFolder:
    return CheckpointFolder(
        Path(settings.checkpoint_dir), every_s=settings.publish_every_s
    )
