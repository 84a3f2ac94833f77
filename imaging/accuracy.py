"""Stage `accuracy`: how well the scene fits together and lies on the map, and whether that was checked.

A scene is fit for evidence only where its scale comes from something measured on the ground, and something
else measured there, which took no part, agrees with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from imaging.checks import Check, checked
from imaging.control.blunders import Blunder
from imaging.control.scene import SceneControl
from imaging.control.straying import less_sure
from imaging.lens import Array
from imaging.lens_freedom import HOLDING
from imaging.progress import Progress
from imaging.refinement import Refined
from imaging.scene import Scene, key_of

STAGE = "accuracy"
VERSION = 6
NOT_FOR_EVIDENCE = "not for evidence: no ground control"
NOT_CHECKED = "not for evidence: no independent check on the ground"
COVERAGE_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Figures of fit. Reprojection errors in pixels of the photos, GPS residuals and checks in metres.

    `scale_95_pct` is half the width of the 95 % interval of the scale, in per cent of a distance, from the
    covariance of the adjustment; of several parts it is the least sure one's. `gps_rmse_horizontal_m` is what
    is left of the GPS residuals without what the flight shares (an offset, the receiver's lag, its lever
    arm), `gps_whole_horizontal_m` with all of it but their mean; zeros where no photo tells a position
    (`gps_used`). `gps_factor` is how many times the positions disagree beyond what was expected;
    `gps_own_*_m` is what the adjustment took for each position's own error in plan and in height (one
    standard deviation of a coordinate, the median photo's), and `gps_drift_*_m` for how far what drifts
    changes within a minute. `heights_follow_focal_length` says that too little control holds the ground: an
    error in the focal length scales heights, not distances.
    `ground_control_points` and `scale_bars` shaped the scene; `checks` did not.
    """

    reprojection_mean_px: float
    reprojection_median_px: float
    reprojection_p95_px: float
    reprojection_max_px: float
    tie_point_sigma_px: float
    tie_points: int
    observations: int
    gps_rmse_horizontal_m: float
    gps_rmse_vertical_m: float
    gps_whole_horizontal_m: float
    gps_max_m: float
    gps_used: int
    gps_set_aside: int
    gps_factor: float
    gps_own_plan_m: float
    gps_drift_plan_m: float
    gps_own_up_m: float
    gps_drift_up_m: float
    scale_95_pct: float
    heights_follow_focal_length: bool
    ground_control_points: int
    scale_bars: int
    checks: tuple[Check, ...]
    check_rmse_plan_m: float | None
    check_rmse_up_m: float | None
    blunders: tuple[Blunder, ...]
    evidence: bool
    verdict: str


def assess(refined: Refined, control: SceneControl, scene: Scene, progress: Progress) -> Accuracy:
    """The figures of fit, written to `stages/accuracy.json`, or what stands there."""
    progress.stage(STAGE, 1)
    key = key_of(STAGE, VERSION, refined.key, control.key)
    record = scene.kept(STAGE, key) or scene.keep(STAGE, key, {"figures": _figures(refined, control)})
    progress.advance()
    figures = dict(record["figures"])
    return Accuracy(
        **{
            **figures,
            "checks": tuple(
                Check(each["name"], tuple(each["off_m"]), tuple(each["sigma_m"]), each["agrees"])
                for each in figures["checks"]
            ),
            "blunders": tuple(Blunder(**each) for each in figures["blunders"]),
        }
    )


def verdict_of(points: int, bars: int, checks: Sequence[Check]) -> tuple[bool, str]:
    """Whether a scene with so much control and these checks is fit for evidence, and the words for it."""
    if points < 2 and not bars:
        return False, NOT_FOR_EVIDENCE
    if not checks:
        return False, NOT_CHECKED
    failed = [check.name for check in checks if not check.agrees]
    if failed:
        return False, f"not for evidence: the scene disagrees with the check of {', '.join(failed)}"
    number = f"{len(checks)} independent checks" if len(checks) > 1 else "one independent check"
    return True, f"checked: {number} on the ground, all within what their uncertainty allows"


def _figures(refined: Refined, control: SceneControl) -> dict[str, Any]:
    alignment, placed, adjusted = refined.alignment, refined.placed, refined.adjusted
    finite = alignment.observation_px[np.isfinite(alignment.observation_px)]
    errors_px = finite if len(finite) else np.zeros(1)
    used = [each.used and each.told for each in placed.residuals]
    told = [[r.east_m, r.north_m, r.up_m] for r in placed.residuals if r.used and r.told]
    residuals = np.array(told or np.zeros((1, 3)), float)
    whole = refined.gps_whole_m[used, :2] if told else np.zeros((1, 2))
    wrong = {(blunder.name, blunder.photo) for blunder in refined.blunders}
    checks = checked(adjusted, less_sure(control.without_marks(wrong), refined.factors), placed.frame)
    points = refined.control_points
    evidence, verdict = verdict_of(points, refined.bars, checks)
    off = [check.off_m for check in checks if not check.is_distance]
    plan = [np.hypot(each[0], each[1]) for each in off]
    up = [each[2] for each in off if len(each) == 3]
    return {
        "reprojection_mean_px": float(errors_px.mean()),
        "reprojection_median_px": float(np.median(errors_px)),
        "reprojection_p95_px": float(np.percentile(errors_px, 95)),
        "reprojection_max_px": float(errors_px.max()),
        "tie_point_sigma_px": adjusted.sigma_px,
        "tie_points": len(alignment.points),
        "observations": len(alignment.observation_px),
        "gps_rmse_horizontal_m": rms(np.linalg.norm(residuals[:, :2], axis=1)),
        "gps_rmse_vertical_m": rms(residuals[:, 2]),
        "gps_whole_horizontal_m": rms(np.linalg.norm(whole - whole.mean(axis=0), axis=1)),
        "gps_max_m": float(np.linalg.norm(residuals, axis=1).max()),
        "gps_used": len(told),
        "gps_set_aside": sum(not each.used and each.told for each in placed.residuals),
        "gps_factor": refined.gps_factor,
        **refined.gps_split,
        "scale_95_pct": 100 * COVERAGE_95 * placed.scale_sigma,
        "heights_follow_focal_length": points < HOLDING,
        "ground_control_points": points,
        "scale_bars": refined.bars,
        "checks": [asdict(check) for check in checks],
        "check_rmse_plan_m": rms(np.array(plan)) if plan else None,
        "check_rmse_up_m": rms(np.array(up)) if up else None,
        "blunders": [asdict(blunder) for blunder in refined.blunders],
        "evidence": evidence,
        "verdict": verdict,
    }


def rms(values: Array) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
