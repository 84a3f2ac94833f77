"""The parts of a live thermal stream: how it is named, what waits, what is kept, and the track that grows."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from missions.errors import CatalogueError, SettingsError
from ops.finds import REVIEWED
from ops.live_finds import LiveFind
from ops.live_heat import HeatStreams
from ops.live_heat_frames import MOST_WAITING, LiveFrames
from ops.live_heat_keeping import highest_number, left_behind, locked, new_document, thumbnails_of
from ops.live_heat_specs import heat_specs
from ops.live_heat_track import KEPT_S, GrowingTrack
from ops.operations import Operation
from telemetry.alerts import SeenFind
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.track import Track
from tests.imaging.clips import local_set, moving, write_clip
from tests.imaging.rtsp import camera
from tests.imaging.test_finds import example

POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 25: 40.0}


def test_a_stream_says_whose_camera_it_is_which_and_how_late_it_comes(tmp_path: Path) -> None:
    first, second, third = heat_specs(
        [
            "1:demo-thermal:0.4=rtsp://pilot:secret@10.0.0.5/live?a=b",
            f"1={tmp_path}/a.ts",
            "12:=udp://0.0.0.0:5600",
        ]
    )
    assert (first.vehicle, first.camera and first.camera.name, first.delay_s) == (1, "demo-thermal", 0.4)
    assert first.shown == "rtsp://10.0.0.5/live?a=b"
    assert (second.tag, second.camera, second.stream) == ("1b", None, f"{tmp_path}/a.ts")
    assert (third.tag, third.vehicle) == ("12", 12)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["rtsp://pilot:secret@10.0.0.5/live"], "does not say which aircraft"),
        (["0=udp://127.0.0.1:1"], "does not say which aircraft"),
        (["1=clip.mp4"], "no stream that can be searched live"),
        (["1=ftp://10.0.0.5/live"], "no stream that can be searched live"),
        (["1:demo-thermal:soon=udp://127.0.0.1:1"], "no delay of a picture"),
        (["1=udp://127.0.0.1:1", "2=udp://127.0.0.1:1"], "named twice"),
        ([f"1=udp://127.0.0.1:{n}" for n in range(1, 10)], "more than one service searches"),
    ],
)
def test_what_names_no_stream_is_refused_with_the_remedy_and_without_its_password(
    texts: list[str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        heat_specs(texts)
    assert "secret" not in str(refused.value)
    with pytest.raises(CatalogueError):
        heat_specs(["1:no-such-camera=udp://127.0.0.1:1"])


def test_the_command_refuses_what_it_cannot_search_before_it_serves(
    inside: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    for arguments, told in (
        (("--heat", "1=udp://127.0.0.1:5600"), "need an operation, in which their finds are kept"),
        (("--heat", "udp://127.0.0.1:5600"), "does not say which aircraft's stream this is"),
    ):
        refused = inside("serve", *arguments)
        assert refused.returncode == 2
        assert told in refused.stderr
        assert refused.stdout == ""
    set_wrong = inside("serve", DRONETEAM_HEAT="1:no-such-camera=udp://127.0.0.1:5600")
    assert set_wrong.returncode == 2
    assert "no-such-camera" in set_wrong.stderr


@contextmanager
def sending(data: bytes) -> Iterator[str]:
    """An address at which these bytes can be had by whoever connects, again and again."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def until(reached: object, limit_s: float = 20.0) -> None:
    assert callable(reached)
    end_s = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_frames_that_nobody_takes_are_dropped_the_oldest_first_and_the_stream_is_opened_again(
    tmp_path: Path,
) -> None:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(60)}
    data = write_clip(tmp_path / "a.ts", moving(60), sets=sets, group=5).read_bytes()
    with sending(data) as address:
        frames = LiveFrames(address, "heat-1", SystemClock(), every_s=0.0)
        thread = threading.Thread(target=frames.read, daemon=True)
        thread.start()
        until(lambda: frames.status()["state"] == "reconnecting")
        waiting = [frame for _ in range(MOST_WAITING) if (frame := frames.take(0.0))]
        until(lambda: frames.opened >= 2)
        frames.close()
        until(lambda: frames.take(0.0) is None and not thread.is_alive())
    status = frames.status()
    assert len(waiting) == MOST_WAITING
    times = [frame.exposure.time_s or 0.0 for frame in waiting]
    assert times == sorted(times)
    assert times[-1] > 1.7e9 + 2
    assert status["dropped"] > 20
    assert status["frames"] >= status["dropped"] + MOST_WAITING
    assert status["state"] == "closed"


