"""Footprints that lie in a file are what they were in memory, and take none."""

import re
import resource
from pathlib import Path

import numpy as np
import pytest

from imaging.footprint_file import ARRAYS, FootprintFile
from imaging.footprints import FINE, Footprint
from imaging.lens import View
from missions.errors import OutputError


def footprint(number, rows, columns, *, bits=True):
    """A photo that sees most of its window, of random colours."""
    random = np.random.default_rng(number)
    slant = random.uniform(0, 1, (rows, columns)).astype(np.float32)
    slant[random.uniform(0, 1, slant.shape) < 0.1] = np.inf
    colours = random.integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    parts = [
        np.packbits(random.uniform(0, 1, (FINE * rows, FINE * columns)) < 0.5, axis=1) if bits else None
        for _ in range(3)
    ]
    return Footprint(View(f"{number}", "one", np.eye(3), np.zeros(3), 0, 0.0), 3, 5, slant, colours, *parts)


@pytest.mark.parametrize("bits", [True, False])
def test_what_is_kept_is_what_was_given(tmp_path, bits):
    given = [footprint(number, 20 + number, 31, bits=bits) for number in range(4)]
    window = slice(4, 9), slice(2, 30)
    with FootprintFile(tmp_path) as file:
        kept = [file.keep(one) for one in given]
        for one, other in zip(given, kept, strict=True):
            assert (one.view, one.column, one.row) == (other.view, other.column, other.row)
            assert one.window == other.window
            assert (one.seen == other.seen).all()
            for twin in (other, other.loaded()):
                for name in ARRAYS:
                    mine, theirs = getattr(one, name), getattr(twin, name)
                    assert (mine is None and theirs is None) or (mine == theirs).all()
                assert (one.parts(*window, one.open) == twin.parts(*window, twin.open)).all()


def test_what_is_written_over_leaves_the_others_alone(tmp_path):
    given = [footprint(number, 40, 40) for number in range(3)]
    with FootprintFile(tmp_path) as file:
        kept = [file.keep(one) for one in given]
        held = kept[1].colours[:5].copy()
        dark = kept[1].with_colours(given[1].colours // 2).with_slant(given[1].slant + 1)
        assert (held == given[1].colours[:5]).all()
        assert (dark.colours == given[1].colours // 2).all()
        assert (dark.slant == given[1].slant + 1).all()
        for number in (0, 2):
            assert (kept[number].slant == given[number].slant).all()
            assert (kept[number].colours == given[number].colours).all()
        assert (kept[1].clear == given[1].clear).all()


def resident_mb():
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1000


def test_a_hundred_megabytes_of_footprints_take_no_memory_though_all_are_looked_at(tmp_path):
    with FootprintFile(tmp_path) as file:
        one = footprint(0, 500, 500)
        kept = [file.keep(one) for _ in range(32)]
        before_mb = resident_mb()
        total = sum(int(each.colours.sum(dtype=np.int64)) + int(each.clear.sum()) for each in kept)
        assert total == 32 * (int(one.colours.sum(dtype=np.int64)) + int(one.clear.sum()))
        assert resident_mb() - before_mb < 10


def test_a_disk_without_room_is_an_error_that_says_so(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with FootprintFile(tmp_path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(OutputError, match="cannot be written") as error:
                file.keep(footprint(0, 200, 200))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Make room" in str(error.value)
    assert not list(tmp_path.iterdir())
