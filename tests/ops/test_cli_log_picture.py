"""The picture of a recorded flight shows what was flown, gaps as gaps, and only what the recording has."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from missions.errors import InputError, OutputError
from ops.reports.flight_curves import REMOTE, dates, span_of, thinned
from ops.reports.flight_figures import armed_at, distance_m, figures_of, when_text
from ops.reports.flight_map import LANDED
from ops.reports.flight_picture import draw_flight, picture_of
from ops.reports.plan_colors import FLIGHTS, LANE, START, TRANSIT
from telemetry.exports import FlightPath, FlightRecord, open_recorded
from telemetry.exports.recorded import Curve, Link

BEGAN_S = 1_771_848_000.0


def a_path(
    count: int = 300, *, east_deg: float = 0.0, gap: bool = False, nowhere: bool = False
) -> FlightPath:
    """A square walked at 5 m/s, climbing."""
    if nowhere:
        return FlightPath(*(np.zeros(0) for _ in range(7)))
    steps = np.arange(count)
    time_s = BEGAN_S + steps * 0.5 + np.where(steps > count // 2, 60.0 if gap else 0.0, 0.0)
    around = steps / count * 4
    lat = 52 + 0.002 * np.interp(around, [0, 1, 2, 3, 4], [0, 1, 1, 0, 0])
    lon = 5 + east_deg + 0.003 * np.interp(around, [0, 1, 2, 3, 4], [0, 0, 1, 1, 0])
    height = steps * 0.2
    return FlightPath(time_s, lat, lon, 100 + height, height, np.full(count, 5.0), np.zeros(count))


def a_record(system: int = 1, path: FlightPath | None = None, **more: object) -> FlightRecord:
    path = a_path() if path is None else path
    times = BEGAN_S + np.arange(150.0)
    told: dict[str, object] = {
        "modes": ((BEGAN_S, "STABILIZE"), (BEGAN_S + 20, "AUTO"), (BEGAN_S + 130, "RTL")),
        "armed": ((BEGAN_S, False), (BEGAN_S + 10, True), (BEGAN_S + 140, False)),
        "battery_pct": Curve(times, np.linspace(100, 60, 150)),
        "battery_v": Curve(times, np.linspace(12.6, 11.1, 150)),
        "ground_speed_m_s": Curve(times, np.full(150, 5.0)),
        "link": Link(
            Curve(times, np.full(150, 60.0)),
            Curve(times, np.where(times % 20 < 3, 30.0, 0.0)),
            Curve(times, np.full(150, 180.0)),
            Curve(times, np.full(150, 150.0)),
        ),
    }
    return FlightRecord(system, "copter", path, **{**told, **more})  # type: ignore[arg-type]


def pixels(*records: FlightRecord) -> npt.NDArray[np.int16]:
    with Image.open(io.BytesIO(picture_of(records, "a flight"))) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def count(picture: npt.NDArray[np.int16], colour: str) -> int:
    wanted = [int(part, 16) for part in re.findall("..", colour.removeprefix("#"))]
    return int((np.abs(picture - wanted).max(axis=2) < 12).sum())


def test_everything_that_was_recorded_is_drawn() -> None:
    picture = pixels(a_record())
    for colour in (LANE, TRANSIT, START, LANDED, REMOTE):
        assert count(picture, colour) > 50, colour


def test_what_was_not_recorded_is_not_drawn() -> None:
    bare = a_record(modes=(), armed=(), battery_pct=Curve(*[np.zeros(0)] * 2), link=Link())
    picture = pixels(bare)
    assert count(picture, REMOTE) == 0
    assert picture.shape[0] < pixels(a_record()).shape[0]


def test_a_recording_without_positions_is_drawn_without_a_map() -> None:
    picture = pixels(a_record(path=a_path(nowhere=True)))
    whole = pixels(a_record())
    assert count(picture, LANE) > 500
    assert count(picture, START) == 0
    assert count(whole, START) > 20


def viridis(picture: npt.NDArray[np.int16]) -> int:
    """Pixels of the path on the map, left of the curves and above the scale of colours."""
    high, wide = picture.shape[:2]
    part = picture[int(high * 0.12) : int(high * 0.84), : int(wide * 0.47)]
    return int(((part.max(axis=2) - part.min(axis=2)) > 60).sum())


def test_a_gap_is_not_drawn_over() -> None:
    whole, broken = a_path(), a_path()
    kept = np.r_[0:100, 200:300]
    broken = FlightPath(*(getattr(broken, name)[kept] for name in FlightPath.__dataclass_fields__))
    joined = FlightPath(
        BEGAN_S + np.arange(200) * 0.5,
        *(getattr(broken, n) for n in list(FlightPath.__dataclass_fields__)[1:]),
    )
    gap, line = (viridis(pixels(a_record(path=path, armed=()))) for path in (broken, joined))
    assert viridis(pixels(a_record(path=whole, armed=()))) > gap
    assert gap < line * 0.85


def test_each_of_several_aircraft_has_its_colour() -> None:
    team = [a_record(n + 1, a_path(east_deg=0.004 * n)) for n in range(4)]
    picture = pixels(*team)
    for colour in FLIGHTS[:4]:
        assert count(picture, colour) > 400, colour


def test_metres_are_alike_both_ways() -> None:
    picture = pixels(a_record(path=a_path(), armed=()))
    high, wide = picture.shape[:2]
    part = picture[int(high * 0.12) : int(high * 0.84), int(wide * 0.03) : int(wide * 0.44)]
    rows, columns = np.nonzero((part.max(axis=2) - part.min(axis=2)) > 60)
    north_m, east_m = 0.002 * 111_240, 0.003 * 68_670
    assert np.ptp(rows) / np.ptp(columns) == pytest.approx(north_m / east_m, rel=0.05)


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_a_picture_is_of_the_kind_that_its_name_says(kind: str, tmp_path: Path) -> None:
    draw_flight([a_record()], "a flight", tmp_path / f"out.{kind}")
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert (tmp_path / f"out.{kind}").read_bytes().startswith(begins[kind])
    with pytest.raises(InputError, match=r"\.jpg.*\.png"):
        draw_flight([a_record()], "a flight", tmp_path / "out.jpg")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        draw_flight([a_record()], "a flight", tmp_path / "file" / "out.png")


@pytest.mark.parametrize("name", ["$x_{2$", "\x1b[31m", "x" * 500, "", "ééé", "\\frac", "\udcff"])
def test_any_name_can_be_drawn(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert picture_of([a_record()], name).startswith(b"\x89PNG")
    assert caplog.records == []


def test_where_there_is_nothing_to_draw_it_is_said() -> None:
    with pytest.raises(InputError, match="no flight to draw"):
        picture_of([], "a flight")
    with pytest.raises(InputError, match="no flight to draw"):
        picture_of([FlightRecord(1, "copter", a_path(nowhere=True))], "a flight")


@pytest.mark.parametrize("name", ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"])
def test_real_recordings_are_drawn_without_a_warning(
    name: str, shared: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(picture_of(open_recorded(shared(name)).records(), name)) > 50_000
    assert caplog.records == []


def test_one_wild_time_does_not_stretch_the_picture() -> None:
    path = a_path()
    wild = FlightPath(
        np.append(path.time_s, 4e9),
        *(
            np.append(getattr(path, n), getattr(path, n)[-1])
            for n in list(FlightPath.__dataclass_fields__)[1:]
        ),
    )
    span = span_of([a_record(path=wild)])
    assert span is not None
    assert span[1] - span[0] < 200
    assert picture_of([a_record(path=wild)], "a flight").startswith(b"\x89PNG")


def test_the_distance_is_that_flown_while_armed_and_leaves_gaps_out() -> None:
    path = a_path()
    length = distance_m(FlightRecord(1, "", path))
    assert length == pytest.approx(2 * (0.002 * 111_240 + 0.003 * 68_670), rel=0.02)
    half = FlightRecord(1, "", path, armed=((BEGAN_S, False), (BEGAN_S + 75, True)))
    assert distance_m(half) == pytest.approx(length / 2, rel=0.03)
    assert distance_m(FlightRecord(1, "", a_path(gap=True))) < length
    assert armed_at(half, path.time_s).sum() == 150
    assert figures_of([FlightRecord(1, "", path)]).startswith(f"{length:.0f} m flown, at most 60 m above")


def test_the_time_is_told_in_utc() -> None:
    assert when_text((BEGAN_S, BEGAN_S + 754)) == "2026-02-23 12:00:00 to 12:12:34 UTC, 12 min 34 s"
    assert "2026-02-24" in when_text((BEGAN_S, BEGAN_S + 86_400))


def test_a_long_stretch_is_thinned_and_keeps_its_ends() -> None:
    places = thinned(slice(7, 100_007), 1000)
    assert (places[0], places[-1]) == (7, 100_006)
    assert 1000 <= len(places) <= 1002
    assert len(dates(BEGAN_S + np.arange(5.0))) == 5