def test_a_camera_that_speaks_rtsp_is_read_and_its_password_said_to_nobody(tmp_path: Path) -> None:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(60)}
    data = write_clip(tmp_path / "a.ts", moving(60), sets=sets, group=5).read_bytes()
    with camera(data) as address:
        frames = LiveFrames(address, "heat-1", SystemClock(), every_s=0.0)
        thread = threading.Thread(target=frames.read, daemon=True)
        thread.start()
        until(lambda: frames.status()["state"] == "reconnecting")
        frames.close()
    frame = frames.take(0.0)
    assert frame is not None
    assert frame.exposure.place is not None
    assert "secret" not in json.dumps([frames.status(), frames.shown, *frames.notes, frame.name])
    until(lambda: not thread.is_alive())


@pytest.mark.parametrize("data", [b"", b"\x47" + bytes(187), bytes(range(256)) * 400])
def test_a_stream_that_is_none_is_told_and_tried_again(data: bytes) -> None:
    with sending(data) as address:
        frames = LiveFrames(address, "heat-1", SystemClock())
        thread = threading.Thread(target=frames.read, daemon=True)
        thread.start()
        until(lambda: frames.status()["state"] == "reconnecting")
        assert frames.status()["problem"]
        assert frames.take(0.0) is None
        frames.close()
        until(lambda: not thread.is_alive())


def telling(count: int, system: int = 1) -> list[Frame]:
    """Ten positions and attitudes a second, half as many angles of the gimbal, which speaks for itself."""
    copter, gimbal, reader, frames = Encoder(system, 1), Encoder(system, 154), FrameReader(), list[Frame]()
    for n in range(count):
        time_us, boot_ms = 1_700_000_000_000_000 + 100_000 * n, 100 * n
        place = {
            "lat": 520_000_000 + 10 * n,
            "lon": 40_000_000,
            "alt": 100_000,
            "relative_alt": 60_000,
            "hdg": 0,
        }
        frames += reader.feed(copter.encode("GLOBAL_POSITION_INT", time_boot_ms=boot_ms, **place), time_us)
        frames += reader.feed(copter.encode("ATTITUDE", time_boot_ms=boot_ms, yaw=0.01 * n), time_us)
        if n % 2 == 0:
            angles = {"pitch": -90.0, "yaw": 5.0, "yaw_absolute": 5.0}
            frames += reader.feed(gimbal.encode("MOUNT_ORIENTATION", time_boot_ms=boot_ms, **angles), time_us)
    return frames


def test_a_track_that_grows_is_the_track_of_the_last_half_minute() -> None:
    frames, growing = telling(1000), GrowingTrack(1)
    assert growing.now() is None
    growing.add(telling(10, system=2))
    assert growing.now() is None
    for begin in range(0, len(frames), 20):
        growing.add(frames[begin : begin + 20])
        growing.now()
    found, whole = growing.now(), Track.from_frames(frames)
    assert found is not None
    assert found is growing.now()
    assert KEPT_S <= found.end_s - found.start_s <= 2 * KEPT_S + 1
    assert found.end_s == whole.end_s
    for ago_s in (0.0, 0.03, 1.0, 10.02, 29.9):
        assert found.pose_at(found.end_s - ago_s) == whole.pose_at(whole.end_s - ago_s)


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    return Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")


