"""The marks of a scene moved to the centres of the targets under them, and what came of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imaging.control.centring import Refused, centre_near
from imaging.control.points import Click, Mark
from imaging.control.scene import SceneControl
from imaging.photos import Pixels
from imaging.progress import Progress

STAGE = "photos: centres of marks"
MODEL_PX = 0.1
"""What lens and shutter leave out at one place of a photo, one standard deviation: no mark weighs more. An
assumption; a centre itself is surer."""


@dataclass(frozen=True, slots=True)
class NotCentred:
    """A mark that stays where it was clicked, and why."""

    point: str
    photo: str
    reason: str


def centred_mark(mark: Mark, picture: Pixels) -> Mark | Refused:
    """The mark at the centre of the target under it, with the click that it was.

    Its standard deviation is that of the centre and `MODEL_PX` together.
    """
    found = centre_near(picture, mark.x_px, mark.y_px, mark.sigma_px)
    if isinstance(found, Refused):
        return found
    click = Click(mark.x_px, mark.y_px, mark.sigma_px)
    sigma_px = math.hypot(found.sigma_px, MODEL_PX)
    return replace(mark, x_px=found.x_px, y_px=found.y_px, sigma_px=sigma_px, click=click)


def centred_control(
    control: SceneControl, picture: Callable[[str], Pixels], progress: Progress
) -> tuple[SceneControl, tuple[NotCentred, ...]]:
    """The same control with its marks centred, but those that are already, and the marks that stay.

    `picture` decodes a photo by its name; each is asked for once. Raises what it raises.
    """
    photos = dict.fromkeys(
        mark.photo for marks in control.marks.values() for mark in marks if mark.click is None
    )
    progress.stage(STAGE, len(photos))
    moved: dict[tuple[str, str], Mark] = {}
    stay: list[NotCentred] = []
    for photo in photos:
        pixels = picture(photo)
        for name, mark in _marks_in(control, photo):
            found = centred_mark(mark, pixels)
            if isinstance(found, Refused):
                stay.append(NotCentred(name, photo, found.reason))
            else:
                moved[name, photo] = found
        progress.advance()
    marks = {
        name: tuple(moved.get((name, mark.photo), mark) for mark in each)
        for name, each in control.marks.items()
    }
    return replace(control, marks=marks), tuple(stay)


def centring_report(
    marks: Mapping[str, Sequence[Mark]], not_centred: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """How many marks were moved and how far, pixels, each by itself too, and which stay, with the reason."""
    moved: list[dict[str, Any]] = [
        {
            "point": name,
            "photo": mark.photo,
            "shift_px": [mark.x_px - mark.click.x_px, mark.y_px - mark.click.y_px],
            "sigma_px": mark.sigma_px,
        }
        for name, each in marks.items()
        for mark in each
        if mark.click is not None
    ]
    lengths_px = [math.hypot(*each["shift_px"]) for each in moved]
    return {
        "marks": sum(len(each) for each in marks.values()),
        "centred": len(moved),
        "shift_median_px": float(np.median(lengths_px)) if moved else None,
        "shift_max_px": max(lengths_px, default=None),
        "moved": moved,
        "not_centred": [dict(each) for each in not_centred],
    }


def _marks_in(control: SceneControl, photo: str) -> Iterator[tuple[str, Mark]]:
    for name, marks in control.marks.items():
        for mark in marks:
            if mark.photo == photo and mark.click is None:
                yield name, mark
