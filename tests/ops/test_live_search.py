"""The search map of a live flight: the figures of its recording, told as it goes and kept at the end."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.searched.live import LookedAt, OverMap
from imaging.searched.searching import Searching
from imaging.searched.viewpoints import Looking
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.posing import posed_by
from imaging.thermal.searching import Looked
from missions.errors import OutputError
from missions.search.detection import detections
from missions.search.looks import Viewpoint
from missions.search.map_file import write_map
from missions.search.search_map import SearchMap
from missions.search.seen_ground import SeenGround
from ops.api.searches import live_search_report
from ops.live_search import MODULE, LiveSearch, newest_map
from ops.live_search_keeping import Keeping, enter_left, folder_of, taken
from ops.operations import Operation
from ops.searching import open_search
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.tlog import read_tlog
from telemetry.track import Track
from tests.imaging.searched_flights import lanes, recording
from tests.imaging.test_searched import CAMERA, FRAME, even_map
from tests.ops.alarmed import wait_for
from tests.waiting import PATIENCE_S

LEVEL = SeenGround.level(FRAME, 0.0)
TAKE_OFF = FRAME.point_from_local(-175.0, -200.0)


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Track:
    """Eight lanes of 400 m at 60 m."""
    path = recording(tmp_path_factory.mktemp("flight") / "a.tlog", FRAME, lanes(400, 50))
    return Track.from_frames(list(read_tlog(path)), None)


def looked_at(track: Track) -> list[Looked]:
    """Five frames a second along the track, the camera straight down, as the search tells of them."""
    found = []
    for n, time_s in enumerate(np.arange(track.start_s + 6, track.end_s - 1, 0.2)):
        exposure = Exposure(time_s=float(time_s), gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0)
        frame = ThermalFrame(
            Path(f"heat-1#{n:06d}"), np.eye(2, dtype=np.float32), "grey", exposure, f"{n:064x}"
        )
        posed = posed_by(exposure, track, 0.0)
        assert not isinstance(posed, str)
        found.append(Looked(frame, CAMERA, (), "", (), posed))
    return found


def told_live(track: Track) -> list[dict[str, object]]:
    """What a stream's process tells of those frames as it goes, through JSON."""
    counted = LookedAt()
    told = []
    for looked in looked_at(track):
        counted.add(looked)
        told += counted.due(track, (looked.frame.exposure.time_s or 0.0) + 1.0)
    told += counted.due(track, math.inf)
    return [json.loads(json.dumps(each)) for each in told]


def test_frames_told_live_leave_the_same_map_as_the_same_frames_from_a_recording(track: Track) -> None:
    told = told_live(track)
    times = [each["pose"]["time_s"] for each in told]  # type: ignore[index]
    assert np.diff(times) == pytest.approx(1.0)
    over = OverMap(FRAME, LEVEL)
    live = [over.view(each, TAKE_OFF, "live stream 1") for each in told]
    views = [view for view in live if view is not None]
    assert len(views) == len(told)
    one_by_one, at_once = (Searching(even_map(), detections(), LEVEL) for _ in range(2))
    scores = [one_by_one.see([view]) for view in views]
    whole = at_once.see(views)
    assert scores[-1].cumulative_pos == pytest.approx(whole.cumulative_pos)
    direct = Searching(even_map(), detections(), LEVEL).see(_from_track(track, times))
    assert whole.pos == pytest.approx(direct.pos, rel=1e-9)
    assert 0.2 < whole.pos < 0.95


def _from_track(track: Track, times: list[float]) -> list[Viewpoint]:
    """The same moments by the functions that read recordings."""
    from imaging.searched.viewpoints import turned_deg_s, viewpoint

    made = []
    for time_s in times:
        exposure = Exposure(time_s=time_s, gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0)
        posed = posed_by(exposure, track, 0.0)
        assert not isinstance(posed, str)
        looking = Looking(CAMERA)
        kind, turn = looking.kind_of(posed.pose, 0.0), turned_deg_s(track, posed.pose, "stabilised")
        made.append(viewpoint(posed.pose, looking, FRAME, 0.0, f"{time_s}", kind, "log", turn))
    return made


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    return with_map(tmp_path / "op")


def with_map(folder: Path) -> Operation:
    """An operation with a search map."""
    made = Operation.create(folder, "Search", "missing-person")
    path = made.free_path("search", "map.json")
    path.parent.mkdir(exist_ok=True)
    for each in write_map(SearchMap("Heath", "2026-06-01T10:00:00Z", even_map()), path):
        made.add_file(each, "search")
    return made


def test_a_live_search_tells_its_figures_as_it_goes_and_keeps_the_map_with_its_looks(
    operation: Operation, track: Track
) -> None:
    search_map = newest_map(operation)
    assert search_map is not None
    assert search_map.name == "map.json"
    search = LiveSearch(search_map, operation, Hub(SystemClock()), SystemClock())
    told = threading.Event()
    search.changed = told.set
    assert live_search_report(search) is None
    search.start()
    frames = told_live(track)
    for view in frames[:60]:
        search.looked_at(1, "live stream 1", view)
    assert told.wait(PATIENCE_S)
    first = live_search_report(search)
    assert first is not None
    assert first.live is not None
    assert first.live.problem == ""
    assert first.live.pos == pytest.approx(first.live.pod * first.live.poa)
    for view in frames[60:]:
        search.looked_at(1, "live stream 1", view)
    search.stop()
    kept = newest_map(operation)
    assert kept is not None
    assert kept.name == "map-live.json"
    opened = open_search(kept)
    assert opened.looks is not None
    assert {frame.source for frame in opened.looks.frames} == {"live stream 1"}
    assert len(opened.looks.frames) == len(frames)
    assert opened.looks.frames[0].name == "heat-1#000000"
    whole = Searching(even_map(), detections(), LEVEL).see(_from_track(track, _times(frames)))
    assert opened.cumulative_pos == pytest.approx(whole.cumulative_pos, rel=1e-9)
    assert opened.cumulative_pos > first.live.cumulative_pos
    (act,) = operation.store.acts("search.covered")
    assert act["details"]["frames"] == len(first_frames(opened.search))
    assert not operation.log.verify().problems


