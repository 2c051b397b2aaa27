"""Questions that go together: while one answer is on its way, others gather.

One question alone leaves at once and waits for nobody.  Under load many share a thread,
a connection and a round trip to the database, and the more there are, the less each
costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeAlias, TypeVar

QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")
_Waiting: TypeAlias = "tuple[QuestionT, asyncio.Future[AnswerT | None]]"


class Together(Generic[QuestionT, AnswerT]):
    """One kind of question, within one event loop.

    `ask` is called with all that have gathered and answers those it can.  How many
    gather is bounded by the number of connections the server takes.
    """

    def __init__(
        self,
        ask: Callable[[Collection[QuestionT]], Awaitable[Mapping[QuestionT, AnswerT]]],
    ) -> None:
        self._ask = ask
        self._gathered: list[_Waiting[QuestionT, AnswerT]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: QuestionT) -> AnswerT | None:
        """The answer, None when there is none; whatever error `ask` raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[AnswerT | None] = loop.create_future()
        self._gathered.append((question, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await answer

    async def _ask_all(self) -> None:
        try:
            while self._gathered:
                await self._ask_these(self._taken())
        finally:
            self._asking = None

    def _taken(self) -> "list[_Waiting[QuestionT, AnswerT]]":
        taken, self._gathered = self._gathered, []
        return taken

    async def _ask_these(self, asked: "list[_Waiting[QuestionT, AnswerT]]") -> None:
        try:
            found = await self._ask({question for question, _ in asked})
        except Exception as error:  # noqa: BLE001 - raised to everyone who asked
            # Who has gathered meanwhile has waited as long: nobody waits for two.
            for _, answer in (*asked, *self._taken()):
                if not answer.done():  # who has given up needs none
                    answer.set_exception(error)
        else:
            for question, answer in asked:
                if not answer.done():
                    answer.set_result(found.get(question))
