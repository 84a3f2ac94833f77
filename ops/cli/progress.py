"""How far long work is: bars on a terminal, now and then a line elsewhere, always on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ops.cli.screen import err
from ops.cli.shell import one_line

LINE_EACH_S = 10.0


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


class Bars:
    """One bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def stage(self, name: str, total: int | None) -> None:
        """Begin a bar; the one before it is done."""
        self._finish()
        self._task = self._progress.add_task(one_line(name), total=total)

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, n)

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._progress.console.print(one_line(text))

    def _finish(self) -> None:
        if self._task is None:
            return
        done = self._progress.tasks[-1].completed
        self._progress.update(self._task, total=max(done, 1), completed=max(done, 1))


class Lines:
    """A line at the start of a stage, and one now and then while it lasts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name = ""
        self._total: int | None = None
        self._done = 0
        self._told_s = 0.0

    def stage(self, name: str, total: int | None) -> None:
        """Say that it begins."""
        self._name, self._total, self._done = one_line(name), total, 0
        self._told_s = time.monotonic()
        self._console.print(self._name if total is None else f"{self._name}: {total}", soft_wrap=True)

    def advance(self, n: int = 1) -> None:
        """Say how far, if it has been quiet for a while."""
        self._done += n
        if time.monotonic() - self._told_s >= LINE_EACH_S:
            self._told_s = time.monotonic()
            of = "" if self._total is None else f" of {self._total}"
            self._console.print(f"{self._name}: {self._done}{of}", soft_wrap=True)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._console.print(one_line(text), soft_wrap=True)


@contextmanager
def showing() -> Iterator[Shown]:
    """Progress on standard error while the block runs; the terminal is as it was afterwards."""
    console = err()
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bars(progress)
