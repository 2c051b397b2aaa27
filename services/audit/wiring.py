"""Builds the use cases of both processes: `audit` reads, `audit-worker` writes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from kernel.bus import Received
from kernel.context import Context
from kernel.errors import Broken
from kernel.logging import get_logger
from kernel.platform import Platform
from services.audit.adapters import (
    AnchorFile,
    CheckpointFolder,
    EventQueue,
    LogSigner,
    RpcRegister,
    message_of,
    verify_ed25519,
)
from services.audit.handlers import reading, writing
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.reading import Page
from services.audit.ports import Export, WriterStore
from services.audit.settings import Settings
from services.audit.storage.reading import ReadingUnits
from services.audit.storage.writing import Tools, locked

__all__ = ["EventQueue", "Page", "UseCases", "Writer", "build", "build_writer"]

log = get_logger("audit")

FIRST_POLICY = b""
"""The witness policy named in leaf 0: none yet, the log key alone."""


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the RPC door offers."""

    platform: Platform[Settings]
    board: CheckpointFolder
    round: Patrol

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
            units=self._units(self.platform.context()),
            board=self.board,
            verify=verify_ed25519,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )
        if leaves is not None:
            log.debug("patrolled", leaves=leaves)

    def start_export(
        self, context: Context, *, taken_by: str, disclosure_id: UUID
    ) -> Export:
        return reading.start_export(
            taken_by=taken_by,
            disclosure_id=disclosure_id,
            register=RpcRegister(self.platform.rpc, context),
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

    def open_log(self, store: WriterStore) -> writing.State:
        return writing.open_log(
            store=store,
            anchor=self.anchor,
            board=self.board,
            signer=self.signer,
            clock=self.platform.clock,
            policy=FIRST_POLICY,
        )

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
        )

    def publish(self, state: writing.State) -> None:
        writing.publish_note(
            state.note, anchor=self.anchor, board=self.board, signer=self.signer
        )


def build(platform: Platform[Settings]) -> UseCases:
    """The readers' use cases. The log key is not opened here."""
    return UseCases(platform, _board(platform.settings), Patrol())


def build_writer(platform: Platform[Settings]) -> Writer:
    """The writer's parts. Broken without the log key."""
    settings = platform.settings
    if settings.log_key is None:
        raise Broken("AUDIT_LOG_KEY is missing: without it nothing can be signed")
    return Writer(
        platform,
        LogSigner(
            settings.log_key, origin=settings.origin, before=settings.log_key_before
        ),
        AnchorFile(Path(settings.anchor)),
        _board(settings),
    )


def _board(settings: Settings) -> CheckpointFolder:
    return CheckpointFolder(
        Path(settings.checkpoint_dir), every_s=settings.publish_every_s
    )
