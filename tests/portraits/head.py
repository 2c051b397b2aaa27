"""A head as a surface: where each point lies, and which colour it has.

Centimetres, x to the viewer's right, y up, z to the viewer; the origin lies between the
eyes and the mouth. The surface is an oval of known widths and depths with bumps for
nose, lips, brows and chin; features are painted on it.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

_Array = Any  # numpy, whose types this version does not tell a checker of another
Colour = tuple[float, float, float]

_COLUMNS: Final = 640
_ROWS: Final = 760
_REACH: Final = 0.62  # of half a turn to either side: what lies behind is never seen
_CHIN, _CROWN = -9.6, 11.5
# Height: half width, depth.
_OUTLINE: Final = (
    (-9.6, 1.2, 2.4),
    (-9.0, 3.2, 4.2),
    (-7.5, 5.0, 5.2),
    (-5.0, 6.4, 5.8),
    (-2.0, 7.0, 6.2),
    (1.0, 7.35, 6.4),
    (4.0, 7.4, 6.6),
    (7.0, 7.0, 6.2),
    (9.5, 5.4, 4.6),
    (11.0, 2.6, 2.2),
    (11.5, 0.3, 0.2),
)
_TEETH: Final = (232, 226, 214)
_THROAT: Final = (58, 20, 20)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who it is; `seed` is for the grain of skin and hair."""

    seed: int = 0
    skin: Colour = (224, 182, 155)
    hair: Colour = (45, 32, 26)
    hairline: float = 6.6
    width: float = 1.0
    length: float = 1.0
    beard: float = 0.0
    scarf: Colour | None = None


@dataclass(frozen=True, kw_only=True)
class Face:
    """What it does: shares of the widest opening, and of open eyes."""

    mouth: float = 0.0
    smile: float = 0.0
    eyes: float = 1.0


@dataclass(slots=True)
class Surface:
    """Points of the head, row by row, and their colours (0 to 255)."""

    x: _Array
    y: _Array
    z: _Array
    colour: _Array

    def paint(self, share: _Array, colour: Any) -> None:  # noqa: ANN401 - of numpy
        """Lay a colour over the surface, as thick as `share` says."""
        thick = np.clip(share, 0, 1)[..., None]
        self.colour = self.colour * (1 - thick) + thick * np.asarray(colour)


def bump(distance: _Array, width: float | _Array) -> _Array:
    """A bell of height one."""
    return np.exp(-0.5 * (distance / width) ** 2)


def step(value: _Array, low: float, high: float) -> _Array:
    """From nought at `low` to one at `high`, smoothly."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def head(person: Person, face: Face) -> Surface:
    """The whole head, looking at the viewer."""
    grain = _Grain(person.seed)
    angle = np.linspace(-np.pi * _REACH, np.pi * _REACH, _COLUMNS)[None, :]
    height = np.linspace(_CHIN, _CROWN, _ROWS)[:, None]
    tall, wide, deep = (np.array(column) for column in zip(*_OUTLINE, strict=True))
    half, depth = (
        _smoothed(np.interp(height[:, 0], tall, measure))[:, None]
        for measure in (wide, deep)
    )
    x = person.width * half * np.sin(angle)
    y = np.broadcast_to(height, x.shape).copy()
    front = step(np.cos(angle), 0.05, 0.4)
    z = depth * np.cos(angle) + _relief(x, y) * front
    colour = np.empty((*x.shape, 3))
    colour[:] = person.skin
    surface = Surface(x, y, z, colour * (1 + 0.10 * grain.fine)[..., None])
    _paint_skin(surface, person, front)
    _paint_eyes(surface, person, face, front)
    _paint_mouth(surface, person, face, front)
    _cover(surface, person, grain)
    surface.y = surface.y * person.length
    return surface


class _Grain:
    """Noise of skin and of strands, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        source = np.random.default_rng(seed)
        shape = (_ROWS, _COLUMNS)
        self.fine = cv2.GaussianBlur(source.standard_normal(shape), (0, 0), 1.0)
        self.strands = cv2.GaussianBlur(
            source.standard_normal(shape), (0, 0), sigmaX=0.7, sigmaY=6
        )


