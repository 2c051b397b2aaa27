"""The photo judge as it runs, and pictures of nobody to show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.onboarding.adapters.photo import SocketPhotoJudge
from services.onboarding.domain.portrait import Judgement, judge
from tests.portraits.booth import Running, drawn, running_judge
from tests.portraits.evaluation import limits

SHOWN = (
    *("00-good", "06-good", "07-good-grey", "09-good-white"),
    *("00-turned", "00-tilted", "01-smile", "02-gaping", "03-dark", "04-coloured"),
    *("00-gradient", "00-two", "00-nobody", "00-far", "00-eyes-closed", "00-blurred"),
    *("00-compressed", "00-dim", "00-side-light"),
)


@dataclass(frozen=True, slots=True)
class Booth:
    """The judge with the limits the platform starts with."""

    door: SocketPhotoJudge
    folder: Path
    running: Running

    def picture(self, name: str) -> bytes:
        return (self.folder / f"{name}.jpg").read_bytes()

    def judge(self, name: str) -> Judgement:
        return judge(self.door.look(self.picture(name)).measures, limits())


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Those of the labelled set that are shown here."""
    return drawn(*SHOWN)


@pytest.fixture(scope="session")
def booth(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[Booth]:
    with running_judge(tmp_path_factory.mktemp("booth")) as running:
        yield Booth(running.door, pictures, running)
