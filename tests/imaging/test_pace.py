"""How far a run is told truly: it never goes back, ends at all of it, and the time left fits what passed."""

import json
from pathlib import Path

import pytest

from imaging.pace import TYPICAL, TYPICAL_QUICK, Pace, pace_of
from imaging.scene import open_scene
from imaging.usage import Meter, kept_usage
from telemetry.clock import ManualClock

STEPS = {"photos": 1.0, "alignment: tie points": 6.0, "alignment: poses": 2.0, "orthomosaic: drawing": 11.0}


class Told:
    """Progress that nobody watches."""

    def stage(self, name: str, total: int | None) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def note(self, text: str) -> None: ...


def run(
    pace: Pace, clock: ManualClock, slower: float = 1.0, parts: int = 10
) -> list[tuple[float, float | None, float]]:
    """Let the steps pass; gives share, time left and time truly left after every part."""
    told = []
    left_s = slower * sum(STEPS.values())
    for name, seconds in STEPS.items():
        pace.stage(name, parts)
        for _ in range(parts):
            clock.sleep(slower * seconds / parts)
            left_s -= slower * seconds / parts
            pace.advance()
            told.append((pace.share, pace.left_s, left_s))
    return told


@pytest.mark.parametrize("slower", [0.2, 1.0, 30.0])
@pytest.mark.parametrize("typical", [True, False])
def test_the_share_rises_to_all_and_the_time_left_is_true(slower, typical) -> None:
    clock = ManualClock()
    told = run(Pace(STEPS, clock, typical=typical), clock, slower)
    shares = [share for share, _, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    for share, left_s, truly_s in told:
        if share >= 0.05:
            assert left_s == pytest.approx(truly_s, abs=1e-6)


def test_what_was_kept_counts_as_done_and_tells_nothing_of_the_speed() -> None:
    clock = ManualClock()
    pace = Pace(STEPS, clock, typical=True)
    pace.stage("photos", 4)
    clock.sleep(2.0)
    pace.advance(4)
    pace.stage("alignment: kept from before", 0)
    pace.stage("orthomosaic: drawing", 11)
    assert pace.share == pytest.approx(9 / 20)
    clock.sleep(11.0)
    pace.advance(5)
    assert pace.share == pytest.approx(14 / 20)
    # Six expected seconds of work took thirteen; six more are to come.
    assert pace.left_s == pytest.approx(13.0)
    assert pace.step_left_s == pytest.approx(11.0 * 6 / 5)


def test_a_step_that_nobody_foresaw_does_no_harm() -> None:
    clock = ManualClock()
    pace = Pace(STEPS, clock, typical=True)
    pace.stage("alignment: poses and lens", None)
    clock.sleep(1)
    pace.advance(3)
    assert 0 <= pace.share <= 1
    assert pace.step_left_s is None
    pace.stage("something else", 2)
    pace.stage("orthomosaic: drawing", 2)
    assert pace.share == pytest.approx(9 / 20)


def measured(scene: Path, steps: dict[str, float]) -> None:
    """A run into the scene whose steps take these seconds."""
    clock = ManualClock()
    meter = Meter(open_scene(scene), Told(), clock)
    for stage in dict.fromkeys(name.partition(":")[0] for name in steps):
        with meter.stage(stage):
            for name, seconds in steps.items():
                if name.partition(":")[0] == stage:
                    meter.progress.stage(name, 1)
                    clock.sleep(seconds)
            (scene / "stages" / f"{stage}.json").write_text(json.dumps(steps))


def test_a_scene_that_was_made_before_sets_its_own_pace(tmp_path) -> None:
    steps = {name: float(number) for number, name in enumerate(TYPICAL, 1)}
    measured(tmp_path, steps)
    usage, kept = kept_usage(open_scene(tmp_path))
    assert kept == steps
    assert usage["orthomosaic"].seconds == pytest.approx(
        sum(seconds for name, seconds in steps.items() if name.startswith("orthomosaic"))
    )
    pace = pace_of(tmp_path, ManualClock(), quick=False)
    assert pace.left_s == pytest.approx(sum(steps.values()))
    assert pace_of(tmp_path / "new", ManualClock(), quick=False).left_s is None
    assert pace_of(tmp_path / "new", ManualClock(), quick=True).share == 0


def test_a_record_of_what_was_used_that_is_broken_is_no_record(tmp_path) -> None:
    scene = open_scene(tmp_path)
    (scene.stages / "usage.json").write_text('{"stages": {"photos": {"made": 1}}, "steps": []}')
    assert kept_usage(scene) == ({}, {})
    assert pace_of(tmp_path, ManualClock(), quick=False).left_s is None


def test_every_step_of_a_quick_mosaic_is_one_of_a_full_one() -> None:
    assert set(TYPICAL_QUICK) < set(TYPICAL)
