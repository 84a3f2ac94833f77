"""One file with all that a training reads: pictures and boxes, so that it can travel to another machine.

python -m training.heat.pack --hituav FOLDER [--scenes FOLDER] -o PACK.npz
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.heat.dates import TEST, TRAINING

QUALITY = 90
"""Of WebP: 40 kB a frame, a mean difference of one grey level."""


@dataclass(frozen=True)
class Taken:
    """A frame of 8 bits (rows, columns), its (n, 5) boxes (left, top, right, bottom, class) and its date."""

    name: str
    date: str
    picture: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]


def hituav(folder: Path, dates: frozenset[str]) -> Iterator[Taken]:
    """HIT-UAV's frames of some dates (Suo et al., Scientific Data 10:227, 2023; CC BY 4.0)."""
    document = json.loads((folder / "annotations.json").read_text())
    boxes = defaultdict(list)
    for note in document["annotations"]:
        left, top, wide, high = note["bbox"]
        boxes[note["image_id"]].append((left, top, left + wide, top + high, note["category_id"]))
    for image in sorted(document["images"], key=lambda image: str(image["filename"])):
        if image["date_captured"] in dates:
            with Image.open(folder / "images" / image["filename"]) as file:
                picture = np.asarray(file.convert("L"))
            told = np.array(boxes[image["id"]], np.float32).reshape(-1, 5)
            yield Taken(image["filename"], image["date_captured"], picture, told)


def write_pack(path: Path, taken: list[Taken]) -> None:
    """Write frames and boxes as one `.npz` without pickles."""
    files = []
    for each in taken:
        held = BytesIO()
        Image.fromarray(each.picture).convert("RGB").save(held, "WEBP", quality=QUALITY, method=4)
        files.append(np.frombuffer(held.getvalue(), np.uint8))
    np.savez(
        path,
        bytes=np.concatenate(files),
        lengths=np.array([len(file) for file in files]),
        names=np.array([each.name for each in taken]),
        dates=np.array([each.date for each in taken]),
        boxes=np.concatenate([each.boxes for each in taken]),
        counts=np.array([len(each.boxes) for each in taken]),
    )


def read_pack(path: Path) -> list[Taken]:
    """The frames and boxes of a pack."""
    with np.load(path, allow_pickle=False) as pack:
        files = np.split(pack["bytes"], np.cumsum(pack["lengths"])[:-1])
        boxes = np.split(pack["boxes"], np.cumsum(pack["counts"])[:-1])
        told = zip(pack["names"], pack["dates"], files, boxes, strict=True)
        with ThreadPoolExecutor() as pool:
            pictures = pool.map(_opened, files)
            return [
                Taken(str(name), str(date), picture, box)
                for (name, date, _, box), picture in zip(told, pictures, strict=True)
            ]


def _opened(file: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    with Image.open(BytesIO(file.tobytes())) as picture:
        return np.asarray(picture.convert("L"))


def main() -> None:
    """Pack what a training takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hituav", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, help="a folder that training.heat.scenes has made")
    parser.add_argument("--test", action="store_true", help="the test dates instead, to be scored")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    taken = list(hituav(asked.hituav, TEST if asked.test else TRAINING))
    if asked.scenes is not None:
        taken += read_pack(asked.scenes / "scenes.npz")
    write_pack(asked.output, taken)
    print(f"{len(taken)} frames, {asked.output.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
