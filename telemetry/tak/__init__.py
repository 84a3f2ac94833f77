"""Cursor on Target: our vehicles and finds to TAK, and the positions of others from it."""

from telemetry.tak.addresses import FORMS, TakAddress, tak_address
from telemetry.tak.alarms import AlarmMarker, alarm_event, alarm_over_event
from telemetry.tak.event import CotEvent, Item, item
from telemetry.tak.feed import TakFeed
from telemetry.tak.heights import GpsUndulations, geoid_undulation_m, undulation_of
from telemetry.tak.link import TakLink
from telemetry.tak.markers import (
    AlertMarker,
    FindMarker,
    HomePoint,
    Operator,
    alert_event,
    find_event,
    home_event,
    operator_event,
    removal_event,
)
from telemetry.tak.outbox import Sending
from telemetry.tak.protobuf import event_of_datagram, mesh_of
from telemetry.tak.reading import report_of_event, reports_into
from telemetry.tak.stream import CotStream
from telemetry.tak.tracks import track_event
from telemetry.tak.vehicles import CameraView, Lens, TakStation, VehicleExtras, camera_view, vehicle_event
from telemetry.tak.xml import event_of, xml_of

__all__ = [
    "FORMS",
    "AlarmMarker",
    "AlertMarker",
    "CameraView",
    "CotEvent",
    "CotStream",
    "FindMarker",
    "GpsUndulations",
    "HomePoint",
    "Item",
    "Lens",
    "Operator",
    "Sending",
    "TakAddress",
    "TakFeed",
    "TakLink",
    "TakStation",
    "VehicleExtras",
    "alarm_event",
    "alarm_over_event",
    "alert_event",
    "camera_view",
    "event_of",
    "event_of_datagram",
    "find_event",
    "geoid_undulation_m",
    "home_event",
    "item",
    "mesh_of",
    "operator_event",
    "removal_event",
    "report_of_event",
    "reports_into",
    "tak_address",
    "track_event",
    "undulation_of",
    "vehicle_event",
    "xml_of",
]
