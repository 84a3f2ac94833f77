"""Alarms: what a person must know of the aircraft in the air, and whether somebody does.

    states, situation -> sights -> conditions -> readings -> alarms -> transitions

`AlertDesk` ties it together; docs/telemetry_alerts.md tells every state, rule and setting.
"""

from missions.volumes import Reference, Volume, Volumes
from telemetry.alerts.alarm import Alarm
from telemetry.alerts.chronicle import Chronicle
from telemetry.alerts.desk import AlertDesk
from telemetry.alerts.listening import StatusTexts
from telemetry.alerts.measures import Measures
from telemetry.alerts.rules_file import Rules, load_rules
from telemetry.alerts.situation import Said, SeenFind, Situation, Traffic
from telemetry.alerts.standing import Standing, fold_transition, in_list, on_shelf
from telemetry.alerts.states import STARTED, Key, Priority, State, Transition

__all__ = [
    "STARTED",
    "Alarm",
    "AlertDesk",
    "Chronicle",
    "Key",
    "Measures",
    "Priority",
    "Reference",
    "Rules",
    "Said",
    "SeenFind",
    "Situation",
    "Standing",
    "State",
    "StatusTexts",
    "Traffic",
    "Transition",
    "Volume",
    "Volumes",
    "fold_transition",
    "in_list",
    "load_rules",
    "on_shelf",
]
