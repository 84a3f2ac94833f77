"""What live thermal streams found, kept for whoever shows it and for the alarms until somebody decides."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from imaging.geolocate import ellipse95
from imaging.thermal.find import Decision, Find
from imaging.thermal.reviewing import checked
from missions.errors import InputError
from telemetry.alerts import SeenFind

CALLING = frozenset({"person?"})
"""Kinds that call for somebody; the others stand in the list only."""
MOST = 2000


class LiveFinds:
    """The newest word on every find of every vehicle. Any thread may call anything.

    `seen` is what `ops.alarms.AlarmWatch.finds` asks for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finds: dict[tuple[int, str], Find] = {}
        self._decided: dict[tuple[int, str], tuple[Decision, ...]] = {}

    def take(self, vehicle: int, finds: Sequence[Find]) -> None:
        """New or changed finds of a vehicle's stream, as `imaging.thermal.live.LiveHeat` gives them."""
        with self._lock:
            for find in finds:
                key = (vehicle, find.id)
                self._finds.pop(key, None)
                self._finds[key] = replace(find, history=self._decided.get(key, ()))
            while len(self._finds) > MOST:
                oldest = min(self._finds, key=lambda key: (key in self._decided, self._finds[key].score))
                del self._finds[oldest]

    def decide(self, vehicle: int, name: str, decision: Decision) -> Find:
        """Somebody decided on a find. Raises InputError where there is none of that name."""
        made = checked(decision)
        with self._lock:
            key = (vehicle, name)
            if key not in self._finds:
                raise InputError(f"there is no find {name!r} of vehicle {vehicle}", remedy="See the list")
            self._decided[key] = (*self._decided.get(key, ()), made)
            self._finds[key] = replace(self._finds[key], history=self._decided[key])
            return self._finds[key]

    def finds(self) -> tuple[tuple[int, Find], ...]:
        """All of them with their vehicles, the newest last."""
        with self._lock:
            return tuple((vehicle, find) for (vehicle, _), find in self._finds.items())

    def seen(self) -> tuple[SeenFind, ...]:
        """Those that may be a person and on which nobody has decided."""
        return tuple(
            SeenFind(vehicle, find.id, sentence(find), len(find.sightings))
            for vehicle, find in self.finds()
            if find.state == "proposed" and find.kind in CALLING
        )


def sentence(find: Find) -> str:
    """What a find is and where, in a line for people."""
    within_m = ellipse95(find.covariance).semi_major_m
    moves = f", moves {find.path[-1].speed_m_s:.1f} m/s" if find.path else ""
    place = f"{find.place.lat_deg:.6f}, {find.place.lon_deg:.6f}"
    return f"{find.kind} at {place} (95 % within {within_m:.0f} m){moves}"
