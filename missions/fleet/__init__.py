"""One area, several aircraft: shared so that the last one finishes as early as possible, and kept apart.

team -> zones by an estimate -> a plan each -> zones again by what it took -> flights kept apart -> Plan
"""

from missions.fleet.apart import Apart, apart
from missions.fleet.sharing import share
from missions.fleet.team import Member

__all__ = ["Apart", "Member", "apart", "share"]
