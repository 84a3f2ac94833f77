"""Where people click: in a photo or on the orthomosaic, and the mark that becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.control.centred import centred_mark
from imaging.control.centring import Refused
from imaging.control.lines import shown
from imaging.control.points import Mark
from imaging.marking.opened import MarkingScene
from imaging.marking.sights import sights
from imaging.photos import Pixels
from missions.errors import InputError
from ops.marking.photo_files import PhotoPaths


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a photo, or on the orthomosaic where `photo` is empty. (0.5, 0.5) is a pixel's centre."""

    photo: str
    x_px: float
    y_px: float
    sigma_px: float

    def mark(self, who: str, now: str) -> Mark:
        """The mark that it is."""
        return Mark(self.photo, self.x_px, self.y_px, self.sigma_px, who, now)


def on_photo(scene: MarkingScene, spot: Spot) -> Spot:
    """The photo that shows a spot of the orthomosaic best, of those that it was drawn from.

    Raises InputError where none does.
    """
    place = scene.drawn_place(spot.x_px, spot.y_px)
    drawn = {each["path"] for each in scene.made.report["photos"] if each["drawn"]}
    views = [view for view in scene.made.adjusted.views if view.name in drawn]
    seen = sights(place, views, scene.made.adjusted.lenses)
    if not seen or not seen[0].inside:
        raise InputError("no photo shows this place", remedy="Mark it in a photo")
    best = seen[0]
    sigma_px = max(0.5, spot.sigma_px * scene.grid.cell_m * best.pixels_per_m)
    return Spot(best.photo, best.x_px, best.y_px, min(100.0, sigma_px))


def check_spot(photos: PhotoPaths, spot: Spot) -> None:
    """Raises InputError for a spot that lies in no photo of the scene."""
    photo = photos.photos.get(spot.photo)
    if photo is None:
        raise InputError("there is no such photo in the scene", where=shown(spot.photo))
    if not (0 <= spot.x_px <= photo.width_px and 0 <= spot.y_px <= photo.height_px):
        raise InputError(
            "the mark lies beside the photo", where=f"{spot.photo}, {spot.x_px:.1f}, {spot.y_px:.1f}"
        )


def at_centre(mark: Mark, picture: Pixels) -> tuple[Mark, str]:
    """The mark at the centre of the target under it; else the mark as it is, and why."""
    found = centred_mark(mark, picture)
    return (mark, found.reason) if isinstance(found, Refused) else (found, "")
