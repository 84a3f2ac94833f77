"""Photos that arrive while the drone flies: each run takes those that are whole, and the picture grows."""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
from PIL import Image

from imaging.alignment import Alignment
from imaging.arrivals import GIVEN_UP_S, SETTLED_S, Arrivals
from imaging.mosaic import MosaicOptions
from imaging.photos import Photo, Pixels
from imaging.pictures import Pictures
from imaging.quick.align import align_quickly
from imaging.scene import Scene, open_scene
from imaging.survey import survey
from imaging.watching import Run, watch
from missions.errors import PhotoError, SettingsError
from telemetry.clock import ManualClock

QUICK = MosaicOptions(quick=True, threads=1)


class FastClock(ManualClock):
    """A clock on which a second of waiting takes a thirtieth, so that other threads get on meanwhile."""

    def __init__(self, at_each: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._at_each = at_each

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._at_each()
        time.sleep(seconds / 30)


def rendered_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.JPG"))


def test_the_picture_grows_with_the_photos_that_arrive(few_rendered, heard, tmp_path) -> None:
    folder, scene = tmp_path / "photos", tmp_path / "scene"
    folder.mkdir()
    scene.mkdir()
    (scene / "dsm.tif").write_bytes(b"heights of an earlier alignment")
    given = rendered_files(few_rendered)
    runs: list[Run] = []
    seen: list[tuple[float, int]] = []
    next_batch = threading.Event()

    def arrive() -> None:
        for number, file in enumerate(given):
            data = file.read_bytes()
            with (folder / file.name).open("wb") as target:
                target.write(data[: len(data) // 2])
                target.flush()
                time.sleep(0.01)
                target.write(data[len(data) // 2 :])
            if number == 5:
                next_batch.wait(60)

    def told(run: Run) -> None:
        runs.append(run)
        if run.report is not None:
            with rasterio.open(scene / "orthomosaic.tif") as file:
                seen.append((run.report.covered_m2, file.width))
        if run.photos >= 6:
            next_batch.set()

    copying = threading.Thread(target=arrive)
    copying.start()
    end_s = time.monotonic() + 90
    report = watch(
        folder,
        scene,
        stop=lambda: bool(runs and runs[-1].photos == len(given)) or time.monotonic() > end_s,
        told=told,
        options=QUICK,
        progress=heard,
        clock=FastClock(),
    )
    copying.join()
    assert report is not None
    assert len(report.used) == len(given)
    assert runs[-1].photos == len(given)
    assert len({run.photos for run in runs}) >= 2
    assert len(seen) >= 2
    assert seen[-1][0] > 1.1 * seen[0][0]
    body = json.loads((scene / "scene.json").read_text())
    assert body["left_out"] == []
    assert {path.name for path in scene.iterdir()} == {*body["outputs"], "scene.json", "stages"}
    for name, sha256 in body["outputs"].items():
        assert hashlib.sha256((scene / name).read_bytes()).hexdigest() == sha256
    with Image.open(scene / "preview.jpg") as preview:
        preview.load()
    assert not [note for note in heard.notes if "cut short" in note]


class Counting(Pictures):
    """Pictures that remember which were asked for."""

    def __init__(self) -> None:
        super().__init__(800, 0)
        self.asked: set[str] = set()

    def picture(self, photo: Photo) -> Pixels:
        self.asked.add(photo.path.name)
        return super().picture(photo)


def test_photos_that_were_searched_before_are_not_searched_again(few_rendered, heard, tmp_path) -> None:
    given = rendered_files(few_rendered)
    scene = open_scene(tmp_path / "scene")

    def aligned(files: list[Path], into: Scene) -> tuple[Alignment, Counting]:
        found = survey(few_rendered, into, heard, files=files)
        asked = Counting()
        return align_quickly(found, into, QUICK, heard, pictures=asked), asked

    _, first = aligned(given[:6], scene)
    grown, second = aligned(given, scene)
    assert first.asked == {file.name for file in given[:6]}
    assert second.asked == {file.name for file in given[6:]}
    anew, _ = aligned(given, open_scene(tmp_path / "other"))
    assert [view.centre.tolist() for view in grown.views] == [view.centre.tolist() for view in anew.views]


def test_too_few_photos_are_waited_on_and_those_that_fit_nowhere_are_no_end(tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (480, 360), (40 * number, 90, 120)).save(folder / f"{number}.jpg")
    runs: list[Run] = []
    clock = FastClock()
    report = watch(
        folder,
        tmp_path / "scene",
        stop=lambda: clock.monotonic_s() > 20,
        told=runs.append,
        options=QUICK,
        clock=clock,
    )
    assert report is None
    assert [(run.photos, run.used, run.left_out) for run in runs] == [(3, 0, 3)]
    assert "GPS position" in runs[0].problem
    assert not (tmp_path / "scene" / "orthomosaic.tif").exists()


def test_a_photo_is_taken_once_it_stood_still_and_decodes(few_rendered, tmp_path) -> None:
    clock = ManualClock()
    arrivals = Arrivals(tmp_path, tmp_path / "scene", clock)
    data = rendered_files(few_rendered)[0].read_bytes()
    photo = tmp_path / "a.jpg"
    assert arrivals.look() == {}
    photo.write_bytes(data[:5000])
    for _ in range(3):
        clock.sleep(SETTLED_S)
        assert arrivals.look() == {}
    photo.write_bytes(data)
    assert arrivals.look() == {}
    clock.sleep(SETTLED_S / 2)
    assert arrivals.look() == {}
    clock.sleep(SETTLED_S / 2)
    assert list(arrivals.look()) == [photo]
    photo.unlink()
    assert arrivals.look() == {}


def test_a_photo_that_never_becomes_whole_is_named_once(few_rendered, tmp_path) -> None:
    clock = ManualClock()
    arrivals = Arrivals(tmp_path, tmp_path / "scene", clock)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(rendered_files(few_rendered)[0].read_bytes()[:9000])
    named = []
    for _ in range(int(2 * GIVEN_UP_S)):
        arrivals.look()
        named += arrivals.given_up()
        clock.sleep(1)
    ((path, reason),) = named
    assert path == photo
    assert "cut short" in reason
    assert list(arrivals.look()) == [photo], "the report of the next run says why it is left out"


def test_what_had_not_arrived_when_watching_ends_is_named(few_rendered, heard, tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    given = rendered_files(few_rendered)
    for file in given[:4]:
        shutil.copy(file, folder)
    runs: list[Run] = []

    def told(run: Run) -> None:
        runs.append(run)
        (folder / "half.JPG").write_bytes(given[4].read_bytes()[:20_000])

    watch(
        folder, tmp_path / "scene", stop=lambda: bool(runs), told=told, options=QUICK, progress=heard,
        clock=FastClock(),
    )  # fmt: skip
    assert [note for note in heard.notes if "half.JPG" in note] == [
        "Not in the picture, as they arrived too late or are not whole: half.JPG"
    ]


def test_photos_of_a_last_run_that_made_no_picture_are_named(few_rendered, heard, tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for file in rendered_files(few_rendered)[:4]:
        shutil.copy(file, folder)
    runs: list[Run] = []

    def told(run: Run) -> None:
        runs.append(run)
        for path in folder.iterdir():
            path.unlink()
        for number in range(3):
            Image.new("RGB", (640, 480), (10 * number, 90, 90)).save(folder / f"blind{number}.jpg")

    watch(
        folder, tmp_path / "scene", stop=lambda: len(runs) == 2, told=told, options=QUICK, progress=heard,
        clock=FastClock(),
    )  # fmt: skip
    assert [run.report is None for run in runs] == [False, True]
    assert [note for note in heard.notes if note.startswith("Not in the picture")] == [
        "Not in the picture, as they made no picture or arrived too late: blind0.jpg, blind1.jpg, blind2.jpg"
    ]


def test_hidden_files_and_the_scene_itself_do_not_arrive(few_rendered, tmp_path) -> None:
    clock = ManualClock()
    scene = tmp_path / "scene"
    scene.mkdir()
    file = rendered_files(few_rendered)[0]
    for target in (tmp_path / ".a.jpg", scene / "preview.jpg", tmp_path / "notes.txt"):
        shutil.copy(file, target)
    arrivals = Arrivals(tmp_path, scene, clock)
    arrivals.look()
    clock.sleep(2 * SETTLED_S)
    assert arrivals.look() == {}


def test_what_is_wrong_from_the_start_is_raised(few_rendered, tmp_path) -> None:
    with pytest.raises(PhotoError, match="no folder of photos"):
        watch(tmp_path / "none", tmp_path / "scene", stop=lambda: True, told=print, options=QUICK)
    with pytest.raises(SettingsError, match="too little"):
        watch(
            few_rendered,
            tmp_path / "scene",
            stop=lambda: False,
            told=print,
            options=MosaicOptions(quick=True, limit_mb=50),
            clock=FastClock(),
        )
