"""Stage `accuracy`: how well the scene fits together and how well it lies on the map.

Everything here comes from the photos and their GPS alone. Nothing on the ground was measured, so nothing is
checked from outside; the report says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.alignment import Alignment
from imaging.georeference import Georeference
from imaging.lens import Array
from imaging.progress import Progress
from imaging.scene import Scene, key_of

STAGE = "accuracy"
VERSION = 1
NOT_FOR_EVIDENCE = "not for evidence: no ground control"
COVERAGE_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Figures of fit. Reprojection errors in pixels of the photos, GPS residuals in metres.

    `scale_95_pct` is half the width of the 95 % interval of the scale, in per cent of a distance, from the
    spread of the GPS residuals: what all positions share does not show in it. `heights_follow_focal_length`
    says that the lens was held at what the photos tell: an error in it scales heights, not distances.
    """

    reprojection_mean_px: float
    reprojection_median_px: float
    reprojection_p95_px: float
    reprojection_max_px: float
    tie_points: int
    observations: int
    gps_rmse_horizontal_m: float
    gps_rmse_vertical_m: float
    gps_max_m: float
    gps_used: int
    gps_set_aside: int
    scale_95_pct: float
    heights_follow_focal_length: bool
    ground_control_points: int = 0
    verdict: str = NOT_FOR_EVIDENCE


def assess(alignment: Alignment, placed: Georeference, scene: Scene, progress: Progress) -> Accuracy:
    """The figures of fit, written to `stages/accuracy.json`, or what stands there."""
    progress.stage(STAGE, 1)
    key = key_of(STAGE, VERSION, placed.key)
    record = scene.kept(STAGE, key) or scene.keep(STAGE, key, {"figures": _figures(alignment, placed)})
    progress.advance()
    return Accuracy(**record["figures"])


def _figures(alignment: Alignment, placed: Georeference) -> dict[str, float | int | bool]:
    errors_px = alignment.observation_px if len(alignment.observation_px) else np.zeros(1)
    residuals = np.array([[r.east_m, r.north_m, r.up_m] for r in placed.residuals if r.used])
    return {
        "reprojection_mean_px": float(errors_px.mean()),
        "reprojection_median_px": float(np.median(errors_px)),
        "reprojection_p95_px": float(np.percentile(errors_px, 95)),
        "reprojection_max_px": float(errors_px.max()),
        "tie_points": len(alignment.points),
        "observations": len(alignment.observation_px),
        "gps_rmse_horizontal_m": rms(np.linalg.norm(residuals[:, :2], axis=1)),
        "gps_rmse_vertical_m": rms(residuals[:, 2]),
        "gps_max_m": float(np.linalg.norm(residuals, axis=1).max()),
        "gps_used": len(residuals),
        "gps_set_aside": len(placed.residuals) - len(residuals),
        "scale_95_pct": 100 * COVERAGE_95 * placed.scale_sigma,
        "heights_follow_focal_length": alignment.focal_held,
    }


def rms(values: Array) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
