"""The nameko door: what operators may ask about the log."""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from kernel.bus import Interest
from kernel.clock import rfc3339
from kernel.context import Call
from kernel.crypto import Json, b64url, unb64url
from kernel.entrypoints import UseCasesProvider, answers, every
from kernel.events import Event
from kernel.events.envelope import SHARED_PUBLISHER
from services.audit.service.governing import GoverningDoor
from services.audit.service.incidents import IncidentDoor
from services.audit.service.measures import MeasureDoor
from services.audit.service.monitoring import MonitoringDoor
from services.audit.service.notices import NoticeDoor
from services.audit.wiring import (
    Found,
    Language,
    Page,
    Reconciled,
    UseCases,
    Verdict,
)

EVERYTHING = tuple(
    Interest(publisher, "#")
    for publisher in sorted(
        {event_type.partition(".")[0] for event_type in Event.known}
        - {SHARED_PUBLISHER}
    )
)
"""Every event of every service that has one in the published language.

`migrate` binds the queue to them, before anybody publishes; the worker reads it.
"""


class AuditService(
    GoverningDoor, IncidentDoor, MeasureDoor, NoticeDoor, MonitoringDoor
):
    """Readers only: the log is written by the process `audit-worker`."""

    name = "audit"
    listens = EVERYTHING
    use_cases: UseCases = UseCasesProvider()

    @every(seconds=1)
    def patrol(self) -> None:
        """The log is re-read from the process's start on, round after round."""
        self.use_cases.patrol()

    @every(seconds=1)
    def index(self) -> None:
        """What the log names is indexed behind the writer, whom it never delays."""
        self.use_cases.index()

    @every(seconds=60)
    def reconcile(self) -> None:
        """Outboxes and the log are compared every hour."""
        self.use_cases.reconcile()

    @every(seconds=10)
    def archive(self) -> None:
        """Cold storage follows the log."""
        self.use_cases.archive()

    @answers(permission="audit.look")
    def archive_status(self, call: Call) -> Json:
        """What stands in cold storage, and how long leaves are kept."""
        del call
        note = self.use_cases.archived()
        return {
            "checkpoint": note.decode() if note else None,
            "size": int(note.split(b"\n")[1]) if note else 0,
            "keep_years": self.use_cases.keep_years(),
        }

    @answers(permission="audit.verify")
    def verify_archive(self, call: Call, *, begin: int = 0) -> Json:
        """Read some tiles of cold storage again, from this one on.

        Refused as `handlers.archiving.verify_archive`.
        """
        verdict = self.use_cases.verify_archive(call.context, begin=begin)
        return {"ok": not verdict.code, **asdict(verdict)}

    @answers(permission="audit.look")
    def producers(self, call: Call) -> Json:
        """Each producer: numbers that are missing, leaves, and its own count."""
        return _reconciled(self.use_cases.reconciled(call.context))

    @answers(permission="audit.verify")
    def verify(
        self, call: Call, *, vkey: str | None = None, held: tuple[str, ...] = ()
    ) -> Json:
        """Re-hash the whole log; `held` are checkpoint notes kept by the caller."""
        verdict = self.use_cases.verify(
            call.context,
            vkey=vkey,
            held=[note.encode() for note in held],
            by=str(call.by.id),
        )
        return _verdict(verdict)

    @answers(permission="audit.verify")
    def verify_some(
        self,
        call: Call,
        *,
        sealed: str | None = None,
        vkey: str | None = None,
        held: tuple[str, ...] = (),
    ) -> Json:
        """Re-hash the next pages; `sealed` is what the call before gave.

        Refused as `handlers.verifying.verify_some`.
        """
        progress = self.use_cases.verify_some(
            call.context,
            sealed=unb64url(sealed) if sealed else None,
            vkey=vkey,
            held=[note.encode() for note in held],
            by=str(call.by.id),
        )
        return {
            "leaves": progress.leaves,
            "of": progress.of,
            "sealed": b64url(progress.sealed) if progress.sealed else None,
            "verdict": _verdict(progress.verdict) if progress.verdict else None,
        }

    @answers(permission="audit.read")
    def prove_leaf(self, call: Call, *, seq: int) -> Json:
        """A leaf with its C2SP tlog-proof; the log tells who looked."""
        by = str(call.by.id)
        leaf, proof = self.use_cases.prove(call.context, seq=seq, by=by)
        return {"leaf": base64.b64encode(leaf).decode(), "proof": proof.decode()}

    @answers(permission="audit.look")
    def witnesses(self, call: Call) -> Json:
        """Who cosigned the newest checkpoint that enough witnesses saw, and when."""
        found = self.use_cases.witnesses(call.context)
        return {
            "size": found.size,
            "of": found.of,
            "enough": found.enough,
            "witnesses": [
                {"witness": name, "cosigned_at": rfc3339(at) if at else None}
                for name, at in found.cosigned.items()
            ],
        }

    @answers(permission="audit.export")
    def start_export(
        self, call: Call, *, disclosure_id: UUID, recipient_pem: str | None = None
    ) -> Json:
        """Record the taking of a copy; pages are given only for its id.

        Refused ``disclosure_not_valid``, ``log_empty``, ``recipient_unfit``.
        """
        export = self.use_cases.start_export(
            call.context,
            taken_by=str(call.by.id),
            disclosure_id=disclosure_id,
            recipient_pem=recipient_pem,
        )
        return {
            "export_id": str(export.export_id),
            "size": export.size,
            "checkpoint": export.note.decode(),
        }

    @answers(permission="audit.export")
    def export_page(
        self, call: Call, *, export_id: UUID, from_seq: int, limit: int
    ) -> Json:
        """Leaves from `from_seq` on, fewer than `limit` when they are long."""
        page = self.use_cases.export_page(
            call.context, export_id=export_id, from_seq=from_seq, limit=limit
        )
        return _page(page)

    @answers(permission="audit.export")
    def seal_export(self, call: Call, *, export_id: UUID) -> Json:
        """Reports of the whole log, and the company's signatures, as one archive."""
        raw = self.use_cases.seal_export(call.context, export_id=export_id)
        return {"archive_b64": base64.b64encode(raw).decode()}

    @answers(permission="audit.export")
    def export_stamps(self, call: Call, *, export_id: UUID, after: int) -> Json:
        """A page of an export's time stamps, over more than `after` leaves each."""
        found = self.use_cases.export_stamps(
            call.context, export_id=export_id, after=after
        )
        return {
            "stamps": [
                {
                    "size": stamp.size,
                    "checkpoint_b64": base64.b64encode(stamp.checkpoint).decode(),
                    "reply_b64": base64.b64encode(stamp.reply).decode(),
                    "stamped_at": rfc3339(stamp.stamped_at),
                }
                for stamp in found
            ]
        }

    @answers(permission="audit.export")
    def export_part(
        self,
        call: Call,
        *,
        scope: dict[str, str | tuple[str, ...]],
        disclosure_id: UUID,
        since: tuple[int, ...] = (),
        pages: tuple[int, ...] = (),
        names: bool = False,
        recipient_pem: str | None = None,
    ) -> Json:
        """A part of the log with its proofs, reports and signatures, as one archive.

        Refused as `handlers.parts.export_part`.
        """
        given = self.use_cases.export_part(
            call.context,
            scope=scope,
            disclosure_id=disclosure_id,
            taken_by=str(call.by.id),
            since=since,
            pages=pages,
            names=names,
            recipient_pem=recipient_pem,
        )
        return {
            "export_id": str(given.part.export_id),
            "leaves": len(given.part.entries),
            "size": given.part.size,
            "archive_b64": base64.b64encode(given.archive).decode(),
        }

    @answers(permission="audit.read")
    def read_leaves(self, call: Call, *, from_seq: int, limit: int) -> Json:
        """A look at leaves from `from_seq` on; the log tells who looked."""
        page = self.use_cases.read_leaves(
            call.context, read_by=str(call.by.id), from_seq=from_seq, limit=limit
        )
        return _page(page)

    @answers(permission="audit.read")
    def search(
        self,
        call: Call,
        *,
        words: dict[str, str | tuple[str, ...]],
        limit: int,
        before: int | None = None,
        language: Language = "ru",
    ) -> Json:
        """The newest leaves that answer; the log tells who looked for what.

        Refused as `handlers.searching.search`.
        """
        found = self.use_cases.search(
            call.context, words=words, by=str(call.by.id), before=before, limit=limit
        )
        return _found(found, self.use_cases.sentences(found, language))

    @answers(permission="audit.read")
    def timeline(
        self,
        call: Call,
        *,
        subject: str,
        limit: int,
        after: int | None = None,
        language: Language = "ru",
    ) -> Json:
        """All that is about a thing, the oldest first; the log tells who looked.

        Refused as `handlers.searching.timeline`.
        """
        found = self.use_cases.timeline(
            call.context, subject=subject, by=str(call.by.id), after=after, limit=limit
        )
        return _found(found, self.use_cases.sentences(found, language))

    @answers(permission="audit.look")
    def log_status(self, call: Call) -> Json:
        """Where the log stands and how far each producer's numbers have come."""
        status = self.use_cases.status(call.context)
        return {
            "size": status.size,
            "checkpoint": status.note.decode() if status.note else None,
            "vkey": status.vkeys[0] if status.vkeys else None,
            "vkeys": list(status.vkeys),
            "blocked": [
                {"seq": b.seq, "code": b.code, "found_at": rfc3339(b.found_at)}
                for b in status.blocks
            ],
            "producers": [
                {"producer": name, "last_sequence": last, "missing": missing}
                for name, last, missing in status.producers
            ],
        }


