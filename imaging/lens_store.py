"""Lenses kept by aircraft: a folder of files, each of one camera by its serial number, with the date.

A lens is taken from it for the photos of that very camera or aircraft alone, the newest one of their zoom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from imaging.lens_file import KeptLens, lens_for, read_lenses, with_lenses, write_lenses
from imaging.photos import Photo
from missions.errors import InputError

LIMIT_FILES = 500


def read_store(folder: Path) -> tuple[KeptLens, ...]:
    """The lenses of all `.toml` files in the folder. Raises InputError and FormatError naming the file."""
    files = sorted(folder.glob("*.toml"))
    if len(files) > LIMIT_FILES:
        raise InputError(
            f"holds more than {LIMIT_FILES} lenses", where=str(folder), remedy="Take old ones out"
        )
    return tuple(kept for file in files for kept in read_lenses(file))


def with_own_lenses(
    photos: Mapping[str, Photo], store: Sequence[KeptLens]
) -> tuple[dict[str, Photo], tuple[KeptLens, ...]]:
    """The photos, those of a kept camera with the focal length of its lens, and the lenses that were taken.

    Raises SettingsError for photos whose own focal length contradicts their camera's lens.
    """
    taken: dict[str, KeptLens] = {}
    for name, photo in photos.items():
        kept = lens_for(photo, [each for each in store if each.is_of(photo)])
        if kept is not None:
            taken[name] = kept
    lenses = tuple({id(kept): kept for kept in taken.values()}.values())
    given = with_lenses({name: photos[name] for name in taken}, lenses)
    return {name: given.get(name, photo) for name, photo in photos.items()}, lenses


def keep_in_store(folder: Path, lenses: Sequence[KeptLens]) -> tuple[Path, ...]:
    """Write each lens into a file of its own, named by camera, serial number and date.

    Raises InputError for a lens whose photos told no serial number, OutputError.
    """
    for kept in lenses:
        if not (kept.camera_serial or kept.aircraft_serial):
            raise InputError(
                f"the photos of {kept.name} tell no serial number",
                where=str(folder),
                remedy="Name a file: --keep-lens CAMERA.toml",
            )
    return tuple(_written(folder, kept) for kept in lenses)


def _written(folder: Path, kept: KeptLens) -> Path:
    zoom = f"{kept.lens.focal_px:.0f}px"
    parts = (kept.model, kept.camera_serial or kept.aircraft_serial, zoom, kept.created[:10])
    path = folder / ("_".join(_plain(part) for part in parts if part) + ".toml")
    write_lenses(path, (kept,))
    return path


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text)
