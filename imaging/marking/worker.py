"""The process that adjusts a scene again: `python -m imaging.marking.worker SCENE INTO`, control in INTO.

Progress comes back as one JSON object a line on standard output, an error as {"error": …}.
"""

from __future__ import annotations

import sys
from pathlib import Path

from imaging.control.gathering import kept_control
from imaging.marking.again import readjust
from imaging.scene import Scene
from imaging.worker import obeyed, tell


class _Told:
    """Progress as lines."""

    def stage(self, name: str, total: int | None) -> None:  # noqa: ARG002 - single steps
        tell(stage=name)

    def advance(self, n: int = 1) -> None:
        """The stages are single steps."""

    def note(self, text: str) -> None:
        tell(note=text)


def main(scene: Path, into: Path) -> None:
    """Adjust the scene with the control in `into`, and write it there."""
    readjust(Scene(scene), kept_control(Scene(into)), Scene(into), _Told())


if __name__ == "__main__":
    sys.exit(obeyed(lambda: main(*map(Path, sys.argv[1:]))))
