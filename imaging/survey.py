"""Stage `photos`: every file in the folder, read or left out with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from imaging.factory_lens import factory_lens_from_json
from imaging.flight import FlightUse, use_from_json, with_flight
from imaging.lens_file import KeptLens, json_from_kept, kept_from_json, with_lenses
from imaging.lens_store import with_own_lenses
from imaging.photos import Photo, picture_files, read_photo
from imaging.pictures import Pictures
from imaging.priors import NO_PRIORS, Priors
from imaging.progress import Progress
from imaging.proving import prove
from imaging.scene import Scene, key_of
from missions.errors import FormatError, PhotoError
from missions.geodesy import GeoPoint, distance_m

STAGE = "photos"
LIMIT_FILES = 20_000
LIMIT_APART_M = 20_000.0
LEAST_PHOTOS = 3


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that takes no part, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """The photos that take part, by name relative to `folder`, and the rest. `key` names what they are.

    `lenses` are known from an earlier scene, `flight` says what a recording added to the photos.
    """

    folder: Path
    photos: dict[str, Photo]
    left_out: tuple[LeftOut, ...]
    key: str
    lenses: tuple[KeptLens, ...] = ()
    flight: FlightUse | None = None


def survey(
    folder: Path,
    scene: Scene,
    progress: Progress,
    *,
    files: Sequence[Path] | None = None,
    priors: Priors = NO_PRIORS,
    pictures: Pictures | None = None,
    unplaced: bool = False,
    by_control: bool = False,
) -> Survey:
    """Read every photo below `folder`, or only `files` of it, and write `stages/photos.json`.

    That a picture decodes is proved by decoding it small; `pictures` keeps what was decoded for later stages.
    Photos without a position are left out, unless `unplaced` asks for them and three others have one, or
    `by_control` says that surveyed points will place them; `priors` may give them one. Raises PhotoError
    where fewer than three can be used, naming why, InputError for a flight that is not theirs and
    SettingsError for a lens that is not.
    """
    files = picture_files(folder, leave_out=scene.folder) if files is None else files
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
            photos[name] = _usable(file, known, pictures)
        except PhotoError as error:
            left_out.append(LeftOut(name, error.what))
        progress.advance()
    photos = _without(_repeated, photos, left_out)
    flight = None
    if priors.flight is not None and photos:
        photos, flight = with_flight(photos, priors.flight, progress)
    keeps = () if by_control else (_unplaced_beside_placed if unplaced else _unplaced,)
    for rule in (*keeps, _far_away):
        photos = _without(rule, photos, left_out)
    for item in left_out:
        progress.note(f"{item.name} is left out: {item.reason}")
    _check_enough(folder, photos, left_out)
    lenses = priors.lenses
    if lenses:
        photos = with_lenses(photos, lenses)
    elif priors.store:
        photos, lenses = with_own_lenses(photos, priors.store)
        if not lenses:
            progress.note("No kept lens is of these photos' cameras, by their serial numbers")
    for note in _of_no_camera(photos, lenses):
        progress.note(note)
    result = Survey(folder, photos, tuple(left_out), _key(photos, flight, lenses), lenses, flight)
    keep_survey(result, scene)
    return result


def keep_survey(result: Survey, scene: Scene) -> None:
    """Write `stages/photos.json`. Raises OutputError."""
    scene.keep(STAGE, result.key, _json_from_survey(result))


def _without(
    rule: Callable[[dict[str, Photo]], Iterable[LeftOut]], photos: dict[str, Photo], left_out: list[LeftOut]
) -> dict[str, Photo]:
    """The photos that the rule lets pass; the others join `left_out`."""
    refused = list(rule(photos))
    left_out += refused
    names = {item.name for item in refused}
    return {name: photo for name, photo in photos.items() if name not in names}


def _of_no_camera(photos: dict[str, Photo], lenses: Sequence[KeptLens]) -> Iterator[str]:
    """Which lenses nothing says to be of these very cameras."""
    for kept in lenses:
        if not any(kept.is_of(photo) for photo in photos.values()):
            yield f"The lens of {kept.name}, tells no serial number that the photos tell: it may be another's"


def _key(photos: dict[str, Photo], flight: FlightUse | None, lenses: Sequence[KeptLens]) -> str:
    """What the photos are, and what they were given."""
    given: list[object] = [{name: photo.sha256 for name, photo in photos.items()}]
    if flight is not None:
        given.append({name: asdict(replace(photo, path=Path())) for name, photo in photos.items()})
    if lenses:
        given.append([json_from_kept(kept) for kept in lenses])
    return key_of(STAGE, *given)


def kept_survey(scene: Scene) -> Survey:
    """What was found when the scene was made, without looking at the photos. Raises FormatError."""
    record = scene.read(STAGE)
    try:
        if record is None:
            raise ValueError("there is none")  # noqa: TRY301 - one error for whatever is wrong
        return Survey(
            folder=Path(record["folder"]),
            photos={each["path"]: _photo_from_json(each) for each in record["photos"]},
            left_out=tuple(LeftOut(**each) for each in record["left_out"]),
            key=str(record["key"]),
            lenses=tuple(kept_from_json(each) for each in record.get("lenses", ())),
            flight=use_from_json(record["flight"]) if record.get("flight") else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the record of the photos is broken ({error})",
            where=str(scene.stages / f"{STAGE}.json"),
            remedy="Make the scene again",
        ) from error


def _usable(file: Path, decoded_before: frozenset[str], pictures: Pictures | None) -> Photo:
    """The photo's metadata, once its pixels are known to decode to the end."""
    photo = read_photo(file)
    if min(photo.width_px, photo.height_px) < 64:
        raise PhotoError(
            f"the picture is too small ({photo.width_px} x {photo.height_px} pixels)", where=str(file)
        )
    if photo.sha256 not in decoded_before:
        prove(photo, pictures)
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


