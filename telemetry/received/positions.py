"""Where everybody was, folded from items one at a time: the same items give the same positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from missions.errors import InputError
from telemetry.received.items import Item
from telemetry.received.told import told_by
from telemetry.traffic.aircraft import FORGOTTEN_S, MOST_AIRCRAFT, Aircraft, Sighting, after_sighting
from telemetry.traffic.foreign import ForeignReport, ForeignTracks, fold_report, forget_tracks

_FORGET_EVERY_US = 1_000_000


@dataclass(frozen=True, slots=True)
class ForeignPosition:
    """Where an aircraft, a person or a thing that is not ours was, by what was received at `time_us`.

    `key` is its key in the picture (`icao:4CA2D6`, `dji:1581F5BKD`), `source` who told, `link` over which
    link. `height_m` is above `height_reference` (`telemetry.traffic.aircraft.HEIGHT_REFERENCES`). Course over
    ground from true north clockwise. `true_s` is when it was there by its source's own word, seconds since
    1970 UTC; ADS-B text says none, so there it is when it was received. None: not known.
    """

    time_us: int
    true_s: float
    key: str
    source: str
    link: str
    kind: str | None
    name: str | None
    lat_deg: float
    lon_deg: float
    height_m: float | None
    height_reference: str | None
    course_deg: float | None
    speed_m_s: float | None
    climb_m_s: float | None


class PositionFold:
    """Takes items in the order in which they came; `refused` counts those that could not be believed.

    It knows of each aircraft what the picture knows, and forgets it likewise, but keeps no picture of all:
    an hour of ADS-B is a million lines.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._aircraft: dict[str, Aircraft] = {}
        self._tracks = ForeignTracks()
        self._forgot_us = 0

    def add(self, item: Item) -> ForeignPosition | None:
        """The position that an item brings, or None.

        A report that the picture refused when it came, as one that is too old, brings none.
        """
        self._forget(item)
        try:
            told = told_by(item)
            if isinstance(told, ForeignReport):
                self._tracks = fold_report(self._tracks, told, item.time_s)
                return _of_report(item, told)
        except InputError:
            self.refused += 1
            return None
        if not isinstance(told, Sighting):
            return None
        aircraft = after_sighting(self._aircraft.pop(told.key, Aircraft(told.key)), told)
        if len(self._aircraft) >= MOST_AIRCRAFT:
            del self._aircraft[next(iter(self._aircraft))]  # the one heard longest ago
        self._aircraft[told.key] = aircraft
        return _of_aircraft(item, told, aircraft)

    def _forget(self, item: Item) -> None:
        if abs(item.time_us - self._forgot_us) >= _FORGET_EVERY_US:
            self._forgot_us = item.time_us
            kept = self._aircraft.items()
            self._aircraft = {key: one for key, one in kept if item.time_s - one.last_s <= FORGOTTEN_S}
            self._tracks = forget_tracks(self._tracks, item.time_s)


def positions_of(items: Iterable[Item]) -> Iterator[ForeignPosition]:
    """The positions that items bring, in their order."""
    fold = PositionFold()
    for item in items:
        position = fold.add(item)
        if position is not None:
            yield position


def _of_report(item: Item, report: ForeignReport) -> ForeignPosition:
    return ForeignPosition(
        time_us=item.time_us,
        true_s=report.time_s,
        key=report.key,
        source=report.source,
        link=item.link,
        kind=report.kind,
        name=report.name,
        lat_deg=report.lat_deg,
        lon_deg=report.lon_deg,
        height_m=report.height_m,
        height_reference=report.height_reference,
        course_deg=report.course_deg,
        speed_m_s=report.speed_m_s,
        climb_m_s=report.climb_m_s,
    )


def _of_aircraft(item: Item, told: Sighting, aircraft: Aircraft) -> ForeignPosition | None:
    """With what was said of the aircraft before: a place comes without course, and height without a name."""
    if "lat_deg" not in told.changes or aircraft.lat_deg is None or aircraft.lon_deg is None:
        return None
    return ForeignPosition(
        time_us=item.time_us,
        true_s=told.time_s,
        key=told.key,
        source=told.source,
        link=item.link,
        kind=aircraft.kind,
        name=aircraft.callsign,
        lat_deg=aircraft.lat_deg,
        lon_deg=aircraft.lon_deg,
        height_m=aircraft.height_m,
        height_reference=aircraft.height_reference,
        course_deg=aircraft.course_deg,
        speed_m_s=aircraft.speed_m_s,
        climb_m_s=aircraft.climb_m_s,
    )
