"""What lies beside a search map for people and for the command room: contours and a picture."""

from __future__ import annotations

from pathlib import Path

from missions.files import write_whole
from missions.search.contours import contours, geojson, regions
from missions.search.search_map import SearchMap
from ops.reports.search_picture import png_of_search


def write_beside(search: SearchMap, path: Path) -> tuple[Path, Path]:
    """Write the contours (.geojson) and the picture (.png) of the map whose document is at `path`.

    The command room draws the contours that entered the operation last. Raises OutputError.
    """
    drawn = contours(search.chances)
    lines, picture = path.with_suffix(".geojson"), path.with_suffix(".png")
    write_whole(lines, geojson(search, drawn))
    write_whole(picture, png_of_search(search, drawn, regions(search.chances)))
    return lines, picture
