"""A mosaic keeps the bound on its memory, its worker included, however many photos there are."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.memory import megabytes, needs, within_limit
from imaging.options import MosaicOptions
from imaging.photos import Photo
from missions.camera import Camera
from missions.errors import SettingsError
from sitl.world import World, grid_poses, render_photos

ROOT = Path(__file__).parents[2]
LIMIT_MB = 600
RUN = (
    "import sys; from pathlib import Path; from imaging.mosaic import MosaicOptions, mosaic; "
    "mosaic(Path(sys.argv[1]), Path(sys.argv[2]), options=MosaicOptions(limit_mb=int(sys.argv[3])))"
)


@pytest.mark.parametrize(
    ("text", "mb"),
    [
        ("4G", 4000),
        ("500M", 500),
        ("500", 500),
        ("4GiB", 4294),
        ("512MiB", 536),
        ("1,5 gb", 1500),
        ("0.8g", 800),
    ],
)
def test_a_size_is_read_as_people_write_it(text, mb) -> None:
    assert megabytes(text) == mb


@pytest.mark.parametrize("text", ["", "4T", "-4G", "G", "4 G B", "1e9", "4G!", "four"])
def test_what_is_no_size_is_refused(text) -> None:
    with pytest.raises(SettingsError, match="is no size"):
        megabytes(text)


def photos(count: int, width_px: int = 4000, height_px: int = 2250) -> dict[str, Photo]:
    plain = Photo(Path("x.jpg"), width_px, height_px, "0" * 64)
    return {f"{number}.jpg": replace(plain, path=Path(f"{number}.jpg")) for number in range(count)}


def test_a_bound_is_kept_by_fewer_threads_first_and_the_result_stays_the_same() -> None:
    wide = within_limit(MosaicOptions(limit_mb=16_000, threads=8), photos(50))
    assert (wide.threads, wide.memory_mb, wide.max_image_px) == (8, 256, 2000)
    narrow = within_limit(MosaicOptions(limit_mb=2000, threads=8), photos(50))
    assert narrow.threads is not None
    assert narrow.threads < 8
    assert narrow.max_image_px == 2000
    assert needs(narrow, photos(50)).most_mb <= 2000


def test_a_bound_that_cannot_be_kept_is_refused_with_the_least_that_would_do() -> None:
    options = MosaicOptions(limit_mb=300, threads=4)
    with pytest.raises(SettingsError, match="300 MB are too little for 50 photos") as error:
        within_limit(options, photos(50))
    found = re.search(r"The least that would do is (\d+) MB", str(error.value))
    assert found is not None
    least_mb = int(found[1])
    assert within_limit(replace(options, limit_mb=least_mb), photos(50)).threads == 1
    with pytest.raises(SettingsError):
        within_limit(replace(options, limit_mb=least_mb - 20), photos(50))


def test_larger_photos_more_threads_and_more_photos_need_more() -> None:
    plain = MosaicOptions(threads=2)
    base = needs(plain, photos(20)).most_mb
    assert needs(plain, photos(20, 8000, 6000)).most_mb > base
    assert needs(replace(plain, threads=4), photos(20)).most_mb > base
    assert needs(plain, photos(600)).most_mb >= base


MEASURED = [
    (20, 1000, 750, False, 457),
    (200, 1000, 750, False, 543),
    (20, 1000, 750, True, 321),
    (200, 1000, 750, True, 386),
    (18, 4000, 2250, False, 887),
]
"""Photos, their size, whether quick, and the peak of a run with two threads, MB (docs/measured.md)."""


@pytest.mark.parametrize(("count", "width_px", "height_px", "quick", "peak_mb"), MEASURED)
def test_what_was_measured_is_counted_and_at_most_half_as_much_again(
    count, width_px, height_px, quick, peak_mb
) -> None:
    options = MosaicOptions(threads=2, quick=quick)
    counted_mb = needs(options, photos(count, width_px, height_px)).most_mb
    assert peak_mb <= counted_mb <= 1.5 * peak_mb


def test_a_bound_on_two_hundred_photos_of_twenty_megapixels_leaves_the_seams_as_they_are() -> None:
    many = photos(200, 5472, 3648)
    kept = within_limit(MosaicOptions(limit_mb=2500, threads=2), many)
    assert (kept.threads, kept.memory_mb, kept.max_image_px) == (2, 256, 2000)
    assert kept.coarse_cells == MosaicOptions().coarse_cells


def peaks(photos_folder: Path, scene: Path) -> tuple[int, int]:
    """The most memory of one run as seen from outside, bytes: the process's own, and with its worker's."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(photos_folder), str(scene), str(LIMIT_MB)], cwd=ROOT
    )
    own = together = 0
    while process.poll() is None:
        here = resident(process.pid)
        own = max(own, here)
        together = max(together, here + sum(resident(child) for child in children(process.pid)))
        time.sleep(0.01)
    assert process.returncode == 0
    return own, together


def resident(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, int, int]]:
    """Scene, own and joint peak of runs with 12 and with 24 photos of one size."""
    world = World(seed=3, size_m=90, texel_m=0.1)
    camera = Camera("test-small", 6.4, 4.8, 4.5, 320, 240)
    found = {}
    for count, lanes_m in ((12, 18.0), (24, 45.0)):
        poses = grid_poses(
            world, camera, height_agl_m=22, width_m=lanes_m, length_m=18, overlap_front_pct=72,
            overlap_side_pct=65,
        )[:count]  # fmt: skip
        assert len(poses) == count
        folder = tmp_path_factory.mktemp(f"photos{count}")
        render_photos(world, folder, camera, poses, gps_sigma_m=0.3)
        scene = tmp_path_factory.mktemp("scenes") / str(count)
        found[count] = (scene, *peaks(folder, scene))
    return found


def test_a_run_keeps_its_bound_and_twice_the_photos_take_no_more(measured) -> None:
    for _, own, together in measured.values():
        assert own <= together <= LIMIT_MB * 1_000_000
    # What grows is the adjustment, up to its bound of ties: some megabytes a photo.
    assert measured[24][2] < 1.3 * measured[12][2]


def test_the_report_says_what_was_held(measured) -> None:
    for scene, own, _ in measured.values():
        report = json.loads((scene / "scene.json").read_text())
        assert report["options"]["limit_mb"] == LIMIT_MB
        told = max(stage["peak_bytes"] for stage in report["stages"].values())
        assert 0.95 * own <= told <= 1.15 * own
        assert report["stages"]["alignment"]["worker_peak_bytes"] == 0, "nothing else is at work"
        assert all(stage["made"] and stage["cpu_s"] >= 0 for stage in report["stages"].values())
