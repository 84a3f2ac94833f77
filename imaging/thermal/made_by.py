"""What finds were made by: program, detector, network, ground and clock, for whoever must repeat it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from imaging.thermal.detector import told_of
from imaging.thermal.options import HeatOptions
from missions.version import version_of


def made_by(options: HeatOptions) -> dict[str, Any]:
    """The settings of a search as a document tells them; the network is named by its SHA-256.

    Raises FormatError where the network cannot be read.
    """
    return {
        "program": f"droneteam {version_of()}",
        "detector": told_of(options.detector, options.hotspots),
        "ground": _ground(options),
        "clock": {"offset_told_s": options.clock_offset_s, "looked_for_more": options.find_clock},
        "mount": options.mount,
        "distortion": None if options.distortion is None else asdict(options.distortion),
        "least_sightings": options.least_sightings,
        "reading": {
            "scale": options.scale,
            "black_hot": options.black_hot,
            "every_s": options.video.every_s,
            "at_most_s": options.video.at_most_s,
            "starts_s": options.video.starts_s,
        },
        "sigmas": asdict(options.sigmas),
    }


def _ground(options: HeatOptions) -> dict[str, Any]:
    ground = options.ground
    if ground is None:
        return {"level_above_take_off_m": options.ground_above_take_off_m}
    if isinstance(ground, int | float):
        return {"level_amsl_m": float(ground)}
    return {"terrain": [asdict(source) for source in ground.sources]}
