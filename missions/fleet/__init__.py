"""One area, several aircraft: shared so that the last one finishes as early as possible, and kept apart.

team -> zones by an estimate -> a plan each -> zones again by what it took -> flights kept apart -> Plan
Plan, what was flown -> what each left -> flights kept apart -> Plan
"""

from missions.fleet.apart import Apart, apart
from missions.fleet.remainder import rest_of, seen_of
from missions.fleet.sharing import share
from missions.fleet.taking_over import ground_left, take_over
from missions.fleet.team import Member
from missions.replan import FlownTrack

__all__ = [
    "Apart",
    "FlownTrack",
    "Member",
    "apart",
    "ground_left",
    "rest_of",
    "seen_of",
    "share",
    "take_over",
]
