"""Surveillance: places that are looked at again and again, by aircraft that relieve each other in the air.

points -> times between them -> walks (who looks where, how often) -> flights that relieve -> Plan -> waits
"""

from missions.surveillance.planning import plan_surveillance
from missions.surveillance.points import WatchPoint
from missions.surveillance.team import Team
from missions.surveillance.waits import Wait, waits

__all__ = ["Team", "Wait", "WatchPoint", "plan_surveillance", "waits"]
