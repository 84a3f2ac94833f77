"""Features kept in the scene, so that a folder that fills is not searched anew at every run.

They depend on the picture and on how closely it is searched, and on nothing else.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.photos import Photo
from imaging.quick.features import Features, Search
from imaging.scene import Scene, key_of
from missions.files import writing_whole

STAGE = "features"
VERSION = 1


def remembered(scene: Scene, search: Search) -> dict[str, Features]:
    """The features of photos that were searched like this before, by the photo's SHA-256."""
    if scene.kept(STAGE, _key(search)) is None:
        return {}
    with np.load(_file(scene), allow_pickle=False) as arrays:
        ends = np.cumsum(arrays["counts"])[:-1]
        parts = (np.split(arrays[name], ends) for name in ("pixels", "descriptors"))
        names = [str(name) for name in arrays["sha256"]]
        return {name: Features(*found) for name, *found in zip(names, *parts, strict=True)}


def remember(scene: Scene, search: Search, photos: Mapping[str, Photo], features: Sequence[Features]) -> None:
    """Keep the features of these photos, in their order, for the next run. Raises OutputError."""
    file = _file(scene)
    with writing_whole(file) as temporary, zipfile.ZipFile(temporary, "w") as target:
        _write(target, "sha256", [np.array([photo.sha256 for photo in photos.values()])])
        _write(target, "counts", [np.array([len(found) for found in features])])
        _write(target, "pixels", [found.pixels for found in features])
        _write(target, "descriptors", [found.descriptors for found in features])
    scene.keep(STAGE, _key(search), {"photos": len(photos)}, [file])


def _write(target: zipfile.ZipFile, name: str, parts: Sequence[npt.NDArray[Any]]) -> None:
    """One array of an `.npz`, written part by part: joined first it would be held twice."""
    rows = sum(len(part) for part in parts)
    header = {
        "descr": np.lib.format.dtype_to_descr(parts[0].dtype),
        "fortran_order": False,
        "shape": (rows, *parts[0].shape[1:]),
    }
    with target.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part).data)


def _key(search: Search) -> str:
    return key_of(STAGE, VERSION, asdict(search))


def _file(scene: Scene) -> Path:
    return scene.stages / f"{STAGE}.npz"
