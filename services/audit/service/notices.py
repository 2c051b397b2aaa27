"""The door to notices of incidents (clause 7.3)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from services.audit.wiring import UseCases

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class NoticeDoor:
    """Who answers to the bodies sees, approves and follows what they are told."""

    use_cases: UseCases

    @answers(permission="incidents.look")
    def notices_list(
        self, call: Call, *, state: Literal["waiting", "all"] = "waiting"
    ) -> Json:
        """What is not sent yet, what ends first comes first; or all."""
        return self.use_cases.notices.listed(call, waiting=state == "waiting")

    @answers(permission="incidents.look")
    def preview_notice(self, call: Call, *, notice_id: UUID) -> Json:
        """A notice to a body as it would go out now, as PDF in both languages."""
        return self.use_cases.notices.preview(call, notice_id=notice_id)

    @answers(permission="incidents.notify")
    def approve_notice(
        self, call: Call, *, notice_id: UUID, seen: Digest | None = None
    ) -> Json:
        """Let a notice go out: a body's as it was seen, signed by the company."""
        return self.use_cases.notices.approve(call, notice_id=notice_id, seen=seen)

    @answers(permission="incidents.notify")
    def resend_notice(self, call: Call, *, notice_id: UUID) -> Json:
        """The same bytes once more, to a body that did not take them."""
        return self.use_cases.notices.send_again(call, notice_id=notice_id)

    @every(seconds=2)
    def send_notices(self) -> None:
        """Send what is approved, and keep the receipts."""
        self.use_cases.notices.send()

    @every(seconds=1)
    def hear_of_notices(self) -> None:
        """Messages to clients are in the log when they have left."""
        self.use_cases.notices.hear()

    @every(seconds=30)
    def watch_notices(self) -> None:
        """Call people early, and say aloud what is late."""
        self.use_cases.notices.watch()