def _times(frames: list[dict[str, object]]) -> list[float]:
    return [each["pose"]["time_s"] for each in frames]  # type: ignore[index]


def first_frames(search: SearchMap) -> range:
    """As many as the map says that were counted."""
    return range(int(search.since[-1]["frames"]))


def test_a_map_whose_looks_are_gone_is_told_and_not_counted(operation: Operation, track: Track) -> None:
    search_map = newest_map(operation)
    assert search_map is not None
    search_map.with_suffix(".tif").unlink()
    search = LiveSearch(search_map, operation, Hub(SystemClock()), SystemClock())
    told = threading.Event()
    search.changed = told.set
    search.start()
    assert told.wait(PATIENCE_S)
    report = live_search_report(search)
    assert report is not None
    assert report.live is not None
    assert "cannot be read" in report.live.problem
    search.looked_at(1, "live stream 1", told_live(track)[0])
    search.stop()
    assert search.kept == ()


def test_low_and_blank_frames_and_frames_without_a_place_count_nowhere(track: Track) -> None:
    counted = LookedAt()
    looked = looked_at(track)[0]
    counted.add(replace(looked, why="a gap in the track"))
    counted.add(replace(looked, posed=None))
    counted.add(replace(looked, frame=replace(looked.frame, values=np.ones((2, 2), np.float32))))
    assert counted.due(track, math.inf) == []
    counted.add(looked)
    (told,) = counted.due(track, math.inf)
    told["pose"]["height_relative_m"] = 3.0
    assert OverMap(FRAME, LEVEL).view(told, TAKE_OFF, "live stream 1") is None


def test_a_killed_service_leaves_the_map_of_what_was_searched_and_the_next_goes_on_with_it(
    operation: Operation, track: Track
) -> None:
    """Its process is killed with it, as when the power goes."""
    search = LiveSearch(_newest(operation), operation, Hub(SystemClock()), SystemClock(), keep_s=0.1)
    search.start()
    frames = told_live(track)
    for view in frames[:60]:
        search.looked_at(1, "live stream 1", view)
    folder = operation.folder / "searches" / ".map-live.kept"
    wait_for(lambda: any(folder.glob("[0-9]*")), "the map on the disk")
    assert list(operation.folder.glob("searches/map-live*")) == []
    for number in _counting():
        os.kill(number, signal.SIGKILL)
    wait_for(lambda: not search.going_on, "its end")
    enter_left(operation, lambda: newest_map(operation), SystemClock())
    assert not folder.exists()
    before = open_search(_newest(operation))
    assert _newest(operation).name == "map-live.json"
    assert before.looks is not None
    whole = Searching(even_map(), detections(), LEVEL).see(_from_track(track, _times(frames[:60])))
    assert 0 < before.cumulative_pos <= whole.cumulative_pos + 1e-9
    (act,) = operation.store.acts("search.covered")
    assert act["details"]["recovered"]
    again = LiveSearch(_newest(operation), operation, Hub(SystemClock()), SystemClock())
    again.start()
    for view in frames:
        again.looked_at(1, "live stream 1", view)
    again.stop()
    after = open_search(_newest(operation))
    whole = Searching(even_map(), detections(), LEVEL).see(_from_track(track, _times(frames)))
    assert after.cumulative_pos == pytest.approx(whole.cumulative_pos, rel=1e-6)
    assert not operation.log.verify().problems


def test_a_left_map_that_does_not_go_on_with_the_newest_stays_where_it_is(
    operation: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    keeping = Keeping(operation.folder / "searches" / "old-live.json", "old.json")
    with keeping.locked():
        keeping.keep(lambda path: path.write_text("{}"))
    enter_left(operation, lambda: newest_map(operation), SystemClock())
    assert _newest(operation).name == "map.json"
    assert "not the newest" in caplog.text
    assert (operation.folder / "searches" / ".old-live.kept" / "1" / "old-live.json").is_file()


def test_a_map_is_kept_whole_or_as_it_was_before(tmp_path: Path) -> None:
    output = tmp_path / "map-live.json"

    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    keeping = Keeping(output, "map.json")
    with keeping.locked():
        keeping.keep(lambda path: path.write_text("whole"))
        with pytest.raises(OutputError, match="No space left"):
            keeping.keep(half)
    assert taken(folder_of(output)) == (output,)
    assert output.read_text() == "whole"
    assert sorted(tmp_path.iterdir()) == [output]


def _counting() -> list[int]:
    """The processes of ours that count."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and MODULE.encode() in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    return found


def _newest(operation: Operation) -> Path:
    found = newest_map(operation)
    assert found is not None
    return found
