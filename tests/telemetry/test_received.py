"""What came in that is no MAVLink is on the disk as it came, whatever fails later."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from missions.errors import FormatError
from telemetry.clock import ManualClock
from telemetry.received.items import HEAD, LINE_LIMIT_BYTES, MOST_BYTES, Item, item, item_of, line_of
from telemetry.received.playing import PlayedPicture
from telemetry.received.positions import positions_of
from telemetry.received.reading import ItemScan, is_received, read_items
from telemetry.received.recorder import ReceivedRecorder
from telemetry.segments import SUMS, check_folder
from telemetry.traffic import TrafficPicture, sighting_of_line, track_report_of
from tests.telemetry.faulty_disk import FaultyDisk
from tests.telemetry.received_items import BEGIN_US, cot, sbs, several, track, write_segment

NOW_S = BEGIN_US / 1e6
BY_HAND = math.inf


def items_in(paths: list[Path]) -> list[Item]:
    return [found.item for path in paths for found in read_items(path)]


def test_whatever_came_is_read_back_byte_for_byte() -> None:
    chance = random.Random(1)
    texts = [b"", b"MSG,3\r", "één ☃ \u2028".encode(), b'"\\' * 50, b"\xff\xfe", b"\0", b"\x1b[31m", b"\t\n"]
    for data in [*texts, *(chance.randbytes(chance.randrange(300)) for _ in range(300))]:
        made = item(NOW_S, "sbs:host:30003", "sbs", data, "10.0.0.7:5", longest=MOST_BYTES)
        line = line_of(made)
        assert line.count(b"\n") == 1
        assert item_of(line[:-1]) == made
        assert made.data == data


def test_of_what_is_longer_than_may_be_the_beginning_is_kept_and_said_to_be_one() -> None:
    for data in (b"x" * 600, b"\xff" * 600, b'"' * 70_000):
        made = item(NOW_S, "l" * 999 + "\n", "sbs", data, longest=512 if len(data) == 600 else MOST_BYTES)
        assert made.cut
        assert data.startswith(made.data)
        assert len(line_of(made)) <= LINE_LIMIT_BYTES
        assert item_of(line_of(made)) == made


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"null",
        b'{"time_us":1}',
        b'{"time_us":-1,"link":"a","form":"sbs","text":""}',
        b'{"time_us":1.5,"link":"a","form":"sbs","text":""}',
        b'{"time_us":true,"link":"a","form":"sbs","text":""}',
        b'{"time_us":1,"link":"a","form":"mavlink","text":""}',
        b'{"time_us":1,"link":"a","form":"sbs","base64":"?"}',
        b'{"time_us":1,"link":7,"form":"sbs","text":""}',
        b'{"time_us":1,"link":"a","form":"sbs","text":"","cut":1}',
        b'{"time_us":1,"link":"a","form":"sbs","text":"' + b"x" * 70_000 + b'"}',
        b'{"time_us":1,"link":"a","form":"sbs","text":"' + b"x" * LINE_LIMIT_BYTES + b'"}',
        b"[" * 5_000,
    ],
)
def test_a_line_that_keeps_nothing_is_refused(line: bytes) -> None:
    with pytest.raises(FormatError):
        item_of(line)


def test_what_is_recorded_is_read_back_sealed_and_in_segments(tmp_path: Path) -> None:
    made = several(2)
    with ReceivedRecorder(tmp_path, ManualClock(NOW_S), segment_bytes=9_000, sync_s=BY_HAND) as recorder:
        for each in made:
            recorder([each])
            recorder.flush()
        recorder(())
    assert len(recorder.segments) > 2
    assert recorder.segments[0].name == "20260314T092653Z.received"
    assert items_in(recorder.segments) == made
    assert all(path.read_bytes().startswith(HEAD) and is_received(path) for path in recorder.segments)
    assert [check.verdict for check in check_folder(tmp_path)] == ["as sealed"] * len(recorder.segments)
    assert (tmp_path / SUMS).read_text().count("\n") == len(recorder.segments)
    assert (recorder.taken, recorder.watermark.frames) == (len(made), len(made))
    recorder.segments[0].write_bytes(recorder.segments[0].read_bytes()[:-1])
    assert check_folder(tmp_path)[0].verdict == "changed"


def test_whichever_call_to_the_disk_fails_nothing_that_was_called_safe_is_lost(tmp_path: Path) -> None:
    made = several(3, 40)
    for failing in range(1, 26):
        folder = tmp_path / str(failing)
        how = ("ENOSPC", "EIO", "short")[failing % 3]
        disk = FaultyDisk(lambda number, name, at=failing, how=how: how if number == at else "")  # type: ignore[misc]
        clock = ManualClock(NOW_S)
        with ReceivedRecorder(folder, clock, segment_bytes=3_000, sync_s=BY_HAND, disk=disk) as recorder:
            for each in made:
                recorder([each])
                recorder.flush()
                clock.sleep(1)
                safe = [
                    line
                    for data in disk.platter.values()
                    for line in data.splitlines(keepends=True)
                    if line != HEAD
                ]
                assert {*map(line_of, made[: recorder.watermark.frames])} <= {*safe}, (failing, how)
        assert items_in(sorted(folder.glob("*.received"))) == made, (failing, how)
        assert recorder.problem == ""


def test_a_full_disk_holds_nobody_up_and_what_memory_cannot_hold_is_counted(tmp_path: Path) -> None:
    made = several(4, 60)
    full = [True]
    disk = FaultyDisk(lambda number, name: "ENOSPC" if full[0] and name == "write" else "")
    clock = ManualClock(NOW_S)
    recorder = ReceivedRecorder(tmp_path, clock, sync_s=BY_HAND, held_bytes=4_000, disk=disk)
    for each in made:
        recorder([each])
        recorder.flush()
        clock.sleep(1)
    assert "No space left" in recorder.problem
    assert recorder.watermark.frames == 0, "nothing is called safe that is not"
    assert 0 < recorder.dropped < len(made)
    lost = [each for each in made if any(begin <= each.time_us <= end for begin, end in recorder.gaps)]
    assert len(lost) == recorder.dropped
    full[0] = False
    recorder.flush()
    recorder.close()
    assert items_in(recorder.segments) == [each for each in made if each not in lost]


def test_a_segment_cut_anywhere_gives_every_whole_line_before_the_cut(tmp_path: Path) -> None:
    made = several(5, 30)
    path = write_segment(tmp_path / "a.received", made)
    data, ends = path.read_bytes(), [len(HEAD)]
    for each in made:
        ends.append(ends[-1] + len(line_of(each)))
    for cut in random.Random(5).sample(range(len(data)), 150):
        path.write_bytes(data[:cut])
        scan = ItemScan(path)
        found = [each.item for piece in scan.read(last=True) for each in piece]
        whole = sum(end <= cut + 1 for end in ends[1:])  # all but the end of the line is a whole line
        assert found == made[:whole], cut
        assert scan.watermark == cut


def test_a_turned_bit_costs_its_own_line_at_most(tmp_path: Path) -> None:
    made = several(6, 30)
    path = write_segment(tmp_path / "a.received", made)
    data = path.read_bytes()
    chance = random.Random(6)
    for _ in range(200):
        at = chance.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        found = items_in([path])
        missing = [each for each in made if each not in found]
        assert len(missing) <= 2, "a line whose end was turned takes the next with it"
        assert len([each for each in found if each not in made]) <= 1


def test_read_in_pieces_of_any_size_the_same_comes_out(tmp_path: Path) -> None:
    made = several(7, 60)
    whole = write_segment(tmp_path / "whole.received", made).read_bytes() + b'{"torn'
    (tmp_path / "whole.received").write_bytes(whole)
    at_once = ItemScan(tmp_path / "whole.received")
    expected = [found for piece in at_once.read(last=True) for found in piece]
    chance, grown = random.Random(7), tmp_path / "grown.received"
    scan, found = ItemScan(grown), []
    size = 0
    while size < len(whole):
        size += chance.randrange(1, 900)
        grown.write_bytes(whole[:size])
        found += [each for piece in scan.read() for each in piece]
    found += [each for piece in scan.read(last=True) for each in piece]
    assert found == expected
    assert [each.item for each in found] == made
    assert (scan.sha256, scan.watermark, scan.bad_bytes) == (at_once.sha256, len(whole), 6)


def test_a_line_without_an_end_is_counted_and_never_held(tmp_path: Path) -> None:
    path = write_segment(tmp_path / "a.received", several(8, 5))
    with path.open("ab") as file:
        file.write(b"x" * 9_000_000)
        file.write(b"\n" + line_of(track(BEGIN_US, 52.1, 5.8)))
    scan = ItemScan(path)
    longest = 0
    found = []
    for piece in scan.read(last=True):
        longest = max(longest, len(scan._rest))
        found += piece
    assert (len(found), scan.bad_lines, scan.bad_bytes) == (6, 1, 9_000_001)
    assert longest <= LINE_LIMIT_BYTES


def test_what_is_no_such_recording_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "letter.received").write_text("Geachte heer,\n" * 1000)
    with pytest.raises(FormatError, match="no recording of what was received"):
        list(read_items(tmp_path / "letter.received"))
    (tmp_path / "empty.received").write_bytes(b"")
    assert list(read_items(tmp_path / "empty.received")) == []


def test_played_again_the_picture_is_what_it_was(tmp_path: Path) -> None:
    clock = ManualClock(NOW_S)
    live, played = TrafficPicture(clock), PlayedPicture(clock)
    for each in several(9, 400):
        clock.sleep(each.time_s - clock.now_s())
        try:
            if each.form == "sbs":
                sighting = sighting_of_line(each.data, each.time_s)
                live.take([sighting] if sighting else [])
            elif each.form == "track":
                live.report(track_report_of(each.data))
        except Exception:  # noqa: BLE001, S110  # what is refused is refused in both
            pass
        played.play([each])
        assert played.traffic() == live.traffic()
        assert {k: v for k, v in played.reports().items() if v.source != "tak"} == live.reports()
    assert {each.source for each in played.reports().values()} == {"dji", "tak"}
    assert len(played.traffic()) == 2


def test_positions_have_the_height_name_and_course_that_were_known_then() -> None:
    told = [
        sbs(BEGIN_US, "4CA2D6", 52.1, 5.8),
        sbs(BEGIN_US + 1, "4CA2D6", 0, 0, callsign="RYR1"),
        sbs(BEGIN_US + 2, "4CA2D6", 52.2, 5.9, height_ft=1000),
        track(BEGIN_US + 3, 52.3, 5.7),
        track(BEGIN_US + 4, 52.3, 5.7, time_s=1.0),
        cot(BEGIN_US + 5, "ANDROID-1", 52.4, 5.6),
    ]
    first, second, dji, officer = positions_of(told)
    assert (first.name, second.name) == (None, "RYR1")
    assert (second.height_m, second.height_reference) == (pytest.approx(304.8), "pressure_standard")
    assert (dji.key, dji.kind, dji.height_reference, dji.link) == (
        "dji:1581F5BKD",
        "copter",
        "amsl",
        told[3].link,
    )
    assert (officer.key, officer.kind, officer.time_us) == ("tak:ANDROID-1", "person", BEGIN_US + 5)
