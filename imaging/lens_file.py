"""A camera's lens kept from one scene for the next: `CAMERA.toml`.

    format = "droneteam-lens"
    version = 1

    [[lens]]
    make = "DJI"                  model, width_px, height_px: which photos it is of
    camera_serial = "1W9DH8R00"   aircraft_serial: of which camera and aircraft, "" where no photo told
    focal_px = 2311.4             and the other parameters, as in `imaging.lens`
    [lens.sigma]
    focal_px = 1.2                one standard deviation of each
    [lens.from]
    scene = "A12 km 34"           created, photos, verdict: what it rests on

A lens is not the same for ever: the sigmas are widened by how far a zoom-less drone camera may wander between
flights (temperature, focus) before they weigh in the next scene.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from imaging.adjustment import Adjusted, LensPrior
from imaging.lens import Lens
from imaging.photos import Photo
from imaging.uncertainty import LENS_PARAMETERS, lens_sigmas
from missions.errors import FormatError, SettingsError
from missions.files import read_bounded, write_whole

FORMAT, VERSION = "droneteam-lens", 1
LIMIT_BYTES = 100_000
LIMIT_LENSES = 50
PARAMETERS = LENS_PARAMETERS[:-1]
"""All but how fast the sensor is read, which no scene finds."""
WANDER_FOCAL, WANDER_CENTRE = 0.001, 0.001
"""Shares of the focal length."""
WANDER_RADIAL, WANDER_TANGENTIAL = 0.002, 0.0002
FOCAL_APART = 0.1
SAME_ZOOM = 0.05


@dataclass(frozen=True, slots=True)
class KeptLens:
    """A lens, one standard deviation of each of PARAMETERS, whose photos it is of, and what it rests on."""

    make: str
    model: str
    lens: Lens
    sigma: Mapping[str, float]
    scene: str
    created: str
    photos: int
    verdict: str
    camera_serial: str = ""
    aircraft_serial: str = ""

    def contradicts(self, photo: Photo) -> str:
        """The serial number by which the photo is of another camera or aircraft, empty where none says so."""
        for what, own, other in (
            ("camera", self.camera_serial, photo.camera_serial),
            ("aircraft", self.aircraft_serial, photo.aircraft_serial),
        ):
            if own and other:
                return "" if own == other else f"{what} no. {other}, the lens of no. {own}"
        return ""

    def is_of(self, photo: Photo) -> bool:
        """Whether a serial number says that it is this very camera's."""
        same = (
            (self.camera_serial, photo.camera_serial),
            (self.aircraft_serial, photo.aircraft_serial),
        )
        return any(own and own == other for own, other in same) and not self.contradicts(photo)

    def fits(self, photo: Photo) -> bool:
        """Whether the photo is of this kind of camera and this size."""
        size = (photo.width_px, photo.height_px)
        return (photo.make, photo.model) == (self.make, self.model) and size == (
            self.lens.width_px,
            self.lens.height_px,
        )

    @property
    def name(self) -> str:
        """Camera and size, as people say it."""
        return camera_name(self.make, self.model, self.lens.width_px, self.lens.height_px)

    @property
    def prior(self) -> LensPrior:
        """How sure the lens is in another scene."""
        focal_px = self.lens.focal_px
        centre = max(self.sigma["centre_x_px"], self.sigma["centre_y_px"]) / focal_px
        tangential = max(self.sigma["tangential_x"], self.sigma["tangential_y"])
        return LensPrior(
            focal=math.hypot(self.sigma["focal_px"] / focal_px, WANDER_FOCAL),
            centre=math.hypot(centre, WANDER_CENTRE),
            radial=math.hypot(self.sigma["radial"], WANDER_RADIAL),
            radial2=math.hypot(self.sigma["radial2"], WANDER_RADIAL),
            tangential=math.hypot(tangential, WANDER_TANGENTIAL),
        )