def _verdict(verdict: Verdict) -> Json:
    return {
        "ok": verdict.bad_seq is None,
        "leaves": verdict.leaves,
        "events": verdict.events,
        "root_sha256": verdict.root.hex(),
        "bad_seq": verdict.bad_seq,
        "code": verdict.code,
        "why": verdict.why,
    }


def _page(page: Page) -> Json:
    return {
        "leaves": [base64.b64encode(leaf).decode() for leaf in page.leaves],
        "size": page.size,
        "checkpoint": page.note.decode(),
    }


def _found(found: Found, sentences: Sequence[str | None]) -> Json:
    return {
        "leaves": [
            {"leaf": base64.b64encode(entry.leaf).decode(), "sentence": sentence}
            for entry, sentence in zip(found.entries, sentences, strict=True)
        ],
        "goes_on": found.goes_on,
        "searched": found.searched,
        "size": found.checkpoint.size,
        "checkpoint": found.checkpoint.note.decode(),
    }


def _reconciled(found: Reconciled) -> Json:
    return {
        "ok": not found.differences and not any(a.missing for a in found.accounts),
        "size": found.size,
        "producers": [
            {
                "producer": account.tally.producer,
                "last_sequence": account.tally.last,
                "missing": [
                    {"first": hole.first, "last": hole.last, "told": hole.reported}
                    for hole in account.tally.holes
                ],
                "leaves": account.leaves,
                "counted": account.count.events if account.count else None,
                "counted_at": account.count.received_at if account.count else None,
                "waiting": account.count.waiting if account.count else None,
                "differences": [
                    code
                    for producer, code in found.differences
                    if producer == account.tally.producer
                ],
            }
            for account in found.accounts
        ],
    }


Service = AuditService
