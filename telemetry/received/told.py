"""What one item tells: a sighting of an aircraft, a report of a foreign track, or nothing of either."""

from __future__ import annotations

from telemetry.received.items import COT, SBS, TRACK, Item
from telemetry.tak.protobuf import event_of_datagram
from telemetry.tak.reading import report_of_event
from telemetry.traffic.aircraft import Sighting
from telemetry.traffic.foreign import ForeignReport, track_report_of
from telemetry.traffic.sbs import sighting_of_line


def told_by(item: Item) -> Sighting | ForeignReport | None:
    """What an item tells, read as it was when it came; None where it tells of nobody's place.

    Raises InputError (FormatError) for what could not be read then either.
    """
    if item.form == SBS:
        return sighting_of_line(item.data, item.time_s)
    if item.form == TRACK:
        return track_report_of(item.data)
    if item.form == COT:
        event = event_of_datagram(item.data)
        return None if event is None else report_of_event(event, item.time_s)
    return None
