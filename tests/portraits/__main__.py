"""``photo-venv/bin/python -m tests.portraits FOLDER [NAME …]``: draw the labelled set.

Writes JPEG files and ``labels.json``; names choose single pictures, ``NAME@6`` one six
times as wide and high, as cameras make them.
"""

import json
import sys
from multiprocessing import Pool
from pathlib import Path

import cv2

from tests.portraits.catalogue import Picture, pictures

TELL_EVERY = 50


def write(task: tuple[str, Path]) -> None:
    """Draw one picture of the set, by its name."""
    name, folder = task
    plain, _, factor = name.partition("@")
    picture = _all()[plain]
    quality = [cv2.IMWRITE_JPEG_QUALITY, picture.quality]
    rgb = picture.draw()
    if factor:
        rgb = cv2.resize(rgb, None, fx=int(factor), fy=int(factor))
    cv2.imwrite(str(folder / f"{name}.jpg"), rgb[..., ::-1], quality)


def main() -> None:
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    found = _all()
    names = wanted or list(found)
    folder.mkdir(parents=True, exist_ok=True)
    with Pool() as pool:
        tasks = [(name, folder) for name in names]
        for done, _ in enumerate(pool.imap_unordered(write, tasks), start=1):
            if done % TELL_EVERY == 0:
                sys.stderr.write(f"drawn: {done} of {len(names)} pictures\n")
    labels = {f"{name}.jpg": found[name.partition("@")[0]].label for name in names}
    (folder / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")


def _all() -> dict[str, Picture]:
    return {picture.name: picture for picture in pictures()}


if __name__ == "__main__":
    main()