def test_what_a_killed_service_left_enters_when_the_operation_is_served_next_and_what_is_written_to_does_not(
    operation: Operation,
) -> None:
    finds, clock = operation.folder / "finds", SystemClock()
    left = new_document(finds, "1", clock)
    (finds / f".{left.stem}.1234abcd.geojson").write_bytes(b"{")
    example(2).write(left)
    for number in (1, 2):
        (thumbnails_of(left) / f"live-1-{number:03d}.png").write_bytes(b"\x89PNG")
    never_written = new_document(finds, "2", clock)
    busy = new_document(finds, "1", clock)
    assert busy != left
    example(1).write(busy)
    with locked(busy):
        heat = HeatStreams((), operation, Hub(clock), clock)
    assert heat.recovered == 1
    assert not thumbnails_of(never_written).exists()
    entered = {file.path for file in operation.files("find")}
    assert f"finds/{left.name}" in entered
    assert f"finds/{busy.name}" not in entered
    assert all(path.startswith(f"finds/{busy.stem}") for path in operation.strangers())
    assert highest_number(finds, "1") == 2
    assert highest_number(finds, "2") == 0
    assert left_behind(finds, [left.name], ManualClock()) == [busy]


def live_find(name: str, score: float = 0.6, what: str = "person?") -> LiveFind:
    properties = {"what": what, "score": score, "sighting_count": 3}
    return LiveFind(
        1, name, "finds/live-1-20260601T100000Z.geojson", 52.1, 5.2, properties, f"{name}, {what}"
    )


def test_a_decision_is_in_the_log_at_once_and_ends_the_calling(operation: Operation) -> None:
    heat = HeatStreams((), operation, Hub(SystemClock()), SystemClock())
    told: list[LiveFind] = []
    heat.finds.changed = told.append
    for find in (
        live_find("live-1-001"),
        live_find("live-1-002", 0.1),
        live_find("live-1-003", 0.9, "vehicle?"),
    ):
        heat.finds.take(find)
    assert [each.name for each in heat.seen()] == ["live-1-001"], "only what is likely enough a person"
    assert heat.decide("finds/other.geojson#1", "confirmed", "Ann", "seen") is None
    heat.decide(told[0].id, "dismissed", "Ann", "a fox")
    assert heat.seen() == ()
    heat.finds.take(live_find("live-1-001", 0.8))
    assert (told[-1].state, told[-1].history[0].by) == ("dismissed", "Ann")
    (act,) = operation.store.acts(REVIEWED)
    assert (act["details"]["path"], act["details"]["find"]) == (told[0].source, "live-1-001")


def test_alarms_of_an_earlier_service_stand_until_somebody_decided(operation: Operation) -> None:
    entered = [live_find("live-1-001"), live_find("live-1-002")]
    heat = HeatStreams((), operation, Hub(SystemClock()), SystemClock(), lambda: entered)
    heat.go_on_calling([SeenFind(1, each.name, each.text, 2) for each in entered])
    assert [each.name for each in heat.seen()] == ["live-1-001", "live-1-002"]
    entered.pop()
    assert [each.name for each in heat.seen()] == ["live-1-001"]


def test_a_document_of_a_stream_tells_what_came_and_what_was_not_placed(tmp_path: Path) -> None:
    from imaging.finds import FrameSpots
    from ops.live_heat_kept import UNPLACED_LISTED, Kept

    document = new_document(tmp_path, "1", ManualClock(1.78e9))
    assert document.name == "live-1-20260528T202640Z.geojson"
    kept = Kept(document, {"vehicle": 1, "address": "udp://127.0.0.1:5600", "camera": ""})
    (find,) = example(1).finds
    kept.take(find)
    for n in range(UNPLACED_LISTED + 5):
        kept.not_placed(FrameSpots(f"heat-1#{n:06d}", "00", 640, 512, (), "the track has a gap"))
    kept.read, kept.placed = 1000, 795
    assert kept.picture(find).startswith(b"\x89PNG")
    kept.page().write(("one note",))
    kept.close()
    told = json.loads(document.read_text())
    assert (told["frames_read"], told["frames_placed"]) == (1000, 795)
    assert len(told["frames_not_placed"]) == UNPLACED_LISTED
    assert told["stream"]["vehicle"] == 1
    assert told["notes"] == ["one note"]
    (pictured,) = thumbnails_of(document).iterdir()
    assert told["features"][0]["properties"]["thumbnail"] == f"{pictured.parent.name}/{pictured.name}"
