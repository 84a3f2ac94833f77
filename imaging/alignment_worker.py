"""The alignment's own process: SIFT, matching and incremental mapping with COLMAP.

    python -m imaging.alignment_worker FOLDER

FOLDER holds the job. The work is native and cannot be interrupted from Python, so it runs in a process that
its parent kills; when the parent is gone, standard input ends and this process goes too.
"""

from __future__ import annotations

import copy
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pycolmap

from imaging.alignment_job import DATABASE, POINTS, RESULT, Job, read_job
from imaging.lens import Lens, json_from_lens
from imaging.worked import worked
from imaging.worker import end_with_parent, tell

SEED = 1
CHUNK_PAIRS = 50
LEAST_GAIN = 0.05


class _Seen(NamedTuple):
    """Tie points of one picture: (k,) view, (k,) point, (k, 2) pixel, (k,) distance from the projection."""

    view: np.ndarray[Any, np.dtype[np.int64]]
    point: np.ndarray[Any, np.dtype[np.int64]]
    px: np.ndarray[Any, np.dtype[np.float64]]
    error_px: np.ndarray[Any, np.dtype[np.float64]]


def main(scratch: Path) -> None:
    """Do the job in `scratch` and leave the result there."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    pycolmap.logging.minloglevel = int(pycolmap.logging.WARNING)
    pycolmap.set_random_seed(SEED)
    job = read_job(scratch)
    database = scratch / DATABASE
    _extract(job, database)
    _match(job, database, scratch)
    _write_result(job, database, _map_with_a_lens(job, database, scratch), scratch)
    used = worked()
    tell(cpu_s=used.cpu_s, peak_bytes=used.peak_bytes)


def _extract(job: Job, database: Path) -> None:
    tell(stage="alignment: tie points", total=sum(len(names) for names in job.groups.values()))
    options = pycolmap.FeatureExtractionOptions()
    options.max_image_size = job.search_px
    options.num_threads = job.threads
    options.sift.first_octave = 0
    for camera_id, (key, names) in enumerate(job.groups.items(), start=1):
        reader = pycolmap.ImageReaderOptions()
        reader.camera_model = "SIMPLE_RADIAL"
        lens = job.lenses[key]
        reader.camera_params = f"{lens.focal_px},{lens.centre_x_px},{lens.centre_y_px},{lens.radial}"
        for chunk in _chunks(names, max(1, job.threads)):
            pycolmap.extract_features(
                database,
                job.folder,
                image_names=chunk,
                camera_mode=pycolmap.CameraMode.SINGLE,
                reader_options=reader,
                extraction_options=options,
            )
            reader.camera_params = ""
            reader.existing_camera_id = camera_id
            tell(advance=len(chunk))


def _match(job: Job, database: Path, scratch: Path) -> None:
    tell(stage="alignment: matches", total=len(job.pairs))
    matching = pycolmap.FeatureMatchingOptions()
    matching.num_threads = job.threads
    verification = pycolmap.TwoViewGeometryOptions()
    verification.ransac.random_seed = SEED
    pairing = pycolmap.ImportedPairingOptions()
    pairing.match_list_path = str(scratch / "pairs.txt")
    for chunk in _chunks(job.pairs, CHUNK_PAIRS):
        (scratch / "pairs.txt").write_text("".join(f"{a} {b}\n" for a, b in chunk))
        pycolmap.match_image_pairs(
            database, matching_options=matching, pairing_options=pairing, verification_options=verification
        )
        tell(advance=len(chunk))


def _map_with_a_lens(job: Job, database: Path, scratch: Path) -> pycolmap.Reconstruction | None:
    """The model, the lens's distortion found only where that pays, a focal length only where none is told.

    From level photos a wrong distortion hides in a ground bent like a bowl, and a wrong focal length in its
    height, at almost no cost in reprojection error. What the lens is, the adjustment finds (`refinement`).
    """
    model = _map(job, database, scratch, radial=False)
    if model is None or job.hold_lens or not _pays(job, model):
        return model
    return _map(job, database, scratch, radial=True)


def _pays(job: Job, model: pycolmap.Reconstruction) -> bool:
    """Whether a distortion would bring the mean reprojection error down by a twentieth or more."""
    trial = copy.deepcopy(model)
    options = pycolmap.BundleAdjustmentOptions()
    options.refine_focal_length = not _focal_told(job)
    options.refine_extra_params = True
    options.print_summary = False
    trial.update_point_3d_errors()
    held_px = trial.compute_mean_reprojection_error()
    pycolmap.bundle_adjustment(trial, options)
    trial.update_point_3d_errors()
    return bool(trial.compute_mean_reprojection_error() < (1 - LEAST_GAIN) * held_px)


def _focal_told(job: Job) -> bool:
    return all(lens.focal_known for lens in job.lenses.values())


def _map(job: Job, database: Path, scratch: Path, *, radial: bool) -> pycolmap.Reconstruction | None:
    total = sum(len(names) for names in job.groups.values())
    tell(stage="alignment: poses and lens" if radial else "alignment: poses", total=total)
    options = pycolmap.IncrementalPipelineOptions()
    options.num_threads = job.threads
    options.random_seed = SEED
    options.min_model_size = 3
    options.extract_colors = False
    focal = not _focal_told(job)
    options.ba_refine_focal_length = options.mapper.abs_pose_refine_focal_length = focal
    options.ba_refine_extra_params = options.mapper.abs_pose_refine_extra_params = radial
    models = pycolmap.incremental_mapping(
        database,
        job.folder,
        scratch,
        options=options,
        initial_image_pair_callback=lambda: tell(advance=2),
        next_image_callback=lambda: tell(advance=1),
    )
    return max(models.values(), key=lambda model: model.num_reg_images(), default=None)


def _write_result(job: Job, database: Path, model: pycolmap.Reconstruction | None, scratch: Path) -> None:
    tables = pycolmap.Database.open(database)
    names = {image.image_id: image.name for image in tables.read_all_images()}
    matched = {names[image_id] for pair in _verified(tables) for image_id in pair}
    tables.close()
    key_of = {name: key for key, members in job.groups.items() for name in members}
    body: dict[str, Any] = {"views": [], "lenses": {}, "matched": sorted(matched)}
    model = model or pycolmap.Reconstruction()
    points = dict(model.points3D.items())
    index = {point_id: number for number, point_id in enumerate(points)}
    tables_of: list[_Seen] = []
    for number, image_id in enumerate(sorted(model.reg_image_ids())):
        image = model.images[image_id]
        seen = _seen(model, image, number, index)
        tables_of.append(seen)
        key = key_of[image.name]
        body["lenses"][key] = json_from_lens(_lens(model.cameras[image.camera_id], job.lenses[key]))
        body["views"].append(
            {
                "name": image.name,
                "lens": key,
                "rotation": image.cam_from_world().rotation.matrix().tolist(),
                "centre": image.projection_center().tolist(),
                "points": len(seen.error_px),
                "error_px": float(seen.error_px.mean()) if len(seen.error_px) else 0.0,
            }
        )
    np.savez(
        scratch / POINTS,
        xyz=np.array([point.xyz for point in points.values()]).reshape(-1, 3),
        error_px=np.array([point.error for point in points.values()]),
        views=np.array([point.track.length() for point in points.values()], int),
        observation_px=np.concatenate([np.zeros(0), *(each.error_px for each in tables_of)]),
        tie_view=np.concatenate([np.zeros(0, np.int64), *(each.view for each in tables_of)]),
        tie_point=np.concatenate([np.zeros(0, np.int64), *(each.point for each in tables_of)]),
        tie_px=np.concatenate([np.zeros((0, 2)), *(each.px for each in tables_of)]),
    )
    (scratch / RESULT).write_text(json.dumps(body))


def _verified(tables: pycolmap.Database) -> Iterator[tuple[int, int]]:
    pair_ids, counts = tables.read_two_view_geometry_num_inliers()
    for pair, inliers in zip(pair_ids, counts, strict=True):
        if inliers >= 15:
            yield pycolmap.pair_id_to_image_pair(pair)


def _seen(model: pycolmap.Reconstruction, image: pycolmap.Image, number: int, index: dict[int, int]) -> _Seen:
    """The tie points in one picture, and how far each lies from where its point projects, pixels."""
    seen = image.get_observation_points2D()
    if not seen:
        return _Seen(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0))
    world = np.array([model.points3D[point.point3D_id].xyz for point in seen])
    pose = image.cam_from_world()
    camera = world @ pose.rotation.matrix().T + pose.translation
    projected = model.cameras[image.camera_id].img_from_cam(camera)
    px = np.array([point.xy for point in seen])
    point = np.array([index[each.point3D_id] for each in seen], np.int64)
    error_px = np.asarray(np.linalg.norm(projected - px, axis=1))
    return _Seen(np.full(len(px), number, np.int64), point, px, error_px)


def _lens(camera: pycolmap.Camera, asked: Lens) -> Lens:
    focal_px, centre_x_px, centre_y_px, radial = (float(value) for value in camera.params)
    return Lens(
        width_px=camera.width,
        height_px=camera.height,
        focal_px=focal_px,
        centre_x_px=centre_x_px,
        centre_y_px=centre_y_px,
        radial=radial,
        focal_known=asked.focal_known,
    )


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
