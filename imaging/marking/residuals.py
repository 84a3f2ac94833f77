"""How well the marks of a point agree with the photos, and the point with its survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import intersect_marks
from imaging.adjustment.rays import meeting_point
from imaging.control.points import Mark, SurveyedPoint
from imaging.control.scene import local_of, pointings
from imaging.lens import Array
from missions.errors import AlignmentError
from missions.geodesy import LocalFrame


@dataclass(frozen=True, slots=True)
class Seen:
    """A point as its marks put it on the adjusted photos, from two marks on.

    `local_m` (3,), `sigma_m` (3,); `residual_px` by photo, (2,) mark less projection.
    """

    local_m: Array
    sigma_m: Array
    residual_px: Mapping[str, Array]


def seen_by_marks(adjusted: Adjusted, marks: Sequence[Mark]) -> Seen | None:
    """Where the rays of the marks meet; None for fewer than two photos or rays next to parallel."""
    used = tuple(mark for mark in marks if mark.photo in adjusted.network.index)
    seen = pointings(used, adjusted.network.index)
    if len(seen.view) < 2:
        return None
    try:
        start = meeting_point(seen, adjusted.views, adjusted.lenses)
        found = intersect_marks(adjusted, (seen,), start[None, :])
    except (AlignmentError, np.linalg.LinAlgError):
        return None
    if not np.isfinite(found.local_m).all():
        return None
    return Seen(
        found.local_m[0],
        np.sqrt(np.maximum(np.diag(found.covariance), 0)),
        {mark.photo: off for mark, off in zip(used, found.residual_px[0], strict=True)},
    )


def off_survey(seen: Seen, point: SurveyedPoint, frame: LocalFrame) -> tuple[float, ...]:
    """East, north and, where it was surveyed, up: photos less survey, metres."""
    surveyed, _ = local_of(point, frame, float(seen.local_m[2]))
    off = seen.local_m - surveyed
    return tuple(off.tolist() if point.height_m is not None else off[:2].tolist())
