"""How well false colour read back follows the counts in the same file (Spearman), against plain brightness.

    python -m tests.bench.bench_palettes FOLDER

FOLDER holds R-JPEGs of DJI or FLIR, also in folders below it; without one those of shared/data/thermal/rjpeg.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import spearmanr

from imaging.thermal import dji, flir
from imaging.thermal.frame import Values
from imaging.thermal.palettes import grey_from_colours
from missions.errors import InputError
from tests.conftest import shared_folder


def counts_of(data: bytes, name: str) -> Values | None:
    """The sensor's counts in an R-JPEG."""
    counts = dji.counts(data, name)
    fff = flir.fff_of(data, name) if counts is None else None
    return flir.picture(fff, name).counts if fff else counts


def main() -> None:
    """Print a line a picture."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shared_folder() / "thermal" / "rjpeg"
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg")):
        data = path.read_bytes()
        try:
            counts = counts_of(data, path.name)
        except InputError as error:
            print(error)
            continue
        shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if counts is None or shown is None:
            continue
        size = (counts.shape[1], counts.shape[0])
        rgb = cv2.resize(shown, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
        values, palette = grey_from_colours(rgb)
        brightness = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        ours, plain = (spearmanr(v.ravel()[::5], counts.ravel()[::5]).statistic for v in (values, brightness))
        print(
            f"{path.relative_to(folder)!s:28} {palette or 'grey':30} {ours:6.3f}  by brightness {plain:6.3f}"
        )


if __name__ == "__main__":
    main()
