"""A route that was read, as the items that an autopilot would hold of it."""

from __future__ import annotations

from collections.abc import Sequence

from missions.aircraft import Aircraft
from missions.area import Area
from missions.camera import Camera
from missions.geodesy import GeoPoint
from missions.items import MissionItem
from missions.plan import Fence, Plan, Request, Totals, Waypoint
from missions.plan_items import mission_items


def items_from_route(
    route: Sequence[Waypoint], take_off: GeoPoint, cruise_speed_m_s: float
) -> tuple[MissionItem, ...]:
    """The items of a copter that flies the route; waypoints that record name their own `trigger_m`."""
    aircraft = Aircraft("read", "copter", cruise_speed_m_s, 1.0, 1.0, 0.0, 0.0, 0.0)
    plan = Plan(
        name="",
        created="",
        request=Request("read", 0.0, 0.0, 0.0),
        aircraft=aircraft,
        camera=Camera("read", 1.0, 1.0, 1.0, 1, 1),
        area=Area("", ()),
        take_off=take_off,
        route=tuple(route),
        fence=Fence(),
        rally=(),
        totals=Totals(0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    )
    return mission_items(plan)
