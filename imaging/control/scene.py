"""Ground control as one scene uses it: points with marks in its photos, and bars, in its local frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from imaging.adjustment import Bar, Named, Pointings, indices
from imaging.control.lines import shown
from imaging.control.points import Mark, Role, ScaleBar, SurveyedPoint, json_from_mark
from imaging.control.roles import Roles
from imaging.lens import Array
from imaging.scene import key_of
from missions.errors import InputError
from missions.geodesy import LocalFrame

UNKNOWN_HEIGHT_M = 1000.0
"""The standard deviation of a height that nobody measured."""


@dataclass(frozen=True, slots=True)
class SceneControl:
    """Surveyed points, marks by the point's name, bars. Empty where nothing was measured on the ground."""

    points: tuple[SurveyedPoint, ...] = ()
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    bars: tuple[ScaleBar, ...] = ()

    @property
    def key(self) -> str:
        """A digest of all of it."""
        return key_of(
            [asdict(point) for point in self.points],
            {name: [json_from_mark(mark) for mark in marks] for name, marks in sorted(self.marks.items())},
            [asdict(bar) for bar in self.bars],
        )

    @property
    def height_reference(self) -> str | None:
        """What the control's heights are above, None where no control has one."""
        told = [each for each in self.points if each.role is Role.CONTROL and each.height_m is not None]
        return told[0].height_reference if told else None

    def without(self, name: str) -> SceneControl:
        """The same without a surveyed point, or without a bar named as `first-second`."""
        return replace(
            self,
            points=tuple(each for each in self.points if each.name != name),
            bars=tuple(each for each in self.bars if f"{each.first}-{each.second}" != name),
        )

    def seen_in(self, index: Mapping[str, int]) -> SceneControl:
        """The same with only the points that are marked in two or more of these photos."""
        marked = {name for name, marks in self.marks.items() if len(pointings(marks, index).view) >= 2}
        return replace(self, points=tuple(each for each in self.points if each.name in marked))

    def without_marks(self, wrong: Collection[tuple[str, str]]) -> SceneControl:
        """The same without the marks of these points in these photos."""
        kept = {
            name: tuple(mark for mark in marks if (name, mark.photo) not in wrong)
            for name, marks in self.marks.items()
        }
        return replace(self, marks=kept)

    def with_roles(self, roles: Roles) -> SceneControl:
        """The same with other roles for the surveyed points and distances that are named."""
        points = tuple(replace(each, role=roles.points.get(each.name, each.role)) for each in self.points)
        bars = tuple(
            replace(each, role=roles.of_distance(each.first, each.second) or each.role) for each in self.bars
        )
        return replace(self, points=points, bars=bars)

    def roles_with(self, roles: Roles, point: str, other: str, role: Role) -> Roles:
        """`roles` with that of a surveyed point, or of the distance between it and `other`, changed.

        Raises InputError where nobody measured such a one.
        """
        if not other:
            if all(each.name != point for each in self.points):
                raise InputError("there is no such surveyed point", where=shown(point))
            return replace(roles, points={**roles.points, point: role})
        found = next((bar for bar in self.bars if {bar.first, bar.second} == {point, other}), None)
        if found is None:
            raise InputError("there is no such measured distance", where=shown(f"{point}-{other}"))
        return replace(roles, distances={**roles.distances, (found.first, found.second): role})

    def role_of(self, name: str) -> Role | None:
        """Control or check, None for a point that nobody surveyed."""
        return next((each.role for each in self.points if each.name == name), None)


NO_CONTROL = SceneControl()


def local_of(point: SurveyedPoint, frame: LocalFrame, up_m: float) -> tuple[Array, Array]:
    """(3,) metres in `frame` and their (3, 3) covariance; `up_m` stands in for an unknown height."""
    east, north = frame.local_from_geo([[point.lon_deg, point.lat_deg]])[0]
    known = point.height_m is not None
    sigma_up_m = point.sigma_up_m if known else UNKNOWN_HEIGHT_M
    sigma_m = np.array([point.sigma_horizontal_m, point.sigma_horizontal_m, sigma_up_m])
    return np.array([east, north, point.height_m if known else up_m], float), np.diag(sigma_m**2)


def pointings(marks: tuple[Mark, ...], index: Mapping[str, int]) -> Pointings:
    """The marks in photos that have a pose, `index` by name."""
    used = [mark for mark in marks if mark.photo in index]
    return Pointings(
        view=indices([index[mark.photo] for mark in used]),
        px=np.array([[mark.x_px, mark.y_px] for mark in used], float).reshape(-1, 2),
        sigma_px=np.array([mark.sigma_px for mark in used], float),
    )


def named_points(
    control: SceneControl,
    frame: LocalFrame,
    index: Mapping[str, int],
    start: Mapping[str, Array],
    up_m: float,
) -> tuple[Named, ...]:
    """The points that shape the adjustment: control with two marks or more, and ends of control bars."""
    surveyed = {each.name: each for each in control.points if each.role is Role.CONTROL}
    ends = {name for bar in control_bars(control, index) for name in (bar.first, bar.second)}
    found: list[Named] = []
    for name, marks in control.marks.items():
        seen = pointings(marks, index)
        if len(seen.view) < 2 or (name not in surveyed and name not in ends):
            continue
        if name in surveyed:
            found.append(Named(name, *_swap(local_of(surveyed[name], frame, up_m), seen)))
        else:
            found.append(Named(name, start[name], seen))
    return tuple(found)


def control_bars(control: SceneControl, index: Mapping[str, int]) -> tuple[Bar, ...]:
    """The bars that give the scale, those whose ends are marked in two photos or more."""
    seen = {name for name, marks in control.marks.items() if len(pointings(marks, index).view) >= 2}
    return tuple(
        Bar(bar.first, bar.second, bar.length_m, bar.sigma_m)
        for bar in control.bars
        if bar.role is Role.CONTROL and bar.first in seen and bar.second in seen
    )


def _swap(place: tuple[Array, Array], marks: Pointings) -> tuple[Array, Pointings, Array]:
    local_m, covariance = place
    return local_m, marks, covariance
