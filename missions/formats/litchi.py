"""A plan as a mission for Litchi (flylitchi.com), in the CSV that its Mission Hub imports.

Columns: litchiutilities.com/docs/litchiCsv.php, read in November 2026. Actions are 0 stay for milliseconds,
1 take a picture, 2 and 3 start and stop recording, 4 turn the aircraft, 5 tilt the camera, and -1 none.
`gimbalmode` is 0 left as it is, 1 towards the point of interest. -1 in the photo columns takes
none; 0 in the modes of altitude is above the take-off point.

What Litchi keeps outside the file must be set in the Hub: straight lines, heading mode custom, and what to do
at the end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

from missions.errors import FormatError
from missions.formats.circles import without_circles
from missions.formats.wpml_actions import pitch_to
from missions.geodesy import WGS84
from missions.plan import LookAt, Plan, Waypoint

MOST_WAYPOINTS = 99
MOST_ACTIONS = 15
LOWEST_M, HIGHEST_M = -200.0, 500.0
_WHERE = "export to litchi"
_STAY, _PHOTO, _FILM, _CUT, _TURN, _TILT = range(6)
_NONE = -1
COLUMNS = (
    "latitude",
    "longitude",
    "altitude(m)",
    "heading(deg)",
    "curvesize(m)",
    "rotationdir",
    "gimbalmode",
    "gimbalpitchangle",
    *(
        name
        for number in range(1, MOST_ACTIONS + 1)
        for name in (f"actiontype{number}", f"actionparam{number}")
    ),
    "altitudemode",
    "speed(m/s)",
    "poi_latitude",
    "poi_longitude",
    "poi_altitude(m)",
    "poi_altitudemode",
    "photo_timeinterval",
    "photo_distinterval",
)


def write(plan: Plan) -> bytes:
    """The plan as one CSV. Raises FormatError where Litchi holds less; `write_several` divides it."""
    files = write_several(plan)
    if len(files) > 1:
        raise FormatError(
            f"the route has more than the {MOST_WAYPOINTS} waypoints that Litchi holds",
            where=_WHERE,
            remedy=f"Plan a smaller area, or give a file to write to: it becomes {len(files)} missions",
        )
    return files[0]


def write_several(plan: Plan) -> tuple[bytes, ...]:
    """The plan as CSVs of at most 99 waypoints each; each begins where the one before it ended."""
    if plan.aircraft.kind != "copter":
        raise FormatError(
            f"{plan.aircraft.name} is no copter, and Litchi flies nothing else",
            where=_WHERE,
            remedy="Export as plan or waypoints",
        )
    points = [point for point, _ in without_circles(plan.route)]
    if len(points) < 2:
        raise FormatError(
            "the route has fewer than two waypoints", where=_WHERE, remedy="Plan a longer route"
        )
    for number, one in enumerate(points, 1):
        if not LOWEST_M <= one.height_relative_m <= HIGHEST_M:
            raise FormatError(
                f"waypoint {number} is {one.height_relative_m:.0f} m above the take-off point",
                where=_WHERE,
                remedy=f"Plan between {LOWEST_M:.0f} and {HIGHEST_M:.0f} m, which is what Litchi takes",
            )
    rows = list(_rows(plan, points))
    starts = range(0, max(1, len(rows) - 1), MOST_WAYPOINTS - 1)
    return tuple(_csv(rows[start : start + MOST_WAYPOINTS]) for start in starts)


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def _rows(plan: Plan, points: Sequence[Waypoint]) -> Iterator[list[object]]:
    headings = [*(_bearing(here, there) for here, there in pairwise(points)), 0.0]
    headings[-1] = headings[-2]
    pitch_deg, filming = 0.0, False
    for index, one in enumerate(points):
        turn_deg = headings[index] if one.heading_deg is None else one.heading_deg
        if one.gimbal_pitch_deg is not None:
            pitch_deg = one.gimbal_pitch_deg
        every_m = plan.totals.trigger_distance_m if one.trigger_m is None else one.trigger_m
        film = one.recording and not every_m and index < len(points) - 1
        actions = list(_actions(one, pitch_deg, film, filming))
        filming = film
        look = one.look_at
        yield [
            f"{one.place.lat_deg:.8f}",
            f"{one.place.lon_deg:.8f}",
            f"{one.height_relative_m:.2f}",
            f"{turn_deg % 360:.1f}",
            0,
            0,
            0 if look is None else 1,
            f"{pitch_deg if look is None else pitch_to(look, one):g}",
            *(
                value
                for action in (*actions, *[(_NONE, 0)] * (MOST_ACTIONS - len(actions)))
                for value in action
            ),
            0,
            f"{one.speed_m_s or plan.aircraft.cruise_speed_m_s:g}",
            *(
                (0, 0, 0)
                if look is None
                else (look.place.lat_deg, look.place.lon_deg, look.height_relative_m)
            ),
            0,
            _NONE,
            f"{every_m:g}" if one.recording and every_m else _NONE,
        ]


def _actions(one: Waypoint, pitch_deg: float, film: bool, filming: bool) -> Iterator[tuple[int, int]]:
    """What is done at the waypoint; parameters are whole numbers."""
    if filming and not film:
        yield _CUT, 0
    if one.heading_deg is not None and one.look_at is None:
        yield _TURN, round(one.heading_deg % 360)
    if one.look_at is None and (one.gimbal_pitch_deg is not None or pitch_deg):
        yield _TILT, round(pitch_deg)
    if one.hold_s > 0:
        yield _STAY, round(one.hold_s * 1000)
    if one.picture:
        yield _PHOTO, 0
    if film and not filming:
        yield _FILM, 0


def _interest(look: LookAt | None) -> tuple[float, float, float]:
    return (0, 0, 0) if look is None else (look.place.lat_deg, look.place.lon_deg, look.height_relative_m)


def _bearing(here: Waypoint, there: Waypoint) -> float:
    a, b = here.place, there.place
    return float(WGS84.inv(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)[0])
