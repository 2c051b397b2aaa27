"""The three kinds of failure, and no fourth.

::

    KernelError
    ├── Refused     an answer: the rules say no; the caller learns why and what to do
    ├── Transient   something is away; the same act may succeed later (bounded retry)
    └── Broken      a defect or a mismatch: parked, alarmed, looked at by a person

Only the front door (``services.auth.gateway``) renders them for people.
"""


class KernelError(Exception):
    """The root of the three kinds; raise one of them, never this."""


class Refused(KernelError):  # noqa: N818 - a word of the architecture
    """A rule answered no.

    ``code`` is stable and part of the interface; ``sentence`` is for the person
    and holds no personal data; ``next_step`` says what to do; ``details`` are
    machine-readable numbers or words (``seconds_left=30``).
    """

    def __init__(
        self, code: str, sentence: str, *, next_step: str, **details: str | int
    ) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.next_step = next_step
        self.details = details


class Transient(KernelError):  # noqa: N818 - a word of the architecture
    """Something the act needs is away; nothing has changed; try again later."""

    def __init__(self, sentence: str, *, retry_after_s: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after_s = retry_after_s


class DatabaseAwayError(Transient):
    """The database is away, or asks to try again; nothing was committed."""


class ContendedError(DatabaseAwayError):
    """The database is there; others stood in the way, by a deadlock or for too long."""


class Broken(KernelError):  # noqa: N818 - a word of the architecture
    """What happened must not happen: a defect, a forgery, a mismatch (clause 3.4)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
