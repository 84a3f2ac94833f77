"""From a recording alone to what was searched: when, from where, and the file that remembers it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.searched.look_file import looks_path, read_looks, write_looks
from imaging.searched.searching import Searching
from imaging.searched.viewpoints import BY_INTERVAL, BY_PICTURES, Looking, views_of_frames, views_of_recording
from missions import catalogue
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.detection import detections
from missions.search.grid import SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.looks import Looks, looks_of
from missions.search.probability import ProbabilityMap
from missions.search.seen_ground import SeenGround
from missions.terrain import AnalyticTerrain
from telemetry.track import Track
from tests.imaging.searched_flights import BEGIN_S, lanes, recording

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
CAMERA = catalogue.camera("dji-m30t-thermal")
LEVEL = SeenGround.level(FRAME, 0.0)
GRID = SearchGrid(FRAME, -200.0, 200.0, 20.0, 20, 20)
LOOKING = Looking(CAMERA, straight_down=True)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight lanes of 400 m at 60 m, 50 m apart, without a word of pictures."""
    return recording(tmp_path_factory.mktemp("flight") / "a.tlog", FRAME, lanes(400, 50))


def even_map() -> Mixture:
    chances = ProbabilityMap(GRID, np.full(GRID.shape, 0.9 / 400), 0.1)
    return Mixture.of(Hypothesis("anywhere", 1.0, chances))


def test_a_recording_alone_says_what_was_looked_at(flight: Path) -> None:
    made = views_of_recording(flight, LOOKING, FRAME)
    assert made.known_by == BY_INTERVAL
    assert all(view.eye_m[2] == pytest.approx(60, abs=0.1) for view in made.views[5:])
    assert {view.kind for view in made.views} == {"thermal-day"}
    northward = made.views[10]
    assert northward.speed_m_s == pytest.approx(10, abs=0.1)
    # the top of the picture points along the heading: the camera's y (down in the picture) is south
    assert northward.ned_from_camera[:, 1] == pytest.approx([-1, 0, 0], abs=0.01)
    looks = looks_of(made.views, GRID, LEVEL)
    assert np.unique(looks.cell).size == 400


def test_pictures_that_were_told_count_and_nothing_between(tmp_path: Path) -> None:
    path = recording(tmp_path / "p.tlog", FRAME, [(-150, 0), (150, 0)], picture_m=100)
    made = views_of_recording(path, LOOKING, FRAME)
    assert made.known_by == BY_PICTURES
    assert [round(float(view.eye_m[0])) for view in made.views] == pytest.approx([-150, -50, 50], abs=3)


def test_standing_and_taking_off_is_no_search(flight: Path) -> None:
    made = views_of_recording(flight, LOOKING, FRAME)
    assert min(view.eye_m[2] for view in made.views) >= 5
    assert made.views[0].time_s > BEGIN_S


def test_heights_count_from_the_ground_of_the_take_off_place(flight: Path) -> None:
    terrain = AnalyticTerrain(lambda e, n: 30 + 0.05 * e, FRAME.origin)
    ground = SeenGround.of_terrain(terrain, FRAME, (-400, -400, 400, 400))
    made = views_of_recording(flight, LOOKING, FRAME, ground)
    take_off_m = 30 + 0.05 * -175
    assert made.views[10].eye_m[2] == pytest.approx(60 + take_off_m, abs=0.3)


def test_a_turning_camera_smears(flight: Path) -> None:
    """At a corner the heading changes in one record, so the angles say 60 degrees and more a second."""
    made = views_of_recording(flight, dataclasses.replace(LOOKING, interval_s=0.2), FRAME)
    turns = np.array([view.turn_deg_s for view in made.views])
    assert np.median(turns) < 1
    assert turns.max() > 30


def test_photos_with_a_track_are_placed_by_it(flight: Path, tmp_path: Path) -> None:
    for number, seconds in enumerate((20, 24)):
        exif = Image.Exif()
        exif[0x8769] = {0x9003: _stamp(BEGIN_S + seconds), 0x9011: "+00:00"}
        Image.linear_gradient("L").resize((640, 512)).save(tmp_path / f"{number}.jpg", exif=exif)
    Image.linear_gradient("L").resize((640, 512)).save(tmp_path / "no_time.jpg")
    track = Track.from_tlog(flight)
    made = views_of_frames(tmp_path, track, LOOKING, FRAME)
    assert [view.name for view in made.views] == ["0.jpg", "1.jpg"]
    assert made.views[1].eye_m[1] - made.views[0].eye_m[1] == pytest.approx(40, abs=1)
    assert [name for name, _ in made.left_out] == ["no_time.jpg"]
    with pytest.raises(InputError, match="no frames"):
        views_of_frames(tmp_path / "..", track, LOOKING, FRAME)


def test_looks_are_kept_in_a_file_and_read_back(flight: Path, tmp_path: Path) -> None:
    looks = looks_of(views_of_recording(flight, LOOKING, FRAME).views, GRID, LEVEL)
    path = looks_path(tmp_path / "map.json")
    sha256 = write_looks(looks, path)
    again = read_looks(path, GRID, sha256)
    assert again.frames == looks.frames
    assert np.array_equal(again.place, looks.place)
    assert again.pixels == pytest.approx(looks.pixels, rel=1e-6)
    assert path.name == "map.looks.parquet"


