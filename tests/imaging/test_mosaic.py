import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer

from imaging.mosaic import MosaicOptions, mosaic
from imaging.photos import LIMIT_BYTES
from imaging.scene import open_scene
from imaging.uncertainty import LENS_PARAMETERS
from missions.errors import AlignmentError, OutputError, SettingsError
from missions.geodesy import LocalFrame

PATCH_PX = 80


def test_every_photo_is_used_and_the_report_says_how_well_they_fit(made):
    report = json.loads((made.scene / "scene.json").read_text())
    assert sorted(made.report.used) == [photo.file for photo in made.rendered.photos.photos]
    assert report["left_out"] == []
    assert all(photo["pose"] and photo["gps_residual"] for photo in report["photos"])
    assert report["accuracy"]["reprojection_mean_px"] < 0.5
    assert report["accuracy"]["gps_rmse_horizontal_m"] < 1.0
    assert report["verdict"] == "not for evidence: no ground control"
    assert set(report["timings_s"]) == {
        "photos", "alignment", "georeference", "adjustment", "surface", "dense", "orthomosaic", "accuracy",
        "cloud", "overlay",
    }  # fmt: skip
    assert report["software"]["pycolmap"][0].isdigit()


def test_the_report_of_a_scene_has_it_for_every_photo_and_lens(made) -> None:
    report = json.loads((made.scene / "scene.json").read_text())
    assert (report["format"], report["version"]) == ("droneteam-scene", 2)
    for photo in report["photos"]:
        sigma = photo["pose_sigma"]
        # Nothing on the ground was measured: all photos may lie off together, by what GPS leaves open.
        assert 1.0 < sigma["east_m"] < 4.0
        assert 0 < sigma["yaw_deg"] < 5.0
        assert 0 < sigma["pitch_deg"] < 5.0
    (lens,) = report["lenses"].values()
    assert set(lens["sigma"]) == set(LENS_PARAMETERS)
    assert lens["sigma"]["focal_px"] > 0
    assert report["priors"] == {"flight": None, "lenses": []}
    assert report["accuracy"]["gps_factor"] >= 1.0
    assert 0.1 < report["accuracy"]["gps_own_plan_m"] < 0.6, "0.3 m was drawn"
    assert report["accuracy"]["gps_own_up_m"] < 0.15, "heights have no errors here"
    assert report["accuracy"]["tie_point_sigma_px"] > 0


def test_the_report_says_what_every_stage_took(made) -> None:
    stages = made.report.body["stages"]  # another test may have made the scene again since
    assert list(stages) == [
        "photos", "alignment", "georeference", "adjustment", "accuracy", "surface", "dense", "orthomosaic",
        "cloud", "overlay",
    ]  # fmt: skip
    for stage in stages.values():
        assert stage["made"] is True
        assert stage["peak_bytes"] > 50_000_000
    assert stages["alignment"]["cpu_s"] > 0.5
    assert stages["alignment"]["worker_cpu_s"] == 0, "our own alignment has no process of its own"
    assert stages["dense"]["cpu_s"] > 0.1


def test_the_picture_carries_the_verdict_of_the_report(made) -> None:
    report = json.loads((made.scene / "scene.json").read_text())
    with rasterio.open(made.report.orthomosaic) as file:
        assert file.tags()["TIFFTAG_IMAGEDESCRIPTION"] == report["verdict"]


def test_the_report_names_the_hashes_of_inputs_and_outputs(made):
    report = json.loads((made.scene / "scene.json").read_text())
    for photo in report["photos"]:
        assert photo["sha256"] == sha256(made.rendered.folder / photo["path"])
    assert set(report["outputs"]) == {
        "orthomosaic.tif", "preview.jpg", "dsm.tif", "dsm_uncertainty.tif", "cloud.laz", "overlay.kmz",
    }  # fmt: skip
    for name, digest in report["outputs"].items():
        assert digest == sha256(made.scene / name)


