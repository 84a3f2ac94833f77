"""The plans that need more than one flight: a battery changed between, an area shared, a watch relieved."""

from __future__ import annotations

import dataclasses
import functools

from missions.fleet import Member, share
from missions.plan import Plan
from missions.surveillance import Team, WatchPoint, plan_surveillance
from missions.view import View
from sitl.proof.cases import COPTER, CREATED, THERMAL, WIDE, at, heath, setup

PADS = ((-190.0, -120.0), (-178.0, -128.0), (-166.0, -136.0))
"""Where three aircraft stand, 14 m apart; metres from the middle."""
WATCHED = (
    WatchPoint(at(-60.0, 20.0), max_wait_s=70.0, dwell_s=15.0, name="gate"),
    WatchPoint(at(60.0, 90.0), max_wait_s=70.0, dwell_s=15.0, name="yard"),
)
_WATCH_S = 900.0


@functools.cache
def fleet_case() -> Plan:
    """Three copters searching one area at once, each at a height of its own."""
    team = [Member(COPTER, THERMAL, at(*pad)) for pad in PADS]
    return share(heath(), team, created=CREATED, name="Three copters", height_agl_m=60.0)


def relief_case() -> Plan:
    """Two places watched without a gap by two copters, whose batteries last for a part of the watch."""
    small = dataclasses.replace(COPTER, battery_wh=0.3 * COPTER.battery_wh)
    return plan_surveillance(
        WATCHED,
        View(WIDE, 50.0),
        setup(small, name="Watch"),
        duration_s=_WATCH_S,
        team=Team(vehicles=2, swap_s=120.0, separation_m=15.0),
    )
