"""The index that is written while the recorder records is the one that a rebuild makes."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from missions.errors import OutputError
from ops.index import Index, IndexWriter, database, open_index, rebuild
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.recorder import Recorder
from tests.ops.test_index import alert
from tests.ops.test_index_scan import NAME, NOW_S, flown, rows_of


def frames_of(pieces: list[bytes]) -> Iterator[list[Frame]]:
    reader = FrameReader()
    for piece in pieces:
        yield reader.feed(piece[8:], int.from_bytes(piece[:8], "big"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_S)


def test_nothing_is_indexed_before_it_is_safe(tmp_path: Path, clock: ManualClock) -> None:
    with Recorder(tmp_path, clock, sync_s=math.inf) as recorder:
        writer = IndexWriter(tmp_path, clock, every_s=math.inf)
        recorder.subscribe(writer)
        safe = 0
        for number, frames in enumerate(frames_of(flown(60, 1))):
            recorder(frames)
            if number % 100 == 50:
                recorder.flush()
                safe = recorder.watermark.frames
            if number % 30 == 0:
                writer.flush()
                held = sum(segment.frames for segment in writer.index.segments())
                assert held <= safe
        recorder.flush()
        writer.flush()
        (segment,) = writer.index.segments()
        assert segment.watermark == segment.bytes == recorder.watermark.bytes
        assert segment.frames == recorder.taken
    writer.close()


def test_written_live_over_many_segments_it_is_what_a_rebuild_makes(
    tmp_path: Path, clock: ManualClock
) -> None:
    recorder = Recorder(tmp_path, clock, segment_bytes=9_000, sync_s=math.inf)
    with IndexWriter(tmp_path, clock, every_s=math.inf) as writer:
        recorder.subscribe(writer)
        for number, frames in enumerate(frames_of(flown(150, 2, vehicles=3))):
            recorder(frames)
            clock.sleep(0.05)
            if number % 40 == 0:
                recorder.flush()
            if number % 60 == 0:
                writer.flush()
                writer.record_alerts([alert(number)])
        recorder.close()
        assert writer.problem == ""
    found = rows_of(tmp_path)
    assert len(found["segments"]) > 8
    rebuild(tmp_path)
    assert found == rows_of(tmp_path)


def test_it_follows_a_hub_in_its_own_thread(tmp_path: Path) -> None:
    hub = Hub(SystemClock())
    pieces = flown(100, 3)
    seen = threading.Event()
    folder = tmp_path / "new"
    with (
        IndexWriter(folder, SystemClock(), every_s=0.02) as writer,
        Recorder(folder, SystemClock()) as recorder,
    ):
        recorder.subscribe(writer)
        hub.subscribe(recorder)
        for frames in frames_of(pieces):
            hub.publish(frames)
        while sum(segment.frames for segment in _segments(writer)) < len(pieces):
            assert writer.problem == ""
            seen.wait(0.02)
    writer.close()  # once more
    found = rows_of(folder)
    rebuild(folder)
    assert found == rows_of(folder)


def _segments(writer: IndexWriter) -> tuple[object, ...]:
    return writer.index.segments() if (writer.folder / "index.sqlite").exists() else ()


def test_a_full_disk_is_said_and_made_up_for(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    full = (*database._WRITING, "max_page_count=30")
    recorder = Recorder(tmp_path, clock, sync_s=math.inf)
    writer = IndexWriter(tmp_path, clock, every_s=math.inf, tell=told.append)
    recorder.subscribe(writer)
    writer.flush()
    writer.close()
    writer = IndexWriter(tmp_path, clock, every_s=math.inf, tell=told.append)
    recorder.subscribe(writer)
    parts = list(frames_of(flown(900, 4)))
    with monkeypatch.context() as patch:
        patch.setattr(database, "_WRITING", full)
        for frames in parts[:9_000]:
            recorder(frames)
        recorder.flush()
        writer.flush()
        assert "full" in writer.problem
        assert len(told) == 1
        clock.sleep(6)
        writer.flush()
        assert "full" in writer.problem
        assert len(told) == 1
    for frames in parts[9_000:]:
        recorder(frames)
    recorder.flush()
    writer.flush()  # too early to try again
    assert "full" in writer.problem
    clock.sleep(6)
    writer.flush()
    assert writer.problem == ""
    recorder.close()
    writer.close()
    assert recorder.dropped == 0
    found = rows_of(tmp_path)
    rebuild(tmp_path)
    assert found == rows_of(tmp_path)


def test_a_damaged_index_does_not_keep_the_writer_from_writing(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / NAME).write_bytes(b"".join(flown(50)))
    (tmp_path / "index.sqlite").write_text("Geachte heer,\n" * 1000)
    told: list[str] = []
    with IndexWriter(tmp_path, clock, every_s=math.inf, tell=told.append) as writer:
        writer.flush()
        assert len(writer.index.vehicles()) == 2
        (tmp_path / "index.sqlite").write_bytes(b"now" * 10_000)  # and once more while it runs
        (tmp_path / "20260224T101500Z.tlog").write_bytes(b"".join(flown(50, 1)))
        for _ in range(4):
            writer.flush()
            clock.sleep(6)
    assert any("kept as index.damaged-" in text for text in told)
    index = open_index(tmp_path, clock, told.append)
    assert len(index.segments()) == 2
    found = rows_of(tmp_path)
    rebuild(tmp_path)
    assert found == rows_of(tmp_path)


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / NAME).write_bytes(b"".join(flown(20)))
    with IndexWriter(tmp_path, clock, every_s=math.inf) as writer:
        writer.flush()
        with pytest.raises(OutputError, match="another process writes the index") as caught:
            IndexWriter(tmp_path, clock)
        assert caught.value.remedy
        assert len(open_index(tmp_path, clock).vehicles()) == 2
        assert len(Index(tmp_path).vehicles()) == 2


def test_a_segment_that_another_program_writes_is_followed(tmp_path: Path, clock: ManualClock) -> None:
    pieces = flown(100, 6)
    with IndexWriter(tmp_path, clock, every_s=math.inf) as writer:
        for at in range(0, len(pieces), 130):
            with (tmp_path / "flight.tlog").open("ab") as file:
                file.write(b"".join(pieces[at : at + 130]))
            for _ in range(at % 4):  # it stands still for a while, and is taken for finished
                writer.flush()
    found = rows_of(tmp_path)
    rebuild(tmp_path)
    assert found == rows_of(tmp_path)