def camera_name(make: str, model: str, width_px: int, height_px: int) -> str:
    """Camera and size, as people say it."""
    camera = " ".join(part for part in (make, model) if part) or "an unnamed camera"
    return f"{camera}, {width_px} x {height_px} pixels"


def kept_lenses(
    adjusted: Adjusted, photos: Mapping[str, Photo], scene: str, created: str, verdict: str
) -> tuple[KeptLens, ...]:
    """The lenses of an adjusted scene, ready to be written."""
    made = []
    sigmas = lens_sigmas(adjusted)
    for name, lens in adjusted.lenses.items():
        used = [photos[view.name] for view in adjusted.views if view.lens == name]
        if not used:
            continue
        made.append(
            KeptLens(
                make=used[0].make,
                model=used[0].model,
                lens=lens,
                sigma={key: sigmas[name][key] for key in PARAMETERS},
                scene=scene,
                created=created,
                photos=len(used),
                verdict=verdict,
                camera_serial=_only({photo.camera_serial for photo in used}),
                aircraft_serial=_only({photo.aircraft_serial for photo in used}),
            )
        )
    return tuple(made)


def _only(told: set[str]) -> str:
    return told.pop() if len(told) == 1 else ""


def write_lenses(path: Path, lenses: Sequence[KeptLens]) -> None:
    """Write the file whole. Raises OutputError."""
    lines = [f'format = "{FORMAT}"', f"version = {VERSION}"]
    for kept in lenses:
        lines += ["", "[[lens]]", f"make = {_text(kept.make)}", f"model = {_text(kept.model)}"]
        lines += [f"camera_serial = {_text(kept.camera_serial)}"]
        lines += [f"aircraft_serial = {_text(kept.aircraft_serial)}"]
        lines += [f"width_px = {kept.lens.width_px}", f"height_px = {kept.lens.height_px}"]
        lines += [f"{name} = {getattr(kept.lens, name)!r}" for name in PARAMETERS]
        lines += ["[lens.sigma]", *(f"{name} = {float(kept.sigma[name])!r}" for name in PARAMETERS)]
        lines += ["[lens.from]", f"scene = {_text(kept.scene)}", f"created = {_text(kept.created)}"]
        lines += [f"photos = {kept.photos}", f"verdict = {_text(kept.verdict)}"]
    write_whole(path, ("\n".join(lines) + "\n").encode())


