"""A live stream: frames as they are sent, their times, a sender late or silent, and no secrets said."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from imaging.finds import Unread
from imaging.heat import heat
from imaging.thermal.container import is_live, shown
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.growing import GrowingFile
from imaging.thermal.options import HeatOptions
from imaging.thermal.reading import Reading, VideoOptions
from imaging.thermal.sources import open_frames
from imaging.thermal.video import ClipFrames
from missions.errors import LinkError
from telemetry.clock import ManualClock
from tests.imaging.clips import TICKS, local_set, moving, write_clip
from tests.imaging.rtsp import camera
from tests.ports import free_udp_port
from tests.waiting import beside

PICTURES = moving(60)
POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 25: 40.0}


@contextmanager
def sending(port: int, frames: int = 60) -> Iterator[None]:
    """A camera that sends MPEG-TS over UDP, 25 frames a second, with its metadata, until told to stop."""

    def send(stop: threading.Event) -> None:
        with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as out:
            video = out.add_stream("libx264", rate=25, options={"g": "5", "tune": "zerolatency"})
            video.height, video.width, video.pix_fmt = *PICTURES[0].shape, "yuv420p"
            data = out.add_data_stream("klv")
            for n in range(frames):
                if stop.is_set():
                    return
                frame = av.VideoFrame.from_ndarray(PICTURES[n % 60], format="gray").reformat(format="yuv420p")
                frame.pts, frame.time_base = n, Fraction(1, 25)
                packet = av.Packet(local_set(1.7e9 + n / 25, POSE))
                packet.stream, packet.time_base = data, Fraction(1, TICKS)
                packet.pts = packet.dts = round(n / 25 * TICKS)
                out.mux(packet)
                out.mux(video.encode(frame))
                time.sleep(0.04)

    with beside(send):
        yield


def test_a_stream_is_read_as_it_is_sent_with_the_times_that_it_tells() -> None:
    port = free_udp_port()
    options = VideoOptions(every_s=0.2, silent_s=2.0, latest_s=60.0)
    with sending(port, 100):
        frames = open_frames(f"udp://127.0.0.1:{port}", Reading(video=options))
        items = list(frames)
    seen = [item for item in items if isinstance(item, ThermalFrame)]
    assert len(seen) >= 8
    assert all(item.exposure.place is not None for item in seen[2:])
    apart = np.diff([item.exposure.time_s or 0.0 for item in seen])
    assert np.allclose(apart, 0.2, atol=0.01)
    assert 1.7e9 <= (seen[-1].exposure.time_s or 0.0) <= 1.7e9 + 4
    assert seen[0].path.name == f"udp_127.0.0.1:{port}"
    assert any("ended" in note for note in frames.notes)


def test_a_camera_that_speaks_rtsp_is_read_with_its_data_stream(tmp_path: Path) -> None:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(60)}
    path = write_clip(tmp_path / "a.ts", PICTURES, sets=sets, group=5)
    with camera(path.read_bytes()) as address:
        frames = open_frames(address, Reading(video=VideoOptions(every_s=0.0, silent_s=3.0, latest_s=60.0)))
        seen = [item for item in frames if isinstance(item, ThermalFrame)]
    assert len(seen) > 20
    assert all(item.exposure.place is not None for item in seen[2:])
    assert 1.7e9 <= (seen[-1].exposure.time_s or 0.0) <= 1.7e9 + 3
    assert "secret" not in seen[0].name + "".join(frames.notes)


def test_a_stream_is_searched_to_finds_as_a_clip_is() -> None:
    port = free_udp_port()
    options = HeatOptions(video=VideoOptions(every_s=0.4, silent_s=2.0, at_most_s=1.0, latest_s=60.0))
    with sending(port, 200):
        found = heat(f"udp://127.0.0.1:{port}", None, options=options)
    assert found.frames
    assert found.clips == ()


def test_a_stream_that_nobody_sends_gives_one_clear_error_in_time() -> None:
    began_s = time.monotonic()
    with pytest.raises(LinkError, match="does not open"):
        list(ClipFrames(Path("x"), VideoOptions(silent_s=1.0), address=f"udp://127.0.0.1:{free_udp_port()}"))
    with pytest.raises(LinkError, match="does not open"):
        list(ClipFrames(Path("x"), VideoOptions(silent_s=1.0), address=f"tcp://127.0.0.1:{free_udp_port()}"))
    assert time.monotonic() - began_s < 20


def test_a_recording_that_is_still_written_is_read_from_its_end_on_as_it_grows(tmp_path: Path) -> None:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(60)}
    data = write_clip(tmp_path / "whole.ts", PICTURES, sets=sets, group=5).read_bytes()
    later = {n: local_set(1.8e9 + n / 25, POSE) for n in range(60)}
    more = write_clip(tmp_path / "more.ts", PICTURES, sets=later, group=5).read_bytes()
    growing = tmp_path / "growing.ts"
    growing.write_bytes(data)
    begun = threading.Event()

    def grow() -> None:
        with growing.open("ab", buffering=0) as file:
            begun.wait(10)
            for at in range(0, len(more), 9000):
                file.write(more[at : at + 9000])
                time.sleep(0.01)

    thread = threading.Thread(target=grow, daemon=True)
    thread.start()
    options = VideoOptions(every_s=0.0, silent_s=1.5, latest_s=60.0)
    threading.Timer(0.3, begun.set).start()
    seen = [
        item
        for item in ClipFrames(Path("growing"), options, address=str(growing))
        if isinstance(item, ThermalFrame)
    ]
    thread.join(10)
    assert len(seen) > 20
    assert all((item.exposure.time_s or 0.0) >= 1.8e9 for item in seen)


def test_a_recording_that_does_not_grow_or_is_begun_anew_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(bytes(1000))
    clock = ManualClock()
    growing = GrowingFile(path, 2.0, clock)
    assert growing.read(100) == b""
    assert clock.monotonic_s() >= 2.0
    path.write_bytes(bytes(1500))
    assert growing.read(400) == bytes(400)
    path.write_bytes(bytes(10))
    before_s = clock.monotonic_s()
    assert growing.read(400) == bytes(0)
    assert clock.monotonic_s() == before_s
    growing.close()
    with pytest.raises(LinkError, match="does not open"):
        list(ClipFrames(Path("x"), VideoOptions(silent_s=0.5), address=str(tmp_path / "none.ts")))


def test_a_sender_that_begins_its_times_anew_ends_the_stream_so_that_it_is_opened_anew(
    tmp_path: Path,
) -> None:
    first = write_clip(tmp_path / "a.ts", PICTURES, times_s=[100 + n / 25 for n in range(60)], group=5)
    second = write_clip(tmp_path / "b.ts", PICTURES, group=5)
    with served(first.read_bytes() + second.read_bytes()) as address:
        reader = ClipFrames(
            Path("live"), VideoOptions(every_s=0.0, silent_s=2.0, latest_s=60.0), address=address
        )
        frames = [item for item in reader if isinstance(item, ThermalFrame)]
    assert any("began its times anew" in note for note in reader.notes), reader.notes
    assert len(frames) < 60


def test_frames_that_come_too_late_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", PICTURES)
    clock = ManualClock()
    with served(path.read_bytes()) as address:
        reader = ClipFrames(
            Path("live"), VideoOptions(every_s=0.0, silent_s=2.0, latest_s=0.5), address=address, clock=clock
        )
        frames = []
        for item in reader:
            assert not isinstance(item, Unread)
            frames.append(item)
            # each frame takes a tenth of a second to search, and 0.04 s to be sent
            clock.sleep(0.1)
    # the first frames go into finding out what is sent
    assert 5 < len(frames) < 60
    assert reader.left_out > 5
    assert any(f"{reader.left_out} frames were left out" in note for note in reader.notes)
    assert all("arrival" in note for frame in frames for note in frame.notes[-1:])


@contextmanager
def served(data: bytes) -> Iterator[str]:
    """An address on which these bytes can be had once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_addresses_are_told_from_paths_and_shown_without_their_password() -> None:
    assert is_live("rtsp://pilot:secret@10.0.0.5/live")
    assert is_live("udp://239.1.1.1:5004")
    assert not is_live("/data/clip.mp4")
    assert not is_live("file:///etc/passwd")
    assert shown("rtsp://pilot:secret@10.0.0.5/live") == "rtsp://10.0.0.5/live"
    with pytest.raises(LinkError) as told:
        list(open_frames("tcp://pilot:secret@127.0.0.1:1/live", Reading(video=VideoOptions(silent_s=1.0))))
    assert "secret" not in str(told.value)
