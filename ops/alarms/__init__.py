"""Alarms while the service runs: who flies which plan, looking twice a second, and what must be kept.

hub, plans, volumes, terrain, traffic -> `AlarmWatch` (an `AlertDesk`) -> transitions -> events and `AlarmLog`
"""

from ops.alarms.flown import PlansFlown
from ops.alarms.log import AlarmLog
from ops.alarms.restart import read_back
from ops.alarms.volumes import VolumesFlown
from ops.alarms.watch import AlarmWatch, Listed, ListedAlarm

__all__ = ["AlarmLog", "AlarmWatch", "Listed", "ListedAlarm", "PlansFlown", "VolumesFlown", "read_back"]
