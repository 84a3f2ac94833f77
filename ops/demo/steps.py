"""Telling the operator which step runs, how far it is, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """Numbered steps on a console, a bar while one runs. It is an `imaging.progress.Progress` too."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._number = 0
        self._bars: Progress | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Run one step under its title; says how long it took."""
        self._number += 1
        self._console.print(f"[bold cyan]{self._number}[/] [bold]{title}[/]", markup=True, highlight=False)
        began_s = time.monotonic()
        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=self._console, transient=True) as self._bars:
            yield
        self._bars = None
        self._console.print(f"  [dim]{time.monotonic() - began_s:.0f} s[/]", markup=True, highlight=False)

    def say(self, text: str) -> None:
        """A result, or what the operator must know."""
        self._console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)

    def stage(self, name: str, total: int | None) -> None:
        """A part of the step begins, of `total` pieces."""
        if self._bars:
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(name, total=total)

    def advance(self, n: int = 1) -> None:
        """That many more pieces are done."""
        if self._bars and self._bars.task_ids:
            self._bars.advance(self._bars.task_ids[-1], n)

    def reach(self, done: float) -> None:
        """That many pieces are done in all."""
        if self._bars and self._bars.task_ids:
            self._bars.update(self._bars.task_ids[-1], completed=done)

    def note(self, text: str) -> None:
        """Something that the user should read."""
        self.say(text)
