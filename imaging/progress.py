"""Progress of long work, told to whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears how far the work is. Called from the thread that does the work."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins that takes `total` steps, None where nobody knows."""
        ...

    def advance(self, n: int = 1) -> None:
        """That many more steps of this stage are done."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should read, such as a photo left out."""
        ...


class Silent:
    """Tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""


silent: Progress = Silent()
