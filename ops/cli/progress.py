"""How far long work is: bars on a terminal, now and then a line elsewhere, always on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from ops.cli.screen import err
from ops.cli.shell import one_line

LINE_EACH_S = 10.0
WHOLE = "whole"
WHOLE_STEPS = 1000


class Shown(Protocol):
    """The progress protocol of the imaging room."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins that takes `total` steps, None where nobody knows."""
        ...

    def advance(self, n: int = 1) -> None:
        """That many more steps of this stage are done."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should read."""
        ...


class Whole(Shown, Protocol):
    """Hears the same, and tells of the whole work."""

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        ...

    @property
    def left_s(self) -> float | None:
        """Seconds for the rest, None while nobody knows."""
        ...

    @property
    def step_left_s(self) -> float | None:
        """Seconds for the rest of this stage, None while nobody knows."""
        ...


class Bars:
    """One bar a stage, and one for the whole where that is known."""

    def __init__(self, progress: Progress, whole: Whole | None) -> None:
        self._progress, self._whole = progress, whole
        self._task: TaskID | None = None
        self._all = (
            None if whole is None else progress.add_task(WHOLE, total=WHOLE_STEPS, left_s=None, whole=True)
        )

    def stage(self, name: str, total: int | None) -> None:
        """Begin a bar; the one before it is done."""
        self._finish()
        if self._whole is not None:
            self._whole.stage(name, total)
        self._task = self._progress.add_task(one_line(name), total=total, left_s=None, whole=False)
        self._tell()

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._whole is not None:
            self._whole.advance(n)
        if self._task is not None:
            left_s = None if self._whole is None else self._whole.step_left_s
            self._progress.update(self._task, advance=n, left_s=left_s)
        self._tell()

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._progress.console.print(one_line(text))

    def finish(self) -> None:
        """All of it is done."""
        self._finish()
        if self._all is not None:
            self._progress.update(self._all, completed=WHOLE_STEPS, left_s=None)

    def _tell(self) -> None:
        if self._whole is not None and self._all is not None:
            done = round(WHOLE_STEPS * self._whole.share)
            self._progress.update(self._all, completed=done, left_s=self._whole.left_s)

    def _finish(self) -> None:
        if self._task is None:
            return
        done = self._progress.tasks[-1].completed
        self._progress.update(self._task, total=max(done, 1), completed=max(done, 1), left_s=None)


class Lines:
    """A line at the start of a stage, and one now and then while it lasts."""

    def __init__(self, console: Console, whole: Whole | None) -> None:
        self._console, self._whole = console, whole
        self._name = ""
        self._total: int | None = None
        self._done = 0
        self._told_s = 0.0

    def stage(self, name: str, total: int | None) -> None:
        """Say that it begins."""
        if self._whole is not None:
            self._whole.stage(name, total)
        self._name, self._total, self._done = one_line(name), total, 0
        self._told_s = time.monotonic()
        of = "" if total is None else f": {total}"
        self._console.print(f"{self._name}{of}{self._told()}", soft_wrap=True)

    def advance(self, n: int = 1) -> None:
        """Say how far, if it has been quiet for a while."""
        self._done += n
        if self._whole is not None:
            self._whole.advance(n)
        if time.monotonic() - self._told_s >= LINE_EACH_S:
            self._told_s = time.monotonic()
            of = "" if self._total is None else f" of {self._total}"
            self._console.print(f"{self._name}: {self._done}{of}{self._told()}", soft_wrap=True)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._console.print(one_line(text), soft_wrap=True)

    def _told(self) -> str:
        if self._whole is None:
            return ""
        left_s = self._whole.left_s
        left = "" if left_s is None else f", about {spoken_s(left_s)} left"
        return f" ({100 * self._whole.share:.0f} % of all{left})"


class Notes:
    """What the user should read, each once; for work that is done again and again."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def stage(self, name: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Say it, unless it was said."""
        if text not in self._said:
            self._said.add(text)
            err().print(one_line(text), soft_wrap=True)


class _Count(MofNCompleteColumn):
    """So many of so many; the whole in per cent."""

    def render(self, task: Task) -> Text:
        if task.fields.get("whole"):
            return Text(f"{task.percentage:.0f} %", style="progress.download")
        return super().render(task)


class _Left(ProgressColumn):
    """How long a bar will take yet."""

    def render(self, task: Task) -> Text:
        left_s = task.fields.get("left_s")
        return Text("" if left_s is None else f"{spoken_s(left_s)} left", style="progress.remaining")


def spoken_s(seconds: float) -> str:
    """A time left as people say it: 40 s, 3 min, 1 h 20 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def showing(whole: Whole | None = None) -> Iterator[Shown]:
    """Progress on standard error while the block runs; the terminal is as it was afterwards.

    `whole` hears it first and tells how far all of the work is.
    """
    console = err()
    if not console.is_terminal:
        yield Lines(console, whole)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(),
        TimeElapsedColumn(),
        _Left(),
    )
    with Progress(*columns, console=console) as progress:
        bars = Bars(progress, whole)
        yield bars
        bars.finish()
