"""What the reader of the demonstration sees: one line per step, with the time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console


@dataclass(slots=True)
class View:
    """A running account on the terminal; plain lines where there is none."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    began: float = field(default_factory=time.monotonic)

    def chapter(self, title: str) -> None:
        """A heading."""
        self.console.print(f"\n[bold]{title}[/bold]")

    @contextmanager
    def step(self, text: str, clause: str = "") -> Iterator["Step"]:
        """A step that is under way, then done; its note is printed beside it."""
        step = Step()
        started = time.monotonic()
        with self.console.status(f"{text} …"):
            yield step
        now = time.monotonic()
        mark = "[red]✗ refused[/red]" if step.refused else "[green]✓[/green]"
        where = f" [dim]({clause})[/dim]" if clause else ""
        note = f" — {step.note}" if step.note else ""
        self.console.print(
            f"[dim]{now - self.began:6.1f} s[/dim] [dim]+{now - started:4.1f}[/dim] "
            f"{mark} {text}{where}{note}",
            soft_wrap=True,
        )

    def say(self, text: str) -> None:
        """A plain sentence."""
        self.console.print(text, soft_wrap=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the view was opened."""
        return time.monotonic() - self.began


@dataclass(slots=True)
class Step:
    """What a step has to say when it is done."""

    note: str = ""
    refused: bool = False

    def refuse(self, note: str) -> None:
        """The platform said no, as it must here."""
        self.refused, self.note = True, note
