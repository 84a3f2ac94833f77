"""Stage `photos`: every file in the folder, read or left out with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imaging.photos import Photo, decode, picture_files, read_photo
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from missions.errors import PhotoError
from missions.geodesy import GeoPoint, distance_m

STAGE = "photos"
LIMIT_FILES = 20_000
LIMIT_APART_M = 20_000.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that takes no part, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """The photos that take part, by name relative to `folder`, and the rest. `key` names what they are."""

    folder: Path
    photos: dict[str, Photo]
    left_out: tuple[LeftOut, ...]
    key: str


def survey(folder: Path, scene: Scene, progress: Progress) -> Survey:
    """Read every photo below `folder` and write `stages/photos.json`.

    Raises PhotoError where fewer than three can be used, naming why.
    """
    files = picture_files(folder, leave_out=scene.folder)
    if len(files) > LIMIT_FILES:
        raise PhotoError(
            f"{len(files)} photos are more than the limit of {LIMIT_FILES}",
            where=str(folder),
            remedy="Make several scenes",
        )
    progress.stage(STAGE, len(files))
    known = _decoded_before(scene)
    photos: dict[str, Photo] = {}
    left_out: list[LeftOut] = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            photos[name] = _usable(file, known)
        except PhotoError as error:
            left_out.append(LeftOut(name, error.what))
        progress.advance()
    for rule in (_repeated, _unplaced, _far_away):
        refused = list(rule(photos))
        left_out += refused
        photos = {
            name: photo for name, photo in photos.items() if name not in {item.name for item in refused}
        }
    for item in left_out:
        progress.note(f"{item.name} is left out: {item.reason}")
    _check_enough(folder, photos, left_out)
    result = Survey(folder, photos, tuple(left_out), key_of(STAGE, {n: p.sha256 for n, p in photos.items()}))
    scene.keep(STAGE, result.key, _json_from_survey(result))
    return result


def _usable(file: Path, decoded_before: frozenset[str]) -> Photo:
    """The photo's metadata, once its pixels are known to decode to the end."""
    photo = read_photo(file)
    if min(photo.width_px, photo.height_px) < 64:
        raise PhotoError(
            f"the picture is too small ({photo.width_px} x {photo.height_px} pixels)", where=str(file)
        )
    if photo.sha256 not in decoded_before:
        decode(file, reduce=8)
    return photo


def _decoded_before(scene: Scene) -> frozenset[str]:
    record = scene.read(STAGE) or {}
    return frozenset(str(photo.get("sha256")) for photo in record.get("photos", []))


def _repeated(photos: dict[str, Photo]) -> Iterator[LeftOut]:
    first: dict[str, str] = {}
    for name, photo in photos.items():
        if photo.sha256 in first:
            yield LeftOut(name, f"it is the same file as {first[photo.sha256]}")
        first.setdefault(photo.sha256, name)


def _unplaced(photos: dict[str, Photo]) -> Iterator[LeftOut]:
    return (LeftOut(name, "it has no GPS position") for name, photo in photos.items() if photo.place is None)


def _far_away(photos: dict[str, Photo]) -> Iterator[LeftOut]:
    places = {name: photo.place for name, photo in photos.items() if photo.place is not None}
    if not places:
        return
    middle = GeoPoint(
        float(np.median([place.lat_deg for place in places.values()])),
        float(np.median([place.lon_deg for place in places.values()])),
    )
    for name, place in places.items():
        apart_m = distance_m(middle, place)
        if apart_m > LIMIT_APART_M:
            yield LeftOut(name, f"its position lies {apart_m / 1000:.0f} km from the others")


def _check_enough(folder: Path, photos: dict[str, Photo], left_out: list[LeftOut]) -> None:
    if len(photos) >= 3:
        return
    if left_out and all(item.reason == "it has no GPS position" for item in left_out) and not photos:
        raise PhotoError(
            "no photo has a GPS position, so the scene cannot be placed on the map",
            where=str(folder),
            remedy="Use the drone's original files; editors and messengers strip the position",
        )
    reasons = "; ".join(f"{item.name}: {item.reason}" for item in left_out[:5])
    more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    raise PhotoError(
        f"{len(photos)} usable photos, at least 3 are needed" + (f" ({reasons}{more})" if reasons else ""),
        where=str(folder),
        remedy="Take photos that overlap by 60 % or more",
    )


def _json_from_survey(result: Survey) -> dict[str, Any]:
    return {
        "folder": str(result.folder),
        "photos": [json_from_photo(name, photo) for name, photo in result.photos.items()],
        "left_out": [asdict(item) for item in result.left_out],
    }


def json_from_photo(name: str, photo: Photo) -> dict[str, Any]:
    """The photo's metadata as plain values, under its name in the folder."""
    return {**asdict(photo), "path": name}
