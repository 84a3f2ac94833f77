"""Adjusting a scene again in a process of its own, one at a time."""

from __future__ import annotations

import json
import subprocess
import threading
from types import MappingProxyType

from imaging.control.gathering import keep_control
from imaging.control.scene import SceneControl
from imaging.marking.again import replacing
from imaging.scene import Scene
from imaging.worker import working
from missions.errors import AlignmentError, InputError

ONE_CORE = MappingProxyType({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
"""The other cores are the service's, and threads cost more than they gain on a few photos."""


class Adjusting:
    """The one adjustment that may run: of which scene it is and how far. Any thread."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self.scene, self.stage = "", ""

    def run(self, scene: Scene, name: str, control: SceneControl) -> None:
        """Adjust and put the outcome beside the scene, all of it or none.

        Raises InputError while another one runs, AlignmentError where it does not succeed.
        """
        if not self._running.acquire(blocking=False):
            raise InputError(
                f"{self.scene} is being adjusted", where="adjust", remedy="Wait until that is done"
            )
        try:
            self.scene, self.stage = name, "beginning"
            with replacing(scene) as into:
                into.stages.mkdir(parents=True)
                keep_control(control, into)
                self._work(scene, into)
        finally:
            self.scene, self.stage, self._worker = "", "", None
            self._running.release()

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            self._worker.kill()

    def _work(self, scene: Scene, into: Scene) -> None:
        said = "it stopped early"
        folders = str(scene.folder.resolve()), str(into.folder)
        with working("imaging.marking.worker", *folders, messages=subprocess.DEVNULL, defaults=ONE_CORE) as (
            self._worker,
            lines,
        ):
            for line in lines:
                event = json.loads(line)
                self.stage = event.get("stage", self.stage)
                said = event.get("error", said)
            status = self._worker.wait()
        if status:
            raise AlignmentError(f"the adjustment failed: {said}", remedy="Look at the marks")
