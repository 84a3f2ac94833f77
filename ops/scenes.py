"""Scenes that were drawn anew in an operation: where their photos lie, what enters, what they are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imaging.redraw import MARKS
from imaging.scene import Scene, read_report
from missions.errors import EvidenceError
from ops.marking.photo_files import PhotoPaths, posed_photos
from ops.operations import Operation

NUMBERED = re.compile(r"(.+)-\d+")


def free_scene(operation: Operation, old: Path) -> Path:
    """Where a scene drawn anew may be made: under the name of the first, with the next free number."""
    name = old.resolve().name
    found = NUMBERED.fullmatch(name)
    if found and read_report(Scene(old)).get("again"):
        name = found[1]
    return operation.free_path("scene", name)


def photo_paths(
    scene: Path, folder: Path | None, entered: Callable[[str], Path | None]
) -> Callable[[str], Path]:
    """Where the photos of a scene lie: in `folder` where one is named, else among what entered, else where
    they came from. The function raises InputError and EvidenceError, as `PhotoPaths` does.
    """
    body = Scene(scene).read("photos") or {}
    came_from = Path(str(body.get("folder", scene)))
    photos = posed_photos(read_report(Scene(scene)))
    paths = PhotoPaths(photos, folder or came_from, entered if folder is None else lambda _: None)
    return paths.path


def check_changeable(operation: Operation, path: str) -> None:
    """Raises EvidenceError where the file of this path in the operation entered it: it may not change."""
    if operation.store.file(path) is not None:
        raise EvidenceError(
            "this file entered the operation, and may not change any more",
            where=path,
            remedy="Draw the scene again, and go on in the new one",
        )


def drawn_after(operation: Operation, scene: str) -> str:
    """The newest scene that was drawn anew from one, by its folder in the operation; empty for none."""
    parent, _, name = scene.rpartition("/")
    for act in reversed(operation.store.acts("scene.made")):
        found = f"{parent}/{act['details'].get('scene')}"
        if act["details"].get("again") == name and operation.store.file(f"{found}/orthomosaic.tif"):
            return found
    return ""


def enter_drawn(
    operation: Operation, scene: Path, locate: Callable[[str], Path], *, old: str, who: str = ""
) -> dict[str, Any]:
    """Let a scene that was drawn anew enter, with its photos and the marks it was made with; gives its
    report.

    Of the marks a copy enters: those in the scene's folder go on being changed. Raises what `add_file`
    raises.
    """
    report = read_report(Scene(scene))
    known = {file.sha256 for file in operation.files("photo")}
    for photo in posed_photos(report).values():
        if photo.sha256 not in known:
            path = locate(photo.name)
            operation.add_file(path, "photo", folder=path.parent.name)
    for name in (*report["outputs"], "scene.json"):
        operation.add_file(scene / name, "scene", scene=scene.name)
    if (scene / MARKS).exists():
        operation.add_copy(scene / MARKS, "control", scene=scene.name)
    by = {"who": who} if who else {}
    operation.record(
        "scene.made",
        scene=scene.name,
        again=old,
        **by,
        used=sum(each["pose"] is not None for each in report["photos"]),
        left_out=len(report["left_out"]),
        verdict=report["verdict"],
    )
    return report