def _smoothed(line: _Array) -> _Array:
    reach = 36
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    return np.convolve(np.pad(line, reach, mode="edge"), kernel, "valid")


def _relief(x: _Array, y: _Array) -> _Array:
    """Nose with its wings, sockets with eyeballs, brows, lips, chin, cheeks."""
    side = np.abs(x)
    ridge = np.interp(
        y, (-2.6, -1.9, -1.0, 0.5, 2.0, 3.4, 4.5), (0, 0.9, 2.6, 1.9, 1.1, 0.5, 0.1)
    )
    narrow = np.interp(y, (-2.6, -1.0, 1.0, 3.4), (1.3, 1.15, 0.85, 0.9))
    nose = cv2.GaussianBlur(ridge, (1, 27), 0) * bump(x, narrow)
    nose += 0.55 * bump(side - 1.45, 0.5) * bump(y + 1.25, 0.5)
    eyes = -0.75 * bump(side - 3.1, 1.5) * bump(y - 2.5, 0.95)
    eyes += 0.4 * bump(side - 3.1, 1.0) * bump(y - 2.45, 0.55)
    eyes += 0.35 * bump(side - 2.8, 2.2) * bump(y - 4.1, 0.6)
    lips = 0.55 * bump(x, 2.2) * bump(y + 4.2, 1.1)
    lips -= 0.18 * bump(x, 2.0) * bump(y + 4.05, 0.16)
    lips -= 0.25 * bump(x, 1.5) * bump(y + 5.7, 0.4)
    chin = 0.9 * bump(x, 2.2) * bump(y + 8.0, 1.2)
    cheeks = 0.3 * bump(side - 4.2, 1.6) * bump(y + 0.4, 1.6)
    return nose + eyes + lips + chin + cheeks


def _paint_skin(surface: Surface, person: Person, front: _Array) -> None:
    """Blood under the cheeks, nostrils, brows, and a beard if there is one."""
    x, y, side = surface.x, surface.y, np.abs(surface.x)
    skin, hair = np.array(person.skin), np.array(person.hair)
    blush = 0.5 * bump(side - 4.2, 1.5) * bump(y + 0.8, 1.4)
    blush = (blush + 0.4 * bump(x, 1.3) * bump(y + 1.2, 1.0))[..., None]
    surface.colour = surface.colour * (1 - blush * np.array((-0.04, 0.10, 0.12)))
    nostril = ((side - 0.72) / 0.42) ** 2 + ((y + 1.95) / 0.2) ** 2
    surface.paint(0.85 * step(-nostril, -1.4, -0.6) * front, skin * 0.28)
    along = (side - 3.2) / 2.0
    brow = 4.25 + 0.28 * (1 - along**2) - 0.12 * along
    thick = 0.30 - 0.10 * np.clip(along, -1, 1)
    ends = step(1.05 - np.abs(along), 0, 0.25)
    surface.paint(0.85 * ends * bump(y - brow, thick) * front, hair)
    jaw = step(-y, 2.2 + 0.02, 4.6) * (1 - bump(x, 2.6) * bump(y + 4.3, 1.0))
    surface.paint(0.75 * person.beard * jaw, hair * 1.2)


def _paint_eyes(surface: Surface, person: Person, face: Face, front: _Array) -> None:
    x, y, side = surface.x, surface.y, np.abs(surface.x)
    skin, across = np.array(person.skin), side - 3.15
    along = np.clip(across / 1.35, -1, 1)
    arch = np.sqrt(1 - along**2)
    centre = 2.55 + 0.10 * along  # the outer corner stands a little higher
    upper = centre + 0.62 * face.eyes * arch * (1 - 0.15 * along)
    lower = centre - 0.36 * face.eyes * arch
    within = np.abs(across) < 1.35
    eye = within * step(upper - y, 0, 0.06) * step(y - lower, 0, 0.06) * front
    iris = np.hypot(across + 0.02, y - 2.62)
    gleam = np.hypot(x - np.sign(x) * 3.15 - 0.18, y - 2.82)
    surface.paint(eye, (236, 230, 226))
    surface.paint(eye * step(-iris, -0.62, -0.56), (92, 62, 40))
    surface.paint(
        0.6 * eye * step(-iris, -0.62, -0.5) * step(iris, 0.45, 0.62), (40, 26, 18)
    )
    surface.paint(eye * step(-iris, -0.30, -0.24), (14, 10, 9))
    surface.paint(eye * step(-gleam, -0.13, -0.08), (252, 252, 252))
    surface.paint(0.9 * within * bump(y - upper, 0.085) * front, skin * 0.18)
    surface.paint(0.35 * within * bump(y - lower, 0.06) * front, skin * 0.4)
    fold = (np.abs(across) < 1.5) * bump(y - upper - 0.42, 0.08)
    surface.paint(0.28 * fold * front, skin * 0.45)
    inner = bump(side - 1.72, 0.13) * bump(y - 2.48, 0.12)
    surface.paint(0.6 * inner * face.eyes * front, (205, 130, 120))