def test_files_that_are_no_looks_are_refused(flight: Path, tmp_path: Path) -> None:
    path = tmp_path / "map.looks.parquet"
    looks = looks_of(views_of_recording(flight, LOOKING, FRAME).views[:30], GRID, LEVEL)
    write_looks(looks, path)
    with pytest.raises(FormatError, match="another map"):
        read_looks(path, SearchGrid(FRAME, -200.0, 200.0, 20.0, 20, 21))
    with pytest.raises(FormatError, match="that the map names"):
        read_looks(path, GRID, "0" * 64)
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        bad = bytearray(good[: int(rng.integers(1, len(good) + 1))])
        for at in rng.integers(0, len(bad), 3):
            bad[at] = int(rng.integers(256))
        path.write_bytes(bytes(bad))
        try:
            read_looks(path, GRID)
        except FormatError:
            continue


def test_looks_that_point_nowhere_are_refused(flight: Path, tmp_path: Path) -> None:
    looks = looks_of(views_of_recording(flight, LOOKING, FRAME).views[:30], GRID, LEVEL)
    for change in (
        {"frame": looks.frame + 1000},
        {"pixels": -looks.pixels},
        {"place": looks.place[::-1].copy()},
    ):
        path = tmp_path / "bad.parquet"
        write_looks(dataclasses.replace(looks, **change), path)
        with pytest.raises(FormatError, match="make no sense"):
            read_looks(path, GRID)


def test_live_or_from_the_log_the_map_is_the_same(flight: Path) -> None:
    """Frame by frame, in pieces, and all at once."""
    views = views_of_recording(flight, LOOKING, FRAME).views
    whole = Searching(even_map(), detections(), LEVEL)
    score = whole.see(views)
    live = Searching(even_map(), detections(), LEVEL)
    for begin in range(0, len(views), 40):
        last = live.see(views[begin : begin + 40])
    assert live.mixture.chances.mass == pytest.approx(whole.mixture.chances.mass, abs=1e-9)
    assert last.cumulative_pos == pytest.approx(score.cumulative_pos)
    assert live.missed == pytest.approx(whole.missed, abs=1e-9)
    assert 0.1 < score.pos < 0.9


def test_a_flight_entered_twice_counts_once(flight: Path) -> None:
    views = views_of_recording(flight, LOOKING, FRAME).views
    searching = Searching(even_map(), detections(), LEVEL)
    first = searching.see(views)
    again = searching.see(views)
    assert again.pos == pytest.approx(0, abs=1e-12)
    assert again.cumulative_pos == pytest.approx(first.cumulative_pos)


def test_two_flights_in_either_order_leave_the_same(flight: Path, tmp_path: Path) -> None:
    later = recording(tmp_path / "b.tlog", FRAME, [(-190, 100), (190, 100)], begin_s=BEGIN_S + 7200)
    one, two = (views_of_recording(path, LOOKING, FRAME).views for path in (flight, later))
    forth, back = (Searching(even_map(), detections(), LEVEL, cover=0.3) for _ in range(2))
    forth.see(one)
    forth.see(two)
    back.see(two)
    back.see(one)
    assert forth.mixture.chances.mass == pytest.approx(back.mixture.chances.mass, abs=1e-9)
    assert forth.cumulative_pos == pytest.approx(back.cumulative_pos)


def test_a_search_that_goes_on_from_a_file_is_the_same(flight: Path, tmp_path: Path) -> None:
    views = views_of_recording(flight, LOOKING, FRAME).views
    whole = Searching(even_map(), detections(), LEVEL)
    whole.see(views)
    first = Searching(even_map(), detections(), LEVEL)
    first.see(views[:100])
    write_looks(first.looks, tmp_path / "m.looks.parquet")
    looks: Looks = read_looks(tmp_path / "m.looks.parquet", GRID)
    second = Searching(first.mixture, detections(), LEVEL, looks=looks, cumulative_pos=first.cumulative_pos)
    second.see(views[100:])
    assert second.mixture.chances.mass == pytest.approx(whole.mixture.chances.mass, abs=1e-7)
    assert second.cumulative_pos == pytest.approx(whole.cumulative_pos, abs=1e-6)


def test_a_hypothesis_that_the_search_fits_badly_counts_for_more(tmp_path: Path) -> None:
    east, west = np.zeros(GRID.shape), np.zeros(GRID.shape)
    east[:, 10:], west[:, :10] = 1 / 200, 1 / 200
    both = Mixture.of(
        Hypothesis("east", 0.5, ProbabilityMap(GRID, east)),
        Hypothesis("west", 0.5, ProbabilityMap(GRID, west)),
    )
    path = recording(tmp_path / "e.tlog", FRAME, [(100, -190), (100, 190)], height_m=100.0)
    searching = Searching(both, detections(), LEVEL)
    searching.see(views_of_recording(path, LOOKING, FRAME).views)
    weights = {each.name: each.weight for each in searching.mixture.hypotheses}
    assert weights["west"] > 0.5 > weights["east"]


def _stamp(time_s: float) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(time_s, UTC):%Y:%m:%d %H:%M:%S}"