def read_lenses(path: Path) -> tuple[KeptLens, ...]:
    """The lenses in a file. Raises InputError where it cannot be read, FormatError where it is another."""
    data = read_bounded(path, LIMIT_BYTES, "the file of lenses")
    try:
        body = tomllib.loads(data.decode())
        if body.get("format") != FORMAT:
            raise ValueError(f'its format is not "{FORMAT}"')  # noqa: TRY301 - one error for whatever is wrong
        if body.get("version") != VERSION:
            raise ValueError(f"it is of version {body.get('version')}, not {VERSION}")  # noqa: TRY301
        entries = body["lens"]
        if not isinstance(entries, list):
            raise ValueError("it holds no lens")  # noqa: TRY301, TRY004
        if not 1 <= len(entries) <= LIMIT_LENSES:
            raise ValueError(f"it holds {len(entries)} lenses")  # noqa: TRY301
        return tuple(_lens_of(entry) for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise FormatError(
            f"is no file of lenses ({reason})",
            where=str(path),
            remedy="Make it with `droneteam mosaic PHOTOS -o SCENE --keep-lens CAMERA.toml`",
        ) from error


def lens_for(photo: Photo, lenses: Sequence[KeptLens]) -> KeptLens | None:
    """The kept lens of this photo's camera, size and zoom, None where there is none.

    Of several those of its own serial number go first, then those whose focal length is nearest to what the
    photo tells (to within `SAME_ZOOM`), then the newest.
    """
    told_px = photo.focal_length_px
    fitting = [kept for kept in lenses if kept.fits(photo) and not kept.contradicts(photo)]
    fitting = [kept for kept in fitting if kept.is_of(photo)] or fitting

    def apart(kept: KeptLens) -> int:
        return round(abs(kept.lens.focal_px / (told_px or kept.lens.focal_px) - 1) / SAME_ZOOM)

    nearest = min(map(apart, fitting), default=0)
    return max(
        (kept for kept in fitting if apart(kept) == nearest), key=lambda kept: kept.created, default=None
    )


def with_lenses(photos: Mapping[str, Photo], lenses: Sequence[KeptLens]) -> dict[str, Photo]:
    """The photos, each with the focal length of its kept lens.

    Raises SettingsError for a photo of another camera, serial number or size, or whose own focal length
    contradicts it.
    """
    made: dict[str, Photo] = {}
    for name, photo in photos.items():
        kept = lens_for(photo, lenses)
        if kept is None:
            _refuse_serial(name, photo, lenses)
            own = camera_name(photo.make, photo.model, photo.width_px, photo.height_px)
            known = "; ".join(each.name for each in lenses)
            raise SettingsError(
                f"{name} is by {own}; the lens is of {known}",
                where="lens",
                remedy="Give the lens of this camera at this size, or none",
            )
        told_px = photo.focal_length_px
        if told_px is not None and abs(told_px / kept.lens.focal_px - 1) > FOCAL_APART:
            raise SettingsError(
                f"{name} tells a focal length of {told_px:.0f} pixels, the lens has {kept.lens.focal_px:.0f}",
                where="lens",
                remedy="Zoomed photos need a lens of their own",
            )
        made[name] = replace(photo, focal_length_px=kept.lens.focal_px)
    return made


def _refuse_serial(name: str, photo: Photo, lenses: Sequence[KeptLens]) -> None:
    for kept in lenses:
        if kept.fits(photo) and (why := kept.contradicts(photo)):
            raise SettingsError(
                f"{name} is of {why} ({kept.name})",
                where="lens",
                remedy="Give the lens of this very camera, or none",
            )


def json_from_kept(kept: KeptLens) -> dict[str, Any]:
    """Plain values."""
    return asdict(kept)


def kept_from_json(body: Mapping[str, Any]) -> KeptLens:
    """What `json_from_kept` wrote. Raises KeyError and TypeError as they come."""
    return KeptLens(**{**body, "lens": Lens(**body["lens"]), "sigma": dict(body["sigma"])})


def _lens_of(entry: Mapping[str, Any]) -> KeptLens:
    numbers = {name: _number(entry, name) for name in PARAMETERS}
    sigma = {name: _number(entry["sigma"], name) for name in PARAMETERS}
    width_px, height_px = int(entry["width_px"]), int(entry["height_px"])
    if not (64 <= width_px <= 100_000 and 64 <= height_px <= 100_000):
        raise ValueError(f"a picture of {width_px} x {height_px} pixels makes no sense")
    if not 0.2 * width_px <= numbers["focal_px"] <= 50 * width_px:
        raise ValueError(f"a focal length of {numbers['focal_px']:g} pixels makes no sense")
    if min(sigma.values()) < 0:
        raise ValueError("a standard deviation is below 0")
    source = entry["from"]
    return KeptLens(
        make=str(entry["make"]),
        model=str(entry["model"]),
        lens=Lens(width_px=width_px, height_px=height_px, focal_known=True, **numbers),
        sigma=sigma,
        scene=str(source["scene"]),
        created=str(source["created"]),
        photos=int(source["photos"]),
        verdict=str(source["verdict"]),
        camera_serial=str(entry.get("camera_serial", "")),
        aircraft_serial=str(entry.get("aircraft_serial", "")),
    )


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is no number")
    return float(value)


def _text(value: str) -> str:
    """A basic TOML string (toml.io/en/v1.0.0, "String"): JSON's, whose escapes are a part of TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
