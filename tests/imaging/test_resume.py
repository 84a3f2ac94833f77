"""A run that is stopped anywhere, gently or not, goes on where it was and ends with the same picture."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ("orthomosaic.tif", "preview.jpg", "dsm.tif", "cloud.laz", "overlay.kmz")

# One interpreter reads the code once; every run is a process of its own that kills itself at a given moment:
# `stage N` when the N-th step begins, `advance N` when the N-th step tells that it is further.
DRIVER = textwrap.dedent(
    """
    import json, os, signal, sys
    from pathlib import Path
    from imaging.mosaic import MosaicOptions, mosaic

    class Stopping:
        def __init__(self, moment, how):
            self.moment, self.how, self.step, self.begun, self.told = moment, how, "", [], set()

        def stage(self, name, total):
            self.step = name
            self.begun.append(name)
            self._reached(f"begin {name}")

        def advance(self, n=1):
            self._reached(f"within {self.step}")

        def note(self, text):
            pass

        def _reached(self, moment):
            if moment not in self.told:
                self.told.add(moment)
                print(moment, flush=True)
            if moment == self.moment:
                os.kill(os.getpid(), self.how)

    photos, scene = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        moment, how = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                mosaic(photos, scene, options=MosaicOptions(threads=1), progress=Stopping(moment, how))
                os._exit(0)
            except KeyboardInterrupt:
                os._exit(130)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)
    """
)


class Runs:
    """Runs of one scene, one after the other, each in a process of its own."""

    def __init__(self, photos: Path, scene: Path) -> None:
        self.scene = scene
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(photos), str(scene)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )

    def run(self, moment: str = "", how: int = signal.SIGKILL) -> tuple[int, list[str]]:
        """One run, stopped at the moment; gives its exit code and the moments that it reached."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([moment, int(how)]) + "\n")
        self._process.stdin.flush()
        reached: list[str] = []
        while not (line := self._process.stdout.readline()).startswith("ended"):
            assert line, f"the driver ended after {reached}"
            reached.append(line.strip())
        return int(line.split()[1]), reached

    def close(self) -> None:
        """End the driver."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def runs(few_rendered: Path) -> Iterator[Callable[[Path], Runs]]:
    made: list[Runs] = []

    def begin(scene: Path) -> Runs:
        made.append(Runs(few_rendered, scene))
        return made[-1]

    yield begin
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def whole(runs: Callable[[Path], Runs], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The scene of a run that nobody stopped, and the moments that it reached."""
    one = runs(tmp_path_factory.mktemp("whole") / "scene")
    code, moments = one.run()
    assert code == 0
    return one.scene, moments


def stages_begins(moments: list[str]) -> list[str]:
    """When each stage begins, which is when the one before it has ended, and the middle of the drawing."""
    begins: dict[str, str] = {}
    for moment in moments:
        how, stage = moment.partition(":")[0].split()
        if how == "begin":
            begins.setdefault(stage, moment)
    found = list(begins.values())
    return [
        *found[: found.index("begin cloud")],
        "within orthomosaic: drawing",
        *found[found.index("begin cloud") :],
    ]


def test_a_run_that_is_killed_at_every_stage_ends_with_the_same_picture(runs, whole, tmp_path) -> None:
    scene, moments = whole
    begins = stages_begins(moments)
    assert [moment.partition(":")[0].split()[1] for moment in begins] == [
        "photos", "alignment", "georeference", "adjustment", "accuracy", "surface", "dense", "orthomosaic",
        "orthomosaic", "cloud", "overlay",
    ]  # fmt: skip
    stopped = runs(tmp_path / "scene")
    kill_at_each(stopped, [*begins, "within overlay"])
    assert hashes(stopped.scene) == hashes(scene)
    assert hidden(stopped.scene) == []


@pytest.mark.campaign
def test_a_run_that_is_killed_at_every_moment_ends_with_the_same_picture(runs, whole, tmp_path) -> None:
    scene, moments = whole
    stopped = runs(tmp_path / "scene")
    kill_at_each(stopped, moments)
    assert hashes(stopped.scene) == hashes(scene)
    assert hidden(stopped.scene) == []


def kill_at_each(stopped: Runs, moments: list[str]) -> None:
    """A run for each moment, killed or interrupted there, and one that goes to the end."""
    for number, moment in enumerate(moments):
        how = signal.SIGINT if number % 3 == 2 else signal.SIGKILL
        code, reached = stopped.run(moment, how)
        assert code in (-signal.SIGKILL, 130), (moment, code)
        assert reached[-1] == moment
    code, _ = stopped.run()
    assert code == 0


def test_what_was_finished_before_a_kill_is_not_made_again(runs, whole, tmp_path) -> None:
    scene = runs(shutil.copytree(whole[0], tmp_path / "scene"))
    (scene.scene / "orthomosaic.tif").unlink()
    code, _ = scene.run("begin orthomosaic: drawing")
    assert code == -signal.SIGKILL
    code, reached = scene.run()
    assert code == 0
    assert "begin alignment: kept from before" in reached
    assert "begin dense: kept from before" in reached
    assert "begin alignment: matches" not in reached
    report = json.loads((scene.scene / "scene.json").read_text())
    alignment = report["stages"]["alignment"]
    assert alignment["made"] is False
    assert alignment["cpu_s"] > 0.1
    assert report["stages"]["orthomosaic"]["made"] is True
    assert hashes(scene.scene) == hashes(whole[0])


def test_two_runs_of_one_scene_do_not_meet(runs, tmp_path) -> None:
    scene = runs(tmp_path / "scene")
    scene.scene.mkdir()
    other = os.open(scene.scene, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert scene.run() == (1, [])
    finally:
        os.close(other)
    assert scene.run("begin photos")[0] == -signal.SIGKILL


def hashes(scene: Path) -> dict[str, str]:
    return {name: hashlib.sha256((scene / name).read_bytes()).hexdigest() for name in PICTURES}


def hidden(scene: Path) -> list[Path]:
    """What a run has left half of."""
    return sorted(path for path in scene.rglob(".*"))
