"""A head before a camera: turned, lit, before a background, taken well or badly."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from tests.portraits.head import Colour, Face, Person, Surface, bump, head, step

_Array = Any  # numpy, whose types this version does not tell a checker of another

WIDTH: Final = 480
HEIGHT: Final = 640
_NEAR: Final = 0.008  # per centimetre: what is nearer is larger
_SHIRT: Final = (70, 84, 110)
_EYE_LEVEL: Final = 0.46  # of the height: where the head's origin stands


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """Plain in one colour; `to` makes a gradient downwards, `texture` a pattern."""

    colour: Colour = (235, 235, 235)
    to: Colour | None = None
    texture: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture. Angles in degrees, `scale` in pixels per centimetre, `shift` in
    pixels, `light` a direction to the lamp, `blur` a sigma in pixels.
    """

    person: Person = field(default_factory=Person)
    face: Face = field(default_factory=Face)
    backdrop: Backdrop = field(default_factory=Backdrop)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 20.0
    shift: tuple[float, float] = (0.0, 0.0)
    light: tuple[float, float, float] = (0.1, 0.35, 0.9)
    ambient: float = 0.55
    exposure: float = 1.0
    blur: float = 0.0


def render(scene: Scene) -> _Array:
    """The picture, RGB, three bytes a pixel."""
    picture = _backdrop(scene)
    _dress(picture, scene)
    _splat(picture, scene, head(scene.person, scene.face))
    picture = np.clip(picture * scene.exposure, 0, 255).astype(np.uint8)
    # Holes between the points of the surface close, single bright points vanish.
    picture = cv2.medianBlur(picture, 3)
    if scene.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), scene.blur)
    return picture


def side_by_side(left: Scene, right: Scene) -> _Array:
    """Two people in one picture."""
    halves = [render(scene)[:, WIDTH // 8 : -WIDTH // 8] for scene in (left, right)]
    return np.ascontiguousarray(np.concatenate(halves, axis=1))


def nobody(scene: Scene) -> _Array:
    """The background alone."""
    return np.clip(_backdrop(scene) * scene.exposure, 0, 255).astype(np.uint8)


def _backdrop(scene: Scene) -> _Array:
    back = scene.backdrop
    picture = np.empty((HEIGHT, WIDTH, 3), np.float32)
    share = np.linspace(0, 1, HEIGHT)[:, None, None]
    end = np.array(back.colour if back.to is None else back.to)
    picture[:] = np.array(back.colour) * (1 - share) + end * share
    if back.texture:
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
        waves = np.sign(np.sin(x / 9) * np.sin(y / 13))
        picture += back.texture * waves[..., None]
    return picture


def _dress(picture: _Array, scene: Scene) -> None:
    """Neck and shoulders, flat: no measure looks at them."""
    across, down = _origin(scene)
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = (column - across) / scene.scale, (down - row) / scene.scale
    neck = (np.abs(x) < 4.3 + 0.15 * np.clip(-y - 9, 0, 9)) & (y < -4)
    shade = (1 - 0.28 * (x / 5) ** 2) * (0.72 + 0.28 * step(-y, 7, 12))
    skin = np.array(scene.person.skin) * 0.80
    picture[neck] = (skin * shade[..., None])[neck]
    slope = 0.045 * np.clip(np.abs(x) - 4.2, 0, None) ** 1.75
    cloth = y < -12.2 - slope - 1.6 * bump(x, 3.0)
    folds = 0.85 + 0.15 * np.cos(x / 6)
    picture[cloth] = (np.array(_SHIRT) * folds[..., None])[cloth]


def _origin(scene: Scene) -> tuple[float, float]:
    return WIDTH / 2 + scene.shift[0], HEIGHT * _EYE_LEVEL + scene.shift[1]


def _splat(picture: _Array, scene: Scene, surface: Surface) -> None:
    """Draw the points of the surface, the farthest first."""
    points = np.stack([surface.x, surface.y, surface.z - 1.0], axis=-1)
    points = points @ _turn(scene).T
    normal = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    middle = tuple(side // 2 for side in normal.shape[:2])
    normal *= np.sign(normal[(*middle, 2)])
    colour = _lit(scene, surface.colour, normal)
    across, down = _origin(scene)
    near = scene.scale * (1 + points[..., 2] * _NEAR)
    column = np.rint(across + points[..., 0] * near).astype(int)
    row = np.rint(down - points[..., 1] * near).astype(int)
    seen = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    seen &= normal[..., 2] > -0.05
    order = np.argsort(points[..., 2][seen], kind="stable")
    picture[row[seen][order], column[seen][order]] = colour[seen][order]


def _lit(scene: Scene, colour: _Array, normal: _Array) -> _Array:
    """Diffuse light of one lamp and of the room, and a gleam on the skin."""
    lamp = np.array(scene.light) / math.hypot(*scene.light)
    half = lamp + np.array((0, 0, 1.0))
    half /= np.linalg.norm(half)
    direct = np.clip(normal @ lamp, 0, 1)
    gleam = np.clip(normal @ half, 0, 1) ** 22
    light = scene.ambient + (1.05 - scene.ambient) * direct
    return colour * light[..., None] + 22 * gleam[..., None]


def _turn(scene: Scene) -> _Array:
    yaw, pitch, roll = np.deg2rad((scene.yaw, scene.pitch, scene.roll))
    around_y = np.array(
        (
            (math.cos(yaw), 0, math.sin(yaw)),
            (0, 1, 0),
            (-math.sin(yaw), 0, math.cos(yaw)),
        )
    )
    around_x = np.array(
        (
            (1, 0, 0),
            (0, math.cos(pitch), -math.sin(pitch)),
            (0, math.sin(pitch), math.cos(pitch)),
        )
    )
    around_z = np.array(
        (
            (math.cos(roll), -math.sin(roll), 0),
            (math.sin(roll), math.cos(roll), 0),
            (0, 0, 1),
        )
    )
    return around_z @ around_y @ around_x
