"""The unknowns of an adjustment: where each stands in the vector, and how a step changes it.

views    6 each: a turn of the camera in its own axes (radians), its centre (metres)
lenses   8 each: focal length, principal point x and y, k1, k2, p1, p2, readout
named    3 each: metres east, north, up
points   3 each, eliminated: they stand apart from the vector
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from imaging.adjustment.network import Indices, LensPrior, Network, indices
from imaging.lens import Array, Lens, View

POSE, BEND, LENS, NAMED = 6, 8, 8, 3
VIEW = POSE + BEND
READOUT = 7
"""Which of a lens's parameters is how long its rows take to be read."""
FREE = 1e6
"""The standard deviation, in its own unit, of what nothing is known of."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in the vector each thing begins."""

    views: int
    lens_names: tuple[str, ...]
    named_names: tuple[str, ...]
    lens_of_view: Indices

    @property
    def size(self) -> int:
        """How many unknowns the vector holds."""
        return self.named_begin + NAMED * len(self.named_names)

    @property
    def named_begin(self) -> int:
        """Where the named points begin."""
        return VIEW * self.views + LENS * len(self.lens_names)

    def view(self, number: Indices) -> Indices:
        """(k,) views to (k, 14) places."""
        return VIEW * number[:, None] + np.arange(VIEW)

    def centre(self, number: Indices) -> Indices:
        """(k,) views to the (k, 3) places of their centres."""
        return VIEW * number[:, None] + np.arange(3, POSE)

    def bend(self, number: Indices) -> Indices:
        """(k,) views to the (k, 8) places of how their pictures are bent."""
        return VIEW * number[:, None] + np.arange(POSE, VIEW)

    def lens(self, view: Indices) -> Indices:
        """(k,) views to the (k, 8) places of their lenses."""
        return VIEW * self.views + LENS * self.lens_of_view[view][:, None] + np.arange(LENS)

    def named(self, number: int) -> Indices:
        """The (3,) places of a named point."""
        return self.named_begin + NAMED * number + np.arange(NAMED)


@dataclass(frozen=True, slots=True)
class State:
    """Values of the unknowns.

    Rotations (n, 3, 3), centres (n, 3), bends (n, 8), lenses (l, 8), named and tie points (k, 3) each.
    """

    rotations: Array
    centres: Array
    bends: Array
    lenses: Array
    named: Array
    points: Array

    def moved(self, layout: Layout, step: Array, points_step: Array) -> State:
        """A step further, (layout.size,) and (p, 3)."""
        views = step[: VIEW * layout.views].reshape(-1, VIEW)
        lenses = step[VIEW * layout.views : layout.named_begin].reshape(-1, LENS)
        turn = Rotation.from_rotvec(views[:, :3]).as_matrix()
        return State(
            rotations=np.asarray(turn @ self.rotations),
            centres=self.centres + views[:, 3:POSE],
            bends=self.bends + views[:, POSE:],
            lenses=self.lenses + lenses,
            named=self.named + step[layout.named_begin :].reshape(-1, NAMED),
            points=self.points + points_step,
        )


def layout_of(network: Network) -> Layout:
    """The places of a network's unknowns."""
    names = tuple(network.lenses)
    where = {name: number for number, name in enumerate(names)}
    return Layout(
        views=len(network.views),
        lens_names=names,
        named_names=tuple(each.name for each in network.named),
        lens_of_view=indices([where[view.lens] for view in network.views]),
    )


def state_of(network: Network) -> State:
    """Its start values."""
    return State(
        rotations=np.array([view.rotation for view in network.views]),
        centres=np.array([view.centre for view in network.views]),
        bends=np.zeros((len(network.views), BEND)) if network.bends_px is None else network.bends_px,
        lenses=np.array(
            [_vector(lens, network.readout_s.get(name, 0.0)) for name, lens in network.lenses.items()]
        ),
        named=np.array([each.local_m for each in network.named], float).reshape(-1, 3),
        points=np.asarray(network.points, float),
    )


def sigmas_of(lens: Lens, prior: LensPrior) -> Array:
    """(8,) standard deviations of the lens's parameters, in their units."""
    centre_px = prior.centre * lens.focal_px
    return np.array([
        prior.focal * lens.focal_px, centre_px, centre_px, prior.radial, prior.radial2,
        prior.tangential, prior.tangential, prior.readout_s,
    ])  # fmt: skip


def views_from(state: State, views: Sequence[View], seen: Array, error_px: Array) -> tuple[View, ...]:
    """The views as they are now; `seen` (n,) tie points each, `error_px` (n,) their mean residual."""
    return tuple(
        replace(view, rotation=rotation, centre=centre, points=int(count), error_px=float(error))
        for view, rotation, centre, count, error in zip(
            views, state.rotations, state.centres, seen, error_px, strict=True
        )
    )


def lens_from(values: Array, lens: Lens) -> Lens:
    """The lens with the (8,) parameters."""
    focal, centre_x, centre_y, radial, radial2, p1, p2, _ = (float(value) for value in values)
    return replace(
        lens, focal_px=focal, centre_x_px=centre_x, centre_y_px=centre_y,
        radial=radial, radial2=radial2, tangential_x=p1, tangential_y=p2,
    )  # fmt: skip


def _vector(lens: Lens, readout_s: float) -> tuple[float, ...]:
    return (
        lens.focal_px, lens.centre_x_px, lens.centre_y_px, lens.radial, lens.radial2,
        lens.tangential_x, lens.tangential_y, readout_s,
    )  # fmt: skip
