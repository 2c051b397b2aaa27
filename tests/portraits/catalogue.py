"""The labelled set: twelve heads of nobody, twenty-five pictures of each.

A label is the one thing wrong with a picture; what is right is only varied a little.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from tests.portraits.head import Face, Person
from tests.portraits.scene import Backdrop, Scene, nobody, render, side_by_side

_Array = Any  # numpy, whose types this version does not tell a checker of another

USUAL_QUALITY: Final = 92  # of JPEG

PEOPLE: Final = (
    Person(),
    Person(skin=(233, 196, 170), hair=(120, 84, 50), width=0.95, length=1.03),
    Person(skin=(214, 170, 138), hair=(22, 18, 16), width=1.05, hairline=6.2),
    Person(skin=(198, 150, 118), hair=(18, 14, 12), length=0.97),
    Person(skin=(171, 124, 94), hair=(20, 16, 14), width=0.97, hairline=7.2),
    Person(skin=(138, 96, 72), hair=(16, 12, 10), width=1.03),
    Person(skin=(104, 70, 52), hair=(14, 11, 10), length=1.04),
    Person(skin=(222, 184, 156), hair=(60, 44, 34), beard=1.0),
    Person(skin=(190, 144, 112), hair=(24, 18, 14), beard=0.8, width=1.04),
    Person(skin=(226, 188, 160), scarf=(120, 42, 62)),
    Person(skin=(205, 160, 128), scarf=(60, 92, 96), width=0.96),
    Person(skin=(230, 190, 168), hair=(168, 166, 162), hairline=7.6),
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture to be drawn; `label` is ``good``, or what is wrong with it."""

    name: str
    label: str
    draw: Callable[[], _Array]
    quality: int = USUAL_QUALITY


def pictures() -> Iterator[Picture]:
    """The whole set, in a fixed order."""
    for number, person in enumerate(PEOPLE):
        chance = np.random.default_rng(number)
        plain = replace(
            Scene(person=replace(person, seed=number)),
            yaw=float(chance.uniform(-3, 3)),
            roll=float(chance.uniform(-2, 2)),
            scale=float(chance.uniform(17, 22)),
            ambient=float(chance.uniform(0.5, 0.65)),
        )
        for name, label, scene in _scenes(plain):
            yield _of_scene(f"{number:02}-{name}", label, scene)
        yield Picture(
            name=f"{number:02}-compressed",
            label="photo_blurred",
            draw=_drawer(render, plain),
            quality=4,
        )
        other = replace(plain, person=PEOPLE[(number + 1) % len(PEOPLE)])
        yield Picture(
            name=f"{number:02}-two",
            label="photo_not_one_face",
            draw=_drawer(side_by_side, plain, other),
        )
        yield Picture(
            name=f"{number:02}-nobody",
            label="photo_not_one_face",
            draw=_drawer(nobody, plain),
        )


def _of_scene(name: str, label: str, scene: Scene) -> Picture:
    return Picture(name=name, label=label, draw=_drawer(render, scene))


def _drawer(draw: Callable[..., _Array], *scenes: Scene) -> Callable[[], _Array]:
    return lambda: draw(*scenes)


def _scenes(plain: Scene) -> Iterator[tuple[str, str, Scene]]:
    """Name, label and scene of what one head alone is needed for."""
    bright, grey = (250.0, 250.0, 250.0), (214.0, 214.0, 210.0)
    yield "good", "good", plain
    yield "good-white", "good", replace(plain, backdrop=Backdrop(colour=bright))
    yield "good-grey", "good", replace(plain, backdrop=Backdrop(colour=grey))
    front = "photo_not_front"
    yield "turned", front, replace(plain, yaw=plain.yaw + 32)
    yield "turned-back", front, replace(plain, yaw=plain.yaw - 32)
    yield "tilted", front, replace(plain, roll=plain.roll + 23)
    expression, mouth = "photo_expression", "photo_mouth_open"
    yield "smile", expression, replace(plain, face=Face(smile=1.0))
    yield "broad-smile", expression, replace(plain, face=Face(smile=1.3))
    yield "laugh", mouth, replace(plain, face=Face(smile=0.9, mouth=0.9))
    yield "speaking", mouth, replace(plain, face=Face(mouth=0.5))
    yield "gaping", mouth, replace(plain, face=Face(mouth=1.0))
    background = "photo_background"
    for name, backdrop in (
        ("dark", Backdrop(colour=(42, 46, 52))),
        ("coloured", Backdrop(colour=(60, 110, 200))),
        ("gradient", Backdrop(colour=(245, 245, 245), to=(70, 70, 70))),
        ("patterned", Backdrop(colour=(200, 190, 180), texture=40)),
    ):
        yield name, background, replace(plain, backdrop=backdrop)
    place, exposure = "photo_place", "photo_exposure"
    yield "far", place, replace(plain, scale=8)
    yield "aside", place, replace(plain, scale=14, shift=(110, 0))
    yield "eyes-closed", "photo_eyes", replace(plain, face=Face(eyes=0.0))
    yield "blurred", "photo_blurred", replace(plain, blur=6)
    yield "dim", exposure, replace(plain, exposure=0.28)
    yield "glaring", exposure, replace(plain, exposure=2.1)
    yield "side-light", exposure, replace(plain, light=(1.0, 0.1, 0.2), ambient=0.1)
