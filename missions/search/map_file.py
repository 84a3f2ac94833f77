"""A search map as two files: a document in JSON, and beside it a GeoTIFF with the chances of the cells.

Band 1 is the whole map, for any GIS; the bands after it are the hypotheses, each as if it were true. A
value is the chance that he is in that cell, in 64 bits, so that reading gives just what was written. The
reference is the grid's own frame, azimuthal equidistant on WGS84. The document names the GeoTIFF and its
SHA-256, and holds what a raster cannot: weights, the chance outside, sources, inputs, notes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from missions.bounded_json import load_json
from missions.errors import FormatError, InputError
from missions.files import read_bounded, write_whole
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan_file import value_as
from missions.search.grid import Cells, SearchGrid
from missions.search.hypotheses import MAX_HYPOTHESES, Hypothesis, Mixture
from missions.search.probability import ProbabilityMap
from missions.search.search_map import Input, LastSeen, Ring, SearchMap
from missions.terrain.raster import MAX_BLOCK_PX

FORMAT = "droneteam-search-map"
VERSION = 1
LIMIT_BYTES = 20_000_000
RASTER_LIMIT_BYTES = 1_000_000_000
_REMEDY = "Make the map again, or restore both its files"
_KEYS = frozenset(
    {"format", "version", "name", "created", "raster", "sha256", "grid", "hypotheses", "outside"}
    | {"last_seen", "inputs", "notes", "rings", "since"}
)


def raster_of(path: Path) -> Path:
    """Where the GeoTIFF of the document at `path` is written."""
    return path.with_suffix(".tif")


def write_map(search: SearchMap, path: Path) -> tuple[Path, Path]:
    """Write both files, each whole or not at all, the document last. Raises OutputError."""
    raster = raster_of(path)
    data = _geotiff(search)
    write_whole(raster, data)
    document = _document(search, raster.name, hashlib.sha256(data).hexdigest())
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(path, text.encode())
    return path, raster


def read_map(path: Path) -> SearchMap:
    """The map whose document is at `path`, equal to what was written. Raises FormatError and InputError."""
    where = str(path)
    try:
        text = read_bounded(path, LIMIT_BYTES, "the search map").decode()
    except UnicodeDecodeError as error:
        raise FormatError("is no search map", where=where, remedy=_REMEDY) from error
    document = load_json(text, where, _REMEDY)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError(
            "is no search map", where=where, remedy="Give the .json that `droneteam search map` wrote"
        )
    if document.get("version") != VERSION:
        raise FormatError(
            f"is a search map of version {document.get('version')!r}; this program reads version {VERSION}",
            where=where,
            remedy="Open it with the program that wrote it",
        )
    if odd := sorted(_KEYS ^ set(document)):
        raise FormatError(f"has missing or unknown keys: {', '.join(odd)}", where=where, remedy=_REMEDY)
    try:
        return _from_document(document, path)
    except InputError as error:
        if error.where:
            raise
        raise FormatError(error.what, where=where, remedy=_REMEDY) from error


def _document(search: SearchMap, raster: str, sha256: str) -> dict[str, Any]:
    grid = search.mixture.grid
    origin = grid.frame.origin
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": search.name,
        "created": search.created,
        "raster": raster,
        "sha256": sha256,
        "grid": {
            "origin": dataclasses.asdict(origin),
            "west_m": grid.west_m,
            "north_m": grid.north_m,
            "cell_m": grid.cell_m,
            "rows": grid.rows,
            "columns": grid.columns,
        },
        "outside": search.chances.outside,
        "hypotheses": [
            {"name": each.name, "weight": each.weight, "outside": each.chances.outside, "told": each.told}
            for each in search.mixture.hypotheses
        ],
        "last_seen": None if search.last_seen is None else dataclasses.asdict(search.last_seen),
        "inputs": [dataclasses.asdict(each) for each in search.inputs],
        "notes": list(search.notes),
        "rings": [dataclasses.asdict(each) for each in search.rings],
        "since": list(search.since),
    }


def _geotiff(search: SearchMap) -> bytes:
    grid, mixture = search.mixture.grid, search.mixture
    bands = [("all hypotheses", search.chances.mass)]
    bands += [(each.name, each.chances.mass) for each in mixture.hypotheses]
    shape = {"width": grid.columns, "height": grid.rows, "count": len(bands), "dtype": "float64"}
    kept = {"compress": "deflate", "predictor": 3, "tiled": True, "blockxsize": 256, "blockysize": 256}
    place = {"crs": _reference(grid.frame), "transform": grid.transform}
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), MemoryFile() as memory:
        with memory.open(driver="GTiff", interleave="band", **shape, **kept, **place) as dataset:
            for index, (name, mass) in enumerate(bands, 1):
                dataset.write(mass, index)
                dataset.set_band_description(index, name)
            dataset.update_tags(DRONETEAM=f"{FORMAT} {VERSION}: chance that he is in the cell")
        return bytes(memory.read())


def _reference(frame: LocalFrame) -> CRS:
    origin = frame.origin
    return CRS.from_proj4(
        f"+proj=aeqd +lat_0={origin.lat_deg!r} +lon_0={origin.lon_deg!r} +datum=WGS84 +units=m +no_defs"
    )


def _from_document(document: dict[str, Any], path: Path) -> SearchMap:
    where = str(path)
    grid = _grid(document["grid"], where)
    rows = document["hypotheses"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_HYPOTHESES:
        raise FormatError("has no hypotheses, or too many", where=where, remedy=_REMEDY)
    masses = _masses(document, path, grid, len(rows))
    hypotheses = tuple(
        _hypothesis(row, grid, mass, f"hypotheses[{index}]", where)
        for index, (row, mass) in enumerate(zip(rows, masses, strict=True))
    )
    told = value_as(LastSeen | None, document["last_seen"], where, "last_seen")
    since = document["since"]
    if not isinstance(since, list) or not all(isinstance(each, dict) for each in since):
        raise FormatError("since is no list of acts", where=where, remedy=_REMEDY)
    return SearchMap(
        name=value_as(str, document["name"], where, "name"),
        created=value_as(str, document["created"], where, "created"),
        mixture=Mixture(hypotheses),
        last_seen=told,
        inputs=value_as(tuple[Input, ...], document["inputs"], where, "inputs"),
        notes=value_as(tuple[str, ...], document["notes"], where, "notes"),
        rings=value_as(tuple[Ring, ...], document["rings"], where, "rings"),
        since=tuple(since),
    )


def _hypothesis(row: Any, grid: SearchGrid, mass: Cells, place: str, where: str) -> Hypothesis:
    if not isinstance(row, dict) or set(row) != {"name", "weight", "outside", "told"}:
        raise FormatError(f"{place} is no hypothesis", where=where, remedy=_REMEDY)
    return Hypothesis(
        value_as(str, row["name"], where, f"{place}.name"),
        value_as(float, row["weight"], where, f"{place}.weight"),
        ProbabilityMap(grid, mass, value_as(float, row["outside"], where, f"{place}.outside")),
        value_as(dict, row["told"], where, f"{place}.told")
        if not isinstance(row["told"], dict)
        else row["told"],
    )


def _grid(value: Any, where: str) -> SearchGrid:
    names = {"origin", "west_m", "north_m", "cell_m", "rows", "columns"}
    if not isinstance(value, dict) or set(value) != names:
        raise FormatError("grid is none", where=where, remedy=_REMEDY)
    numbers = {
        name: value_as(float, value[name], where, f"grid.{name}") for name in ("west_m", "north_m", "cell_m")
    }
    counts = {name: value_as(int, value[name], where, f"grid.{name}") for name in ("rows", "columns")}
    return SearchGrid(
        LocalFrame(value_as(GeoPoint, value["origin"], where, "grid.origin")), **numbers, **counts
    )


def _masses(document: dict[str, Any], path: Path, grid: SearchGrid, count: int) -> list[Cells]:
    """The bands of the hypotheses, checked against hash and shape before any is decoded."""
    name = value_as(str, document["raster"], str(path), "raster")
    raster = path.with_name(Path(name).name)
    data = read_bounded(raster, RASTER_LIMIT_BYTES, "the chances of the search map")
    if hashlib.sha256(data).hexdigest() != document["sha256"]:
        raise FormatError(f"is not the raster that {path.name} names", where=str(raster), remedy=_REMEDY)
    try:
        with (
            rasterio.Env(GDAL_PAM_ENABLED="NO"),
            MemoryFile(data) as memory,
            memory.open(driver="GTiff") as dataset,
        ):
            shape = (dataset.count, dataset.height, dataset.width)
            sound = math.prod(dataset.block_shapes[0]) <= MAX_BLOCK_PX and set(dataset.dtypes) == {"float64"}
            if shape != (count + 1, *grid.shape) or not sound:
                raise FormatError("does not fit its document", where=str(raster), remedy=_REMEDY)
            if not np.allclose(np.array(dataset.transform), np.array(grid.transform)):
                raise FormatError("lies elsewhere than its document", where=str(raster), remedy=_REMEDY)
            return [np.asarray(dataset.read(index + 2), float) for index in range(count)]
    except RasterioError as error:
        raise FormatError("is no GeoTIFF that can be read", where=str(raster), remedy=_REMEDY) from error
