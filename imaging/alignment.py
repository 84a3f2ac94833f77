"""Stage `alignment`: how the photos lie to each other, from what they show in common.

SIFT tie points (Lowe 2004), matched between photos that can overlap, and incremental mapping (Schönberger and
Frahm 2016), by COLMAP in a process of its own. Scale, place and direction are still free here.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from imaging.adjustment.network import Ties, indices
from imaging.alignment_job import POINTS, RESULT, Job, write_job
from imaging.lens import Array, Lens, View, view_from_json
from imaging.options import MosaicOptions
from imaging.pairs import frame_of, on_a_line, overlapping_pairs, positions_m
from imaging.photos import Photo
from imaging.progress import Progress
from imaging.scene import SCRATCH, Scene, key_of
from imaging.survey import LeftOut, Survey
from imaging.worked import Worked
from imaging.worker import working
from missions.errors import AlignmentError, FormatError, OutputError

STAGE = "alignment"
VERSION = 3
FOCAL_UNTOLD = 0.8
"""Focal length over the longer side where a photo does not tell it: a lens of 64 degrees, as drones have."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Views and points in the model's own frame.

    `points` (n, 3), each with its mean reprojection error `point_error_px` (n,) and the number of views that
    hold it, `point_views` (n,); `observation_px` (m,) is the error of every single tie point of `ties`.
    `worked` is what the process of the alignment took.
    """

    views: tuple[View, ...]
    lenses: dict[str, Lens]
    points: Array
    point_error_px: Array
    point_views: Array
    observation_px: Array
    ties: Ties
    left_out: tuple[LeftOut, ...]
    key: str
    worked: Worked | None = None

    def without_points(self) -> Alignment:
        """Its views and lenses alone."""
        none = np.zeros(0)
        return replace(
            self, points=np.zeros((0, 3)), point_error_px=none, point_views=none, observation_px=none,
            ties=self.ties.part(indices([])),
        )  # fmt: skip


def align(found: Survey, scene: Scene, options: MosaicOptions, progress: Progress) -> Alignment:
    """Align the photos and write `stages/alignment.json` and `.npz`, or take what stands there.

    Raises AlignmentError where fewer than three photos fit together.
    """
    job = _job(found, options)
    key = key_of(STAGE, VERSION, found.key, {**asdict(job), "folder": "", "threads": 0})
    record = scene.kept(STAGE, key)
    if record is None:
        progress.note(f"log of the alignment: {_log(scene)}")
        record = _aligned(job, found, scene, key, progress)
    else:
        progress.stage("alignment: kept from before", 0)
    return alignment_from_record(record, scene)


def kept_alignment(scene: Scene) -> Alignment:
    """The alignment that stands in the scene. Raises FormatError where there is none that can be read."""
    record = scene.read(STAGE)
    try:
        if record is None:
            raise ValueError("there is none")  # noqa: TRY301 - one error for whatever is wrong
        return alignment_from_record(record, scene)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the record of the alignment is broken ({error})",
            where=str(scene.stages / f"{STAGE}.json"),
            remedy="Make the scene again",
        ) from error


def _job(found: Survey, options: MosaicOptions) -> Job:
    groups: dict[str, list[str]] = {}
    lenses: dict[str, Lens] = {}
    for name, photo in found.photos.items():
        key = lens_name(photo)
        groups.setdefault(key, []).append(name)
        lenses.setdefault(key, lens_of(photo))
    return Job(
        folder=str(found.folder.resolve()),
        lenses=lenses,
        groups=groups,
        pairs=[list(pair) for pair in overlapping_pairs(found.photos)],
        search_px=options.search_px,
        threads=options.threads or os.cpu_count() or 1,
        # Lens and relief cannot be told apart from one strip.
        hold_lens=on_a_line(positions_m(found.photos, frame_of(found.photos))[0]),
    )


def lens_name(photo: Photo) -> str:
    """What photos of one lens have in common: camera, its number, size and focal length."""
    focal = f"{photo.focal_length_px:.2f}" if photo.focal_length_px else "?"
    camera = " ".join(part for part in (photo.make, photo.model) if part) or "camera"
    number = f" no. {photo.camera_serial}" if photo.camera_serial else ""
    return f"{camera}{number} {photo.width_px}x{photo.height_px} f={focal}"


def lens_of(photo: Photo) -> Lens:
    """The lens that a photo tells of, without distortion."""
    return Lens(
        width_px=photo.width_px,
        height_px=photo.height_px,
        focal_px=photo.focal_length_px or FOCAL_UNTOLD * max(photo.width_px, photo.height_px),
        centre_x_px=photo.width_px / 2,
        centre_y_px=photo.height_px / 2,
        radial=0.0,
        focal_known=photo.focal_length_px is not None,
    )


def _aligned(job: Job, found: Survey, scene: Scene, key: str, progress: Progress) -> dict[str, Any]:
    with _scratch(scene) as scratch:
        names = _linked(found, scratch / "images")
        write_job(_renamed(job, names, scratch / "images"), scratch)
        worked = _run_worker(scratch, _log(scene), progress)
        result = _named_back(json.loads((scratch / RESULT).read_text()), names)
        if len(result["views"]) < 3:
            raise AlignmentError(
                f"only {len(result['views'])} of {len(found.photos)} photos fit together",
                where=job.folder,
                remedy="Take photos that overlap by 60 % or more, of ground that shows detail",
            )
        points = scene.stages / f"{STAGE}.npz"
        (scratch / POINTS).replace(points)
    body = {
        "views": result["views"],
        "lenses": result["lenses"],
        "left_out": [asdict(item) for item in _not_aligned(found, result)],
        "pairs": len(job.pairs),
        "worked": None if worked is None else asdict(worked),
    }
    return scene.keep(STAGE, key, body, [points])


def _linked(found: Survey, images: Path) -> dict[str, str]:
    """Links to the photos under plain names, since COLMAP's lists part names at spaces."""
    images.mkdir()
    names = {
        name: f"{i:06d}{photo.path.suffix.lower()}" for i, (name, photo) in enumerate(found.photos.items())
    }
    for name, photo in found.photos.items():
        (images / names[name]).symlink_to(photo.path.resolve())
    return names


