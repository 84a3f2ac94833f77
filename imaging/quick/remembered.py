"""Features kept in the scene, so that a folder that fills is not searched anew at every run.

They depend on the picture and on how closely it is searched, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np

from imaging.npz import AnyArray, Parts, begin_of, write_npz
from imaging.photos import Photo
from imaging.quick.features import Features, Search
from imaging.scene import Scene, key_of
from missions.files import writing_whole

STAGE = "features"
VERSION = 1


def remembered(scene: Scene, search: Search) -> Mapping[str, Features]:
    """The features of photos that were searched like this before, by the photo's SHA-256.

    They are read when they are asked for, which must be before others are kept.
    """
    if scene.kept(STAGE, _key(search)) is None:
        return {}
    return _Standing(_file(scene))


class _Standing(Mapping[str, Features]):
    """Features in the file of a scene."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with np.load(file, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["counts"]).tolist()
            names = [str(name) for name in arrays["sha256"]]
        self._rows = dict(zip(names, pairwise([0, *ends]), strict=True))
        self._pixels, self._descriptors = (begin_of(file, name)[0] for name in ("pixels", "descriptors"))

    def __getitem__(self, sha256: str) -> Features:
        first, last = self._rows[sha256]
        pixels = np.fromfile(self._file, np.float64, 2 * (last - first), offset=self._pixels + 16 * first)
        descriptors = np.fromfile(
            self._file, np.uint8, 128 * (last - first), offset=self._descriptors + 128 * first
        )
        return Features(pixels.reshape(-1, 2), descriptors.reshape(-1, 128))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def remember(scene: Scene, search: Search, photos: Mapping[str, Photo], features: Sequence[Features]) -> None:
    """Keep the features of these photos, in their order, for the next run. Raises OutputError."""
    file = _file(scene)
    rows = sum(len(found) for found in features)
    arrays: dict[str, AnyArray | Parts] = {
        "sha256": np.array([photo.sha256 for photo in photos.values()]),
        "counts": np.array([len(found) for found in features]),
        "pixels": Parts((rows, 2), (found.pixels for found in features)),
        "descriptors": Parts((rows, 128), (found.descriptors for found in features)),
    }
    with writing_whole(file) as temporary:
        write_npz(temporary, arrays)
    scene.keep(STAGE, _key(search), {"photos": len(photos)}, [file])


def _key(search: Search) -> str:
    return key_of(STAGE, VERSION, asdict(search))


def _file(scene: Scene) -> Path:
    return scene.stages / f"{STAGE}.npz"
