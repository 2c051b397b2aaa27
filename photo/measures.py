"""What can be counted on a portrait; no word of what is good or bad.

Three models, all inside the package mediapipe: a face detector, a mesh of 478 points,
a segmentation of person and background. The points are looked at here and forgotten
here: they are biometric data, and only the numbers below leave this module.

Angles are degrees, lengths shares of the named distance, light is L* of CIELAB (0 to
100) or grey (0 to 255). Indices are those of the mesh: outer corners of the eyes 33 and
263, top and chin 10 and 152, nose 1, corners of the mouth 61, 291, inner lips 13, 14.
"""

import math
from typing import Any, Final

import cv2
import mediapipe
import numpy as np

Measures = dict[str, float]
_Array = Any  # numpy, whose types this version does not tell a checker of another

LONGEST_SIDE: Final = 1024  # pixels: scale at which everything is measured
_MOST_FACES: Final = 3
_SURE: Final = 0.5
_MESH: Final = 468  # points of the face; the rest are those of the irises
_BACKGROUND: Final = 0.1  # probability of a person below which a pixel is background
_LEAST_BACKGROUND: Final = 0.05  # share of the picture, else nothing is said of it
_FACE_SIDE: Final = 256  # pixels: scale at which sharpness is measured
_CLIPPED: Final = 250  # grey from which a pixel is overexposed
_CANNY: Final = (60, 150)
_EYES: Final = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))


class Meter:
    """The three models, loaded once per process."""

    def __init__(self) -> None:
        solutions = mediapipe.solutions
        self._detector = solutions.face_detection.FaceDetection(
            model_selection=1, min_detection_confidence=_SURE
        )
        self._mesh = solutions.face_mesh.FaceMesh(
            static_image_mode=True,
            max_num_faces=_MOST_FACES,
            refine_landmarks=True,
            min_detection_confidence=_SURE,
        )
        self._segmenter = solutions.selfie_segmentation.SelfieSegmentation(
            model_selection=0
        )

    def measure(self, rgb: _Array) -> Measures:
        """Everything that can be measured on a picture of three bytes a pixel.

        Without exactly one mesh there is no face to measure: the counts alone.
        """
        rgb = _scaled(rgb)
        detections: list[Any] = self._detector.process(rgb).detections or []
        meshes: list[Any] = self._mesh.process(rgb).multi_face_landmarks or []
        found: Measures = {"detected": len(detections), "meshed": len(meshes)}
        if len(meshes) == 1:
            (mesh,) = meshes
            points = _points(mesh, rgb)
            found |= _pose(points) | _place(points, rgb) | _expression(points)
            found |= _light(_face(points, rgb))
            found |= self._background(rgb)
        return {name: round(float(value), 4) for name, value in found.items()}

    def _background(self, rgb: _Array) -> Measures:
        mask = self._segmenter.process(rgb).segmentation_mask < _BACKGROUND
        if mask.mean() < _LEAST_BACKGROUND:
            return {}
        lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
        light = lab[..., 0][mask] * (100 / 255)
        edges = cv2.Canny(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), *_CANNY)[mask]
        chroma = np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)[mask]
        return {
            "background_light": light.mean(),
            "background_dark": np.percentile(light, 10),
            "background_spread": light.std(),
            "background_edges": (edges > 0).mean(),
            "background_chroma": chroma.mean(),
        }


def _scaled(rgb: _Array) -> _Array:
    height, width = rgb.shape[:2]
    factor = LONGEST_SIDE / max(height, width)
    if factor >= 1:
        return rgb
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _points(mesh: Any, rgb: _Array) -> _Array:  # noqa: ANN401 - an untyped library's
    height, width = rgb.shape[:2]
    return np.array([(p.x * width, p.y * height, p.z * width) for p in mesh.landmark])


def _angle(points: _Array, start: int, end: int, *, across: int, along: int) -> float:
    step = points[end] - points[start]
    return math.degrees(math.atan2(step[across], step[along]))


def _pose(points: _Array) -> Measures:
    return {
        "yaw": _angle(points, 33, 263, across=2, along=0),
        "pitch": _angle(points, 10, 152, across=2, along=1),
        "roll": _angle(points, 33, 263, across=1, along=0),
    }


def _place(points: _Array, rgb: _Array) -> Measures:
    height, width = rgb.shape[:2]
    return {
        "face_height": (points[152, 1] - points[10, 1]) / height,
        "face_width": np.ptp(points[:_MESH, 0]),
        "off_centre": (points[1, 0] - width / 2) / width,
    }


def _expression(points: _Array) -> Measures:
    mouth = np.linalg.norm(points[61] - points[291])
    eyes = np.linalg.norm(points[33, :2] - points[263, :2])
    lips, corners = points[[13, 14], 1].mean(), points[[61, 291], 1].mean()
    return {
        "mouth_gap": np.linalg.norm(points[13] - points[14]) / mouth,
        "smile": (lips - corners) / eyes,
        "eyes": min(_aspect(points[list(eye), :2]) for eye in _EYES),
    }


def _aspect(eye: _Array) -> float:
    """Height over width of an eye (eye aspect ratio): corner, two lids, corner, two."""
    outer, up_1, up_2, inner, low_2, low_1 = eye
    heights = np.linalg.norm(up_1 - low_1) + np.linalg.norm(up_2 - low_2)
    return float(heights / (2 * np.linalg.norm(outer - inner)))


def _face(points: _Array, rgb: _Array) -> _Array:
    """The face in grey, at one scale."""
    corner = np.maximum(points[:_MESH, :2].min(axis=0), 0).astype(int)
    opposite = np.maximum(points[:_MESH, :2].max(axis=0).astype(int), corner + 1)
    cut = rgb[corner[1] : opposite[1], corner[0] : opposite[0]]
    if not cut.size:
        return np.zeros((_FACE_SIDE, _FACE_SIDE), np.uint8)
    return cv2.resize(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), (_FACE_SIDE, _FACE_SIDE))


def _light(face: _Array) -> Measures:
    brightness, half = max(float(face.mean()), 1.0), _FACE_SIDE // 2
    left, right = face[:, :half].mean(), face[:, half:].mean()
    return {
        "sharpness": cv2.Laplacian(face, cv2.CV_64F).var(),
        "brightness": brightness,
        "clipped": (face > _CLIPPED).mean(),
        "side_light": abs(left - right) / brightness,
    }
