"""The scene folder: what each stage leaves for the next, and whether it still holds.

    SCENE/
    ├── orthomosaic.tif     the result, georeferenced; beside it OUTPUTS, as far as they were made
    ├── scene.json          the report
    └── stages/             one .json a stage, with the larger files that go with it

A stage's record names the key it was made under (a digest of its inputs and settings) and the SHA-256 of its
files. A stage whose key and files are unchanged is not made again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.photos import hash_file
from missions.errors import FormatError, InputError, OutputError, PhotoError
from missions.files import read_bounded, write_whole

LIMIT_BYTES = 200_000_000
SCRATCH = ".alignment-"
OUTPUTS = ("orthomosaic.tif", "preview.jpg", "dsm.tif", "dsm_uncertainty.tif", "cloud.laz", "overlay.kmz")
REPORT = "scene.json"


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene folder. Open it with `open_scene`."""

    folder: Path

    @property
    def stages(self) -> Path:
        """Where the stages keep their files."""
        return self.folder / "stages"

    @property
    def orthomosaic(self) -> Path:
        """The georeferenced picture."""
        return self.folder / "orthomosaic.tif"

    @property
    def preview(self) -> Path:
        """The picture of at most 2000 pixels a side."""
        return self.folder / "preview.jpg"

    @property
    def report(self) -> Path:
        """What was used, what was left out and how well it fits."""
        return self.folder / REPORT

    def kept(self, stage: str, key: str) -> dict[str, Any] | None:
        """The stage's record where it was made under `key` and its files are as they were, else None."""
        record = self.read(stage)
        if record is None or record.get("key") != key:
            return None
        files = record.get("files", {})
        with suppress(PhotoError):
            if all(hash_file(self.folder / name, None) == sha256 for name, sha256 in files.items()):
                return record
        return None

    def read(self, stage: str) -> dict[str, Any] | None:
        """The stage's record, None where there is none that can be read."""
        with suppress(InputError, ValueError):
            record = json.loads(
                read_bounded(self.stages / f"{stage}.json", LIMIT_BYTES, "the record of a stage")
            )
            return record if isinstance(record, dict) else None
        return None

    def keep(self, stage: str, key: str, body: dict[str, Any], files: Iterable[Path] = ()) -> dict[str, Any]:
        """Write the stage's record; `files` stand already. Raises OutputError."""
        hashes = {str(file.relative_to(self.folder)): hash_file(file, None) for file in files}
        record = {"key": key, "files": hashes, **body}
        write_json(self.stages / f"{stage}.json", record)
        return record

    def drop_all_but(self, outputs: Container[str]) -> None:
        """Remove the results that are not among the names: an earlier run made them of another alignment."""
        for name in OUTPUTS:
            if name not in outputs:
                (self.folder / name).unlink(missing_ok=True)


def open_scene(folder: Path) -> Scene:
    """The scene folder, made where it is missing and proved to be writable. Raises OutputError."""
    scene = Scene(folder)
    try:
        scene.stages.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to",
        ) from error
    probe = scene.stages / ".probe"
    write_whole(probe, b"")
    probe.unlink(missing_ok=True)
    for left in scene.stages.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    # What a run that was killed left half of stands under a hidden name (`missions.files`).
    halves = [scene.folder.glob(f".{Path(name).stem}.????????.*") for name in (*OUTPUTS, REPORT)]
    for half in (*scene.stages.glob(".*.????????.*"), *(half for found in halves for half in found)):
        half.unlink(missing_ok=True)
    return scene


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs out of a scene folder, made where it is missing, while the block lasts.

    Raises OutputError where it cannot be made, or another run is at work in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to",
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some file systems of other machines have no locks: there is nothing to go by then.
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise OutputError(
                    "another run is making this scene",
                    where=str(folder),
                    remedy="Wait until it is done, or stop it",
                ) from error
        yield
    finally:
        os.close(handle)


def read_report(scene: Scene) -> dict[str, Any]:
    """The body of `scene.json`. Raises InputError where there is none, FormatError where it is no report."""
    body = read_bounded(scene.report, LIMIT_BYTES, "the report of a scene")
    try:
        report = json.loads(body)
    except ValueError as error:
        raise FormatError(f"is no JSON ({error})", where=str(scene.report)) from error
    if not isinstance(report, dict) or report.get("format") != "droneteam-scene":
        raise FormatError("is no report of a scene", where=str(scene.report))
    return report


def key_of(*parts: object) -> str:
    """A digest of what a stage depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def write_json(path: Path, body: dict[str, Any]) -> None:
    """Write a readable JSON file whole. Raises OutputError; NaN is refused."""
    write_whole(path, (json.dumps(body, indent=1, allow_nan=False) + "\n").encode())
