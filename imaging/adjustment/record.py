"""An adjustment on disk: what measuring needs of it, without photos or tie points.

`.json` holds views, lenses and names, `.npz` the covariance of poses, lenses and named points.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from imaging.adjustment.adjust import Adjusted
from imaging.adjustment.network import Named, Network, Pointings, Ties, indices
from imaging.adjustment.state import layout_of, state_of
from imaging.adjustment.symmetric import ROWS_AT_ONCE, Symmetric
from imaging.lens import Array, Lens, json_from_lens, json_from_view, view_from_json
from imaging.npz import Parts, begin_of, rows_of

NOTHING = Ties(indices([]), indices([]), np.zeros((0, 2)))


def record_from_adjusted(adjusted: Adjusted) -> tuple[dict[str, Any], dict[str, Array | Parts]]:
    """Plain values for JSON, and arrays for `write_npz`."""
    velocity = adjusted.network.velocity_m_s
    plain = {
        "views": [json_from_view(view) for view in adjusted.views],
        "lenses": {name: json_from_lens(lens) for name, lens in adjusted.lenses.items()},
        "readout_s": {
            name: float(adjusted.state.lenses[number, 7])
            for number, name in enumerate(adjusted.layout.lens_names)
        },
        "named": list(adjusted.layout.named_names),
        "sigma_px": adjusted.sigma_px,
        "steps": adjusted.steps,
    }
    spread = adjusted.spread
    arrays: dict[str, Array | Parts] = {
        "covariance": Parts((spread.size, spread.size), spread.in_rows()),
        "named": adjusted.state.named,
        "bends_px": adjusted.state.bends,
        "velocity_m_s": np.zeros((len(adjusted.views), 3)) if velocity is None else velocity,
    }
    return plain, arrays


def adjusted_from_record(plain: dict[str, Any], file: Path, *, later: bool = False) -> Adjusted:
    """The adjustment again; its tie points are gone. Raises OSError, KeyError and ValueError as they come.

    Its covariance, which grows with the square of the photos, is read when it is asked for with `later`.
    """
    with np.load(file, allow_pickle=False) as arrays:
        named, velocity_m_s, bends_px = arrays["named"], arrays["velocity_m_s"], arrays["bends_px"]
    spread_of = partial(_spread_in, file)
    if not later:
        spread = spread_of()
        spread_of = partial(replace, spread)
    unmarked = Pointings(indices([]), np.zeros((0, 2)), np.zeros(0))
    network = Network(
        views=tuple(view_from_json(view) for view in plain["views"]),
        lenses={name: Lens(**lens) for name, lens in plain["lenses"].items()},
        readout_s={name: float(value) for name, value in plain["readout_s"].items()},
        points=np.zeros((0, 3)),
        ties=NOTHING,
        velocity_m_s=velocity_m_s,
        bends_px=bends_px,
        named=tuple(Named(name, place, unmarked) for name, place in zip(plain["named"], named, strict=True)),
    )
    return Adjusted(
        network=network,
        layout=layout_of(network),
        state=state_of(network),
        sigma_px=float(plain["sigma_px"]),
        residual_px=np.zeros((0, 2)),
        steps=int(plain["steps"]),
        made_spread=spread_of,
    )


def _spread_in(file: Path) -> Symmetric:
    _, shape, _ = begin_of(file, "covariance")
    return Symmetric.read(shape[0], rows_of(file, "covariance", ROWS_AT_ONCE))
