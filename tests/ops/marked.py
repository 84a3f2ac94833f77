"""The surveyed crash scene in an operation, as it is served to be marked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from imaging.control.marks import read_marks, write_marks
from imaging.control.points import Mark
from ops.api.server import serving
from ops.operations import Operation
from tests.ops.surveyed import Surveyed

ID = "scenes/crash"
API = f"/api/{ID.replace('scenes/', 'scenes/scenes/')}"
Clicks = Mapping[str, Mapping[str, Mark]]


def operation_with(surveyed: Surveyed, folder: Path, *, marked: bool = False) -> Path:
    """An operation with the scene and its photos; without `marked` nobody has marked anything yet."""
    operation = Operation.create(folder, "Crash at the junction", "crash-scene")
    scene = operation.folder / ID
    shutil.copytree(surveyed.scene, scene)
    (scene / "measure.json").unlink(missing_ok=True)
    (scene / "marks.json").unlink(missing_ok=True)
    if not marked:
        write_marks(scene / "marks.json", [])
    for name in ("orthomosaic.tif", "preview.jpg", "scene.json"):
        operation.add_file(scene / name, "scene")
    operation.add_folder(
        shutil.copytree(surveyed.folder / "photos", operation.folder / "photos" / "crash"), "photo"
    )
    return operation.folder


@contextmanager
def served(folder: Path) -> Iterator[httpx.Client]:
    """A client of the service of this operation."""
    with serving(operation_folder=folder) as address, httpx.Client(base_url=address, timeout=120) as client:
        yield client


def clicks(surveyed: Surveyed, file: str = "marks.json") -> Clicks:
    """Where a careful person clicks, by point and photo."""
    points = read_marks(surveyed.folder / file)
    return {point.name: {mark.photo: mark for mark in point.marks} for point in points}


def order(point: str, mark: Mark, **more: Any) -> dict[str, Any]:
    """What the page sends for a click."""
    at = {"photo": mark.photo, "x_px": mark.x_px, "y_px": mark.y_px, "sigma_px": mark.sigma_px}
    return {"kind": "control", "point": point, "who": "Ann", "replaces": None, **at, **more}


def put(client: httpx.Client, point: str, mark: Mark, **more: Any) -> httpx.Response:
    return client.put(f"{API}/marks", json=order(point, mark, **more))


def point_of(report: Mapping[str, Any], name: str, kind: str = "control") -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in report["points"] if (each["kind"], each["name"]) == (kind, name)
    )
    return found


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
