"""A client of the event load: commits events and keeps a journal of its own.

``python -m tests.faults.writer <name> <folder>``, with the environment of the
publisher. The file ``order`` in the folder says which journal to write and up to how
many events; the writer rests when it has asked for so many.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Final
from uuid import UUID

from kernel.errors import Transient
from kernel.events.contracts import ContractAnnulled
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from tests.faults.effects import PUBLISHER
from tests.faults.journal import Journal, Said

REST_S: Final = 0.1
SUBJECTS: Final = 64
MOST_EVENTS: Final = 20
WITHDRAWN_SHARE: Final = 0.05


class WithdrawnError(Exception):
    """The client changes its mind before the commit."""


def write(
    platform: Platform[PlatformSettings], journal: Journal, dice: random.Random
) -> int:
    """One unit of work with some events; how many were asked for."""
    withdrawn = dice.random() < WITHDRAWN_SHARE
    ids: list[str] = []
    try:
        with platform.database.begin(platform.context()) as tx:
            for _ in range(dice.randint(1, MOST_EVENTS)):
                contract = UUID(int=dice.randrange(SUBJECTS))
                event = ContractAnnulled(
                    contract_id=contract, client_id=contract, reason="load"
                )
                ids.append(str(tx.publish(event)))
            journal.say("-" if withdrawn else "+", ids)
            if withdrawn:
                raise WithdrawnError
    except WithdrawnError:
        return 0
    journal.say("=", ids)
    return len(ids)


def main(name: str, folder: Path) -> None:
    """Write until killed."""
    platform = Platform.open(read(PlatformSettings, prefix=PUBLISHER))
    dice = random.Random()
    shown = ""
    asked = 0
    journal: Journal | None = None
    while True:
        order = json.loads((folder / "order").read_text())
        if order["label"] != shown or journal is None:
            shown = order["label"]
            path = folder / f"{shown}.{name}"
            asked = len(Said.of([path]).asked) if path.exists() else 0
            journal = Journal(path)
        if asked >= order["ceiling"]:
            time.sleep(REST_S)
            continue
        try:
            asked += write(platform, journal, dice)
        except Transient:
            time.sleep(REST_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
