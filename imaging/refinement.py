"""Stage `adjustment`: poses, lenses and control weighed together, with the covariance of all of it.

It begins where alignment and GPS left the scene and ends with what every measurement rests on.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from imaging.adjustment import Adjusted, Directions, LensPrior, Network, Positions, adjust, indices
from imaging.adjustment.intersect import intersected
from imaging.adjustment.network import parts_of_views
from imaging.adjustment.rays import meeting_point
from imaging.adjustment.record import adjusted_from_record, record_from_adjusted
from imaging.adjustment.state import READOUT, State, state_of
from imaging.adjustment.thinning import even_ground, restricted, thinned
from imaging.alignment import Alignment
from imaging.control.blunders import Blunder, sift
from imaging.control.judging import Judged, judged
from imaging.control.scene import SceneControl, control_bars, local_of, named_points, pointings
from imaging.factory_lens import PRIOR as FACTORY
from imaging.georeference import Georeference, Residual, gimbal_direction
from imaging.lens import Array, Lens, View
from imaging.lens_file import KeptLens, lens_for
from imaging.lens_freedom import adjust_with_lens
from imaging.npz import write_npz
from imaging.photos import Photo
from imaging.position_errors import ASSUMED, Split, split_errors
from imaging.positions import explained, witness_of
from imaging.progress import Progress
from imaging.scale import scale_sigma
from imaging.scene import Scene, key_of
from imaging.shutter import possible, reading_ways, readout_sigma_s
from imaging.survey import Survey
from imaging.uncertainty import lens_sigmas

STAGE = "adjustment"
VERSION = 11
PER_VIEW, FEWEST_PER_VIEW, TIES = 800, 200, 24_000
"""Ties adjusted: so many a photo, fewer where photos are many, so that memory hardly grows with them."""
BEND = 0.4
"""How far pictures are bent, as a share of the scale of tie points' residuals."""
TURNING_RAD_S, NODDING_RAD_S = math.radians(1.0), math.radians(0.2)
"""How fast a camera turns about its optical axis, as the aircraft does, and about the other two, which the
gimbal holds still: one standard deviation.
"""
SIGMA_GIMBAL_RAD = 0.035
OTHER_HEIGHTS_M = 100.0
"""How far the photos' heights may lie off where control has heights above something else."""
FREEDOM_OF_A_SIMILARITY = 7


@dataclass(frozen=True, slots=True)
class Refined:
    """The scene after the adjustment.

    `gps_factor` is how many times the positions disagree beyond what was expected, `gps_split` what of their
    errors is each one's own and what drifts (see `Split.told`), `gps_whole_m` (n, 3) how far the photos lie
    from the positions that they tell, what the flight shares included; `control_points` and `bars` shaped the
    scene; `blunders` were set aside, `doubts` are of marks that count as less sure, by so many `factors` of
    their points' names; the photos make so many `parts` that share no tie.
    """

    alignment: Alignment
    placed: Georeference
    adjusted: Adjusted
    gps_factor: float
    gps_split: dict[str, float]
    gps_whole_m: Array
    control_points: int
    bars: int
    blunders: tuple[Blunder, ...]
    doubts: tuple[str, ...]
    factors: dict[str, float]
    parts: int
    key: str

    def without_points(self) -> Refined:
        """The same without tie points: only the figures of fit and the ground are made of them."""
        placed = replace(self.placed, points=np.zeros((0, 3)))
        return replace(self, alignment=self.alignment.without_points(), placed=placed)


def refine(
    found: Survey,
    alignment: Alignment,
    placed: Georeference,
    control: SceneControl,
    scene: Scene,
    progress: Progress,
) -> Refined:
    """Adjust the scene and write `stages/adjustment.json` and `.npz`, or take what stands there.

    Raises AlignmentError where something is not determined.
    """
    key = key_of(STAGE, VERSION, placed.key, control.key)
    progress.stage(STAGE, 1)
    record = scene.kept(STAGE, key)
    if record is None:
        photos = {view.name: found.photos[view.name] for view in placed.views}
        # many small systems: threads of linear algebra would wait for each other more than they work
        with threadpool_limits(1):
            record = _adjusted(_Begun(photos, alignment, placed, control, found.lenses), scene, key)
    for doubt in record["doubts"]:
        progress.note(doubt)
    progress.advance()
    return _from_record(record, alignment, placed, scene)


