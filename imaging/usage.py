"""What a run costs: seconds, processor seconds and memory, stage by stage and step by step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from imaging.progress import Progress
from imaging.scene import Scene, key_of
from imaging.worked import Worked, forget_peak, give_back, peak_bytes
from telemetry.clock import Clock

STAGE = "usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One stage when it was last made; `made` says whether that was in this run."""

    made: bool
    seconds: float
    cpu_s: float
    peak_bytes: int
    worker_cpu_s: float = 0.0
    worker_peak_bytes: int = 0


class Steps:
    """Progress that is passed on, and how long each step took."""

    def __init__(self, shown: Progress, clock: Clock) -> None:
        self._shown, self._clock = shown, clock
        self._name, self._start_s = "", 0.0
        self._seconds: dict[str, float] = {}

    def stage(self, name: str, total: int | None) -> None:
        """A step begins, with what the one before it has freed given back."""
        self._close()
        give_back()
        self._name, self._start_s = name, self._clock.monotonic_s()
        self._shown.stage(name, total)

    def advance(self, n: int = 1) -> None:
        """Passed on."""
        self._shown.advance(n)

    def note(self, text: str) -> None:
        """Passed on."""
        self._shown.note(text)

    def taken(self) -> dict[str, float]:
        """Seconds by step since this was last asked."""
        self._close()
        seconds, self._seconds, self._name = self._seconds, {}, ""
        return seconds

    def _close(self) -> None:
        if self._name:
            passed_s = self._clock.monotonic_s() - self._start_s
            self._seconds[self._name] = round(self._seconds.get(self._name, 0.0) + passed_s, 3)


class Meter:
    """Measures a run's stages; what the last making of each took is kept in `stages/usage.json`.

    Hand its `progress` to the stages: the steps within them are measured there. `timings_s` are the seconds
    of this run by stage, near nothing where a stage was kept; `used` what each took when it was made.
    """

    def __init__(self, scene: Scene, progress: Progress, clock: Clock) -> None:
        self.scene = scene
        self._clock = clock
        self._steps = Steps(progress, clock)
        self._kept, self._kept_steps = kept_usage(scene)
        self.timings_s: dict[str, float] = {}
        self.used: dict[str, Used] = {}

    def now(self) -> str:
        """ISO 8601, UTC."""
        return datetime.fromtimestamp(self._clock.now_s(), UTC).isoformat(timespec="seconds")

    @property
    def progress(self) -> Progress:
        """What the stages tell of themselves to."""
        return self._steps

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the block as the stage of this name, whose record is written in it where it is made."""
        stood = self._stamp(name)
        start_s, start_cpu_s = self._clock.monotonic_s(), time.process_time()
        self._steps.taken()
        give_back()
        forget_peak()
        yield
        seconds = round(self._clock.monotonic_s() - start_s, 3)
        cpu_s = round(time.process_time() - start_cpu_s, 3)
        self.timings_s[name] = seconds
        used = Used(made=True, seconds=seconds, cpu_s=cpu_s, peak_bytes=peak_bytes())
        steps = self._steps.taken()
        if self._stamp(name) == stood:
            self.used[name] = replace(self._kept.get(name, used), made=False)
            return
        self.used[name] = used
        self._kept_steps = _without(self._kept_steps, name) | steps
        self._keep()

    def worker(self, name: str, worker: Worked | None) -> None:
        """Add what the stage's own process took, where the stage was made in this run."""
        if worker is None or not self.used[name].made:
            return
        self.used[name] = replace(
            self.used[name], worker_cpu_s=round(worker.cpu_s, 3), worker_peak_bytes=worker.peak_bytes
        )
        self._keep()

    def _keep(self) -> None:
        stages = {name: asdict(used) for name, used in {**self._kept, **self.used}.items()}
        self.scene.keep(STAGE, key_of(STAGE), {"stages": stages, "steps": self._kept_steps})

    def _stamp(self, name: str) -> tuple[int, int] | None:
        """What changes where the stage's record is written anew."""
        with suppress(OSError):
            told = (self.scene.stages / f"{name}.json").stat()
            return told.st_ino, told.st_mtime_ns
        return None


def kept_usage(scene: Scene) -> tuple[dict[str, Used], dict[str, float]]:
    """What the stages took when they were last made, and seconds by step; empty where nothing tells."""
    record = scene.read(STAGE) or {}
    try:
        stages = {str(name): Used(**each) for name, each in record["stages"].items()}
        return stages, {str(name): float(seconds) for name, seconds in record["steps"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}, {}


def _without(steps: dict[str, float], stage: str) -> dict[str, float]:
    """The steps of other stages: a step is named after its stage, or after it and a colon."""
    return {name: seconds for name, seconds in steps.items() if name.partition(":")[0] != stage}
