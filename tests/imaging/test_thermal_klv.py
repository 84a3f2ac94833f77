"""MISB ST 0601: lengths, checksums, scaling, reserved values, and what becomes of damage."""

import numpy as np
import pytest

from imaging.thermal.klv import ITEMS, LONGEST_SET_BYTES, UNIVERSAL_KEY, LocalSet, SetReader, checksum
from imaging.thermal.misb import StreamReader
from tests.imaging.clips import local_set

PUBLISHED = bytes.fromhex(
    "060e2b34020b01010e0103010100000061020800046050584e0180050271"
    "c20602fd3d070208b80d045595b66d0e045b5360c40f02c2211002cd9c11"
    "02d9171204724a0a20130487f84b86140400000000150403830926160212"
    "811704f101a229180414bc082b190234f34101060102c850"
)
"""The example set of ST 0902 as klvdata publishes it; ST 0601 explains each item by these values."""
EXPLAINED = {
    5: 159.9744, 6: -0.4315251, 7: 3.405814, 13: 60.1768229669783, 14: 128.426759042045, 15: 14190.72,
    16: 144.5713, 17: 152.6436, 18: 160.719211474396, 19: -168.792324833941, 20: 0.0, 21: 68590.98,
    23: -10.5423886331461, 24: 29.1578901229230, 25: 3216.037, 65: 6,
}  # fmt: skip
VALUES = {5: 90.0, 6: 2.0, 7: -1.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 350.0, 19: -60.0, 65: 17.0}


def sets_of(data: bytes, size: int = 10_000) -> list[LocalSet]:
    reader = SetReader()
    return [found for at in range(0, len(data), size) for found in reader.read(data[at : at + size])]


def test_the_standards_own_example_has_the_values_that_it_explains() -> None:
    (found,) = sets_of(PUBLISHED)
    assert found.fault == ""
    assert found.time_s == 1_231_798_102.0
    assert set(found.values) == set(EXPLAINED)
    for tag, value in EXPLAINED.items():
        # the standard prints some of them with seven figures
        assert found.values[tag] == pytest.approx(value, rel=2e-5), ITEMS[tag].name


@pytest.mark.parametrize("tag", ITEMS)
def test_every_item_comes_back_within_half_a_step_and_reaches_both_ends(tag: int) -> None:
    item = ITEMS[tag]
    step = (item.high - item.low) / (256**item.octets - 1)
    for share in (0.0, 0.123, 0.5, 0.9, 1.0):
        value = item.low + share * (item.high - item.low)
        read = item.value(item.raw(value))
        assert read == pytest.approx(value, abs=0.51 * step)
    assert item.value(b"\x01" * (item.octets + 1)) is None


@pytest.mark.parametrize("tag", [tag for tag, item in ITEMS.items() if item.signed])
def test_the_lowest_signed_integer_is_out_of_range_and_no_value(tag: int) -> None:
    reserved = b"\x80" + b"\0" * (ITEMS[tag].octets - 1)
    values = {other: value for other, value in VALUES.items() if other != tag}
    (found,) = sets_of(local_set(1.7e9, values, raw={tag: reserved}))
    assert found.out_of_range == (tag,)
    assert tag not in found.values


def test_sets_are_found_in_pieces_of_any_size_and_between_other_bytes() -> None:
    stream = b"\x00\x06\x0e" + PUBLISHED + b"noise" + local_set(1.7e9, VALUES) + PUBLISHED
    for size in (1, 7, 50, 1000):
        assert [found.fault for found in sets_of(stream, size)] == ["", "", ""]


def test_lengths_in_every_form_of_ber_are_understood() -> None:
    items = PUBLISHED[17:]
    long_forms = (b"\x81\x61", b"\x82\x00\x61", b"\x84\x00\x00\x00\x61")
    for head in long_forms:
        whole = bytearray(UNIVERSAL_KEY + head + items)
        whole[-2:] = checksum(bytes(whole[:-2]))
        (found,) = sets_of(bytes(whole))
        assert found.values[13] == pytest.approx(60.17682297)


def test_an_item_with_a_tag_of_two_bytes_is_passed_over() -> None:
    long_tag = bytes([0x81, 0x0D, 2, 0xFF, 0xFF])
    plain = local_set(1.7e9, VALUES)
    body = plain[17:-4] + long_tag
    start = UNIVERSAL_KEY + bytes([len(body) + 4]) + body + bytes([1, 2])
    (found,) = sets_of(start + checksum(start))
    assert found.fault == ""
    assert found.values.keys() == VALUES.keys()


def test_a_set_with_one_bit_wrong_is_never_used() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        data = bytearray(PUBLISHED)
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        assert all(found.fault for found in sets_of(bytes(data)))


def test_a_set_without_its_checksum_or_cut_short_is_named() -> None:
    bare = PUBLISHED[:16] + bytes([PUBLISHED[16] - 4]) + PUBLISHED[17:-4]
    assert [found.fault for found in sets_of(bare)] == ["checksum missing"]
    cut = PUBLISHED[:60] + PUBLISHED + PUBLISHED
    assert [found.fault for found in sets_of(cut)] == ["cut short", "", ""]


def test_a_length_beyond_reason_is_not_waited_for() -> None:
    endless = UNIVERSAL_KEY + b"\x88" + b"\xff" * 8
    reader = SetReader()
    assert list(reader.read(endless)) == []
    assert [found.fault for found in reader.read(PUBLISHED)] == [""]
    hungry = UNIVERSAL_KEY + b"\x83" + (LONGEST_SET_BYTES).to_bytes(3, "big")
    faults = [found.fault for found in reader.read(hungry + b"\0" * (LONGEST_SET_BYTES + 10) + PUBLISHED)]
    assert faults[-1] == ""


def test_noise_gives_no_set_and_ends() -> None:
    rng = np.random.default_rng(5)
    noise = b"".join(UNIVERSAL_KEY[: int(rng.integers(1, 17))] + rng.bytes(40) for _ in range(500))
    assert all(found.fault for found in sets_of(noise, 333))


def test_what_was_left_out_is_counted() -> None:
    reader = StreamReader()
    for n in range(4):
        data = bytearray(local_set(1.7e9 + n, VALUES))
        data[40] ^= n == 2
        reader.add(bytes(data), float(n))
    assert len(reader.track.rows) == 3
    assert reader.notes() == ["the data stream: 1 of 4 metadata sets were left out (checksum wrong)"]


def test_a_camera_that_points_elsewhere_than_its_own_frame_centre_is_said() -> None:
    above = {**VALUES, 6: 0.0, 7: 0.0, 18: 0.0, 19: -45.0, 25: 0.0}
    right, wrong = StreamReader(), StreamReader()
    # 45 degrees down and to the east from 100 m: the centre is 100 m east
    right.add(local_set(1.7e9, {**above, 23: 52.0, 24: 4.0 + 100 / 68_677}), 0.0)
    wrong.add(local_set(1.7e9, {**above, 23: 52.0, 24: 4.0 - 100 / 68_677}), 0.0)
    assert right.notes() == []
    assert "not to be relied on" in wrong.notes()[0]