class _Begun:
    """The network of a scene and what it was made of."""

    def __init__(
        self,
        photos: dict[str, Photo],
        alignment: Alignment,
        placed: Georeference,
        control: SceneControl,
        lenses: tuple[KeptLens, ...],
    ) -> None:
        self.photos, self.alignment = photos, alignment
        self.told, self.priors = _told(photos, alignment, lenses)
        self.considered: dict[str, Array] = {}
        sifted, blunders = sift(control, placed.views, alignment.lenses, placed.frame)
        self.frame = placed.frame
        self.index = {view.name: number for number, view in enumerate(placed.views)}
        # What is marked nowhere holds nothing: its heights must not be taken for those of the scene.
        seen = sifted.seen_in(self.index)
        self.judged = Judged(seen, seen, blunders)
        self.witness = witness_of(photos, placed.frame)
        self.inliers = indices([n for n, residual in enumerate(placed.residuals) if residual.used])
        shift_m = self._shift_m(placed)
        self.views = tuple(replace(view, centre=view.centre + shift_m) for view in placed.views)
        self.velocity_m_s = self.witness.velocity_m_s * reading_ways(self.views, photos)[:, None]
        self.priors = _with_readout(self.priors, self.views, self.velocity_m_s)
        self.points = placed.points + shift_m
        sizes_px = indices(
            [(photo.width_px, photo.height_px) for photo in photos.values()],
        )
        per_view = max(FEWEST_PER_VIEW, min(PER_VIEW, TIES // max(1, len(photos))))
        height_m = float(np.median([view.centre[2] for view in self.views]) - np.median(self.points[:, 2]))
        even = even_ground(self.points, height_m)
        self.kept = thinned(alignment.ties, len(self.points), sizes_px, per_view, even=even)

    @property
    def control(self) -> SceneControl:
        """What is used of it."""
        return self.judged.control

    def network(self, split: Split) -> Network:
        """The network, the errors of positions split as `split` says."""
        ties, _ = restricted(self.alignment.ties, self.kept, len(self.points))
        marks = {name: pointings(marks, self.index) for name, marks in self.control.marks.items()}
        start = {
            name: meeting_point(seen, self.views, self.alignment.lenses)
            for name, seen in marks.items()
            if len(seen.view) >= 2
        }
        ground_m = float(np.median(self.points[:, 2]))
        return Network(
            views=self.views,
            lenses=self.told,
            priors=self.priors,
            considered=self.considered,
            points=self.points[self.kept],
            ties=ties,
            bend=BEND,
            turning_rad_s=TURNING_RAD_S,
            nodding_rad_s=NODDING_RAD_S,
            velocity_m_s=self.velocity_m_s,
            positions=self._positions(split),
            directions=_directions(self.photos),
            named=named_points(self.control, self.frame, self.index, start, ground_m),
            bars=control_bars(self.control, self.index),
        )

    def start(self, network: Network) -> State:
        """Where to begin: lenses as the alignment found them, but for what stays as it is told."""
        state = state_of(network)
        found = state_of(replace(network, lenses=self.alignment.lenses)).lenses
        for number, (name, lens) in enumerate(network.lenses.items()):
            held = network.considered.get(name, np.zeros(len(found[number]))) > 0
            held[0] |= lens.focal_known
            found[number] = np.where(held, state.lenses[number], found[number])
        return replace(state, lenses=found)

    def hold_impossible_readouts(self, adjusted: Adjusted) -> bool:
        """Hold at zero from now on what was found and cannot be a readout; whether there was any."""
        wrong = []
        for name, each in lens_sigmas(adjusted).items():
            found_s = float(adjusted.state.lenses[adjusted.layout.lens_names.index(name), READOUT])
            if self.priors[name].readout_s > 0 and not possible(found_s, each["readout_s"]):
                wrong.append(name)
        self.priors |= {name: replace(self.priors[name], readout_s=0.0) for name in wrong}
        return bool(wrong)

    def split(self, adjusted: Adjusted) -> Split:
        """What the positions tell of their errors, now that the cameras stand."""
        centres = adjusted.state.centres
        return split_errors(self.witness, self.inliers, self.witness.local_m - centres, centres)

    def _positions(self, split: Split) -> Positions:
        covariance = self.witness.shared + split.spread(self.witness)
        if self.control.height_reference not in (None, self.witness.reference):
            up = np.arange(2, len(covariance), 3)
            covariance[np.ix_(up, up)] += OTHER_HEIGHTS_M**2
        rows = (3 * self.inliers[:, None] + np.arange(3)).reshape(-1)
        return Positions(self.inliers, self.witness.local_m[self.inliers], covariance[np.ix_(rows, rows)])

    def _shift_m(self, placed: Georeference) -> Array:
        """From where GPS put the scene to where its control lies: the median over control points, metres."""
        apart = []
        for point in self.control.points:
            seen = pointings(self.control.marks.get(point.name, ()), self.index)
            if len(seen.view) < 2 or point.role != "control":
                continue
            met = meeting_point(seen, placed.views, self.alignment.lenses)
            apart.append(local_of(point, self.frame, float(met[2]))[0] - met)
        return np.median(apart, axis=0) if apart else np.zeros(3)


def _with_readout(
    priors: dict[str, LensPrior], views: tuple[View, ...], velocity_m_s: Array
) -> dict[str, LensPrior]:
    """The priors with that of the readout; it does not matter while most photos of a lens stand still."""
    speeds: dict[str, list[float]] = {}
    for view, velocity in zip(views, velocity_m_s, strict=True):
        speeds.setdefault(view.lens, []).append(float(np.linalg.norm(velocity)))
    return {
        name: replace(prior, readout_s=readout_sigma_s(float(np.median(speeds.get(name, [0.0])))))
        for name, prior in priors.items()
    }


def lens_prior(lens: Lens) -> LensPrior:
    """How sure a lens is before anything is seen: a focal length from EXIF is rounded to 2-3 %."""
    return LensPrior(focal=0.02 if lens.focal_known else 0.3)


def _told(
    photos: dict[str, Photo], alignment: Alignment, lenses: tuple[KeptLens, ...]
) -> tuple[dict[str, Lens], dict[str, LensPrior]]:
    """Each lens as it is known before the photos are compared, and how sure it is.

    From an earlier scene where one fits, else from what the photos tell.
    """
    photo_of = {view.lens: photos[view.name] for view in alignment.views}
    told, priors = {}, {}
    for name, found in alignment.lenses.items():
        kept = lens_for(photo_of[name], lenses) if name in photo_of else None
        lens = told_lens(photo_of[name], found) if name in photo_of else found
        measured = name in photo_of and photo_of[name].factory_lens is not None
        told[name] = lens if kept is None else kept.lens
        priors[name] = kept.prior if kept is not None else FACTORY if measured else lens_prior(lens)
    return told, priors


def told_lens(photo: Photo, found: Lens) -> Lens:
    """The lens as the photo tells it: as its maker measured it, else its focal length and nothing else known.

    Else the lens that was found.
    """
    if photo.factory_lens is not None:
        return photo.factory_lens.lens(photo.width_px, photo.height_px)
    if photo.focal_length_px is None:
        return replace(found, focal_known=False)
    return Lens(
        photo.width_px, photo.height_px, photo.focal_length_px, photo.width_px / 2, photo.height_px / 2,
        0.0, focal_known=True,
    )  # fmt: skip


def _directions(photos: dict[str, Photo]) -> Directions:
    told = {n: gimbal_direction(photo) for n, photo in enumerate(photos.values())}
    known = {n: direction for n, direction in told.items() if direction is not None}
    return Directions(indices(list(known)), np.array(list(known.values())).reshape(-1, 3), SIGMA_GIMBAL_RAD)


def _adjusted(begun: _Begun, scene: Scene, key: str) -> dict[str, Any]:
    network, adjusted = _weighed(begun, ASSUMED)
    factor = _disagreement(network, adjusted)
    split = begun.split(adjusted)
    # A covariance that was asked for goes with what it is of, before another one is made.
    state = adjusted.state
    del adjusted
    network = begun.network(split)
    adjusted = adjust(network, state)
    while (left := judged(adjusted, begun.judged)) is not None:
        begun.judged = left
        network, adjusted = _weighed(begun, split)
    points, residual_px = intersected(adjusted, begun.alignment.ties, begun.points)
    plain, arrays = record_from_adjusted(adjusted)
    error_px = np.nan_to_num(np.linalg.norm(residual_px, axis=1), nan=np.inf)
    file = scene.stages / f"{STAGE}.npz"
    write_npz(file, {**arrays, "points": points, "error_px": error_px})
    apart_m = begun.witness.local_m - adjusted.state.centres
    common_m = explained(begun.witness, begun.inliers, apart_m, split.spread(begun.witness))
    body = {
        **plain,
        "gps_factor": factor,
        "gps_split": split.told(begun.witness, begun.inliers),
        "height_reference": begun.control.height_reference or begun.witness.reference,
        "control_points": sum(each.covariance is not None for each in adjusted.network.named),
        "bars": len(adjusted.network.bars),
        "scale_sigma": scale_sigma(adjusted, begun.alignment.ties, points),
        "parts": int(parts_of_views(begun.alignment.ties, len(begun.views)).max()) + 1,
        "gps_apart_m": (apart_m - common_m).tolist(),
        "gps_common_m": common_m.tolist(),
        "blunders": [asdict(each) for each in begun.judged.blunders],
        "doubts": list(begun.judged.doubts.values()),
        "factors": dict(begun.judged.factors),
    }
    return scene.keep(STAGE, key, body, [file])


def _weighed(begun: _Begun, split: Split) -> tuple[Network, Adjusted]:
    """The network as it is now, adjusted from its start: control decides how much of the lens is found."""
    begun.considered = {}
    network = begun.network(split)
    adjusted = adjust_with_lens(network, begun.start(network))
    if begun.hold_impossible_readouts(adjusted):
        return _weighed(begun, split)
    begun.considered = adjusted.network.considered
    return network, adjusted


def _disagreement(network: Network, adjusted: Adjusted) -> float:
    """How many times the positions' residuals exceed what is expected of them, 1 where they do not or where
    photos are few.
    """
    positions = network.positions
    assert positions is not None  # noqa: S101 - made above
    freedom = 3 * len(positions.view) - FREEDOM_OF_A_SIMILARITY
    if freedom < 8:
        return 1.0
    apart = (positions.local_m - adjusted.state.centres[positions.view]).reshape(-1)
    return max(1.0, float(np.sqrt(apart @ np.linalg.solve(positions.covariance, apart) / freedom)))


def _from_record(record: dict[str, Any], alignment: Alignment, placed: Georeference, scene: Scene) -> Refined:
    file = scene.stages / f"{STAGE}.npz"
    adjusted = adjusted_from_record(record, file, later=True)
    with np.load(file, allow_pickle=False) as arrays:
        points, error_px = arrays["points"], arrays["error_px"]
    gps = [(residual.used, residual.told) for residual in placed.residuals]
    residuals = tuple(
        _residual(view.name, apart_m if told else [0.0, 0.0, 0.0], used=taken, told=told)
        for view, apart_m, (taken, told) in zip(adjusted.views, record["gps_apart_m"], gps, strict=True)
    )
    count = len(points)
    seen = np.bincount(alignment.ties.point, minlength=count)
    total_px = np.bincount(alignment.ties.point, error_px, count)
    return Refined(
        alignment=replace(
            alignment,
            lenses=adjusted.lenses,
            points=points,
            point_error_px=total_px / np.maximum(seen, 1),
            observation_px=error_px,
        ),
        placed=replace(
            placed,
            views=_counted(adjusted.views, alignment, error_px),
            points=points,
            residuals=residuals,
            scale_sigma=float(record["scale_sigma"]),
            height_reference=record["height_reference"],
            key=record["key"],
        ),
        adjusted=adjusted,
        gps_factor=float(record["gps_factor"]),
        gps_split=record["gps_split"],
        gps_whole_m=np.add(record["gps_apart_m"], record["gps_common_m"]),
        control_points=int(record["control_points"]),
        bars=int(record["bars"]),
        blunders=tuple(Blunder(**each) for each in record["blunders"]),
        doubts=tuple(record["doubts"]),
        factors=record["factors"],
        parts=int(record["parts"]),
        key=record["key"],
    )


def _residual(name: str, apart_m: list[float], *, used: bool, told: bool) -> Residual:
    return Residual(name, apart_m[0], apart_m[1], apart_m[2], used, told)


def _counted(views: tuple[View, ...], alignment: Alignment, error_px: Array) -> tuple[View, ...]:
    """The views with how many tie points each shows and their median error, pixels."""
    counted = []
    for number, view in enumerate(views):
        mine = error_px[alignment.ties.view == number]
        counted.append(replace(view, points=len(mine), error_px=float(np.median(mine)) if len(mine) else 0.0))
    return tuple(counted)
