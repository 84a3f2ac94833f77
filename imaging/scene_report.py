"""The report of a scene: what was used, what was left out and why, and how well it fits."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imaging.accuracy import Accuracy
from imaging.adjustment import Adjusted
from imaging.alignment import Alignment
from imaging.control.centred import centring_report
from imaging.control.gathering import STAGE as CONTROL
from imaging.control.gathering import kept_control
from imaging.dense.model import DenseSurface
from imaging.georeference import Georeference
from imaging.lens import json_from_lens, json_from_view
from imaging.lens_file import json_from_kept
from imaging.options import MosaicOptions
from imaging.orthomosaic import Orthomosaic
from imaging.photos import BY_CONTROL
from imaging.refinement import Refined
from imaging.scene import Scene, write_json
from imaging.surface import Surface
from imaging.survey import LeftOut, Survey, json_from_photo
from imaging.uncertainty import lens_sigmas, pose_sigmas
from imaging.usage import Meter
from missions.version import version_of

FORMAT, VERSION = "droneteam-scene", 2
PACKAGES = (
    "droneteam",
    "pycolmap",
    "opencv-python-headless",
    "rasterio",
    "numpy",
    "pillow",
    "pyproj",
    "scipy",
    "laspy",
    "numba",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReport:
    """What came of a mosaic. Sizes in pixels and metres; `timings_s` by stage, near nothing where kept.

    `used` names the photos that have a pose; `left_out` the rest, each with its reason. `body` is the whole
    of `scene.json`.
    """

    orthomosaic: Path
    preview: Path
    report: Path
    used: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    epsg: int
    gsd_m: float
    width_px: int
    height_px: int
    covered_m2: float
    height_reference: str
    accuracy: Accuracy
    timings_s: dict[str, float]
    body: dict[str, Any]

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything that was made, the report last."""
        folder = self.report.parent
        return (*(folder / name for name in self.body["outputs"]), self.report)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the stages gave. `files` are the scene's results by name, with their SHA-256.

    `again` names the scene that this one was drawn anew from, None where it was made of photos alone.
    """

    found: Survey
    refined: Refined
    surface: Surface
    dense: DenseSurface | None
    drawn: Orthomosaic
    accuracy: Accuracy
    files: dict[str, str]
    again: Mapping[str, str] | None = None

    @property
    def alignment(self) -> Alignment:
        """The photos as they lie to each other, after the adjustment."""
        return self.refined.alignment

    @property
    def placed(self) -> Georeference:
        """The photos as they lie on the map, after the adjustment."""
        return self.refined.placed


def write_report(scene: Scene, options: MosaicOptions, results: Results, meter: Meter) -> SceneReport:
    """Write `scene.json` and give it back. Raises OutputError."""
    left_out = (*results.found.left_out, *results.alignment.left_out)
    body = {
        "format": FORMAT,
        "version": VERSION,
        "created": meter.now(),
        "verdict": results.accuracy.verdict,
        "options": asdict(options),
        "photos": _photos(results),
        "left_out": [asdict(item) for item in left_out],
        "parts": results.refined.parts,
        "lenses": _lenses(results.refined.adjusted),
        "priors": _priors(results.found),
        "control": (scene.read(CONTROL) or {}).get("sources", {}),
        "control_doubts": [*(scene.read(CONTROL) or {}).get("doubts", []), *results.refined.doubts],
        "marks": centring_report(
            kept_control(scene).marks, (scene.read(CONTROL) or {}).get("not_centred", [])
        ),
        "again": None if results.again is None else dict(results.again),
        "place": _place(results),
        "surface": _surface(results.dense),
        "orthomosaic": _picture(results),
        "accuracy": asdict(results.accuracy),
        "timings_s": meter.timings_s,
        "stages": {name: asdict(used) for name, used in meter.used.items()},
        "software": software(),
        "outputs": results.files,
    }
    write_json(scene.report, body)
    grid = results.drawn.grid
    return SceneReport(
        orthomosaic=scene.orthomosaic,
        preview=scene.preview,
        report=scene.report,
        used=tuple(view.name for view in results.placed.views),
        left_out=left_out,
        epsg=grid.epsg,
        gsd_m=grid.cell_m,
        width_px=grid.width,
        height_px=grid.height,
        covered_m2=results.drawn.covered_m2,
        height_reference=results.placed.height_reference,
        accuracy=results.accuracy,
        timings_s=meter.timings_s,
        body=body,
    )


def software() -> dict[str, str]:
    """Versions of what the result rests on."""
    return {"python": platform.python_version(), **{package: version_of(package) for package in PACKAGES}}


def _photos(results: Results) -> list[dict[str, Any]]:
    views = {view.name: view for view in results.placed.views}
    residuals = {residual.name: asdict(residual) for residual in results.placed.residuals if residual.told}
    sigmas = pose_sigmas(results.refined.adjusted)
    drawn = set(results.drawn.drawn)
    return [
        {
            **json_from_photo(name, photo),
            "pose": json_from_view(views[name]) if name in views else None,
            "pose_sigma": asdict(sigmas[name]) if name in sigmas else None,
            "gps_residual": residuals.get(name),
            "drawn": name in drawn,
        }
        for name, photo in results.found.photos.items()
    ]


def _lenses(adjusted: Adjusted) -> dict[str, Any]:
    """Each lens with one standard deviation of its parameters, in their own units."""
    sigmas = lens_sigmas(adjusted)
    return {
        name: {
            **json_from_lens(lens),
            "readout_s": float(adjusted.state.lenses[number, 7]),
            "sigma": sigmas[name],
        }
        for number, (name, lens) in enumerate(adjusted.lenses.items())
        if name in sigmas
    }


def _priors(found: Survey) -> dict[str, Any]:
    """What was known before any photo was compared: the flight and the lenses that were given."""
    return {
        "flight": None if found.flight is None else asdict(found.flight),
        "lenses": [json_from_kept(kept) for kept in found.lenses],
    }


def _place(results: Results) -> dict[str, Any]:
    placed = results.placed
    by_control = any(photo.placed_by == BY_CONTROL for photo in results.found.photos.values())
    return {
        "local_origin": asdict(placed.frame.origin),
        "epsg": placed.epsg,
        "height_reference": placed.height_reference,
        "tilt_from": placed.tilt_from,
        "placed_by": "control" if by_control else "positions",
        "ground_plane": results.surface.plane.tolist(),
        "ground_spread_m": results.surface.spread_m,
    }


def _surface(dense: DenseSurface | None) -> dict[str, Any] | None:
    """What the dense surface is, None where the picture was drawn on the ground alone."""
    if dense is None:
        return None
    return {
        "cell_m": dense.grid.cell_m,
        "pairs": dense.pairs,
        "measured_share": dense.measured_share,
        "typical_sigma_m": dense.typical_sigma_m,
    }


def _picture(results: Results) -> dict[str, Any]:
    grid = results.drawn.grid
    return {
        "gsd_m": grid.cell_m,
        "native_gsd_m": results.drawn.native_gsd_m,
        "width_px": grid.width,
        "height_px": grid.height,
        "west_m": grid.west_m,
        "north_m": grid.north_m,
        "covered_m2": results.drawn.covered_m2,
        "filled_m2": results.drawn.filled_m2,
        "passers_m2": results.drawn.passers_m2,
        "not_drawn": [asdict(item) for item in results.drawn.left_out],
    }