def _paint_mouth(surface: Surface, person: Person, face: Face, front: _Array) -> None:
    """A smile draws the corners out and up and thins the lips; an open mouth shows."""
    x, y, side = surface.x, surface.y, np.abs(surface.x)
    skin, smile = np.array(person.skin), face.smile
    half = 2.45 + 0.75 * smile
    along = np.clip(x / half, -1, 1)
    out = np.abs(along)
    line = -4.15 + 0.95 * smile * out**2 - 0.10 * smile
    line = line + 0.06 * np.cos(3 * np.pi * along) * (1 - out)
    gap = face.mouth * 1.6 * np.sqrt(1 - along**2)
    top, bottom = line + 0.15 * gap, line - gap
    dip = 1 - 0.22 * bump(x, 0.3)
    upper = top + (0.62 - 0.16 * smile) * np.sqrt(1 - out**1.6) * dip
    lower = bottom - (0.80 - 0.2 * smile) * np.sqrt(1 - out**2.2)
    within = (side < half) * front
    lip = skin * np.array((0.82, 0.56, 0.56))
    surface.paint(
        0.8 * within * step(upper - y, 0, 0.12) * step(y - lower, 0, 0.14), lip
    )
    hole = within * step(top - y, -0.03, 0.05) * step(y - bottom, -0.03, 0.05)
    hole = hole * (gap > 0.02)
    surface.paint(hole, _THROAT)
    teeth = step(y - (top - 0.55 - 0.2 * face.mouth), 0, 0.1) * (side < 0.8 * half)
    surface.paint(hole * teeth, _TEETH)
    closed = 1 - step(np.asarray(face.mouth), 0.02, 0.08)
    crease = bump(y - line, 0.075) * step(1 - out, 0, 0.08)
    surface.paint(0.8 * closed * within * crease, lip * 0.35)
    corner = bump(side - half - 0.05, 0.22) * bump(y - (-4.15 + 0.85 * smile), 0.2)
    surface.paint(0.35 * corner * front, skin * 0.45)
    fold = bump(side - (3.9 - 0.125 * (y + 1.5)), 0.16)
    fold = fold * step(y, -4.5, -3.4) * step(-y, 0.8, 1.6)
    surface.paint(0.22 * smile * fold * front, skin * 0.4)


def _cover(surface: Surface, person: Person, grain: _Grain) -> None:
    """Hair, or a scarf over it and round the face."""
    x, y, side = surface.x, surface.y, np.abs(surface.x)
    edge = person.hairline - 0.20 * np.clip(side - 2.5, 0, None) ** 1.9
    temples = step(side, 6.2 * person.width, 6.7 * person.width)
    low = _CHIN if person.scarf is not None else -1.0
    hair = np.maximum(step(y - edge, -0.15, 0.25), temples * step(y, low, low + 1.5))
    if person.scarf is not None:
        cloth = np.array(person.scarf) * (1 + 0.15 * grain.fine)[..., None]
    else:
        cloth = np.array(person.hair) * (1 + 2.2 * grain.strands)[..., None]
    surface.paint(hair, np.clip(cloth, 0, 255))
    surface.x, surface.z = x * (1 + 0.05 * hair), surface.z + 0.35 * hair