def _unplaced_beside_placed(photos: dict[str, Photo]) -> Iterator[LeftOut]:
    """Photos without a position where too few others could place them."""
    placed = sum(photo.place is not None for photo in photos.values())
    return iter(()) if placed >= LEAST_PHOTOS else _unplaced(photos)


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
    if len(photos) >= LEAST_PHOTOS:
        return
    if left_out and all(item.reason == "it has no GPS position" for item in left_out) and not photos:
        raise no_position(folder)
    reasons = "; ".join(f"{item.name}: {item.reason}" for item in left_out[:5])
    more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    raise PhotoError(
        f"{len(photos)} usable photos, at least {LEAST_PHOTOS} are needed"
        + (f" ({reasons}{more})" if reasons else ""),
        where=str(folder),
        remedy="Take photos that overlap by 60 % or more",
    )


def no_position(folder: Path) -> PhotoError:
    """What to say where nothing places the scene."""
    return PhotoError(
        "no photo has a GPS position, so the scene cannot be placed on the map",
        where=str(folder),
        remedy="Use the drone's original files; editors and messengers strip the position. Or give three "
        "surveyed points or more with heights, marked in the photos",
    )


def _json_from_survey(result: Survey) -> dict[str, Any]:
    return {
        "folder": str(result.folder.resolve()),
        "photos": [json_from_photo(name, photo) for name, photo in result.photos.items()],
        "left_out": [asdict(item) for item in result.left_out],
        "lenses": [json_from_kept(kept) for kept in result.lenses],
        "flight": None if result.flight is None else asdict(result.flight),
    }


def json_from_photo(name: str, photo: Photo) -> dict[str, Any]:
    """The photo's metadata as plain values, under its name in the folder."""
    return {**asdict(photo), "path": name}


def _photo_from_json(body: dict[str, Any]) -> Photo:
    place, factory = body["place"], body.get("factory_lens")
    read = {
        "path": Path(body["path"]),
        "place": None if place is None else GeoPoint(**place),
        "factory_lens": factory_lens_from_json(factory),
    }
    return Photo(**{**body, **read})
