"""The process that adjusts a scene again: `python -m imaging.marking.worker SCENE INTO`, control in INTO.

Progress comes back as one JSON object a line on standard output, an error as {"error": …}.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

from imaging.control.gathering import kept_control
from imaging.marking.again import readjust
from imaging.scene import Scene
from imaging.worker import end_with_parent
from missions.errors import DroneteamError


class _Told:
    """Progress as lines."""

    def stage(self, name: str, total: int | None) -> None:  # noqa: ARG002 - single steps
        _say({"stage": name})

    def advance(self, n: int = 1) -> None:
        """The stages are single steps."""

    def note(self, text: str) -> None:
        _say({"note": text})


def main(arguments: list[str]) -> int:
    """Adjust; 0 when all was written."""
    scene, into = (Scene(Path(each)) for each in arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        readjust(scene, kept_control(into), into, _Told())
    except DroneteamError as error:
        _say({"error": str(error)})
        return 1
    return 0


def _say(event: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
