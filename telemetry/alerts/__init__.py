"""Alarms: what a person must know of the aircraft in the air, and whether somebody does.

    states, situation -> sights -> conditions -> readings -> alarms -> transitions

`AlertDesk` ties it together; docs/telemetry_alerts.md tells every state, rule and setting.
"""

from telemetry.alerts.alarm import Alarm
from telemetry.alerts.desk import AlertDesk
from telemetry.alerts.listening import StatusTexts
from telemetry.alerts.measures import Measures
from telemetry.alerts.rules_file import Rules, load_rules
from telemetry.alerts.situation import Said, Situation, Traffic
from telemetry.alerts.states import Key, Priority, State, Transition
from telemetry.alerts.volume import Reference, Volume, Volumes

__all__ = [
    "Alarm",
    "AlertDesk",
    "Key",
    "Measures",
    "Priority",
    "Reference",
    "Rules",
    "Said",
    "Situation",
    "State",
    "StatusTexts",
    "Traffic",
    "Transition",
    "Volume",
    "Volumes",
    "load_rules",
]