def _renamed(job: Job, names: dict[str, str], images: Path) -> Job:
    return replace(
        job,
        folder=str(images.resolve()),
        groups={key: [names[name] for name in members] for key, members in job.groups.items()},
        pairs=[[names[a], names[b]] for a, b in job.pairs],
    )


def _named_back(result: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    original = {plain: name for name, plain in names.items()}
    views = [{**view, "name": original[view["name"]]} for view in result["views"]]
    return {**result, "views": views, "matched": [original[plain] for plain in result["matched"]]}


def _not_aligned(found: Survey, result: dict[str, Any]) -> Iterator[LeftOut]:
    used, matched = {view["name"] for view in result["views"]}, set(result["matched"])
    for name in found.photos:
        if name in used:
            continue
        reason = (
            "it fits no other photo" if name not in matched else "it overlaps others, but not the main group"
        )
        yield LeftOut(name, reason)


def _run_worker(scratch: Path, log: Path, progress: Progress) -> Worked | None:
    """Run the worker to its end; on any way out of here it is gone. Raises AlignmentError.

    Gives what it took, by its own account.
    """
    worked = None
    with (
        log.open("wb") as messages,
        working("imaging.alignment_worker", str(scratch), messages=messages) as (worker, lines),
    ):
        for line in lines:
            worked = _relay(line, progress) or worked
        status = worker.wait()
    if status:
        raise AlignmentError(
            f"the alignment stopped early (status {status})", where=str(log), remedy="The log says more"
        )
    return worked


def _relay(line: bytes, progress: Progress) -> Worked | None:
    """Tell the worker's progress; at its end it says what it took."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if "stage" in event:
        progress.stage(event["stage"], event.get("total"))
    elif "advance" in event:
        progress.advance(event["advance"])
    elif "cpu_s" in event:
        return Worked(float(event["cpu_s"]), int(event["peak_bytes"]))
    return None


@contextmanager
def _scratch(scene: Scene) -> Iterator[Path]:
    try:
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=scene.stages))
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})", where=str(scene.stages)
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _log(scene: Scene) -> Path:
    return scene.stages / f"{STAGE}.log"


def alignment_from_record(record: dict[str, Any], scene: Scene) -> Alignment:
    """The alignment of a stage's record and the `.npz` that goes with it. Raises as these come apart."""
    with np.load(scene.stages / f"{STAGE}.npz", allow_pickle=False) as arrays:
        return Alignment(
            views=tuple(view_from_json(view) for view in record["views"]),
            lenses={name: Lens(**lens) for name, lens in record["lenses"].items()},
            points=arrays["xyz"],
            point_error_px=arrays["error_px"],
            point_views=arrays["views"].astype(float),
            observation_px=arrays["observation_px"],
            ties=Ties(arrays["tie_view"], arrays["tie_point"], arrays["tie_px"]),
            left_out=tuple(LeftOut(**item) for item in record["left_out"]),
            key=record["key"],
            worked=Worked(**record["worked"]) if record.get("worked") else None,
        )
