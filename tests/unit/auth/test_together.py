"""Questions that go together: who waits for whom, and what an error is to them."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass, field

import pytest

from kernel.errors import Transient
from services.auth.gateway.together import Together

PATIENCE_S = 5


@dataclass
class Slow:
    """Answers even numbers with their text, each time it is let."""

    asked: list[set[int]] = field(default_factory=list)
    let: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    failing: bool = False

    async def __call__(self, numbers: Collection[int]) -> Mapping[int, str]:
        self.asked.append(set(numbers))
        await self.let.acquire()
        if self.failing:
            raise Transient("away")
        return {number: str(number) for number in numbers if number % 2 == 0}


def run(story: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(story, PATIENCE_S))


async def begun(
    *questions: Coroutine[object, object, str | None],
) -> "list[asyncio.Task[str | None]]":
    """Tasks that have asked already."""
    tasks = [asyncio.create_task(one) for one in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_one_alone_leaves_at_once_and_others_go_together_after_it() -> None:
    async def story() -> None:
        slow = Slow()
        together = Together(slow)
        first = await begun(together.ask(2))
        others = await begun(*(together.ask(n) for n in (4, 5, 6, 4)))
        assert slow.asked == [{2}]
        slow.let.release()
        slow.let.release()

        found = await asyncio.gather(*first, *others)
        assert found == ["2", "4", None, "6", "4"]
        assert slow.asked == [{2}, {4, 5, 6}]

    run(story())


def test_whoever_waits_when_it_fails_hears_of_it_and_the_next_is_asked_anew() -> None:
    """Nobody waits behind one silence for the next."""

    async def story() -> None:
        slow = Slow(failing=True)
        together = Together(slow)
        waiting = [*await begun(together.ask(2)), *await begun(together.ask(4))]
        slow.let.release()
        for one in waiting:
            with pytest.raises(Transient):
                await one
        slow.failing = False
        slow.let.release()

        assert await together.ask(6) == "6"
        assert slow.asked == [{2}, {6}]

    run(story())


def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    async def story() -> None:
        slow = Slow()
        together = Together(slow)
        (first,) = await begun(together.ask(2))
        (gone, stays) = await begun(together.ask(4), together.ask(4))
        gone.cancel()
        slow.let.release()
        slow.let.release()

        assert await first == "2"
        assert await stays == "4"

    run(story())
