"""Two aircraft with one number are told of; one aircraft over two links is not."""

from __future__ import annotations

from missions.geodesy import GeoPoint, LocalFrame
from telemetry.clock import ManualClock
from telemetry.doubles import Double, DoubleWatch
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
START_S = 1_771_841_700.0


class Sky:
    """A hub, and aircraft that say where they are."""

    def __init__(self) -> None:
        self.hub = Hub(ManualClock())
        self.told: list[Double] = []
        self.watch = DoubleWatch(self.hub, self.told.append)

    def at(self, time_s: float, link: str, east_m: float, system: int = 1) -> None:
        place = FRAME.point_from_local(east_m, 0)
        raw = Encoder(system, 1).encode(
            "GLOBAL_POSITION_INT", lat=round(place.lat_deg * 1e7), lon=round(place.lon_deg * 1e7)
        )
        self.hub.publish(FrameReader().feed(raw, round((START_S + time_s) * 1e6)), link)


def test_two_places_at_once_again_and_again_are_two_aircraft() -> None:
    sky = Sky()
    told = []
    for number in range(4):
        sky.at(number, "radio", 0)
        sky.at(number + 0.1, "modem", 500)
        told.append(len(sky.told))
    assert told == [0, 0, 0, 1]  # the first place of all has nothing to be apart from
    (double,) = sky.told
    assert double == Double(1, ("modem", "radio"))
    assert "SYSID_THISMAV" in double.text
    sky.at(4, "radio", 0)
    sky.at(4.1, "modem", 500)
    assert sky.told == [double]
    assert sky.watch.found == (double,)


def test_one_aircraft_over_two_links_one_of_them_late_is_one() -> None:
    sky = Sky()
    for tenth in range(200):
        sky.at(tenth / 10, "radio", 3.0 * tenth)
        sky.at(tenth / 10 + 0.01, "modem", 3.0 * max(0, tenth - 15))
    assert sky.told == []


def test_one_wrong_place_is_no_second_aircraft() -> None:
    sky = Sky()
    for number in range(20):
        sky.at(number, "radio", 0)
        sky.at(number + 0.1, "modem", 500 if number % 4 == 0 else 0)
    assert sky.told == []


def test_other_numbers_and_long_silences_say_nothing() -> None:
    sky = Sky()
    for number in range(5):
        sky.at(10 * number, "radio", 0)
        sky.at(10 * number + 3, "modem", 900)
        sky.at(10 * number, "cable", 5000, system=2)
    assert sky.told == []
