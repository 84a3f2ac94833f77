"""What was surveyed on the ground, and where it is seen in the photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

ELLIPSOIDAL, NAP, UNKNOWN, SITE = "ellipsoidal", "nap", "unknown", "local"
"""Height references by name; others keep the name of their datum in small letters, such as `egm96`."""


class Role(StrEnum):
    """Whether something shapes the adjustment, or is only compared with its outcome."""

    CONTROL = "control"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Listed:
    """A point as its file lists it, in the file's own coordinate system: x is east or longitude.

    What the file does not tell is None. `line` is where it stands there.
    """

    name: str
    x: float
    y: float
    z: float | None
    sigma_horizontal_m: float | None = None
    sigma_up_m: float | None = None
    role: Role = Role.CONTROL
    line: int = 0


@dataclass(frozen=True, slots=True)
class SurveyedPoint:
    """A point with a place on the earth, degrees and metres.

    `height_m` is above `height_reference`, None where nobody measured it. A sigma is one standard deviation:
    of east and of north each, and of the height.
    """

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float | None
    height_reference: str
    sigma_horizontal_m: float
    sigma_up_m: float
    role: Role = Role.CONTROL


@dataclass(frozen=True, slots=True)
class SitePoint:
    """A point in a frame of the site's own, metres: only distances between such points mean anything.

    x and y are level, x to the right of y as seen from above; z is up, None where nobody measured it.
    """

    name: str
    x_m: float
    y_m: float
    z_m: float | None
    sigma_horizontal_m: float
    sigma_up_m: float
    role: Role = Role.CONTROL


@dataclass(frozen=True, slots=True)
class Click:
    """Where a person clicked, and how surely: pixels as in `Mark`."""

    x_px: float
    y_px: float
    sigma_px: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a point is seen in one photo: pixels, (0.5, 0.5) the centre of the first one, as stored.

    `sigma_px` is the standard deviation of each coordinate. `marked_at` is ISO 8601 with its offset. A mark
    that was moved to the centre of the target under it keeps the `click` that it was.
    """

    photo: str
    x_px: float
    y_px: float
    sigma_px: float
    marked_by: str = ""
    marked_at: str = ""
    click: Click | None = None


@dataclass(frozen=True, slots=True)
class MarkedPoint:
    """A point's marks, at most one a photo, and what people noted of it."""

    name: str
    marks: tuple[Mark, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A straight distance between two points, measured on the ground."""

    first: str
    second: str
    length_m: float
    sigma_m: float
    role: Role = Role.CONTROL


def json_from_mark(mark: Mark) -> dict[str, Any]:
    """Plain values; a mark that is what was clicked has no `click`."""
    return {name: value for name, value in asdict(mark).items() if name != "click" or value is not None}


def mark_from_json(body: Mapping[str, Any]) -> Mark:
    """What `json_from_mark` wrote. Raises KeyError and TypeError as they come."""
    click = body.get("click")
    return Mark(**{**body, "click": None if click is None else Click(**click)})