def test_the_picture_is_a_tiled_geotiff_in_the_utm_zone_with_overviews_and_alpha(made):
    with rasterio.open(made.report.orthomosaic) as file:
        assert file.crs.to_epsg() == 32631
        assert file.profile["tiled"]
        assert file.profile["compress"] == "deflate"
        assert file.count == 4
        assert file.overviews(1)
        assert file.transform.a == pytest.approx(made.report.gsd_m)
        alpha = file.read(4)
        assert set(np.unique(alpha)) == {0, 255}
        assert np.count_nonzero(alpha) * made.report.gsd_m**2 == pytest.approx(made.report.covered_m2)
    with Image.open(made.report.preview) as preview:
        assert max(preview.size) <= 2000


def test_survey_targets_lie_where_the_gps_puts_them_within_a_pixel(made):
    true, found = targets(made)
    assert len(true) >= 4
    scale, residual_m = similarity(true, found)
    gps_scale, _ = similarity(*positions(made))
    assert residual_m < made.report.gsd_m
    assert scale == pytest.approx(gps_scale, abs=made.report.accuracy.scale_95_pct / 100)


def test_distances_are_true_within_the_uncertainty_that_the_report_states(made):
    scale, _ = similarity(*targets(made))
    assert abs(scale - 1) <= 1.5 * made.report.accuracy.scale_95_pct / 100
    assert made.report.accuracy.scale_95_pct < 5


def test_places_are_true_within_the_gps_error(made):
    true, found = targets(made)
    shift_m = np.linalg.norm((found - true).mean(axis=0))
    assert shift_m < 3 * 0.3 * np.sqrt(2 / len(made.rendered.photos.photos)) + made.report.gsd_m


def test_the_same_photos_again_take_what_stands_there(made, heard):
    before = {file: file.stat().st_mtime_ns for file in made.scene.rglob("*.tif")}
    again = mosaic(made.rendered.folder, made.scene, progress=heard)
    assert {file: file.stat().st_mtime_ns for file in made.scene.rglob("*.tif")} == before
    assert "alignment: kept from before" in heard.stages
    assert again.accuracy == made.report.accuracy


def test_another_ground_sample_distance_draws_again_on_the_same_alignment(made, heard, tmp_path):
    scene = shutil.copytree(made.scene, tmp_path / "scene")
    report = mosaic(made.rendered.folder, scene, options=MosaicOptions(gsd_m=0.25), progress=heard)
    assert report.gsd_m == 0.25
    assert "alignment: kept from before" in heard.stages
    assert "orthomosaic: drawing" in heard.stages


def test_a_damaged_result_is_made_again(made, tmp_path):
    scene = shutil.copytree(made.scene, tmp_path / "scene")
    (scene / "orthomosaic.tif").write_bytes(b"half")
    report = mosaic(made.rendered.folder, scene)
    with rasterio.open(report.orthomosaic) as file:
        assert file.width == made.report.width_px


def test_a_result_may_be_larger_than_a_photo(tmp_path):
    scene = open_scene(tmp_path)
    scene.orthomosaic.touch()
    os.truncate(scene.orthomosaic, LIMIT_BYTES + 1)
    scene.keep("orthomosaic", "key", {}, [scene.orthomosaic])
    assert scene.kept("orthomosaic", "key") is not None
    os.truncate(scene.orthomosaic, LIMIT_BYTES)
    assert scene.kept("orthomosaic", "key") is None


def test_a_broken_photo_is_named_and_the_rest_is_used(made, heard, tmp_path):
    folder = shutil.copytree(made.rendered.folder, tmp_path / "photos")
    scene = shutil.copytree(made.scene, tmp_path / "scene")
    (folder / "broken.jpg").write_bytes((folder / "DT_0001.JPG").read_bytes()[:20_000])
    report = mosaic(folder, scene, options=MosaicOptions(gsd_m=0.3), progress=heard)
    assert len(report.used) == len(made.report.used)
    assert [item.name for item in report.left_out] == ["broken.jpg"]
    assert "cut short" in report.left_out[0].reason
    assert any("broken.jpg" in note for note in heard.notes)


