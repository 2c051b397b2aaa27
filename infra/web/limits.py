"""How much one visitor may ask of the web tier, and how slowly.

Sizes are the gateway's own (`services/auth/gateway/bodies.py`, `door.py`) or less, so
that what passes here is never refused there for its size; a test compares them.
"""

from dataclasses import dataclass

MOST_BODY_BYTES = 64 * 1024
MOST_PHOTO_BYTES = 8 * 1024 * 1024
HEAD_BUFFER_BYTES = 2 * 1024
LONG_HEAD_BUFFERS, LONG_HEAD_BUFFER_BYTES = 3, 4 * 1024
"""A request line, or a header field, fits one buffer; all of the head fits them all."""

HEAD_S = 10
"""For the whole head, however often a drop of it comes (case A23)."""
SILENCE_S = 10
"""Between two pieces of a body we read, or of an answer we write."""
UNREAD_BYTES = 128 * 1024
"""Of an answer that the system keeps for a visitor who does not read it."""
IDLE_S = 15
"""A kept connection without a request."""
REQUESTS_PER_CONNECTION = 1_000

CONNECT_S = 3
ANSWER_S = 35
"""The gateway itself gives up a request after 30 seconds."""
NEXT_S = 5
"""So long after its coming a request may still be led to another gateway."""
KEPT_LINKS, KEPT_LINK_S = 32, 10
"""Links to a gateway kept open; it closes quiet ones after 15 seconds, we before."""
MOST_LINKS = 400
"""To one gateway, which takes 1 024."""
STOP_S = 8
"""For whoever is inside when the tier is told to stop."""

MOST_FILES = 8_192
"""Of one worker: a descriptor for each visitor, and one for the gateway."""
SPARE_FILES = 64
"""Of these: for listeners, pages and log."""

GUESSING = (
    *("sessions", "registrations", "challenges", "factors"),
    *("password-recoveries", "number-recoveries", "phone-changes", "account-changes"),
)
"""Resources where a POST tries a secret or sends a message."""
LOOKING_UP = "documents"
"""The resource that answers anybody who holds a printed document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one address, before anything is counted behind us (case A05)."""

    requests_per_s: int
    requests_at_once: int
    guesses_per_min: int
    guesses_at_once: int
    served_at_once: int


PUBLIC = Limits(
    requests_per_s=50,
    requests_at_once=200,
    # An operator's address may hide thousands of clients: a limit for attackers only.
    # Who wants to lock 10 000 numbers by three guesses each needs eight hours.
    guesses_per_min=60,
    guesses_at_once=60,
    served_at_once=64,
)
TEST = Limits(
    requests_per_s=5_000,
    requests_at_once=5_000,
    guesses_per_min=60_000,
    guesses_at_once=5_000,
    served_at_once=1_024,
)
"""Where every visitor there is comes from one address: tests of everything else."""


def limits_of(stage: str) -> Limits:
    """The limits of a stack."""
    return TEST if stage == "test" else PUBLIC
