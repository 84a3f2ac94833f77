"""A segment cut anywhere or with any bit turned gives back every whole frame, and none that is not."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from fastcrc.crc16 import mcrf4xx

from sitl.swarm import CYCLE, cycle_of
from telemetry.columns import frames_in
from telemetry.tlog import STAMP_BYTES, read_tlog

TAIL_BYTES = 64 * 1024
START_US = 1_771_841_700_000_000


def segment(vehicles: int) -> bytes:
    """A recording of so many vehicles, 256 frames each, a frame each quarter of a millisecond."""
    cycles = [cycle_of(1 + who) for who in range(vehicles)]
    frames = [cycles[who][at] for at in range(CYCLE) for who in range(vehicles)]
    return b"".join((START_US + 250 * number).to_bytes(8, "big") + raw for number, raw in enumerate(frames))


@pytest.fixture(scope="module")
def data() -> bytes:
    return segment(vehicles=12)


@pytest.fixture(scope="module")
def whole(data: bytes) -> np.ndarray:
    found = frames_in(np.frombuffer(data, np.uint8)).found
    assert len(found) == 12 * CYCLE
    return found


def check_cuts(data: bytes, whole: np.ndarray, sizes: Iterable[int]) -> None:
    octets = np.frombuffer(data, np.uint8)
    for size in sizes:
        found = frames_in(octets[:size]).found
        kept = whole[: np.searchsorted(whole["stop"], size, side="right")]
        assert np.array_equal(found, kept), f"cut at {size}"


def check_flips(data: bytes, whole: np.ndarray, flips: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    octets = np.frombuffer(data, np.uint8).copy()
    for _ in range(flips):
        at, bit = int(rng.integers(len(octets))), int(rng.integers(8))
        octets[at] ^= 1 << bit
        found = frames_in(octets).found
        octets[at] ^= 1 << bit
        hit = int(np.searchsorted(whole["stop"], at, side="right"))
        begins = int(whole["start"][hit])
        if at >= begins:  # in the frame: it is gone, and nothing else stands where it was
            assert np.array_equal(found, np.delete(whole, hit)), f"bit {bit} of byte {at}"
            continue
        expected = whole.copy()  # in its time, which no checksum guards: the segment's seal does
        turned = int(whole["time_us"][hit]) ^ (1 << bit << 8 * (begins - 1 - at))
        before = int(whole["time_us"][hit - 1]) if hit else 0
        assert found["time_us"][hit] in (turned, before), f"bit {bit} of byte {at}"
        expected["time_us"][hit] = found["time_us"][hit]
        assert np.array_equal(found, expected), f"bit {bit} of byte {at}"


@pytest.mark.parametrize("seed", range(4))
def test_the_bytes_of_a_time_are_never_taken_for_a_frame(seed: int, tmp_path: Path) -> None:
    """Times full of the bytes with which frames begin; unknown types are found all the same."""
    rng = random.Random(seed)
    body = bytes((9, 0, 0, 5, 9, 1)) + b"\xf0\xff\x7f" + rng.randbytes(9)
    unknown = b"\xfd" + body + mcrf4xx(b"M", mcrf4xx(body)).to_bytes(2, "little")
    raws = rng.choices(cycle_of(1), k=20_000)
    raws[100], raws[200] = unknown, unknown
    times = [
        int.from_bytes(b"\x00\x06\x4f\xfd" + bytes(rng.choices(b"\xfd\xfe\x01\x02", k=4)), "big")
        for _ in raws
    ]
    path = tmp_path / "times.tlog"
    path.write_bytes(b"".join(time.to_bytes(8, "big") + raw for time, raw in zip(times, raws, strict=True)))
    expected = list(zip(times, raws, strict=True))
    assert [(frame.time_us, frame.raw) for frame in read_tlog(path)] == expected
    found = frames_in(np.fromfile(path, np.uint8)).found
    assert found["time_us"].tolist() == [time for time, _ in expected]


def test_a_segment_cut_anywhere_gives_every_frame_before_the_cut(data: bytes, whole: np.ndarray) -> None:
    rng = random.Random(3)
    check_cuts(data, whole, sorted(rng.sample(range(len(data) - TAIL_BYTES, len(data)), 1500)))


def test_a_turned_bit_costs_its_own_frame_and_nothing_else(data: bytes, whole: np.ndarray) -> None:
    check_flips(data, whole, flips=600, seed=4)


def test_what_is_replayed_and_what_is_counted_are_the_same_frames_of_a_damaged_segment(
    tmp_path: Path,
) -> None:
    rng = random.Random(5)
    small = segment(vehicles=1)
    for number in range(40):
        damaged = bytearray(small[: rng.randrange(len(small) // 2, len(small))])
        for _ in range(rng.randrange(4)):
            damaged[rng.randrange(STAMP_BYTES + 60, len(damaged))] ^= 1 << rng.randrange(8)
        path = tmp_path / f"{number}.tlog"
        path.write_bytes(damaged)
        found = frames_in(np.frombuffer(bytes(damaged), np.uint8)).found
        frames = list(read_tlog(path))
        assert [frame.time_us for frame in frames] == found["time_us"].tolist()
        assert [frame.raw for frame in frames] == [damaged[row["start"] : row["stop"]] for row in found]


@pytest.mark.campaign
def test_a_segment_cut_at_every_byte_of_its_last_64_kb(data: bytes, whole: np.ndarray) -> None:
    check_cuts(data, whole, range(len(data) - TAIL_BYTES, len(data)))


@pytest.mark.campaign
def test_ten_thousand_turned_bits(data: bytes, whole: np.ndarray) -> None:
    check_flips(data, whole, flips=10_000, seed=6)