def test_photos_that_show_nothing_in_common_are_an_alignment_error_and_leave_no_picture(rendered, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(5)
    for photo in rendered.photos.photos[:3]:
        with Image.open(rendered.folder / photo.file) as image:
            noise = random.integers(0, 255, (60, 80, 3), np.uint8)
            Image.fromarray(noise).resize((240, 180)).save(folder / photo.file, exif=image.getexif())
    with pytest.raises(AlignmentError, match="photos fit together"):
        mosaic(folder, tmp_path / "scene")
    assert not (tmp_path / "scene" / "orthomosaic.tif").exists()
    assert not list((tmp_path / "scene").rglob(".*"))


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(rendered, heard, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        mosaic(rendered.folder, tmp_path / "file" / "scene", progress=heard)
    assert heard.stages == []


def test_a_scene_among_its_photos_is_refused(rendered):
    with pytest.raises(OutputError, match="among the photos"):
        mosaic(rendered.folder, rendered.folder)


@pytest.mark.parametrize(
    "setting",
    [
        *({"gsd_m": float("nan")}, {"gsd_m": 0.0}, {"max_image_px": 1}, {"threads": 0}, {"memory_mb": 1}),
        *({"aligner": "sift"}, {"quick": True, "aligner": "colmap"}),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(setting):
    with pytest.raises(SettingsError):
        MosaicOptions(**setting)


def test_a_ground_sample_distance_beyond_reason_is_refused_before_drawing(made, tmp_path):
    scene = shutil.copytree(made.scene, tmp_path / "scene")
    with pytest.raises(SettingsError, match="million pixels"):
        mosaic(made.rendered.folder, scene, options=MosaicOptions(gsd_m=0.001))
    with pytest.raises(SettingsError, match=r"50 m is too coarse for photos that show \d+ x \d+ m.*Ask for"):
        mosaic(made.rendered.folder, scene, options=MosaicOptions(gsd_m=50.0))


@pytest.mark.parametrize(("aligner", "log"), [("own", []), ("colmap", ["alignment.log"])])
def test_an_interrupt_in_the_alignment_leaves_no_process_and_no_half_file(
    rendered, hearing, tmp_path, aligner, log
):
    def interrupt(stage: str) -> None:
        if stage.startswith("alignment"):
            assert bool(workers(tmp_path)) == (aligner == "colmap")
            raise KeyboardInterrupt

    options = MosaicOptions(aligner=aligner)
    with pytest.raises(KeyboardInterrupt):
        mosaic(rendered.folder, tmp_path / "scene", options=options, progress=hearing(interrupt))
    assert not workers(tmp_path)
    left = sorted(path.name for path in (tmp_path / "scene").rglob("*") if path.is_file())
    assert left == [*log, "control.json", "photos.json", "usage.json"]


def test_an_interrupt_while_drawing_leaves_no_half_picture(made, hearing, tmp_path):
    def interrupt(stage: str) -> None:
        if stage == "orthomosaic: drawing":
            raise KeyboardInterrupt

    scene = shutil.copytree(made.scene, tmp_path / "scene")
    (scene / "orthomosaic.tif").unlink()
    with pytest.raises(KeyboardInterrupt):
        mosaic(made.rendered.folder, scene, progress=hearing(interrupt))
    assert not (scene / "orthomosaic.tif").exists()
    assert not list(scene.rglob(".*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_worker_goes_when_its_parent_is_interrupted_or_killed(rendered, tmp_path, how):
    script = (
        "import sys; from pathlib import Path; from imaging.mosaic import MosaicOptions, mosaic; "
        "mosaic(Path(sys.argv[1]), Path(sys.argv[2]), options=MosaicOptions(aligner='colmap'))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(rendered.folder), str(tmp_path / "scene")],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    try:
        wait_until(lambda: workers(tmp_path))
        parent.send_signal(how)
        assert parent.wait(30) != 0
        wait_until(lambda: not workers(tmp_path))
    finally:
        parent.kill()
        parent.wait()


def workers(folder: Path) -> list[str]:
    """Command lines of processes that work below the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"alignment_worker" in line and os.fsencode(folder) in line:
            found.append(line.decode())
    return found


def wait_until(true, limit_s: float = 60.0) -> None:
    end_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def similarity(true, found) -> tuple[float, float]:
    """Scale of the best similarity between (n, 2) points, and the rms distance left over, metres."""
    a, b = (true - true.mean(axis=0)) @ [1, 1j], (found - found.mean(axis=0)) @ [1, 1j]
    factor = np.vdot(a, b) / np.vdot(a, a)
    return float(abs(factor)), float(np.sqrt(np.mean(abs(b - factor * a) ** 2)))


def positions(made):
    """True and reported positions of the photos, (n, 2) metres each."""
    frame = made.rendered.world.frame
    taken = made.rendered.photos.photos
    true = frame.local_from_geo([[photo.pose.place.lon_deg, photo.pose.place.lat_deg] for photo in taken])
    reported = frame.local_from_geo([[photo.reported_lon_deg, photo.reported_lat_deg] for photo in taken])
    return true, reported


def targets(made):
    """True and drawn places of the survey targets, (n, 2) metres each.

    The drawn ones by phase correlation of the mosaic with the true picture around each target.
    """
    world, gsd_m = made.rendered.world, made.report.gsd_m
    truth = world.truth_orthomosaic(gsd_m)
    with rasterio.open(made.report.orthomosaic) as file:
        picture, transform = file.read(), file.transform
        utm = Transformer.from_crs("EPSG:4326", file.crs, always_xy=True)
    true, found = [], []
    for target in made.rendered.photos.control_points:
        east_m, north_m = utm.transform(target.place.lon_deg, target.place.lat_deg)
        column, row = int((east_m - transform.c) / gsd_m), int((transform.f - north_m) / gsd_m)
        columns = np.arange(column - PATCH_PX // 2, column + PATCH_PX // 2)
        rows = np.arange(row - PATCH_PX // 2, row + PATCH_PX // 2)
        if columns[0] < 0 or rows[0] < 0 or columns[-1] >= picture.shape[2] or rows[-1] >= picture.shape[1]:
            continue
        drawn = picture[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if (drawn[3] == 0).any():
            continue
        here = expected(world.frame, truth, utm, transform, columns, rows)
        shift_m = shift_px(here, drawn) * [gsd_m, -gsd_m]
        true.append([target.east_m, target.north_m])
        found.append([target.east_m + shift_m[0], target.north_m + shift_m[1]])
    return np.array(true), np.array(found)


def expected(frame: LocalFrame, truth, utm, transform, columns, rows):
    """The true picture at these pixels of the mosaic, (3, rows, columns)."""
    x, y = np.meshgrid(columns + 0.5, rows + 0.5)
    east_m, north_m = transform.c + x.ravel() * transform.a, transform.f + y.ravel() * transform.e
    lon, lat = utm.transform(east_m, north_m, direction="INVERSE")
    local = frame.local_from_geo(np.column_stack([lon, lat]))
    u = ((local[:, 0] - truth.west_m) / truth.gsd_m - 0.5).reshape(x.shape).astype(np.float32)
    v = ((truth.north_m - local[:, 1]) / truth.gsd_m - 0.5).reshape(x.shape).astype(np.float32)
    return np.moveaxis(cv2.remap(truth.rgb, u, v, cv2.INTER_LINEAR), -1, 0)


def shift_px(here, there):
    """Right and down shift that takes one (3+, n, n) picture to another."""
    a, b = (picture[:3].astype(np.float32).mean(axis=0) for picture in (here, there))
    window = cv2.createHanningWindow((PATCH_PX, PATCH_PX), cv2.CV_32F)
    return np.array(cv2.phaseCorrelate(a - a.mean(), b - b.mean(), window)[0])
