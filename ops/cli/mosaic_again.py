"""`droneteam mosaic --again`: a scene drawn anew with the marks as they are now, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from missions.errors import InputError
from ops.cli.mosaic_told import show
from ops.cli.outputs import check_none_entered
from ops.cli.progress import showing
from ops.cli.screen import print_json, say

if TYPE_CHECKING:
    from imaging.control.gathering import ControlFiles
    from ops.operations import Operation


def check_alone(**options: object) -> None:
    """Raises InputError where an option is given that the scene was made with once and for all."""
    given = next((name for name, value in options.items() if value not in (None, False)), None)
    if given is not None:
        raise InputError(
            "a scene drawn anew is made as it was made before",
            where=f"--{given.replace('_', '-')}",
            remedy="Leave it out, or make a scene of the photos without --again",
        )


def draw_again(
    old: Path,
    photos: Path | None,
    output: Path | None,
    files: ControlFiles,
    operation: Operation | None,
    *,
    threads: int | None,
    as_json: bool,
) -> None:
    """Draw, let everything enter the operation where one is named, and print what came of it."""
    from imaging.pace import pace_of
    from imaging.redraw import TAKEN_OVER, options_of, redraw
    from ops.scenes import enter_drawn, photo_paths
    from telemetry.clock import SystemClock

    options = options_of(old)
    scene = output or _scene_in(operation, old)
    check_none_entered(operation, scene, "Choose another folder with -o")
    entered = _entered(operation)
    locate = photo_paths(old, photos, entered.get)
    pace = pace_of(old, SystemClock(), quick=options.quick, without=TAKEN_OVER)
    with showing(pace) as progress:
        report = redraw(old, scene, locate=locate, control=files, threads=threads, progress=progress)
    if operation is not None:
        before = len(operation.files())
        for measured in filter(None, (files.points, files.bars)):
            operation.add_file(measured, "control", scene=scene.name)
        enter_drawn(operation, scene, locate, old=old.resolve().name)
        say(f"Entered {operation.name}: {len(operation.files()) - before} files of {scene.name}")
    if as_json:
        print_json(report.body)
    else:
        show(report, scene)


def _scene_in(operation: Operation | None, old: Path) -> Path:
    from ops.scenes import free_scene

    if operation is None:
        raise InputError(
            "nowhere to write the scene", where="--output", remedy="Give -o NEW, or --operation FOLDER"
        )
    return free_scene(operation, old)


def _entered(operation: Operation | None) -> dict[str, Path]:
    """Where photos that entered lie, by their SHA-256."""
    if operation is None:
        return {}
    return {file.sha256: operation.folder / file.path for file in operation.files("photo")}
