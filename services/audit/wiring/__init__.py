"""Builds the use cases of both processes: `audit` reads, `audit-worker` writes."""

import _thread
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
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
    LogSigner,
    http_witness,
    message_of,
    verify_ed25519,
)
from services.audit.adapters.neighbours import (
    RpcPeople,
    RpcRegister,
    RpcSeal,
    RpcStamper,
)
from services.audit.adapters.printing import ReportPrinter, tellings
from services.audit.domain.policy import Policy, parse_policy
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.telling import Language, Telling
from services.audit.handlers import parts, reading, searching, writing
from services.audit.handlers.following import Followed
from services.audit.handlers.packing import Bench
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.reading import Page
from services.audit.handlers.searching import Found
from services.audit.handlers.stamping import Stamping
from services.audit.handlers.witnessing import Witnessing
from services.audit.ports import Export, WriterStore
from services.audit.settings import Settings
from services.audit.storage.reading import ReadingUnits
from services.audit.storage.writing import Tools, committed_hashes, locked
from services.audit.wiring.governing import Governance, keep_published

__all__ = [
    "EventQueue",
    "Followed",
    "Found",
    "Language",
    "Page",
    "UseCases",
    "Writer",
    "build",
    "build_writer",
]

log = get_logger("audit")

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
    tellings: Mapping[str, Telling]

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
        """A second's share of what the index has not got yet."""
        indexing = self.platform.settings.index_tiles_per_s
        units = self._units(self.platform.context())
        tiles = searching.index_tiles(units=units, most=indexing)
        if tiles:
            log.debug("indexed", tiles=tiles)

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
        self, context: Context, *, taken_by: str, disclosure_id: UUID
    ) -> Export:
        return reading.start_export(
            taken_by=taken_by,
            disclosure_id=disclosure_id,
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
        return ReadingUnits(self.platform.database, context)


@dataclass(frozen=True, slots=True)
class Writer:
    """What the writer's loop is made of; one per process."""

    platform: Platform[Settings]
    signer: LogSigner
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
        """Give the connections to the witnesses back."""
        for door in self.doors:
            door.close()

    def witness(self) -> None:
        """Show the witnesses what was published since the last round."""
        if self.witnessing is None:
            return
        seen = self.witnessing.round(
            doors=self.doors,
            units=ReadingUnits(self.platform.database, self.platform.context()),
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
            units=ReadingUnits(self.platform.database, context),
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
    return UseCases(platform, _board(platform.settings), Patrol(), tellings())


def build_writer(platform: Platform[Settings]) -> Writer:
    """The writer's parts. Broken without the log key, or with half a policy."""
    settings = platform.settings
    if settings.log_key is None:
        raise Broken("AUDIT_LOG_KEY is missing: without it nothing can be signed")
    policy, doors, witnessing = NO_POLICY, [], None
    if settings.policy is not None:
        policy = settings.policy.read_bytes()
        witnessing = Witnessing(_policy(policy))
        doors = _doors(witnessing.policy, settings)
    return Writer(
        platform,
        LogSigner(
            settings.log_key, origin=settings.origin, before=settings.log_key_before
        ),
        AnchorFile(Path(settings.anchor)),
        _board(settings),
        policy,
        doors,
        witnessing,
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
