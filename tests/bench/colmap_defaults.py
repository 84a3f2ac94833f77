"""COLMAP as it comes, through pycolmap: features, all pairs, incremental mapping, every setting its default.

    python tests/bench/colmap_defaults.py PHOTOS OUT.json

Writes each registered photo's (3,) centre by its name, in the largest model's own frame.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pycolmap


def main() -> None:
    """Align the photos of a folder."""
    photos, out = (Path(each) for each in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "database.db"
        pycolmap.extract_features(database, photos)
        pycolmap.match_exhaustive(database)
        models = pycolmap.incremental_mapping(database, photos, Path(scratch))
        largest = max(models.values(), key=lambda model: model.num_reg_images())
        centres = {
            image.name: image.projection_center().tolist()
            for image in largest.images.values()
            if image.has_pose
        }
    out.write_text(json.dumps(centres))


if __name__ == "__main__":
    main()
