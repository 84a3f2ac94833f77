"""A search map with its looks, opened and kept together: what was searched, how, and what it was worth.

Each pass is an act in the map's `since`: the file of all looks so far with its SHA-256, the recordings it
added, the figures of detection, POS and cumulative POS.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imaging.searched.look_file import looks_path, read_looks, write_looks
from missions.errors import FormatError, InputError
from missions.search.bookkeeping import Score
from missions.search.detection import Detection
from missions.search.grid import Cells, SearchGrid
from missions.search.looks import Looks
from missions.search.map_file import read_map, write_map
from missions.search.search_map import SearchMap
from missions.terrain import open_terrain
from ops.reports.search_files import write_beside

SEARCHED = "searched"


@dataclass(frozen=True, eq=False)
class OpenSearch:
    """A map, the looks that it knows (None: nobody searched yet), and the POS of all searches together.

    `canopy` is what the last search was told of leaves, None for nothing; it holds until told otherwise.
    """

    search: SearchMap
    looks: Looks | None
    cumulative_pos: float
    canopy: str | None = None


def open_search(path: Path) -> OpenSearch:
    """The map in a file with the looks beside it. Raises FormatError and InputError."""
    search = read_map(path)
    last = _last(search)
    if last is None:
        return OpenSearch(search, None, 0.0)
    name, sha256, pos = last.get("looks"), last.get("sha256"), last.get("cumulative_pos")
    if not isinstance(name, str) or not isinstance(sha256, str) or not _is_chance(pos):
        raise FormatError(
            "tells of a search but not of its looks",
            where=str(path),
            remedy="Begin with the map from before the search",
        )
    beside = path.with_name(Path(name).name)
    canopy = last.get("canopy")
    looks = read_looks(beside, search.mixture.grid, sha256)
    return OpenSearch(search, looks, float(str(pos)), canopy if isinstance(canopy, str) else None)


def keep_search(searched: SearchMap, looks: Looks, path: Path, act: dict[str, Any]) -> tuple[Path, ...]:
    """Write the map after a search, its looks first, its contours and picture last. Raises OutputError."""
    beside = looks_path(path)
    sha256 = write_looks(looks, beside)
    told = {"act": SEARCHED, "looks": beside.name, "sha256": sha256, **act}
    kept = dataclasses.replace(searched, since=(*searched.since, told))
    return *write_map(kept, path), beside, *write_beside(kept, path)


def told_score(score: Score) -> dict[str, float]:
    """What a pass was worth, by name."""
    return {**dataclasses.asdict(score), "left": score.left, "mean_pod": score.mean_pod}


def told_figures(kinds: set[str], figures: dict[str, Detection]) -> list[dict[str, Any]]:
    """The figures of detection that were used."""
    return [dataclasses.asdict(figures[kind]) for kind in sorted(kinds) if kind in figures]


def cover_of(text: str | None, grid: SearchGrid) -> Cells:
    """(rows, columns) how much leaves hide, from a share of 1 or a GeoTIFF with shares or per cents.

    Raises InputError and FormatError; ground that the file does not tell of counts as open.
    """
    if text is None:
        return np.zeros(grid.shape)
    try:
        share = float(text)
    except ValueError:
        return _cover_in(Path(text), grid)
    if not 0 <= share <= 1:
        raise InputError(
            f"a canopy of {text} is no share", where="--canopy", remedy="Give 0 to 1, or a GeoTIFF"
        )
    return np.full(grid.shape, share)


def _cover_in(path: Path, grid: SearchGrid) -> Cells:
    """A raster of numbers is read as one of heights is: bounded, in blocks, bilinear."""
    values = open_terrain([path]).heights_amsl_m(grid.frame.geo_from_local(grid.centres_m.reshape(-1, 2)))
    shares = np.nan_to_num(values, nan=0.0).reshape(grid.shape)
    shares = shares / 100 if shares.max(initial=0.0) > 1 else shares
    if shares.min() < 0 or shares.max() > 1:
        raise FormatError("holds no shares of canopy", where=str(path), remedy="Give 0 to 1, or 0 to 100 %")
    return np.asarray(shares, float)


def _last(search: SearchMap) -> dict[str, Any] | None:
    return next((each for each in reversed(search.since) if each.get("act") == SEARCHED), None)


def _is_chance(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
